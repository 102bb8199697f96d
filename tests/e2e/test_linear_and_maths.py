"""The linear networks and maths pages in a real browser: drawn, readable at every width, and linked to the lab."""

import re
import time

import pytest

from tests.e2e.conftest import LAB, PATIENCE_MS, AppServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NARROW = {"width": 390, "height": 844}
PROJECTOR = {"width": 1920, "height": 1080}


def visit(open_page, server, path, **look):
    """Open the lab's root first: the fixture takes what is asked for there for the own server."""
    page = open_page(f"{server.url}/?v=1&dataset=two-clusters&iterations=3&num_seeds=1", **look)
    page.locator(".spn-lab").wait_for()
    page.goto(f"{server.url}/{path}")
    page.locator("h1").filter(has_text=re.compile("Linear networks|The mathematics")).wait_for()
    return page


def test_the_first_page_a_new_server_is_asked_for_may_be_any(browser, tmp_path):
    server = AppServer(LAB, tmp_path / "server.log")
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE_MS)
    try:
        page.goto(f"{server.url}/linear?v=1&p=2")
        page.get_by_role("heading", name=re.compile("ℓ₂ regression")).wait_for()
        page.get_by_text("Explained", exact=True).wait_for()
        assert page.title() == "SPN Lab", "main.py has run"
    finally:
        page.close()
        server.close()


def settled(page):
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    assert page.locator(".katex-error").count() == 0


@pytest.mark.parametrize("look", [{}, {**NARROW, "scheme": "dark"}, PROJECTOR])
def test_the_linear_page_draws_its_charts_at_every_width(app_server, open_page, look):
    page = visit(open_page, app_server, "linear", **look)
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    page.wait_for_function("() => document.querySelectorAll('.js-plotly-plot .trace').length >= 10")
    settled(page)


def test_a_link_to_the_linear_page_opens_its_comparison_and_a_change_is_written_back(app_server, open_page):
    page = visit(open_page, app_server, "linear?v=1&p=2&condition=50")
    page.get_by_role("heading", name=re.compile("ℓ₂ regression, D = 2, condition 50")).wait_for()
    page.get_by_role("radio", name="ℓ₄").click()
    page.wait_for_url("**/linear?v=1&condition=50")
    page.get_by_role("heading", name=re.compile("ℓ₄ regression")).wait_for()


@pytest.mark.parametrize("look", [{}, {**NARROW, "scheme": "dark"}])
def test_the_maths_page_typesets_every_equation_and_unfolds_its_code(app_server, open_page, look):
    page = visit(open_page, app_server, "maths", **look)
    page.get_by_text("Numbers on this page were computed here").wait_for()
    settled(page)
    page.get_by_text("spncore.dynamics.steps.adaptive_rate", exact=True).first.click()
    page.get_by_text("def adaptive_rate(").first.wait_for()


@pytest.mark.benchmark
def test_the_maths_page_opens_within_ten_seconds(app_server, open_page):
    page = visit(open_page, app_server, "maths")
    began = time.monotonic()
    page.goto(f"{app_server.url}/maths")
    page.locator("h1").filter(has_text="The mathematics").wait_for()
    assert time.monotonic() - began < 10, "3 s on a quiet machine"


def test_an_erratum_opens_its_run_in_the_lab(app_server, open_page):
    page = visit(open_page, app_server, "maths")
    link = page.get_by_role("link", name="Open the run in the lab").first
    address = link.evaluate("element => element.href")
    assert address.startswith(f"{app_server.url}/?v=2&dataset=two-clusters")
    page.goto(address)
    page.locator(".spn-lab[data-state=done]").wait_for()
