"""Charts that the server made, in a real browser: words for who does not see them, width, what a reader zoomed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import AppServer, OpenPage

pytestmark = pytest.mark.browser
CHARTS = "[...document.querySelectorAll('.js-plotly-plot')]"
FIRST = "document.querySelector('.js-plotly-plot')"


def opened(open_page: OpenPage, server: AppServer, **look: Any) -> Any:
    page = open_page(f"{server.url}/figure3", **look)
    page.wait_for_function(f"() => {CHARTS}.filter(chart => 'drawn' in chart.dataset).length === 6")
    return page


def test_each_has_words_and_one_plotly_draws_them_all(open_page: OpenPage, app_server: AppServer) -> None:
    page = opened(open_page, app_server)
    words = page.evaluate(f"{CHARTS}.map(chart => chart.getAttribute('aria-label'))")
    assert len(set(words)) == 6 and min(map(len, words)) > 60
    assert page.get_by_role("figure").count() == 6
    loaded = (
        "performance.getEntriesByType('resource').map(e => e.name).filter(n => /plotly/i.test(n) && !/kit/.test(n))"
    )
    assert len(page.evaluate(loaded)) == 1


def test_they_follow_the_width_of_the_window(open_page: OpenPage, app_server: AppServer) -> None:
    page = opened(open_page, app_server)
    for width in (700, 390, 1366):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            f"() => {CHARTS}.every(c => Math.abs(c._fullLayout.width - c.parentElement.clientWidth) < 2)"
        )


def test_what_is_zoomed_stays_while_something_else_on_the_page_changes(
    open_page: OpenPage, app_server: AppServer
) -> None:
    page = opened(open_page, app_server)
    page.evaluate(f"Plotly.relayout({FIRST}, {{'xaxis.range': [100, 200]}})")
    before = page.locator("table").first.inner_text()
    page.get_by_role("slider").first.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('table').innerText !== before", arg=before)
    assert page.evaluate(f"{FIRST}._fullLayout.xaxis.range") == [100, 200]


def test_where_plotly_cannot_be_had_the_place_says_so(open_page: OpenPage, app_server: AppServer) -> None:
    refuse = "**/api/plotly-*"
    page = open_page(
        f"{app_server.url}/figure3", prepare=lambda context: context.route(refuse, lambda route: route.abort())
    )
    page.get_by_text("The view could not be loaded").first.wait_for()
