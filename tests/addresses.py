"""The lab as a browser opens it at an address; Streamlit's own test harness goes by file names until a page has run."""

from streamlit.testing.v1 import AppTest
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
