"""The evidence pages in a real browser: open, fit a phone, link to the lab, and make runs that can be cancelled."""

import re

import pytest

pytestmark = pytest.mark.browser
PAGES = {"figure3": "Figure 3, explained", "fair": "What is held equal", "update2020": "The update of 2020"}
PHONE = {"width": 390, "height": 844}


def opened(open_page, app_server, name, query="", **options):
    page = open_page(f"{app_server.url}/{name}{query}", **options)
    page.get_by_role("heading", name=PAGES[name], exact=True).wait_for()
    page.locator(".js-plotly-plot .main-svg").first.wait_for()
    return page


def settled(page):
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') === 'notRunning'"
    )
    return page


TOO_WIDE = """
[...document.querySelectorAll('.stMainBlockContainer *')]
    .filter(e => !e.closest('.stTable, .js-plotly-plot, pre') && e.getBoundingClientRect().right > innerWidth + 1)
    .length
"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_on_shipped_results_and_draws_them(open_page, app_server, name):
    page = settled(opened(open_page, app_server, name))
    assert page.get_by_text("Shipped with the lab").count() == 1
    assert page.locator(".js-plotly-plot path.js-line").count() >= 6


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_a_phone(open_page, app_server, name, scheme):
    page = settled(opened(open_page, app_server, name, scheme=scheme, **PHONE))
    assert page.evaluate(TOO_WIDE) == 0


def test_a_step_of_figure_3_opens_the_lab_with_its_setting(open_page, app_server):
    page = settled(opened(open_page, app_server, "figure3"))
    link = page.get_by_role("link", name=re.compile("no noise"))
    with page.context.expect_page() as other:
        link.click()
    lab = other.value
    lab.get_by_role("button", name="Train", exact=True).wait_for()
    assert "init_noise=0.0" in lab.url


def test_the_address_keeps_what_is_chosen(open_page, app_server):
    page = settled(opened(open_page, app_server, "fair"))
    page.get_by_role("radio", name="private").click()
    page.wait_for_url(re.compile("topology=private"))
    page.get_by_role("radio", name="made here").click()
    page.get_by_role("button", name="Run", exact=True).wait_for()
    assert "topology=private" in page.url, "a change elsewhere leaves it"
    again = settled(opened(open_page, app_server, "fair", "?topology=private"))
    assert again.get_by_role("radio", name="private").get_attribute("aria-checked") == "true"


def test_runs_made_here_show_progress_and_can_be_cancelled(open_page, app_server):
    page = settled(opened(open_page, app_server, "figure3"))
    page.get_by_role("radio", name="made here").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Run", exact=True).wait_for()
    assert page.get_by_text("Shipped with the lab").count() == 1
