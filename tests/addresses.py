"""The lab as a browser opens it at an address; Streamlit's own test harness goes by file names until a page has run."""

from functools import partial
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.util import calc_hash

from tests.places import ENTRY
from tests.waiting import PATIENCE


def at_address(page: str = "", **query: str) -> AppTest:
    """The page of this address with its query, not yet run."""
    at = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
    if page:
        at._page_hash = calc_hash(page)
    for name, value in query.items():
        at.query_params[name] = value
    return at


def by_menu(at: AppTest, folder: str) -> Any:
    """The page of this folder, come to by its link in the menu: Streamlit leaves the address of the one before."""
    at.query_params.clear()
    at.switch_page(f"pages/{folder}/page.py").run()
    assert not at.exception
    return at


def by_link(at: AppTest, folder: str, **query: str) -> Any:
    """The page of this folder, come to by a link within the lab that has settings."""
    at.query_params = dict(query)
    at.switch_page(f"pages/{folder}/page.py").run()
    assert not at.exception
    return at


def in_history(at: AppTest, page: str | None = None, **query: str) -> Any:
    """The page as the browser goes Back or Forward to this address, by default of the page that is on screen."""
    if page is not None:
        at._page_hash = calc_hash(page)
    at.query_params = dict(query)
    asked = partial(RerunData, is_history_navigation=True)
    with patch.object(local_script_runner, "RerunData", asked):
        at.run()
    assert not at.exception
    return at
