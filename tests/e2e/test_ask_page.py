"""Ask the network in a real browser: evidence by keyboard, everything on one screen, links that open, every width."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"
LIKELIHOOD = re.compile(r"log P\(evidence\) = (−[\d.]+) nats: 1 in ([\d.,]+)")


def opened(open_page, server, query="", **look):
    page = open_page(f"{server.url}/ask{query}", **look)
    page.get_by_role("heading", name="Ask the network", exact=True).wait_for()
    page.locator(".js-plotly-plot .main-svg").nth(3).wait_for()
    settle(page)
    return page


def settle(page):
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")


def likelihood(page):
    return LIKELIHOOD.search(page.get_by_text(LIKELIHOOD).first.inner_text())[1]


def test_evidence_is_set_by_keyboard_and_kept_by_the_address(app_server, open_page):
    page = opened(open_page, app_server)
    before = likelihood(page)
    bathing = page.get_by_role("radiogroup", name="bathing")
    bathing.get_by_role("radio", name="?").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"e=Y4(:|%3A)1(,|%2C)Y5(:|%3A)0"))
    page.wait_for_function("words => !document.body.innerText.includes(words)", arg=before)
    settle(page)
    after = likelihood(page)
    assert float(after[1:]) > float(before[1:]), "more evidence is less probable"
    page.reload()
    page.locator(".js-plotly-plot .main-svg").nth(3).wait_for()
    settle(page)
    assert likelihood(page) == after
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Nothing is set.").wait_for()


def test_all_items_and_their_chart_are_on_one_laptop_screen(app_server, open_page):
    page = opened(open_page, app_server)
    groups = page.get_by_role("radiogroup")
    groups.nth(15).wait_for()
    assert groups.count() == 16
    for place in (*(groups.nth(i) for i in range(16)), page.locator(".js-plotly-plot").first):
        box = place.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= 768
    assert page.evaluate(TOO_WIDE) <= 0
    menu = page.get_by_text("Explained", exact=True).bounding_box()  # the last in the row
    assert menu["x"] + menu["width"] <= 1366, "the menu fits"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("net", ["mixture", "chow_liu"])
def test_it_fits_a_phone(app_server, open_page, scheme, net):
    page = opened(open_page, app_server, f"?v=1&net={net}", width=390, height=844, scheme=scheme)
    assert page.evaluate(TOO_WIDE) <= 0


def test_a_network_that_takes_longer_shows_its_progress_and_then_the_answer(app_server, open_page):
    page = open_page(f"{app_server.url}/ask?v=1&net=learn_spn")
    page.get_by_text(re.compile("Training: LearnSPN")).wait_for()
    page.get_by_text(re.compile(r"LearnSPN, tuned by EM: [\d,]+ nodes")).wait_for()
    page.locator(".js-plotly-plot .main-svg").nth(3).wait_for()
