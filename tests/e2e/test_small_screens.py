"""A phone, a phone on its side and a magnified page: a bar that says what it does, and a sheet under the chart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from app.live import assets
from app.live.catalogues import catalogue
from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.drawn import quiet
from tests.e2e.test_door import PAGES
from tests.e2e.test_lab_page import QUICK, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = catalogue("bar")
PHONE = {"width": 390, "height": 844, "touch": True}
ON_ITS_SIDE = {"width": 844, "height": 390, "touch": True}
MAGNIFIED = {"width": 683, "height": 384}  # a laptop's 1366 by 768 at 200 %
SMALL = {"phone": PHONE, "on its side": ON_ITS_SIDE, "magnified": MAGNIFIED}
NOTHING = (
    "ask",
    "runs",
    "figure3",
    "teach",
    "maths",
    "about",
)  # is set or played there: a wide screen has the pages on top
SHEET, CHART = "[data-testid=stSidebar]", ".spn-llh .spn-frame"
CONTROLS = "[data-testid=stSidebarUserContent]"
# How far the end of the page comes down, once it is scrolled to; the bar begins below it.
END = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    main.scrollTop = main.scrollHeight;
    const shown = [...main.querySelectorAll('*')].filter((node) => node.children.length === 0 && node.checkVisibility()
        && node.textContent.trim() && !node.closest('.katex-mathml, style, script, [aria-hidden=true]'));
    const last = Math.max(...shown.map((node) => node.getBoundingClientRect().bottom));
    return [last, document.querySelector('.spn-bar').getBoundingClientRect().top];
}"""
# Whether nothing lies over the title where the page begins.
TITLED = """() => {
    const [title, words] = [document.querySelector('h1'), document.createRange()];
    words.selectNodeContents(title);
    const [{ left, top, height }] = words.getClientRects();
    return title.contains(document.elementFromPoint(left + 5, top + height / 2));
}"""
SMALLEST = """(within) => [...document.querySelectorAll(within)].filter((node) => node.checkVisibility())
    .map((node) => [node.innerText || node.getAttribute('aria-label'), node.getBoundingClientRect()])
    .filter(([, { width, height }]) => width && Math.min(width, height) < 43.5)
    .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)"""


def bar(page: Any) -> Any:
    return page.get_by_role("navigation", name=WORDS["bar"])


def entry(page: Any, name: str) -> Any:
    return bar(page).get_by_role("button", name=WORDS[f"bar_{name}"], exact=True)


def is_open(page: Any) -> Any:
    return page.locator(f"{SHEET}[data-collapsed=false]")


def is_folded(page: Any) -> Any:
    page.locator(f"{SHEET}[data-collapsed=true]").wait_for(state="attached")
    page.locator(SHEET).wait_for(state="hidden")


def lab(open_page: OpenPage, server: AppServer, **look: Any) -> Any:
    page = open_page(server.url + QUICK, **look)
    finished(page)
    entry(page, "settings").wait_for()
    return page


def box(part: Any) -> tuple[float, float, float, float]:
    """Left, top, right and bottom."""
    found = part.bounding_box()
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


def add_depth(page: Any) -> None:
    """Press L = 4 and wait for its curve."""
    before = page.locator(".spn-lab").get_attribute("data-run")
    page.locator(CONTROLS).get_by_role("button", name="4", exact=True).click()
    page.wait_for_function("(run) => document.querySelector('.spn-lab').dataset.run !== run", arg=before)
    assert "4" in finished(page)


def settled(page: Any, part: Any) -> tuple[float, float, float, float]:
    """Where a part is when scrolling has come to rest."""
    part.evaluate("""node => new Promise((resolve) => {
        const look = (before) => requestAnimationFrame(() => {
            const { top } = node.getBoundingClientRect();
            if (top === before) resolve(); else look(top);
        });
        look(NaN);
    })""")
    return box(part)


@pytest.mark.parametrize("look", SMALL.values(), ids=SMALL.keys())
@pytest.mark.parametrize("address", ["", "ask", "runs", "dynamics", "circuits", "figure3", "linear", "maths", "about"])
def test_the_bar_is_at_the_foot_of_every_page_and_nothing_covers_its_title_or_its_end(
    app_server: AppServer, open_page: OpenPage, address: str, look: dict[str, Any]
) -> None:
    page = open_page(f"{app_server.url}/{address}", **look)
    page.locator(".spn-bar").wait_for(state="attached")
    quiet(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    page.wait_for_function(TITLED)
    if look is ON_ITS_SIDE and address in NOTHING:
        return bar(page).wait_for(state="hidden")
    bar(page).wait_for()
    left, _, right, bottom = box(bar(page))
    assert (left, right, bottom) == (0, look["width"], look["height"])
    page.wait_for_function(f"() => {{ const [last, bar] = ({END})(); return last <= bar; }}")
    assert not page.evaluate(SMALLEST, ".spn-bar button")
    for name in bar(page).get_by_role("button").all():
        assert name.inner_text().strip() in {*WORDS.values(), "Play", "Pause"}


def test_no_control_of_a_phone_hides_behind_a_sign_without_a_name(app_server: AppServer, open_page: OpenPage) -> None:
    page = lab(open_page, app_server, **PHONE)
    names = [name.inner_text() for name in bar(page).get_by_role("button").all()]
    assert names == ["Pages", "Questions", "Depths", "Settings", "Play"]
    assert not page.get_by_test_id("stExpandSidebarButton").is_visible()


def test_what_is_set_by_touch_is_seen_in_the_chart_over_the_sheet(app_server: AppServer, open_page: OpenPage) -> None:
    page = lab(open_page, app_server, **PHONE)
    entry(page, "depths").tap()
    is_open(page).wait_for()
    add_depth(page)
    _, top, _, bottom = settled(page, page.locator(CHART))
    assert top >= 0 and bottom <= box(page.locator(".spn-sheet-head"))[1], "all of the chart is in sight"
    assert is_open(page).is_visible()
    assert box(page.locator(SHEET))[3] <= box(bar(page))[1] + 1


def test_a_question_is_chosen_by_touch_from_the_same_list(app_server: AppServer, open_page: OpenPage) -> None:
    page = lab(open_page, app_server, **PHONE)
    entry(page, "questions").tap()
    question = page.get_by_test_id("stRadioOption").filter(has_text="win at ten times")
    question.tap()
    page.locator(CONTROLS).get_by_role("button", name=re.compile("win at ten times")).wait_for()
    assert is_open(page).is_visible()
    page.wait_for_url(re.compile("learning_rate=0.1"))


def test_play_is_at_hand_by_touch_and_leaves_the_sheet_open(app_server: AppServer, open_page: OpenPage) -> None:
    page = lab(open_page, app_server, **PHONE)
    entry(page, "settings").tap()
    bar(page).get_by_role("button", name="Play").tap()
    page.locator(".spn-lab[data-playing=true]").wait_for()
    bar(page).get_by_role("button", name="Pause").tap()
    page.locator(".spn-lab[data-playing=false]").wait_for()
    assert is_open(page).is_visible()


def test_the_sheet_is_opened_and_closed_by_keyboard_and_gives_the_focus_back(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = lab(open_page, app_server, width=390, height=844)
    inside = f"document.querySelector('{CONTROLS}').contains(document.activeElement)"
    for close in ("Escape", "Enter"):
        entry(page, "settings").press("Enter")
        page.wait_for_function(f"() => {inside}")
        assert entry(page, "settings").get_attribute("aria-expanded") == "true"
        if close == "Enter":
            page.get_by_role("button", name=WORDS["sheet_close"]).focus()
        page.keyboard.press(close)
        is_folded(page)
        assert page.evaluate("document.activeElement.textContent") == WORDS["bar_settings"]
        assert entry(page, "settings").get_attribute("aria-expanded") == "false"


def test_pages_are_chosen_by_touch_and_fold_away(app_server: AppServer, open_page: OpenPage) -> None:
    page = lab(open_page, app_server, **PHONE)
    entry(page, "pages").tap()
    links = page.locator("[data-testid=stSidebarNavLink]")
    links.last.wait_for()
    assert links.count() == len(PAGES) and not page.locator(CONTROLS).is_visible()
    assert not page.evaluate(SMALLEST, "[data-testid=stSidebarNavLink]")
    links.filter(has_text="The mathematics").tap()
    page.get_by_role("heading", level=1, name="The mathematics").wait_for()
    is_folded(page)
    assert not entry(page, "settings").is_visible(), "nothing is set there"
    entry(page, "pages").tap()
    links.filter(has_text=re.compile("^\\S* ?Lab$")).tap()
    entry(page, "settings").wait_for()


@pytest.mark.parametrize("look", [ON_ITS_SIDE, MAGNIFIED], ids=["on its side", "magnified"])
def test_where_a_screen_is_low_the_sheet_is_beside_the_chart(
    app_server: AppServer, open_page: OpenPage, look: dict[str, Any]
) -> None:
    page = lab(open_page, app_server, **look)
    if is_open(page).count():
        page.get_by_role("button", name=WORDS["sheet_close"]).click()
        is_folded(page)
    entry(page, "depths").click()
    is_open(page).wait_for()
    depth = page.locator(CONTROLS).get_by_role("button", name="4", exact=True)
    left, top, right, bottom = box(page.locator(SHEET))
    assert (left, top) == (0, 0) and right <= 0.42 * look["width"] and bottom <= box(bar(page))[1] + 1
    assert box(depth)[1] >= box(page.locator(".spn-sheet-head"))[3] and box(depth)[3] <= bottom
    add_depth(page)
    chart = settled(page, page.locator(CHART))
    assert right - 1 <= chart[0] and chart[2] <= look["width"]
    page.get_by_role("button", name=WORDS["sheet_close"]).click()
    is_folded(page)


def test_a_keyboard_on_the_screen_leaves_the_field_and_the_chart_in_sight(
    app_server: AppServer, open_page: OpenPage
) -> None:
    """A keyboard covers the page without a change of its size; Chromium shows none here, so its effect is played."""
    page = lab(open_page, app_server, **PHONE)
    entry(page, "settings").tap()
    page.locator(CONTROLS).get_by_text("More", exact=False).last.tap()
    field = page.locator(CONTROLS).get_by_role("spinbutton").first
    field.focus()
    page.evaluate("""() => {
        Object.defineProperty(visualViewport, 'height', { configurable: true, get: () => 500 });
        visualViewport.dispatchEvent(new Event('resize'));
    }""")
    page.wait_for_function(f"() => document.querySelector('{SHEET}').getBoundingClientRect().bottom <= 501")
    field.scroll_into_view_if_needed()
    _, top, _, bottom = settled(page, page.locator(SHEET))
    assert 240 <= bottom - top <= 260 and box(field)[1] >= top and box(field)[3] <= bottom
    assert page.evaluate("document.activeElement.getAttribute('type')") in ("number", "text")


@pytest.mark.parametrize("address", ["", "circuits", "linear"])
def test_what_is_touched_in_the_sheet_is_large_enough(app_server: AppServer, open_page: OpenPage, address: str) -> None:
    page = open_page(f"{app_server.url}/{address}", **PHONE)
    entry(page, "settings").tap()
    is_open(page).wait_for()
    quiet(page)
    if address != "linear":
        page.locator(CONTROLS).locator("summary").tap()
        page.locator(CONTROLS).locator("details[open]").wait_for()
        quiet(page)
    touched = (
        "button:not([aria-label^='Help'])",
        "summary",
        "input[role=combobox]",
        "[data-testid=stSlider] [role=group]",
    )
    assert not page.evaluate(SMALLEST, ", ".join(f"{CONTROLS} {one}" for one in touched))
    assert not page.evaluate(SMALLEST, ".spn-sheet-head button")


def test_streamlit_has_what_the_bar_leans_on(app_server: AppServer, open_page: OpenPage) -> None:
    files = ("bar/bar.js", "bar/bar.css", "page.css")
    code, *styles = ((assets.CLIENT / name).read_text(encoding="utf-8") for name in files)
    scripts = "".join(
        path.read_text(encoding="utf-8") for path in Path(st.__file__).parent.glob("static/static/js/*.js")
    )
    assert not [name for name in re.findall(r'data-testid\^?="(\w+)"', "".join(styles)) if name not in scripts]
    leans = set(re.findall(r"data-testid=(\w+)", code)) - {"stTooltipIcon"}
    page = lab(open_page, app_server, **PHONE)
    folded = {name for name in leans if page.get_by_test_id(name).count()}
    entry(page, "settings").tap()
    is_open(page).wait_for()
    opened = {name for name in leans if page.get_by_test_id(name).count()}
    assert len(leans) >= 6 and folded | opened == leans
    assert "stExpandSidebarButton" in folded - opened and "stSidebarCollapseButton" in opened - folded


def test_a_laptop_has_its_panel_and_menu_and_no_bar(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(app_server.url + QUICK)
    finished(page)
    page.locator(".spn-bar").wait_for(state="attached")
    assert not bar(page).is_visible() and page.locator(CONTROLS).is_visible()
    assert not page.locator(".spn-sheet-head").is_visible()


@pytest.mark.parametrize("address", ["figure3", "phase", "grid", "update2020"])
def test_plotly_s_tool_bar_never_comes_over_a_figure_that_is_touched(
    app_server: AppServer, open_page: OpenPage, address: str
) -> None:
    page = open_page(f"{app_server.url}/{address}", **PHONE)
    figure = page.locator(".spn-drawing[data-drawn]").first
    figure.scroll_into_view_if_needed()
    figure.tap(position={"x": 200, "y": 4})  # beside what would be pressed in it
    assert page.locator(".modebar").count() == 0
    take = page.get_by_role("button", name="Save figure …").first
    assert box(take)[1] >= box(figure)[3] - 1 and not page.evaluate(SMALLEST, ".spn-take")
    take.tap()
    page.get_by_role("dialog", name="Save figure").wait_for()
