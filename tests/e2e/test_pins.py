"""Pinned runs in a real browser: what is drawn of them, the list that names and removes them, and the keyboard."""

import pytest

from tests.e2e.saving import COLUMN, SVG, saved
from tests.e2e.test_lab_page import QUICK, another_run, finished

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PINNED = """() => (document.querySelector('.js-plotly-plot[data-chart=llh]')?.data ?? [])
    .filter(line => /^pinned-/.test(line.uid))
    .map(line => ({name: line.name, colour: line.line.color, dash: line.line.dash, mark: line.marker.symbol,
        y: Array.from(line.y)}))"""


def entries(page):
    return page.get_by_role("list", name="Pinned runs").get_by_role("listitem").locator("span").all_inner_texts()


def pin(page):
    before = page.locator(".spn-pinned li").count()
    page.get_by_role("button", name="Pin").first.click()
    page.wait_for_function("before => document.querySelectorAll('.spn-pinned li').length === before + 1", arg=before)


def changed(page, label):
    with another_run(page):
        page.get_by_role("slider", name=label).press("ArrowRight")
    finished(page)


def with_two_pins(open_page, server):
    page = open_page(server.url + QUICK)
    before = finished(page)
    pin(page)
    changed(page, "components (K)")
    pin(page)
    changed(page, "learning rate (η)")
    page.wait_for_function(f"() => ({PINNED})().length === 6")
    return page, before


def test_pinned_curves_have_their_depths_colours_and_their_runs_marks_and_say_what_differs(app_server, open_page):
    page, before = with_two_pins(open_page, app_server)
    assert entries(page) == ["K = 3, η = 0.01", "η = 0.01"]
    drawn = page.evaluate(PINNED)
    assert [line["mark"] for line in drawn] == ["circle"] * 3 + ["square"] * 3
    own = page.evaluate(
        "() => Object.fromEntries(document.querySelector('.js-plotly-plot[data-chart=llh]').data"
        ".filter(line => /^\\d-line$/.test(line.uid)).map(line => [line.name, [line.line.color, line.line.dash]]))"
    )
    for line in drawn:
        assert own[line["name"].split(",")[0]] == [line["colour"], line["dash"]]
    assert [line["y"] for line in drawn[:3]] == list(before.values()), "the curves of the run that was pinned"


def test_the_headline_and_the_ends_of_curves_stay_about_the_run_on_screen(app_server, open_page):
    page, _ = with_two_pins(open_page, app_server)
    assert page.locator("[data-chart=llh] ~ .spn-overlay .spn-end").count() == 3
    run = page.locator(".spn-lab").get_attribute("data-run")
    headline = page.locator(".spn-headline").inner_text()
    page.get_by_role("button", name="Remove all pins").click()
    page.locator(".spn-pinned li").first.wait_for(state="detached")
    assert page.locator(".spn-headline").inner_text() == headline
    assert page.locator(".spn-lab").get_attribute("data-run") == run


def test_pins_are_removed_by_keyboard_and_the_focus_goes_to_the_next_and_at_last_to_the_button_that_pins(
    app_server, open_page
):
    page, _ = with_two_pins(open_page, app_server)
    page.get_by_role("button", name="Remove pin: K = 3, η = 0.01").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.spn-pinned li').length === 1")
    focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.dataset.act"
    assert page.evaluate(focused) == "Remove pin: η = 0.01"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.spn-pinned li').length === 0")
    assert page.evaluate(focused) == "pin"
    page.wait_for_function(f"() => ({PINNED})().length === 0")


def test_the_table_and_a_saved_figure_name_the_pinned_runs_too(app_server, open_page):
    page, _ = with_two_pins(open_page, app_server)
    svg = saved(page, ".spn-llh", COLUMN, SVG).decode()
    assert "K = 3, η = 0.01</text>" in svg and ">η = 0.01</text>" in svg
    page.locator(".spn-llh > header summary").click()
    page.locator(".spn-llh > header").get_by_text("Show as table").click()
    heads = page.locator(".spn-llh .spn-table thead th")
    heads.first.wait_for()
    pinned = [f"L = {depth}, {words}" for words in ("K = 3, η = 0.01", "η = 0.01") for depth in (1, 2, 3)]
    assert heads.all_inner_texts()[-6:] == pinned
