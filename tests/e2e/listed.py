"""A browser with runs in its list, and the pages that show them."""

import re
from typing import Any

from app.kit.text import WORDS
from tests.e2e.drawn import quiet
from tests.e2e.test_lab_page import QUICK, finished

FILLED = ("runs", "compare")
SAVED_MS = 1000  # in which a run that has ended is in the list


def trained(page: Any, url: str, query: str = QUICK) -> None:
    """Train a run in the lab; it then comes into the list, which a reload of the page does not wait for."""
    page.goto(f"{url}/{query}")
    finished(page)
    page.wait_for_timeout(SAVED_MS)


def three_trained(page: Any, url: str) -> None:
    """Three runs that differ in their learning rate."""
    for rate in ("", "&learning_rate=0.05", "&learning_rate=0.1"):
        trained(page, url, QUICK + rate)


def compared(page: Any) -> None:
    """Tick all runs of the list that is on screen, and compare them."""
    boxes = page.get_by_role("checkbox", name=re.compile("^Tick ")).all()
    for box in boxes:
        box.locator("xpath=ancestor::label").click()
        quiet(page)
    page.get_by_role("button", name=WORDS["runs_compare"].format(number=len(boxes))).click()
    page.get_by_role("heading", name=WORDS["compare"]).wait_for()
    page.locator(".spn-drawing[data-drawn]").first.wait_for()


def filled(page: Any, url: str, address: str, query: str = "") -> None:
    """One of these pages with three runs."""
    three_trained(page, url)
    page.goto(f"{url}/runs{query}")
    page.get_by_role("heading", name="3 runs").wait_for()
    if address == "compare":
        compared(page)
