"""The project's documents as tests read them: their text, their code blocks by heading, their tables."""

import re

from tests.places import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def document(name):
    """The text of a document at the project's root."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(text, heading):
    """What stands below a heading of the second level."""
    [part] = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return part


def blocks(text, language):
    """The code blocks of a language."""
    return [code for named, code in FENCE.findall(text) if named == language]


def prose(text):
    """The text without its code blocks."""
    return FENCE.sub("", text)
