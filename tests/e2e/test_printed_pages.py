"""Pages on paper, as Chromium prints them: all within the margins, dark on white, the lab's handout on two pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.drawn import drawn
from tests.e2e.listed import FILLED, filled
from tests.e2e.printed import POINTS, Printed, pages
from tests.e2e.test_door import PAGES
from tests.e2e.test_lab_page import finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MARGIN = 15 * POINTS
FAINTEST = 0.62  # how light the lightest ink is, black 0 and paper 1
WHITE = (1.0, 1.0, 1.0)  # stands on what is filled with a colour only: on a dark page nothing is quite white


def print_of(page: Any) -> list[Printed]:
    return list(pages(page.pdf(format="A4", prefer_css_page_size=True)))


def lightness(ink: tuple[float, ...]) -> float:
    red, green, blue = ink
    return 0.299 * red + 0.587 * green + 0.114 * blue


def assert_within(printed: Printed) -> None:
    """No word begins, and no straight line of a chart ends, in the margin or beyond the paper."""
    low, high = MARGIN - 1, printed.size[0] - MARGIN + 1
    assert not [place for place, _ in printed.letters if not low <= place[0] <= high]
    ends = [end for line in printed.lines for end in line]
    assert not [end for end in ends if not low <= end[0] <= high]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_a_printed_page_keeps_its_margins_and_is_dark_on_white(
    app_server: AppServer, open_page: OpenPage, address: str, scheme: str
) -> None:
    page = open_page(f"{app_server.url}/{address}", scheme=scheme)
    if address in FILLED:
        filled(page, app_server.url, address)
    drawn(page, address)
    found = print_of(page)
    assert found and any(printed.letters for printed in found)
    for printed in found:
        assert_within(printed)
        assert not [ink for _, ink in printed.letters if lightness(ink) > FAINTEST and ink != WHITE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1366, 1920])
def test_one_press_gives_the_first_visitor_a_handout_of_two_pages_with_whole_charts(
    app_server: AppServer, open_page: OpenPage, width: int, scheme: str
) -> None:
    page = open_page(app_server.url, width=width, height=844, scheme=scheme)
    finished(page)
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name="Handout").click()
    page.wait_for_function("() => window.printed === 1")
    found = print_of(page)
    assert len(found) <= 2
    text = "".join("".join(printed.text for printed in found).split())
    for words in ("500", "L=1", "L=2", "L=3", "Pernkopf", "Log-likelihood", "Iteration"):
        assert words in text, words
    edges = [end[0] for printed in found for line in printed.lines for end in line]
    assert max(edges) - min(edges) > 135 * POINTS, (
        "with the words at both its sides a chart takes the width of the page"
    )
    for printed in found:
        assert_within(printed)


@pytest.mark.parametrize("address", ["dynamics", "circuits"])
def test_one_press_gives_a_handout_of_every_page_that_shows_a_run(
    app_server: AppServer, open_page: OpenPage, address: str
) -> None:
    page = open_page(f"{app_server.url}/{address}")
    page.locator(".spn-lab[data-state=done]").wait_for()
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name="Handout").click()
    page.wait_for_function("() => window.printed === 1")
    text = "".join("".join(printed.text for printed in print_of(page)).split())
    assert "Pernkopf" in text and "Single-key" not in text
