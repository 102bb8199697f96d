"""The lesson in a real browser: walked by keyboard, and by touch on a phone; a reload keeps the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.kit.lessons import Step, lessons
from app.live.catalogues import catalogue
from tests.e2e.access import AXE, TAGS, ready
from tests.e2e.conftest import PATIENCE_MS, AppServer, OpenPage
from tests.e2e.drawn import quiet

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAY = catalogue("lesson")
DEPTH = lessons()["depth"]
PHONE = {"width": 390, "height": 844, "touch": True}
KEPT = "() => JSON.parse(localStorage.getItem('spn-lab-lesson-depth'))"
FOCUSED = "() => document.activeElement.textContent.trim()"
WIDER = "() => document.documentElement.scrollWidth > innerWidth"
# Text, views, what cannot be pressed; and what explains a setting, which is pressed around its sign (page.css).
NOT = "p, .spn-lab, [disabled], [data-testid=stTooltipHoverTarget]"
SMALL = """() => [...document.querySelectorAll(
    '[data-testid=stMain] :is(button, a[href], label, select, [role=slider])')]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest(NOT))
    .filter((each) => each.dataset.testid !== 'stWidgetLabel' && each.getBoundingClientRect().height < 43.5)
    .map((each) => each.outerHTML.slice(0, 160))""".replace("NOT", repr(NOT))


def at_step(page: Any, number: int) -> Step:
    """The step of this number, which is on screen."""
    step = DEPTH.steps[number - 1]
    page.get_by_role("heading", level=1, name=f"{number} of 8 · {step.title}").wait_for()
    quiet(page)
    return step


def revealed(page: Any, step: Step) -> None:
    """Wait until everything of a step has come out, and what to keep is there."""
    page.get_by_text(step.keep[:60]).wait_for(timeout=len(step.runs) * PATIENCE_MS)  # they train one after the other
    told = page.locator(".spn-lesson-told")
    assert page.get_by_role("heading", name=SAY["lesson_check"]).is_visible() and told.count() == 1


def button(page: Any, word: str) -> Any:
    return page.get_by_role("button", name=SAY[word], exact=True)


def tab_to(page: Any, wanted: Any) -> None:
    """Press Tab until something is focused."""
    wanted.wait_for()
    for _ in range(200):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab does not lead there")


def press_by_key(page: Any, wanted: Any) -> None:
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def choose_by_key(page: Any, group: Any, place: int) -> None:
    """Choose a radio button of a group by its place; nothing of it is chosen yet."""
    tab_to(page, group.get_by_role("radio").first)
    page.keyboard.press("Space")
    for _ in range(place):
        page.keyboard.press("ArrowDown")
    quiet(page)


def check_group(page: Any, step: Step) -> Any:
    return page.get_by_role("radiogroup", name=step.check.question)


def right_place(step: Step) -> int:
    return [option.name for option in step.check.options].index(step.check.right)


def draw_by_key(page: Any) -> None:
    """Draw the first depth's curve: a rise at its fourth point."""
    handles = page.locator(".spn-draw").get_by_role("slider")
    tab_to(page, handles.nth(3))
    for _ in range(6):
        page.keyboard.press("PageUp")
    assert "nats per row" in handles.nth(3).get_attribute("aria-valuetext")
    assert handles.nth(3).get_attribute("aria-label") == "L = 1, after 250 updates"


def test_the_whole_lesson_is_walked_by_keyboard(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/lesson")
    for number in range(1, 9):
        step = at_step(page, number)
        assert step.guess
        if step.guess.kind == "choice":
            choose_by_key(page, page.get_by_role("radiogroup", name=step.guess.question), 1)
            press_by_key(page, button(page, "lesson_give"))
        elif step.guess.kind == "number":
            tab_to(page, page.get_by_role("spinbutton"))
            page.keyboard.type("2.5")
            page.keyboard.press("Enter")
            quiet(page)
            press_by_key(page, button(page, "lesson_give"))
        else:
            draw_by_key(page)
            press_by_key(page, button(page, "draw_give"))
        revealed(page, step)
        choose_by_key(page, check_group(page, step), right_place(step))
        page.get_by_text("Right.").wait_for()
        if number < 8:
            press_by_key(page, button(page, "lesson_next"))
            page.wait_for_function(f"() => ({FOCUSED})().startsWith('{number + 1} of 8')")  # at the new step's title
    assert page.get_by_text("8 of 8 steps answered").first.is_visible()


def test_the_whole_lesson_is_walked_by_touch_on_a_phone(app_server: AppServer, open_page: OpenPage) -> None:
    page = open_page(f"{app_server.url}/lesson", **PHONE)
    for number in range(1, 9):
        step = at_step(page, number)
        assert step.guess
        if step.guess.kind == "curve":
            draw_by_finger(page)
            give_by_finger(page)
        elif step.guess.kind == "choice":
            page.get_by_text(step.guess.options[0].text, exact=True).first.tap()
            quiet(page)
            button(page, "lesson_give").tap()
        else:
            button(page, "lesson_skip").tap()
        revealed(page, step)
        assert not page.evaluate(WIDER), f"step {number} is as wide as the phone"
        assert page.evaluate(SMALL) == [], f"step {number}: everything to be pressed is large enough"
        right = step.check.options[right_place(step)]
        check_group(page, step).get_by_text(right.text, exact=True).tap()
        page.get_by_text("Right.").wait_for()
        if number < 8:
            button(page, "lesson_next").tap()
    assert page.get_by_text("8 of 8 steps answered").first.is_visible()


def draw_by_finger(page: Any) -> None:
    """Draw a curve of L = 3 in one stroke."""
    chart = page.locator(".spn-draw-canvas")
    chart.scroll_into_view_if_needed()
    page.locator(".spn-draw-depths label", has_text="L = 3").tap()
    box = chart.bounding_box()
    client = page.context.new_cdp_session(page)
    place = [(0.25, 0.8), (0.4, 0.7), (0.55, 0.35), (0.75, 0.3), (0.92, 0.3)]
    points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in place]
    for kind, touched in [("touchStart", points[0]), *[("touchMove", point) for point in points[1:]]]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touched]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    client.detach()
    page.get_by_text("Drawn: L = 3.").wait_for()


def give_by_finger(page: Any) -> None:
    """Press until the guess is given: Chromium may take a tap that comes upon a made stroke for a part of it."""
    given = page.locator(".spn-draw[data-given]")
    while not given.count():
        if button(page, "draw_give").is_visible():
            button(page, "draw_give").tap()
        page.wait_for_timeout(1000)


def test_a_reload_keeps_answers_in_the_browser_and_clearing_takes_them_away(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/lesson?lesson=depth&step=3")
    at_step(page, 3)
    page.locator(".spn-draw-canvas").scroll_into_view_if_needed()
    box = page.locator(".spn-draw-canvas").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.3 * box["height"], steps=8)
    page.mouse.up()
    button(page, "draw_give").click()
    step = DEPTH.steps[2]
    revealed(page, step)
    check_group(page, step).get_by_text(step.check.options[1].text, exact=True).click()
    page.get_by_text("Not quite.").wait_for()
    page.wait_for_function(f"() => ({KEPT})().steps.predict.check === 'seeds'")
    before = page.evaluate(KEPT)
    page.reload()
    at_step(page, 3)
    page.get_by_text("Not quite.").wait_for()
    assert page.locator(".spn-draw[data-given]").is_visible() and page.evaluate(KEPT) == before
    assert before["steps"]["predict"]["guess"]["kind"] == "curve" and before["steps"]["predict"]["run"] == "v=2"
    button(page, "lesson_forget").click()
    page.wait_for_function(f"() => !Object.keys(({KEPT})().steps).length")
    page.reload()
    at_step(page, 3)
    assert page.locator(".spn-draw").is_visible() and not page.locator(".spn-draw[data-given]").count()


def test_a_document_that_is_none_is_refused_in_words_and_taken_for_nothing(
    app_server: AppServer, open_page: OpenPage
) -> None:
    hostile = json.dumps({"lesson": "<img src=x onerror=alert(1)>", "steps": []})
    kept = f"localStorage.setItem('spn-lab-lesson-depth', {hostile!r})"
    page = open_page(f"{app_server.url}/lesson", prepare=lambda context: context.add_init_script(kept))
    at_step(page, 1)
    page.get_by_text("The answers kept in this browser are not of this lesson.").wait_for()


def test_a_step_shows_what_it_points_at_and_all_of_the_view_on_demand(
    app_server: AppServer, open_page: OpenPage
) -> None:
    page = open_page(f"{app_server.url}/lesson?lesson=figure3&step=1")
    page.locator(".spn-lab[data-state=done]").wait_for()
    assert page.locator(".spn-llh").is_visible() and not page.locator(".spn-net").is_visible()
    page.get_by_text(SAY["point_whole"]).click()
    page.locator(".spn-net").wait_for()
    assert page.locator(".spn-llh[data-lesson-pointed]").count() == 1
    page.goto(f"{app_server.url}/")
    page.locator(".spn-lab[data-state=done]").wait_for()
    assert page.locator(".spn-net").is_visible() and not page.locator("[data-lesson-folded]").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_chart_to_draw_on_before_and_after_the_guess(
    app_server: AppServer, open_page: OpenPage, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not at hand: with Node, make check-browser fetches it")
    page = open_page(
        f"{app_server.url}/lesson?step=3", scheme=scheme, prepare=lambda context: context.add_init_script(path=AXE)
    )
    at_step(page, 3)
    look = "(tags) => axe.run('[data-testid=stMain]', { runOnly: { type: 'tag', values: tags } })"
    for act in (None, "draw_give"):
        if act:
            draw_by_key(page)
            button(page, act).click()
            revealed(page, DEPTH.steps[2])
            ready(page, scheme)
        found = page.evaluate(look, TAGS)["violations"]
        assert not found, json.dumps(found)[:2000]
