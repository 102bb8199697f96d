"""A page opened by its own address as the very first thing a server is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LAB, AppServer, OpenPage

pytestmark = pytest.mark.browser


def test_a_page_opened_first_by_its_own_address_is_the_whole_lab(
    browser: Any, open_page: OpenPage, tmp_path: Path
) -> None:
    server = AppServer(LAB, tmp_path / "server.log")
    try:
        page = open_page(f"{server.url}/maths")
        page.get_by_role("heading", name="The mathematics").wait_for()
        page.get_by_role("link", name="Lab", exact=True).wait_for()
        assert page.get_by_role("link", name="main", exact=True).count() == 0
    finally:
        server.close()
