"""Keeping a run in a real browser: the page says when it is saved, and it gets a name."""

import pytest

from tests.e2e.test_lab_page import QUICK, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_run_that_ends_is_saved_and_keep_gives_it_a_name(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    finished(page)
    page.get_by_text("Saved in your runs").first.wait_for()
    page.get_by_role("button", name="Keep", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("<b>two</b> *stars*")
    dialog.get_by_role("button", name="Keep").click()
    page.get_by_text("Saved as <b>two</b> *stars*.").wait_for()


def test_a_name_is_asked_for_before_a_run_is_kept(app_server, open_page):
    page = open_page(app_server.url + QUICK)
    finished(page)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    page.get_by_text("Write a name first.").wait_for()
