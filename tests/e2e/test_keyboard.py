"""By keyboard alone: where Tab leads, where the focus stays, what is spoken, what is chosen without a pointer."""

from __future__ import annotations

import re

import pytest

from tests.e2e.access import ready
from tests.e2e.conftest import AppServer, OpenPage
from tests.e2e.test_circuits_page import QUERY

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "?v=2&dataset=two-clusters&iterations=5000&num_seeds=16&split_depth=2&depths=1"  # no change of it is short
FOCUS = """() => {
    const at = document.activeElement;
    return at.getAttribute('aria-label') ?? at.innerText.trim();
}"""
INSIDE = "(selector) => Boolean(document.activeElement.closest(selector))"
# Every text that comes up in a live region of a view: what a screen reader says of it by itself.
HEARD = """() => {
    window.heard = [];
    const live = '[role=status], [role=alert], [role=log], output, [aria-live=polite], [aria-live=assertive]';
    const hear = ({ target }) => {
        const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(live);
        const spoken = region?.closest('.spn-host') && !region.closest('[aria-live=off]');
        if (spoken && region.textContent) window.heard.push(region.textContent);
    };
    new MutationObserver((changes) => changes.forEach(hear)).observe(document.body,
        { subtree: true, childList: true, characterData: true });
}"""
RING = """(element) => {
    const shape = element.querySelector('circle, rect') ?? element;
    const [style, own] = [getComputedStyle(shape), getComputedStyle(element)];
    return [style.strokeWidth, style.stroke, own.outlineStyle, own.outlineWidth].join(' ');
}"""


def test_the_first_tab_stop_skips_the_menu_and_the_panel(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(app_server.url)
    ready(page)
    page.keyboard.press("Tab")
    assert page.get_by_test_id("stSkipToContent").count() == 1
    assert "main" in page.evaluate(FOCUS) and page.get_by_test_id("stSkipToContent").bounding_box()["width"] > 40
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(INSIDE, "[data-testid=stMain]")
    assert not page.evaluate(INSIDE, "[data-testid=stSidebar], [data-testid=stHeader]")


def test_a_training_is_spoken_of_when_it_begins_and_once_with_its_headline(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/?v=2&dataset=two-clusters&iterations=400&num_seeds=3")
    ready(page)
    page.evaluate(HEARD)
    page.get_by_role("slider", name="effective learning rate").or_(page.get_by_role("slider")).first.press("ArrowRight")
    before = page.locator(".spn-lab").get_attribute("data-run")
    page.wait_for_function("(run) => document.querySelector('.spn-lab').dataset.run !== run", arg=before)
    ready(page)
    headline = page.locator(".spn-headline").inner_text()
    heard = page.evaluate("() => window.heard")
    assert sum(headline in said for said in heard) == 1 and sum(said.startswith("Training ") for said in heard) <= 1
    assert len(heard) <= 6, heard


@pytest.mark.parametrize("name", ["share", "export", "help"])
def test_a_dialog_gives_the_focus_back_to_what_opened_it(app_server: AppServer, open_page: OpenPage, name: str) -> None:
    page = open_page(app_server.url)
    ready(page)
    opener = page.locator(f"[data-act={name}]" if name == "share" else f".st-key-{name} button")
    opener.focus()
    opener.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.wait_for_function(INSIDE, arg="[role=dialog]")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    opened = f"[data-act={name}]" if name == "share" else f".st-key-{name}"
    page.wait_for_function(INSIDE, arg=opened)


def test_a_change_by_keyboard_keeps_the_focus_while_the_page_runs_anew(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/?v=2&dataset=two-clusters&iterations=40&num_seeds=2")
    ready(page)
    slider = page.locator(".st-key-control_num_components").get_by_role("slider")
    slider.focus()
    for _ in range(2):
        run = page.locator(".spn-lab").get_attribute("data-run")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("(run) => document.querySelector('.spn-lab').dataset.run !== run", arg=run)
        ready(page)
        assert page.evaluate(INSIDE, ".st-key-control_num_components")
    pin = page.locator("[data-act=pin]")
    pin.focus()
    pin.press("Enter")
    page.get_by_role("list", name="Pinned runs").wait_for()
    ready(page)
    assert page.evaluate(INSIDE, "[data-act=pin]")


def test_a_button_that_is_made_anew_by_its_own_press_keeps_the_focus(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/circuits{LONG}")
    slider = page.locator(".st-key-circuit_num_components").get_by_role("slider")
    slider.press("ArrowRight")
    train = page.locator(".st-key-circuit_train button").first
    page.locator(".st-key-circuit_train [data-testid=stBaseButton-primary]").first.wait_for()
    train.focus()
    train.press("Enter")
    page.locator(".st-key-circuit_train [data-testid=stBaseButton-secondary]").first.wait_for()
    page.wait_for_function(INSIDE, arg=".st-key-circuit_train")


def test_a_component_is_chosen_in_the_network_by_arrow_keys(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/?v=2&dataset=two-clusters&num_components=4&iterations=40&num_seeds=2")
    ready(page)
    marks = page.get_by_role("radiogroup", name="Component").get_by_role("radio")
    assert marks.count() == 4 and page.locator(".spn-network [role=radio][tabindex='0']").count() == 1
    start = int(page.locator(".spn-lab").get_attribute("data-component"))
    page.locator(".spn-lab[data-iteration='40']").wait_for()
    marks.nth(start).focus()
    key, to = ("ArrowRight", start + 1) if start < 3 else ("ArrowLeft", start - 1)
    at_rest = marks.nth(to).evaluate(RING)
    page.keyboard.press(key)
    page.locator(f".spn-lab[data-component='{to}']").wait_for()
    page.locator(f".spn-network [data-component='{to}'][aria-checked=true]:focus-visible").wait_for()
    assert marks.nth(to).evaluate(RING) != at_rest, "where one is can be seen"
    assert page.locator(".spn-lab").get_attribute("data-iteration") == "40", "the cursor in time stays"
    assert f"w{chr(0x2081 + to)} =" in page.locator(".spn-network svg").get_attribute("aria-label")


def test_the_circuits_drawing_is_walked_folded_and_chosen_from_by_keys(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/circuits{QUERY}")
    ready(page)
    page.locator(".spn-circuit [data-node]").first.wait_for()
    page.wait_for_function("() => document.querySelector('.spn-hit[aria-label]')")
    at_end = "({ cursor, length }) => Number(cursor) === Number(length) - 1"  # the largest tree may change until then
    page.wait_for_function(f"() => ({at_end})(document.querySelector('.spn-lab').dataset)")
    stop = page.locator(".spn-circuit [tabindex='0']")
    assert stop.count() == 1 and "sum over" in stop.get_attribute("aria-label"), "Tab stops once, first at the root"
    at_rest = stop.evaluate(RING)
    stop.focus()
    page.keyboard.press("Home")
    assert stop.evaluate(RING) != at_rest
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUS).startswith("edge "), "an edge with a weight lies between two nodes"
    page.keyboard.press("Enter")
    chosen = page.evaluate(FOCUS).split(":")[0]
    page.locator(f".spn-hit[aria-selected=true][aria-label^='{chosen}:']").wait_for(state="attached")
    page.locator(".spn-edge .spn-summary", has_text=chosen.capitalize()).wait_for()
    page.keyboard.press("ArrowDown")
    node = page.evaluate(FOCUS)
    assert node.startswith("product over")
    before = page.locator(".spn-circuit [data-node]").count()
    page.keyboard.press("Enter")
    page.wait_for_function("(n) => document.querySelectorAll('.spn-circuit [data-node]').length < n", arg=before)
    folded = page.evaluate(FOCUS)
    assert "folded away below" in folded and page.evaluate("() => document.activeElement.ariaExpanded") == "false"
    page.keyboard.press(" ")
    page.wait_for_function("(n) => document.querySelectorAll('.spn-circuit [data-node]').length === n", arg=before)
    assert page.evaluate(FOCUS) == node, "the focus stays on the node"


def test_a_cell_of_the_phase_diagram_is_found_and_opened_by_keys(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/phase")
    ready(page)
    cell = page.locator(".spn-point").nth(1)
    cell.focus()
    words = [cell.get_attribute("aria-label")]
    for key in ("ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        words.append(cell.get_attribute("aria-label"))
    (rate, start), (faster, same), (_, larger) = [
        [float(text) for text in re.findall(r"= ([\d.e-]+)", said)[:2]] for said in words
    ]
    assert faster > rate and same == start and larger > start
    page.keyboard.press("Enter")
    page.wait_for_url("**/?*depths=1%2C3*", wait_until="commit")
    opened = float(re.findall(r"init_scale=([\d.e-]+)", page.url)[0])
    assert abs(opened - larger) < 0.01 * larger, "to the digits that are said"


def test_what_a_pointer_does_in_a_chart_its_menu_does_by_keys(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/?v=2&dataset=two-clusters&iterations=40&num_seeds=2")
    ready(page)
    chart = "document.querySelector('[data-chart=llh]')"
    span = f"{chart}._fullLayout.xaxis.range[1] - {chart}._fullLayout.xaxis.range[0]"
    shown = f"{chart}._fullData.filter(({{ visible, name }}) => visible === true && name === 'L = 1').length"
    menu = page.locator(".spn-llh .spn-menu summary")

    def press(name: str) -> None:
        menu.focus()
        menu.press("Enter")
        item = page.locator(".spn-llh .spn-menu-items").get_by_role("button", name=name)
        item.focus()
        item.press("Enter")

    assert page.evaluate(span) == 40 and page.evaluate(shown) == 1
    press("Zoom in at the cursor")
    page.wait_for_function(f"() => Math.abs({span} - 20) < 0.5 || {span} < 20.5")
    assert page.evaluate(INSIDE, ".spn-llh .spn-menu summary")
    press("Zoom out")
    page.wait_for_function(f"() => {span} > 39.5")
    press("L = 1")
    page.wait_for_function(f"() => {shown} === 0")
    pressed = page.locator(".spn-llh .spn-menu-items [aria-pressed]").get_by_text("L = 1", exact=True)
    assert pressed.get_attribute("aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert page.evaluate(INSIDE, ".spn-llh .spn-menu summary")


def test_a_chart_is_named_by_its_title_and_what_it_shows_now(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/?v=2&dataset=two-clusters&iterations=40&num_seeds=2")
    ready(page)
    title = page.locator(".spn-llh h2").inner_text()
    for key, update in (("Home", 0), ("End", 40)):
        page.keyboard.press(key)
        page.locator(f".spn-lab[data-iteration='{update}']").wait_for()
        chart = page.get_by_role("img", name=f"{title} Iteration {update}")
        chart.wait_for()
        assert chart.get_attribute("class") == "spn-frame"
    page.locator("[data-tab=components]").click()
    page.get_by_role("img", name="Components. Iteration 40").wait_for()
