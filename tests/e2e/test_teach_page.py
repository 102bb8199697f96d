"""Links for a class in a real browser: ticked together by keyboard, opened locked, framed by another site, printed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.kit.text import WORDS
from app.pages.teach import links
from spncore.studies.presets import PRESETS
from tests.e2e.conftest import AppServer, OpenPage, shared_link
from tests.e2e.drawn import quiet
from tests.e2e.printed import pages
from tests.e2e.test_behind_proxies import Quiet
from tests.e2e.test_lab_page import DRAWN, QUICK

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCHOOL = "http://school.example"
# What of a page in a frame is in sight that stands around its content, and by how much the content is too large.
AROUND = """() => [...document.querySelectorAll(
        '[data-testid=stHeader], [data-testid=stSidebar], .spn-bar, .spn-sides'
    )].filter((node) => node.checkVisibility()).length"""
TOO_LARGE = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return [main.scrollWidth - main.clientWidth, main.scrollHeight - main.clientHeight];
}"""
HEIGHT = "() => document.querySelector('.spn-llh .spn-frame').getBoundingClientRect().height"


def box(page: Any, name: str) -> Any:
    return page.get_by_role("checkbox", name=name, exact=True)


def builder(open_page: OpenPage, server: AppServer, **look: Any) -> Any:
    page = open_page(f"{server.url}/teach", **look)
    page.get_by_role("heading", level=1, name=WORDS["teach"]).wait_for()
    quiet(page)
    return page


def link_says(page: Any, *parts: str) -> str:
    """Wait until the link that is made has these parts; the link."""
    there = """([name, parts]) => {
        const value = document.querySelector(`textarea[aria-label="${name}"]`)?.value ?? '';
        return parts.every((part) => value.includes(part));
    }"""
    page.wait_for_function(there, arg=[WORDS["share_link"], list(parts)])
    quiet(page)
    return shared_link(page)


def test_boxes_ticked_by_keyboard_make_a_link_that_opens_locked(app_server: AppServer, open_page: OpenPage) -> None:
    page = builder(open_page, app_server)
    for name in ("learning rate (η)", "sum layers (L)"):
        box(page, name).focus()
        page.keyboard.press("Space")
        quiet(page)
    link_says(page, "lock=learning_rate,depths")
    box(page, WORDS["part_export"]).focus()
    page.keyboard.press("Space")
    link = link_says(page, "lock=learning_rate,depths", "hide=export")
    assert "locks=learning_rate,depths" in page.url.replace("%2C", ","), "a reload has the same boxes ticked"
    lab = open_page(link)
    lab.locator(".spn-lab[data-state=done]").wait_for()
    assert lab.locator(".st-key-control_learning_rate input").is_disabled()
    assert lab.locator(".st-key-control_depths button", has_text="1").first.is_disabled()
    assert lab.locator(".st-key-control_num_components input").is_enabled()
    assert lab.get_by_role("button", name=WORDS["export"], exact=True).count() == 0
    assert lab.get_by_role("button", name=WORDS["help"], exact=True).count() == 1
    assert not lab.locator("[data-act=branch], [data-act=layer_more]").locator("visible=true").count()
    assert lab.locator(".spn-handle:visible").count(), "weights are free"


def test_on_a_phone_the_boxes_are_ticked_by_touch_and_nothing_sticks_out(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = builder(open_page, app_server, width=390, height=844, touch=True)
    page.locator(".st-key-teach_locks_all label").tap()
    link_says(page, "lock=all")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")


def test_a_handout_has_the_question_the_link_and_no_boxes(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/teach?begin=figure-3&locks=depths")
    link = link_says(page, "lock=depths")
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name=WORDS["teach_print"], exact=True).click()
    page.wait_for_function("() => window.printed === 1")
    found = list(pages(page.pdf(format="A4", prefer_css_page_size=True)))
    text = "".join("".join(printed.text for printed in found).split())
    for said in (PRESETS["figure-3"].title, link, "sum layers (L)"):
        assert "".join(said.split()) in text, said
    assert len(found) == 1 and "".join(WORDS["part_export"].split()) not in text and "iframe" not in text


@pytest.fixture
def school(open_page: OpenPage, tmp_path: Path) -> Iterator[Any]:
    """`school(address)` gives the frame of another site's page that shows an address by the builder's own snippet."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        def framed(address: str, size: tuple[int, int] = links.FRAME) -> Any:
            snippet = links.frame(address).replace('"640"', f'"{size[0]}"').replace('"420"', f'"{size[1]}"')
            (tmp_path / "index.html").write_text(f"<!doctype html><title>School</title>{snippet}", encoding="utf-8")
            other = f"{SCHOOL}:{server.server_port}/"
            page = open_page(other, own=(other, address.partition("?")[0].rpartition("/")[0]), height=1000)
            page.frame_locator("iframe").locator("[data-testid=stApp]").wait_for()
            return page.frames[1]

        yield framed
        server.shutdown()


@pytest.mark.parametrize("size", [(640, 420), (1100, 620), (390, 420)])
def test_another_site_s_page_shows_the_curves_and_nothing_around_them_in_the_frame_s_size(
    framed_server: AppServer, school: Any, size: tuple[int, int]
) -> None:
    frame = school(f"{framed_server.url}/{QUICK}&view=embed&lock=all", size)
    frame.locator(".spn-lab[data-state=done][data-view=embed]").wait_for()
    frame.wait_for_function(f"() => Object.values(({DRAWN})()).some((y) => y.length === 21)")
    assert frame.evaluate(AROUND) == 0
    assert frame.evaluate(TOO_LARGE) == [0, 0], "it is sized to its frame"
    assert frame.evaluate(HEIGHT) > 100
    assert frame.locator("h1").count() == 1 and frame.locator("button[kind], .stButton").count() == 0
    assert frame.locator(".spn-network").is_visible() == (size[0] > 900)
    tab = frame.get_by_role("link", name=WORDS["embed_tab"])
    assert tab.get_attribute("target") == "_blank"
    tab.hover()
    address = str(tab.evaluate("(link) => link.href"))
    assert "view=" not in address and "lock=all" in address and "num_components=3" in address


@pytest.mark.parametrize("address", ["circuits", "dynamics", "figure3", "linear"])
def test_every_page_can_be_framed_without_its_head_and_its_panel(
    framed_server: AppServer, school: Any, address: str
) -> None:
    frame = school(f"{framed_server.url}/{address}?view=embed")
    frame.locator(".spn-drawing[data-drawn], .spn-lab:not([data-waiting])").first.wait_for()
    frame.get_by_role("link", name=WORDS["embed_tab"]).wait_for()
    assert frame.evaluate(AROUND) == 0 and frame.evaluate(TOO_LARGE)[0] == 0


def test_in_a_tab_of_its_own_the_lab_shows_all_that_a_frame_leaves_out(
    framed_server: AppServer, school: Any, open_page: OpenPage
) -> None:
    frame = school(f"{framed_server.url}/{QUICK}&view=embed")
    link = frame.get_by_role("link", name=WORDS["embed_tab"])
    link.wait_for()
    tab = open_page(link.evaluate("(link) => link.href"))
    tab.locator(".spn-lab[data-state=done][data-view=normal]").wait_for()
    assert tab.locator("[data-testid=stSidebar] .st-key-control_depths").is_visible()
