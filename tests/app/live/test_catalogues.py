"""The browser's words: every page's catalogue, and the template that translators start from."""

import ast
import re
import shutil
import subprocess

import pytest

from app.live import catalogues


def entries():
    names = (catalogues.KIT, catalogues.TERMS, *catalogues.PAGES, *catalogues.PYTHON)
    return {f"{name}.{id_}": entry for name in names for id_, entry in catalogues.catalogue(name).items()}


def blocks():
    """The template's entries as a reader of .po files takes them: fields by name."""
    for block in catalogues.template().split("\n\n")[1:]:
        yield {field: ast.literal_eval(text) for field, text in re.findall(r'^(\w+) (".*")$', block, re.M)}


def test_the_template_has_every_entry_with_its_english():
    read = {block.pop("msgctxt"): block for block in blocks()}
    for name, entry in entries().items():
        if isinstance(entry, dict):
            assert (read[name]["msgid"], read[name]["msgid_plural"]) == (entry["one"], entry["other"])
        elif entry:
            assert read[name] == {"msgid": entry, "msgstr": ""}
    assert len(read) == sum(bool(entry) for entry in entries().values()) > 300


@pytest.mark.skipif(shutil.which("msgfmt") is None, reason="gettext is not installed")
def test_gettext_reads_the_template(tmp_path):
    path = tmp_path / "spnlab.pot"
    path.write_text(catalogues.template(), encoding="utf-8")
    subprocess.run(["msgfmt", "--check-format", "-o", tmp_path / "spnlab.mo", path], check=True, capture_output=True)


def test_a_page_says_its_own_words_and_those_of_every_page():
    words = catalogues.words_of("circuits")
    assert words["play"] == "Play" and words["drawing_title"] == "Circuit" and "rho_title" not in words
