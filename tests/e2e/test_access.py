"""WCAG 2.2 AA on every page: what axe-core finds, the contrast of every word, names that say what is written.

One visit of a page serves all its tests. axe looks at it on a phone, a laptop and a large screen, each in light and in
dark, on a phone with the list of pages folded and unfolded, and in the view for a projector; the contrast of words is
measured on a page as tall as all it holds, in both themes. What opens over a page is looked at beside this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import streamlit

from tests.e2e.access import LAPTOP, LARGE, PHONE, STREAMLIT, VERSION, faint, findings, look, pressed, ready, with_axe
from tests.e2e.conftest import AppServer
from tests.e2e.listed import FILLED, filled
from tests.e2e.test_door import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = [(size, scheme) for scheme in ("light", "dark") for size in (LAPTOP, LARGE, PHONE)]  # a theme is slow to change
TALL = (LAPTOP[0], 4000)
PROJECTED = ("", "dynamics", "circuits")  # where words are measured on a projector, too: in drawings of our own


@pytest.fixture(scope="module")
def visit(browser: Any, app_server: AppServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page that has drawn everything, with axe in it where that is here."""
    with with_axe(browser) as page:
        if request.param in FILLED:
            filled(page, app_server.url, request.param)
        else:
            page.goto(f"{app_server.url}/{request.param}")
        ready(page)
        yield page


def pages_opened(page: Any, scheme: str) -> None:
    """The sheet with the list of pages, on a phone."""
    page.locator(".spn-bar").get_by_role("button", name="Pages").click()
    page.get_by_test_id("stSidebarNavItems").wait_for()
    ready(page, scheme)


pages = pytest.mark.parametrize("visit", PAGES, indirect=True)


def address(page: Any) -> str:
    return str(page.url.split("?")[0].rpartition("/")[2])


def known_of(page: Any) -> set[tuple[str, str]]:
    """What of Streamlit's own axe is known to find on a page."""
    return {(one.rule, one.selector) for one in STREAMLIT if address(page) in one.where}


@pages
def test_axe_finds_nothing_of_ours_and_of_streamlits_what_is_known(visit: Any) -> None:
    seen, ours = set[tuple[str, str]](), list[str]()
    for size, scheme in LOOKS:
        look(visit, size, scheme)
        known, others = findings(visit)
        seen |= known
        ours += [f"{size}, {scheme}: {told}" for told in others]
    pages_opened(visit, LOOKS[-1][1])
    known, others = findings(visit)
    assert not [*ours, *others], "\n".join([*ours, *others])
    assert seen | known == known_of(visit)


def test_the_list_of_streamlits_own_is_of_its_present_version() -> None:
    assert streamlit.__version__ == VERSION, "look again at what STREAMLIT lists"


@pages
def test_what_is_written_on_a_button_is_in_its_name(visit: Any) -> None:
    look(visit, LAPTOP, "light")
    found = list(pressed(visit))
    assert len(found) > 10
    assert [(name, written) for name, written in found if written not in name] == []
    assert all(name or not written for name, written in found)


@pages
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(visit: Any, scheme: str) -> None:
    look(visit, TALL, scheme)
    found = faint(visit)
    assert not found, "\n".join(found)


@pages
def test_on_a_projector_axe_finds_nothing_of_ours_and_every_word_stands_out(visit: Any) -> None:
    """The last of a visit: the page is opened anew."""
    look(visit, LARGE, "light")
    visit.goto(f"{visit.url}{'&' if '?' in visit.url else '?'}view=projector")
    ready(visit)
    seen, ours = findings(visit)
    assert not ours, "\n".join(ours)
    assert seen <= known_of(visit)
    if address(visit) in PROJECTED:
        look(visit, TALL, "light")
        found = faint(visit)
        assert not found, "\n".join(found)
