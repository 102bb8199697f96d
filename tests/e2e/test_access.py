"""WCAG 2.2 AA on every page: what axe-core finds, the contrast of every word, names that say what is written.

One visit of a page serves all its tests. axe looks at it at 1366×768 in light and dark, on a large screen in
light and on a phone in dark, there with the list of pages folded and unfolded; the contrast of words is measured on a
page as tall as all it holds, in both themes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import streamlit

from tests.e2e.access import AXE, Known, faint, findings, pressed, ready
from tests.e2e.conftest import PATIENCE_MS, AppServer
from tests.e2e.listed import FILLED, filled
from tests.e2e.test_door import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = (390, 844, "dark")
LOOKS = [(1366, 768, "light"), (1366, 768, "dark"), (1920, 1080, "light"), PHONE]
WIDE, TALL = 1366, 4000
PROJECTED = ("?view=projector", "dynamics?view=projector", "circuits?view=projector")
EVERY = frozenset(PAGES)
# All that axe finds in what Streamlit draws. Whoever changes its version looks again: a test fails for each that is new
# and for each that is gone.
VERSION = "1.67.0"
STREAMLIT = (
    Known("list", "[data-testid=stSidebarNavItems]", EVERY),  # the menu in the drawer of a phone
    Known("listitem", "[data-testid=stSidebarNavItems] li", EVERY),
    Known("scrollable-region-focusable", ".katex-display", frozenset({"linear", "maths"})),
    Known("scrollable-region-focusable", "[data-testid=stTable] > div", frozenset({"fair", "about"})),
)


@pytest.fixture(scope="module")
def visit(browser: Any, app_server: AppServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that has drawn everything, with axe in it where that is here."""
    context = browser.new_context(viewport={"width": WIDE, "height": 768}, color_scheme="light")
    if AXE.exists():
        context.add_init_script(path=AXE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if request.param in FILLED:
        filled(page, app_server.url, request.param)
    else:
        page.goto(f"{app_server.url}/{request.param}")
    ready(page)
    yield page
    context.close()


def look(page: Any, width: int, height: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    ready(page, scheme)


def pages_opened(page: Any) -> None:
    """The sheet with the list of pages, on a phone."""
    page.locator(".spn-bar").get_by_role("button", name="Pages").click()
    page.get_by_test_id("stSidebarNavItems").wait_for()
    ready(page, PHONE[2])


pages = pytest.mark.parametrize("visit", PAGES, indirect=True)


def address(page: Any) -> str:
    return str(page.url.split("?")[0].rpartition("/")[2])


@pages
def test_axe_finds_nothing_of_ours_and_of_streamlits_what_is_known(visit: Any) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not at hand: with Node, make check-browser fetches it")
    seen, ours = set[tuple[str, str]](), list[str]()
    for one in LOOKS:
        look(visit, *one)
        known, others = findings(visit, STREAMLIT)
        seen |= known
        ours += [f"{one}: {told}" for told in others]
    look(visit, *PHONE)
    pages_opened(visit)
    known, others = findings(visit, STREAMLIT)
    assert not [*ours, *others], "\n".join([*ours, *others])
    assert seen | known == {(one.rule, one.selector) for one in STREAMLIT if address(visit) in one.pages}


def test_the_list_of_streamlits_own_is_of_its_present_version() -> None:
    assert streamlit.__version__ == VERSION, "look again at what STREAMLIT lists"


@pages
def test_what_is_written_on_a_button_is_in_its_name(visit: Any) -> None:
    look(visit, *LOOKS[0])
    found = list(pressed(visit))
    assert len(found) > 10
    assert [(name, written) for name, written in found if written not in name] == []
    assert all(name or not written for name, written in found)


@pages
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(visit: Any, scheme: str) -> None:
    look(visit, WIDE, TALL, scheme)
    found = faint(visit)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("visit", PROJECTED, indirect=True)
def test_every_word_stands_out_on_a_projector(visit: Any) -> None:
    look(visit, WIDE, TALL, "light")
    found = faint(visit)
    assert not found, "\n".join(found)
