"""One run, one address, in a real browser: reload, copy, Back and Forward, the menu, and what goes along."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.drawn import quiet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK = "/?v=2&dataset=two-clusters&num_components=3&iterations=20&num_seeds=2"


def wait(page: Any, condition: str, given: Any = None) -> None:
    page.wait_for_function(condition, arg=given)
    quiet(page)


def says(page: Any, *parts: str) -> None:
    """Wait until the address has these parts, and the page is at rest."""
    wait(page, "(parts) => parts.every((part) => decodeURIComponent(location.search).includes(part))", list(parts))


def at_page(page: Any, name: str) -> None:
    """Wait until the page of this address is there, and at rest."""
    wait(page, "(name) => location.pathname.split('/').pop() === name", name)


def radio(page: Any, name: str) -> Any:
    return page.get_by_role("radio", name=name, exact=True)


def is_chosen(page: Any, name: str) -> None:
    page.locator(f"[role=radio][aria-checked=true]:has-text('{name}')").first.wait_for()
    assert radio(page, name).get_attribute("aria-checked") == "true"


def entries(page: Any) -> int:
    number: int = page.evaluate("history.length")
    return number


BOTH = """(number) => document.querySelectorAll('[data-choose=component] option').length === number
    && document.querySelector('.st-key-control_num_components input[type=range]')?.value === String(number)"""


def components(page: Any, number: int) -> None:
    """Wait until the run on screen has so many components, and the slider says so."""
    wait(page, BOTH, number)


def test_choices_are_gone_back_to_and_forward_reloaded_and_opened_in_another_browser(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/fair")
    radio(page, "private").click()
    says(page, "topology=private")
    radio(page, "log").click()
    says(page, "topology=private", "weights=log")
    page.go_back()
    wait(page, "() => location.search === '?topology=private'")
    is_chosen(page, "linear")
    page.go_back()
    wait(page, "() => location.search === ''")
    is_chosen(page, "tree")
    page.go_forward()
    page.go_forward()
    says(page, "weights=log")
    for each in (page, open_page(page.evaluate("location.href"))):
        each.reload()
        for name in ("private", "log"):
            is_chosen(each, name)
        says(each, "topology=private", "weights=log")


def test_in_the_lab_back_shows_the_run_of_before_and_forward_that_of_after(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(app_server.url + QUICK)
    components(page, 3)
    slider = page.locator(".st-key-control_num_components").get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    says(page, "num_components=4")
    page.get_by_role("button", name="Train", exact=True).click()
    components(page, 4)
    page.go_back()
    components(page, 3)
    says(page, "num_components=3")
    page.go_forward()
    components(page, 4)
    page.reload()
    components(page, 4)


def test_the_menu_makes_one_entry_of_a_page_and_what_was_on_show_is_there_again(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/linear?p=2&loss_axis=log")
    says(page, "v=1", "p=2", "loss_axis=log")
    before = entries(page)
    page.locator("a[href$='/circuits']").first.click()
    at_page(page, "circuits")
    page.locator(".spn-lab").first.wait_for()
    page.go_back()
    at_page(page, "linear")
    says(page, "p=2", "loss_axis=log")
    page.locator("a[href$='/circuits']").first.click()
    at_page(page, "circuits")
    slider = page.locator(".st-key-circuit_num_components").get_by_role("slider")
    slider.press("ArrowRight")
    says(page, "num_components=3")
    page.locator("a[href$='/ask']").first.click()
    at_page(page, "ask")
    page.locator("a[href$='/circuits']").first.click()
    at_page(page, "circuits")
    says(page, "num_components=3")
    assert entries(page) == before + 4, "linear, circuits, its change, ask, circuits"
    page.go_back()
    at_page(page, "ask")


def test_the_projector_s_view_goes_along_through_the_menu_and_to_other_tabs(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(app_server.url + QUICK + "&view=projector")
    page.locator(".spn-lab[data-view=projector]").wait_for()
    page.locator("a[href$='/dynamics']").first.click()
    at_page(page, "dynamics")
    says(page, "view=projector")
    page.locator(".spn-lab[data-view=projector]").wait_for()
    link = page.locator("a[href*='/circuits']").first
    link.hover()
    assert link.get_attribute("href").endswith("/circuits?view=projector")
    open_page(link.get_attribute("href")).locator(".spn-lab[data-view=projector]").wait_for()
    page.reload()
    page.locator(".spn-lab[data-view=projector]").wait_for()


def test_the_tab_of_the_lab_s_charts_is_there_again_after_other_pages_and_a_reload(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(app_server.url + QUICK)
    page.locator("[data-tab=gap]").click()
    page.locator("a[href$='/about']").or_(page.locator("a[href$='/ask']")).first.click()
    wait(page, "() => /ask|about/.test(location.pathname)")
    page.go_back()
    page.locator("[data-tab=gap][aria-selected=true]").wait_for()
    page.reload()
    page.locator("[data-tab=gap][aria-selected=true]").wait_for()
