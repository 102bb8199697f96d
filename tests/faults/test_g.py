"""Exports: numbers in every locale, and names in a saved figure."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from app.pages.ask import charts, networks
from app.pages.ask import question as asking
from spncore.data.dataset import from_array
from tests.e2e.hostile import HOSTILE
from tests.house.source import PRODUCT, files, text

BY_LOCALE = re.compile(r"\bimport locale\b|\bfrom locale\b|:n\}|\.toLocaleString\(")


def test_G03_nothing_that_is_saved_is_written_by_the_locale() -> None:
    """Python's numbers follow it only when asked to: nothing in the engine or in what makes files does."""
    assert BY_LOCALE.search("f'{x:n}'") and BY_LOCALE.search("import locale")
    assert not [file for file in files(*PRODUCT, endings=(".py",)) if BY_LOCALE.search(text(file))]


class Markup(HTMLParser):
    """The tags of a page, with the attributes that could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.acting: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.acting += [name for name, _ in attributes if name.startswith("on") or name in ("href", "src")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_G06_a_saved_figure_holds_hostile_names_as_text_only(theme: str) -> None:
    table = from_array(np.random.default_rng(0).integers(0, 2, (60, len(HOSTILE))), "data", HOSTILE)
    model = networks.train("mixture", table, 2).model
    row = np.array([1, *[asking.UNKNOWN] * (len(HOSTILE) - 1)])
    given, items = asking.answer(model, row), asking.items(table)
    for figure in (
        charts.probabilities(given, asking.matches(table, row), items, theme),
        charts.information(asking.information(model, given, 1), items, theme),
    ):
        saved = figure.to_html(include_plotlyjs=False)
        page = Markup()
        page.feed(saved)
        assert set(page.tags) <= {"html", "head", "meta", "body", "div", "script", "style"} and not page.acting
        drawn = saved.replace("\\u003c", "<").replace("\\u0026", "&")  # what Plotly is given to draw, markup included
        assert not re.search(r"<(?:script>alert|img|b>bold|a href)", drawn) and "alert(1)" in drawn
