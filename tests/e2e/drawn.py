"""When a page is there: its script has run, and all that it draws is drawn."""

from typing import Any

from tests.e2e.test_lab_page import finished

PLAIN = ("lesson", "runs", "compare", "teach", "about")  # pages that draw nothing, at first or while no run is kept
SHOWN = ".spn-drawing[data-drawn], .spn-lab:not([data-waiting]), .spn-idea svg"  # on all other pages
# A part of Streamlit's that is still on its way hides the page for a moment, also once the script has ended.
QUIET = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSkeleton]')"""
DRAWN = """() => [...document.querySelectorAll('.spn-drawing')].every((figure) => 'drawn' in figure.dataset)
    && !document.querySelector('.spn-lab[data-waiting]')"""


def quiet(page: Any) -> None:
    """Wait until the page's script has run, whatever it draws."""
    page.wait_for_function(QUIET)


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def drawn(page: Any, address: str) -> None:
    """Wait until the page at an address is there."""
    page.locator("h1").first.wait_for()
    page.locator(".spn-bar").wait_for(state="attached")
    if address not in PLAIN:
        page.locator(SHOWN).first.wait_for()
    quiet(page)
    page.wait_for_function(DRAWN)
    if not address:
        finished(page)
