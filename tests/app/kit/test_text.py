"""Words: numbers as they are read, and foreign names that stay names."""

import re

import pytest

from app.kit import text
from app.kit.text import literal, number, plain, point
from app.live.catalogues import FOLDER
from spncore.runs.experiment import FIELDS

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "$\\href{javascript:alert(1)}{x}$",
    ":material/home:",
    ":red[red]",
    "$x$",
    "**b**",
    "# h",
    "http://example.org/ www.example.org a@example.org",
    "![x](http://example.org/x.png)",
    "| a | b |",
    "```x```",
    "&lt;b&gt;",
]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (1e-12, "1e-12"),
        (1e-4, "1e-4"),
        (0.001, "0.001"),
        (0.1, "0.1"),
        (10, "10"),
        (5e-5, "5e-5"),
        (4294967295, "4.29497e9"),
        (0.013, "0.013"),
        (1.25e-5, "1.25e-5"),
    ],
)
def test_numbers_are_short(value, shown):
    assert number(value) == shown


def test_named_points_carry_their_name():
    assert point(FIELDS["init_scale"], 1e-4) == "1e-4 · paper"
    assert point(FIELDS["init_noise"], 0.0) == "0 · none"
    assert point(FIELDS["init_scale"], 2e-4) == "2e-4"


@pytest.mark.fault("C09")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_has_no_markdown_left_that_is_not_escaped(name):
    shown = literal(name)
    assert shown.replace(text.JOINER, "").replace("\\", "") == name.replace("\\", "")
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)), "all is escaped"
    assert not re.search(r":[a-z/]|https?://|www\.|@[a-z]", shown.replace("\\", ""))


@pytest.mark.fault("C10")
def test_invisible_and_stacked_characters_are_shown_or_cut():
    assert plain("a\u202eb\x00c\ud800") == "a�b�c�"
    assert plain("e" + "\u0301" * 10_000) == "e\u0301\u0301"
    assert plain("two\nlines\r\n and   more") == "two lines and more"
    assert len(plain("x" * 10_000)) == text.MAX_SHOWN + 1


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.choices])
def test_every_choice_has_words(name):
    for value in FIELDS[name].choices:
        assert "_" not in text.choice(name, value)


def test_every_text_file_is_used_and_readable():
    for file in FOLDER.glob("*.md"):
        assert len(text.page_text(file.stem)) > 100
