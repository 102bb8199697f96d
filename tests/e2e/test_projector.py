"""`view=projector` on every page: white, one scale of type and lines for the last row, nothing over anything else."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.page import ON_A_WALL
from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.drawn import drawn
from tests.e2e.listed import FILLED, filled
from tests.e2e.test_door import PAGES
from tests.e2e.test_lab_page import QUICK

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WALL = {"width": 1920, "height": 1080, "scheme": "dark"}
LEAST_TYPE = 13  # pixels
LEAST_LINE, THICK = 1.8, 3  # of the thickest line of a chart, and of a page that shows curves
# Every text in a drawing that is seen: its words, the size of its letters in pixels, its place, what it stands in.
TEXTS = """() => [...document.querySelectorAll('.stMain svg text, .stMain .spn-end')]
    .filter((node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .filter((node) => node.textContent.trim() && !node.closest('.hoverlayer'))
    .map((node) => {
        const { left, top, right, bottom } = node.getBoundingClientRect();
        const scale = node.getScreenCTM ? node.getScreenCTM().a : 1;
        const within = node.closest('.spn-frame, .spn-drawing, svg');
        within.id ||= `within-${Math.random()}`;
        const turned = node.getScreenCTM && Math.abs(node.getScreenCTM().b) > 0.01;
        const size = parseFloat(getComputedStyle(node).fontSize) * (turned ? 1 : scale);
        return { text: node.textContent, size, left, top, right, bottom, within: within.id, turned };
    })"""
LINES = """() => [...document.querySelectorAll('.js-plotly-plot')].map((plot) => Math.max(0,
    ...[...plot.querySelectorAll('.scatterlayer .js-line')].map((line) =>
        parseFloat(getComputedStyle(line).strokeWidth) * line.getScreenCTM().a)))"""
LOOK = """() => [getComputedStyle(document.documentElement).fontSize,
    getComputedStyle(document.querySelector('.stApp')).backgroundColor]"""
# Where a point in the middle of a curve is on the screen, and its update; what is pointed at is told to the window.
POINT = """() => {
    const plot = document.querySelector('.spn-drawing');
    plot.on('plotly_hover', ({ points: [{ x }] }) => (window.told = x));
    const [{ xaxis, yaxis }, { x, y }] = [plot._fullLayout, plot._fullData[0]];
    plot.scrollIntoView({ block: 'center' });
    const [middle, { left, top, width }] = [Math.floor(x.length / 2), plot.getBoundingClientRect()];
    const scale = width / plot.offsetWidth;
    const at = (axis, value) => scale * (axis._offset + axis.d2p(value));
    return [left + at(xaxis, x[middle]), top + at(yaxis, y[middle]), x[middle]];
}"""
WIDE = """() => [...document.querySelectorAll('.stMainBlockContainer *')].filter((node) => node.checkVisibility()
    && !node.closest('.stTable, .js-plotly-plot > *, pre, .katex, .spn-eq-body, .spn-idea-formulas, .spn-overlay')
    && node.getBoundingClientRect().right > innerWidth + 1).map((node) => node.className)"""


def on_a_wall(open_page: OpenPage, server: AppServer, address: str) -> Any:
    page = open_page(f"{server.url}/{address or QUICK}{'&' if not address else '?'}view=projector", **WALL)
    if address in FILLED:
        filled(page, server.url, address, "?view=projector")
    drawn(page, address)
    return page


def overprinted(texts: list[dict[str, Any]]) -> list[str]:
    """Texts of one drawing that share more than two pixels both ways."""
    pairs = ((one, other) for i, one in enumerate(texts) for other in texts[i + 1 :])
    return [
        f"{one['text']} / {other['text']}"
        for one, other in pairs
        if one["within"] == other["within"]
        and not (one["turned"] or other["turned"])  # the boxes of slanting words meet where the words do not
        and min(one["right"], other["right"]) - max(one["left"], other["left"]) > 2
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 2
    ]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_on_a_wall_is_white_at_one_scale_and_nothing_is_over_anything_else(
    app_server: AppServer, open_page: OpenPage, address: str
) -> None:
    page = on_a_wall(open_page, app_server, address)
    page.wait_for_function(f"(size) => ({LOOK})()[0] === size", arg=f"{15 * ON_A_WALL:g}px")
    assert page.evaluate(LOOK)[1] == "rgb(255, 255, 255)"
    texts = page.evaluate(TEXTS)
    assert not [text for text in texts if text["size"] < LEAST_TYPE and not text["turned"]]
    assert not overprinted(texts)
    lines = list(filter(None, page.evaluate(LINES)))
    assert all(line >= LEAST_LINE for line in lines)
    assert not lines or address == "phase" or max(lines) >= THICK
    assert not page.evaluate(WIDE)


def test_a_figure_of_an_idea_is_moved_on_a_wall_where_it_is_pressed(app_server: AppServer, open_page: OpenPage) -> None:
    page = on_a_wall(open_page, app_server, "maths")
    idea = page.locator(".spn-idea[data-idea=residual]")
    idea.scroll_into_view_if_needed()
    canvas = idea.locator(".spn-idea-canvas")
    where = canvas.bounding_box()
    page.mouse.click(where["x"] + 0.6 * where["width"], where["y"] + where["height"] / 2)
    dot = idea.locator("circle").first.bounding_box()
    assert abs(dot["x"] + dot["width"] / 2 - where["x"] - 0.6 * where["width"]) < 4


def test_what_is_pointed_at_on_a_wall_is_what_is_under_the_pointer(app_server: AppServer, open_page: OpenPage) -> None:
    page = on_a_wall(open_page, app_server, "linear")
    x, y, update = page.evaluate(POINT)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.wait_for_function("(update) => window.told !== undefined && Math.abs(window.told - update) <= 4", arg=update)
