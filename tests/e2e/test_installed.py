"""The wheel with its lab, started by its command in a folder that has nothing to do with it."""

import pytest

from tests import installed
from tests.e2e.conftest import AppServer
from tests.e2e.test_lab_page import QUICK, assert_drawn_as_trained, study_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.package]


def test_the_installed_lab_trains_a_link_as_the_engine_does_here(browser, open_page, tmp_path):
    programs = installed.programs(tmp_path / "venv", installed.wheel(tmp_path), "[lab]")
    empty = tmp_path / "empty"
    empty.mkdir()
    server = AppServer([programs / "spnlab"], tmp_path / "server.log", empty, PYTHONPATH="")
    try:
        page = open_page(server.url + "/" + QUICK)
        assert_drawn_as_trained(page, study_of(QUICK))
        page.goto(f"{server.url}/maths")
        page.get_by_role("heading", name="The mathematics").wait_for()
    finally:
        server.close()
    assert not list(empty.iterdir())
