"""Touch on the drawing in a real browser: weights are dragged, runs branch, layers come and go, all as settings."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from app.kit.link import LAB
from spncore import fit
from spncore.data import library
from tests.closeness import assert_close
from tests.e2e.test_lab_page import QUICK, SINGLE, another_run, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HANDLES = ".spn-network .spn-handle:visible"


def opened(open_page, server, **look):
    page = open_page(server.url + QUICK, **look)
    finished(page)
    return page


def at_update(page, update):
    page.locator(".spn-scrub input").evaluate(
        "(input, at) => { input.value = at; input.dispatchEvent(new Event('input', { bubbles: true })); }", update
    )
    page.locator(f".spn-lab[data-iteration='{update}']").wait_for()


def study_in(page):
    study, refusals = LAB.decode(parse_qs(urlsplit(page.url).query))
    assert not refusals, refusals
    return study


def assert_drawn_is_what_the_engine_makes(page):
    """The curves on screen are those of the address, trained by the engine alone."""
    study = study_in(page)
    data = library.load(study.experiment.dataset)
    for experiment in study.experiments():
        medians = np.median(fit(experiment, data).llh, axis=0)
        assert_close(np.array(page.evaluate(DRAWN_OF, experiment.depth)), medians, rtol=SINGLE)
    return study


DRAWN_OF = """(depth) => document.querySelector('.js-plotly-plot[data-chart=llh]').data
    .filter((line) => line.name === `L = ${depth}`).map((line) => Array.from(line.y))[0]"""


def dragged(page, handle, pixels):
    box = handle.evaluate(
        "(line) => { const { left, top, width, height } = line.getBoundingClientRect();"
        " return [left + width / 2, top + height / 2]; }"
    )
    page.mouse.move(*box)
    page.mouse.down()
    page.mouse.move(box[0], box[1] - pixels / 2)
    page.mouse.move(box[0], box[1] - pixels)
    page.mouse.up()


def test_an_edge_is_dragged_and_the_run_goes_on_from_there_with_that_weight(app_server, open_page):
    page = opened(open_page, app_server)
    at_update(page, 8)
    handle = page.locator(HANDLES).nth(1)
    before = float(handle.get_attribute("aria-valuenow"))
    with another_run(page):
        dragged(page, handle, 60)
    finished(page)
    (change,) = study_in(page).experiment.on_the_way
    assert change.at == 8 and change.depth == 3 and change.layer == 1
    assert_close(change.value, 10 * before, rtol=0.01)
    assert_drawn_is_what_the_engine_makes(page)


def test_a_press_without_a_drag_and_escape_change_nothing(app_server, open_page):
    page = opened(open_page, app_server)
    at_update(page, 8)
    address = page.url
    dragged(page, page.locator(HANDLES).first, 0)
    handle = page.locator(HANDLES).first
    handle.press("ArrowUp")
    handle.press("Escape")
    page.wait_for_timeout(900)  # longer than keys wait before they are taken as set
    assert page.url == address and not study_in(page).experiment.changes


def test_a_weight_is_set_by_keyboard_and_taken_back_in_the_panel(app_server, open_page):
    page = opened(open_page, app_server)
    at_update(page, 8)
    handle = page.locator(HANDLES).first
    before = float(handle.get_attribute("aria-valuenow"))
    with another_run(page):
        handle.press("PageUp")
        handle.press("Enter")
    finished(page)
    (change,) = study_in(page).experiment.on_the_way
    assert_close(change.value, 10 * before, rtol=0.01)
    with another_run(page):
        page.get_by_role("button", name="weight 1 of layer 0 of L = 3 set to").click()
    finished(page)
    assert not study_in(page).experiment.changes


def test_a_finger_drags_an_edge_and_does_not_scroll_the_page(app_server, open_page):
    page = opened(open_page, app_server, width=390, height=844, touch=True)
    at_update(page, 8)
    handle = page.locator(HANDLES).nth(1)
    handle.scroll_into_view_if_needed()
    scrolled = "document.querySelector('[data-testid=stMain]').scrollTop"
    before = page.evaluate(scrolled)
    box = handle.evaluate(
        "(line) => { const { left, top, width, height } = line.getBoundingClientRect();"
        " return { x: left + width / 2, y: top + height / 2 }; }"
    )
    finger = page.context.new_cdp_session(page)
    with another_run(page):
        for kind, rise in (("touchStart", 0), ("touchMove", 20), ("touchMove", 60), ("touchEnd", None)):
            points = [] if rise is None else [{"x": box["x"], "y": box["y"] - rise}]
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finished(page)
    assert page.evaluate(scrolled) == before and len(study_in(page).experiment.changes) == 1


def test_a_branch_goes_on_with_another_rate_and_the_old_curve_stays(app_server, open_page):
    page = opened(open_page, app_server)
    at_update(page, 8)
    with another_run(page):
        page.locator("[data-act=branch] summary").click()
        page.locator("[data-act=branch]").get_by_role("button", name="η × 3 = 0.03").click()
    finished(page)
    study = assert_drawn_is_what_the_engine_makes(page)
    assert study.experiment.changes == ("8:rate:0.03",)
    assert page.get_by_role("list", name="Pinned runs").get_by_role("listitem").count() == 1
    page.reload()
    finished(page)
    assert assert_drawn_is_what_the_engine_makes(page) == study


def test_a_branch_at_the_end_trains_as_many_updates_more(app_server, open_page):
    page = opened(open_page, app_server)
    page.locator("[data-act=last]").click()
    with another_run(page):
        page.locator("[data-act=branch] summary").click()
        page.get_by_label("another learning rate", exact=True).fill("0.002")
        page.keyboard.press("Enter")
    finished(page)
    study = assert_drawn_is_what_the_engine_makes(page)
    assert study.experiment.iterations == 40 and study.experiment.changes == ("20:rate:0.002",)


def test_a_layer_is_added_and_taken_away_on_the_drawing(app_server, open_page):
    page = opened(open_page, app_server)
    with another_run(page):
        page.get_by_role("button", name="+ layer").click()
    finished(page)
    assert study_in(page).depths == (1, 2, 3, 4)
    assert page.locator("[data-choose=curve]").input_value() == "3", "the new one is on screen"
    with another_run(page):
        page.get_by_role("button", name="− layer").click()
    finished(page)
    assert_drawn_is_what_the_engine_makes(page)
    assert study_in(page).depths == (1, 2, 3)


def test_the_script_of_a_changed_run_prints_its_last_numbers(app_server, open_page):
    page = open_page(app_server.url + QUICK + "&changes=8:rate:0.05,12:L3.w1.2:0.01")
    finished(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Python").click()
    program = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "changes=('8:rate:0.05', '12:L3.w1.2:0.01')" in program


def test_slow_motion_shows_a_step_in_four_parts_and_moves_on_by_one_update(app_server, open_page):
    page = opened(open_page, app_server, motion="reduce")  # where each press is a part
    at_update(page, 8)
    button = page.locator("[data-act=slow]")
    shown = []
    for part in ("up", "down", "rates", "move"):
        button.click()
        page.locator(f".spn-lab[data-slow={part}]").wait_for()
        shown.append(page.locator(".spn-slow-words").inner_text())
    assert [words[:6] for words in shown] == [f"{n} of 4" for n in (1, 2, 3, 4)]
    page.locator(".spn-lab[data-iteration='9']").wait_for()
    button.click()
    page.locator(".spn-lab:not([data-slow])").wait_for()
    assert page.locator(".spn-gains, .spn-loses").count() == 0


def test_what_the_pointer_is_on_says_what_it_holds_of_the_data(app_server, open_page):
    page = opened(open_page, app_server)
    page.locator(".spn-network [data-component='0'] rect").last.hover()
    page.locator(".spn-kind", has_text="Component 1, ").wait_for()
    page.mouse.move(1, 1)
    page.locator(".spn-kind", has_not_text="Component").wait_for()


def test_what_is_changed_is_marked_in_the_chart_and_said(app_server, open_page):
    page = open_page(app_server.url + QUICK + "&changes=8:rate:0.05")
    finished(page)
    events = page.locator(".spn-events")
    events.locator("summary").click()
    assert "η = 0.05 after 8 updates" in events.inner_text()
