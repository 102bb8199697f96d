"""WCAG 2.2 AA of what opens over a page: what axe-core finds of every dialog, on a laptop in dark, on a phone in light.

A dialog is opened where there is room for what opens it, and looked at in the size in question; another theme would
close it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.kit.text import WORDS
from tests.e2e.access import LAPTOP, PHONE, findings, look, narrow, with_axe
from tests.e2e.conftest import AppServer
from tests.e2e.drawn import quiet
from tests.e2e.listed import filled
from tests.e2e.test_circuits_page import QUERY as CIRCUIT
from tests.e2e.test_lab_page import QUICK

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = [(LAPTOP, "dark"), (PHONE, "light")]
# By page and its query what opens its dialogs. Those of other pages are the same with other words.
OPENERS = {
    ("", QUICK): (
        ".st-key-export button",
        "[data-act=share]",
        ".st-key-keep_run button",
        ".st-key-help button",
        ".st-key-upload button",
        "[data-testid=stPopoverButton]",
    ),
    ("circuits", CIRCUIT): (".st-key-circuit_export button", ".st-key-circuit_help button"),
}


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    with with_axe(browser) as page:
        yield page


def found_in(page: Any, opener: str, size: tuple[int, int]) -> list[str]:
    """What axe finds in a page whose dialog is open, which is then closed."""
    narrow(page, LAPTOP)
    page.locator(opener).first.click()
    opened = page.locator("[role=dialog], [data-testid=stPopoverBody]").first
    opened.wait_for()
    quiet(page)
    narrow(page, size)
    _, others = findings(page)
    page.keyboard.press("Escape")
    opened.wait_for(state="detached")
    return [f"{opener} {size}: {told}" for told in others]


@pytest.mark.parametrize("where", OPENERS, ids=lambda where: where[0] or "lab")
def test_axe_finds_nothing_in_the_dialogs_of_a_run(page: Any, app_server: AppServer, where: tuple[str, str]) -> None:
    address, query = where
    page.goto(f"{app_server.url}/{address}{query}")
    told = list[str]()
    for size, scheme in LOOKS:
        look(page, LAPTOP, scheme)
        for opener in OPENERS[where]:
            told += found_in(page, opener, size)
    assert not told, "\n".join(told)


def test_axe_finds_nothing_in_the_dialogs_of_the_list_of_runs_and_in_what_was_deleted(
    page: Any, app_server: AppServer
) -> None:
    filled(page, app_server.url, "runs")
    told = list[str]()
    for box in page.get_by_role("checkbox", name=re.compile("^Tick ")).all()[:2]:
        box.locator("xpath=ancestor::label").click()
        quiet(page)
    for size, scheme in LOOKS:
        look(page, LAPTOP, scheme)
        for opener in (".st-key-runs_bring button", ".st-key-runs_take button"):
            told += found_in(page, opener, size)
    page.locator(".st-key-runs_delete_some button").click()
    page.get_by_text(WORDS["runs_deleted_today"].format(runs="2 runs")).click()
    page.get_by_role("button", name=re.compile("^Bring back")).last.wait_for()
    for size, scheme in LOOKS:
        look(page, size, scheme)
        _, others = findings(page)
        told += [f"deleted {size}: {one}" for one in others]
    page.locator("[class*=st-key-runs_open_] button").first.click()
    for size, scheme in LOOKS:
        look(page, LAPTOP, scheme)
        told += found_in(page, ".st-key-runs_describe_one button", size)
    assert not told, "\n".join(told)
