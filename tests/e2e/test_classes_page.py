"""Predicting a class in a real browser: it fits phone and laptop, and an uploaded table is learned to its end."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DRAWN = ".js-plotly-plot .scatterlayer"
SIZES = {"laptop": (1366, 768), "phone": (390, 844)}
TABLE = "wet,cold,ill\n" + "1,1,1\n0,0,0\n1,0,1\n0,1,0\n1,1,0\n" * 8


def opened(open_page, app_server, **how):
    page = open_page(f"{app_server.url}/classes", **how)
    page.locator(DRAWN).nth(1).wait_for()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_both_charts_are_drawn_without_scrolling_sideways(open_page, app_server, size, scheme, tmp_path):
    width, height = SIZES[size]
    page = opened(open_page, app_server, width=width, height=height, scheme=scheme)
    page.screenshot(path=str(tmp_path / f"classes-{size}-{scheme}.png"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size == "laptop":
        boxes = [page.locator(".js-plotly-plot").nth(number).bounding_box() for number in (0, 1)]
        assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["y"] + boxes[0]["height"] <= height, "above the fold"


def test_what_is_long_is_trained_by_the_press_of_a_button_with_its_price(open_page, app_server):
    page = open_page(f"{app_server.url}/classes?v=1&iterations=2000&num_seeds=24&depths=1,2&learning_rate=0.0005")
    page.get_by_text("Nothing is known of these settings yet").wait_for()
    page.get_by_role("button", name=re.compile(r"^Run \(about \d+ s of computing\)$")).click()
    page.get_by_text("are being computed").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Nothing is known of these settings yet").wait_for()


def test_an_uploaded_table_is_learned_and_its_numbers_shown(open_page, app_server):
    page = open_page(
        f"{app_server.url}/classes?v=1&dataset=two-clusters&objective=discriminative&iterations=5&num_seeds=2"
        "&component_init=random&init_scale=0.1&init_noise=0&learning_rate=0.001&depths=1,2"
    )
    page.get_by_text("Made on this server").wait_for()
    page.get_by_role("button", name="Upload a table").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "illness.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.get_by_role("button", name="Use this data").click()
    page.get_by_text("class “ill”").wait_for()
    page.locator(DRAWN).nth(1).wait_for()
    assert page.get_by_text("Made on this server").is_visible()
    assert "dataset=sha256" in page.url
