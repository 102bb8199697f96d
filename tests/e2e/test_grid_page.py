"""Any grid in a real browser: it draws, fits phone and laptop, and a grid that is typed in is computed and opened."""

import re

import pytest

from app.kit.text import WORDS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = {"laptop": (1366, 768), "phone": (390, 844)}
SMALL = (
    "v=1&dataset=two-clusters&num_components=2&num_seeds=2&iterations=5&asked=end&component_init=uniform"
    "&init_noise=0.001&axes=depth:1,2+learning_rate:0.001,0.01"
)
CELL = """(place) => {
    const chart = document.querySelector('.js-plotly-plot'), at = chart.getBoundingClientRect();
    const {xaxis, yaxis} = chart._fullLayout, cells = chart.data.find(trace => trace.name === 'cells');
    const index = cells.customdata.findIndex(data => String(data) === String(place));
    return [at.x + xaxis._offset + xaxis.l2p(cells.x[index]), at.y + yaxis._offset + yaxis.l2p(cells.y[index])];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_shipped_grid_is_drawn_without_scrolling_sideways(open_page, app_server, size, scheme, tmp_path):
    width, height = SIZES[size]
    page = open_page(f"{app_server.url}/grid", width=width, height=height, scheme=scheme)
    page.locator(".js-plotly-plot .heatmaplayer image").nth(3).wait_for()
    page.screenshot(path=str(tmp_path / f"grid-{size}-{scheme}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    titles = page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(c => c._fullLayout.title.text)")
    assert titles[:3] == ["L = 1", "L = 2", "L = 3"]


def test_a_grid_that_is_typed_in_is_computed_and_a_cell_of_it_opened(open_page, app_server):
    page = open_page(f"{app_server.url}/grid?{SMALL}")
    page.get_by_text("Nothing is known of these settings yet").wait_for()
    values = page.get_by_label("values upwards")
    values.fill("0.001,0.002,0.005")
    values.press("Enter")
    page.wait_for_url(re.compile("0.005"))
    page.get_by_text("6 cells, 2 seeds each").wait_for()
    page.get_by_role("button", name=WORDS["run"], exact=True).click()
    page.get_by_text("Made on this server").wait_for()
    page.locator(".js-plotly-plot .heatmaplayer image").first.wait_for()
    page.mouse.click(*page.evaluate(CELL, [1, 2]))
    page.wait_for_url(re.compile(r"/\?.*depths=2.*learning_rate=0.005"))
