"""The phase diagram in a real browser: it draws, fits phone and projector, and a click opens the runs in the lab."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DRAWN = ".js-plotly-plot .heatmaplayer image"
SIZES = {"laptop": (1366, 768), "phone": (390, 844)}
CELL = """([panel, row, column]) => {
    const chart = document.querySelectorAll('.js-plotly-plot')[panel], at = chart.getBoundingClientRect();
    const {xaxis, yaxis} = chart._fullLayout, cells = chart.data.find(trace => trace.name === 'cells');
    const index = cells.customdata.findIndex(data => data[1] === row && data[2] === column);
    return [at.x + xaxis._offset + xaxis.l2p(cells.x[index]), at.y + yaxis._offset + yaxis.l2p(cells.y[index])];
}"""


def opened(open_page, app_server, **how):
    page = open_page(app_server.url, **how)
    page.goto(f"{app_server.url}/phase")
    page.locator(DRAWN).nth(2).wait_for()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_draws_every_panel_without_scrolling_sideways(open_page, app_server, size, scheme, tmp_path):
    width, height = SIZES[size]
    page = opened(open_page, app_server, width=width, height=height, scheme=scheme)
    page.screenshot(path=str(tmp_path / f"phase-{size}-{scheme}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    panels = page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(c => c._fullLayout.title.text)")
    assert "speed-up over L = 1" in panels[-1] and "L = 2" in panels[0]
    ranges = page.evaluate(
        "[...document.querySelectorAll('.js-plotly-plot')].slice(0, -1).map(c => JSON.stringify(c.layout.xaxis.range))"
    )
    assert len(set(ranges)) == 1  # shared axes
    if size == "laptop":
        box = page.locator(".js-plotly-plot").first.bounding_box()
        assert box["y"] + box["height"] <= height  # above the fold


def test_a_click_on_a_cell_opens_its_two_runs_in_the_lab(open_page, app_server):
    page = opened(open_page, app_server)
    row, column = 12, 12
    page.mouse.click(*page.evaluate(CELL, [1, row, column]))
    page.wait_for_url("**/?*depths=1%2C3*")
    assert "init_scale=1.0" in page.url and "component_init=fitted" in page.url and "learning_rate=0.1" in page.url
