"""Runs in a real browser: trained, found again after a reload, compared, trained again; and nobody else's."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.kit.text import WORDS
from tests.e2e.conftest import LAB, AppServer, OpenPage
from tests.e2e.drawn import quiet
from tests.e2e.listed import compared, three_trained, trained

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = {"width": 390, "height": 844, "touch": True}
SCREENS = {"laptop": {}, "phone": PHONE, "projector": {"width": 1920, "height": 1080}}
TOO_WIDE = "() => document.documentElement.scrollWidth - innerWidth"
LONG = "?v=2&dataset=nltcs-twin&iterations=4000&num_seeds=6"


def listed(page: Any, server: AppServer, query: str = "") -> Any:
    """The list, as somebody comes to it anew."""
    page.goto(f"{server.url}/runs{query}")
    page.get_by_role("heading", name=WORDS["runs"]).wait_for()
    quiet(page)
    return page


@pytest.mark.parametrize("screen", SCREENS)
def test_train_reload_find_compare_three_recompute(app_server: AppServer, open_page: OpenPage, screen: str) -> None:
    page = open_page(f"{app_server.url}/about", **SCREENS[screen])
    wall = "?view=projector" if screen == "projector" else ""
    three_trained(page, app_server.url)
    listed(page, app_server, wall)
    page.get_by_role("heading", name="3 runs").wait_for()
    page.reload()
    page.get_by_role("heading", name="3 runs").wait_for()
    page.get_by_label(WORDS["runs_words"], exact=True).fill("0.05")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="1 run", exact=True).wait_for()
    page.get_by_role("button", name=WORDS["runs_all"]).click()
    page.get_by_role("heading", name="3 runs").wait_for()
    assert page.evaluate(TOO_WIDE) <= 0
    compared(page)
    for other in "BC":
        page.get_by_text(f"2 seeds pair between A and {other}.").wait_for()
    assert len(page.url.split("runs=")[1].split("&")[0].replace("%2C", ",").split(",")) == 3
    assert page.evaluate(TOO_WIDE) <= 0
    page.get_by_role("link", name=WORDS["compare_open"].format(letter="A")).click()
    page.get_by_role("button", name=WORDS["runs_recompute"], exact=True).click()
    page.get_by_text("stored numbers came back bit for bit.").wait_for()
    assert page.evaluate(TOO_WIDE) <= 0


def test_a_list_belongs_to_its_browser_and_a_link_to_one_of_its_runs_opens_nothing_elsewhere(
    app_server: AppServer, open_page: OpenPage
) -> None:
    mine = open_page(f"{app_server.url}/about")
    trained(mine, app_server.url)
    listed(mine, app_server)
    mine.get_by_role("button", name=re.compile("T = 20")).click()
    mine.wait_for_url(re.compile("run=[0-9a-f]{12}"))
    key = mine.url.split("run=")[1][:12]
    mine.locator(".spn-drawing[data-drawn]").first.wait_for()
    theirs = open_page(f"{app_server.url}/runs?run={key}")
    theirs.get_by_text(WORDS["runs_not_here"]).wait_for()
    assert not theirs.locator(".spn-drawing").count()
    theirs.goto(f"{app_server.url}/compare?runs={key},{key[::-1]}")
    theirs.get_by_text(f"{key}: not in your list").wait_for()
    listed(theirs, app_server)
    theirs.get_by_text(WORDS["runs_empty"]).wait_for()


def test_name_note_and_tags_are_written_in_a_dialog_and_a_run_is_deleted_and_brought_back(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/about")
    trained(page, app_server.url)
    listed(page, app_server)
    page.get_by_role("button", name=re.compile("T = 20")).click()
    page.get_by_role("button", name=WORDS["runs_describe"]).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(WORDS["runs_name"], exact=True).fill("<b>mine</b> $x$")
    dialog.get_by_label(WORDS["runs_tags"], exact=True).fill("good, small")
    dialog.get_by_role("button", name=WORDS["runs_save"]).click()
    dialog.wait_for(state="hidden")
    page.get_by_role("heading", name="<b>mine</b> $x$").wait_for()
    page.get_by_role("button", name=WORDS["runs_delete"], exact=True).click()
    page.get_by_text("1 run deleted.").wait_for()
    page.get_by_role("button", name=WORDS["runs_undo"]).click()
    page.get_by_role("button", name="<b>mine</b> $x$").wait_for()
    page.get_by_text("small", exact=True).first.wait_for()


def test_what_trains_now_stands_above_the_list_and_comes_into_it_by_itself(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/{LONG}")
    page.locator(".spn-lab[data-state=running]").wait_for()
    page.get_by_text(WORDS["of_runs"], exact=True).click()
    page.get_by_role("menuitem", name=WORDS["runs"]).click()
    page.get_by_text(WORDS["runs_live"]).wait_for()
    page.get_by_role("progressbar").first.wait_for()
    page.get_by_role("heading", name="1 run", exact=True).wait_for()
    page.get_by_text(WORDS["runs_live"]).wait_for(state="hidden")


def test_the_list_is_gone_through_by_keys(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/about")
    trained(page, app_server.url)
    listed(page, app_server)
    page.get_by_label(WORDS["runs_words"], exact=True).focus()
    reached = set[str]()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
        )
        if page.evaluate(
            "document.activeElement.type === 'checkbox' && /^Tick/.test(document.activeElement.ariaLabel)"
        ):
            page.keyboard.press("Space")
            page.get_by_role("button", name=WORDS["runs_compare"].format(number=1)).wait_for()
            quiet(page)
        if page.evaluate("/T = 20/.test(document.activeElement.innerText)"):
            page.keyboard.press("Enter")
            break
    page.wait_for_url(re.compile("run=[0-9a-f]{12}"))


def test_a_file_of_runs_opens_on_an_empty_server_and_recompute_proves_it_there(
    app_server: AppServer, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(f"{app_server.url}/about")
    trained(page, app_server.url)
    listed(page, app_server)
    page.get_by_role("button", name=re.compile("T = 20")).click()
    page.get_by_role("button", name=WORDS["take"], exact=True).click()
    with page.expect_download() as coming:
        page.get_by_role("dialog").get_by_role("button", name=WORDS["take_spnlab"]).click()
    file = tmp_path / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.suffix == ".spnlab"
    other = AppServer(LAB, tmp_path / "server.log", SPNLAB_STORE=str(tmp_path / "empty.db"))
    try:
        there = open_page(f"{other.url}/runs")
        there.get_by_text(WORDS["runs_empty"]).wait_for()
        there.get_by_role("button", name=WORDS["bring"]).click()
        there.locator("input[type=file]").set_input_files(file)
        there.get_by_text("1 run out of").wait_for()
        there.get_by_role("button", name=WORDS["runs_recompute"], exact=True).click()
        there.get_by_text("stored numbers came back bit for bit.").wait_for()
        there.get_by_role("button", name=WORDS["brought_close"]).click()
        there.get_by_text(WORDS["runs_empty"]).wait_for()
    finally:
        other.close()
