"""The interface's words, from `text/`: short ones by name, long ones as Markdown, numbers and settings in words.

Anything that users or files bring is shown by `literal` or as plain text, so that no name is ever read as Markdown,
HTML or LaTeX.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.live.catalogues import FOLDER, catalogue
from spncore.learning.learners import TITLES
from spncore.record import Field

JOINER = "\u2060"  # has no width; keeps :shortcodes:, addresses and www. from being recognised
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_RECOGNISED = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\\?\.)", re.IGNORECASE)
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\x00-\x08\x0e-\x1b\x7f-\x9f]")
_STACKED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
_UNSPOKEN = re.compile(r"[^\w\s=.,−]|_|(?<!\d)\.|\.(?!\d)")
MAX_SHOWN = 1_000  # a sentence about many runs is not cut before its end

WORDS: Mapping[str, str] = {**catalogue("words"), **catalogue("teach"), **catalogue("handin")}
# What a choice is called on its control; a registry's new row shows under its own name until it is named there.
CHOICES: Mapping[str, str] = catalogue("choices") | {f"optimiser.{name}": title for name, title in TITLES.items()}


def page_text(name: str) -> str:
    """The Markdown text of a page or dialog."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def sections(name: str) -> tuple[str, dict[str, str]]:
    """A page text with parts under `## name` lines: what stands before the first, and the parts by name."""
    first, *parts = page_text(name).split("\n## ")
    named = (part.split("\n", 1) for part in parts)
    return first.strip(), {heading.strip(): text.strip() for heading, text in named}


def choice(name: str, value: str) -> str:
    """What one choice of a setting is called."""
    return CHOICES.get(f"{name}.{value}", value.replace("_", " "))


def number(value: float) -> str:
    """A number for a label: 0.001 to 9999 plainly, smaller and larger ones as a power, without padding."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:g}"
    mantissa, exponent = f"{value:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def point(field: Field, value: float) -> str:
    """A log-scaled number with the name of the point it is, if it is one: `1e-4 · paper`."""
    names = [word for word, at in field.named.items() if at == value]
    return " · ".join([number(value), *names])


def value_text(name: str, value: Any) -> str:
    """A setting's value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return choice(name, value)
    return number(value)


def plain(name: str) -> str:
    """A foreign text on one line: no invisible or stacked characters, and not too long."""
    line = " ".join(_HIDDEN.sub("�", name).split())
    line = _STACKED.sub(r"\1", line)
    return line if len(line) <= MAX_SHOWN else line[:MAX_SHOWN] + "…"


def literal(foreign: str) -> str:
    """A foreign text as Markdown that shows it character by character."""
    return _RECOGNISED.sub(JOINER, _PUNCTUATION.sub(r"\\\1", plain(foreign)))


def spoken(foreign: str) -> str:
    """A foreign text for a label that is read out and not shown, where signs would be spoken: its words and numbers."""
    return " ".join(_UNSPOKEN.sub(" ", plain(foreign)).split())
