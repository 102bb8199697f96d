"""The lesson's page without a browser: where it opens, what a guess begins, what is said when a run has ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

from app.kit.answers import HANDLES, document
from app.kit.lessons import FOLDED, lessons
from app.kit.text import JOINER
from app.live.catalogues import catalogue
from app.live.runs import REGISTRY
from app.pages.lesson import panel
from tests.addresses import at_address, by_menu
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("only_shipped_data")
SAY = catalogue("lesson")
DEPTH = lessons()["depth"]


def opened(**query: str) -> Any:
    page = at_address("lesson", **query).run()
    assert not page.exception
    return page


def heading(page: Any) -> str:
    return str(page.title[0].value)


def words(elements: Any) -> str:
    return " ".join(one.value for one in elements).replace("\\", "").replace(JOINER, "")


def progress(page: Any) -> str:
    """How far the reader is."""
    return " ".join(one.proto.body for one in page.get("html"))


def part(page: Any) -> dict[str, Any]:
    """What the browser's part is sent."""
    sent = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    return next(one for one in sent if "parts" in one)


def address(page: Any) -> dict[str, str]:
    """What the address says."""
    return {name: texts if isinstance(texts, str) else texts[0] for name, texts in dict(page.query_params).items()}


def press(page: Any, key: str) -> Any:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def ended(page: Any) -> Any:
    """The page once everything that it began has ended."""
    session = page.session_state["session_name"]
    for _ in lessons()["depth"].steps[6].runs:  # as many as a step has at most
        until(lambda: all(run.ended for run in REGISTRY.of(session)))
        page.run()
        assert not page.exception
    return page


class Browser:
    """What stands in for the browser's part: what it was sent last, and what it says next."""

    def __init__(self) -> None:
        self.sent: dict[str, Any] = {}
        self.says: dict[str, Any] = {}

    def __call__(self, payload: dict[str, Any], key: str, on_said: Callable[[], None]) -> None:
        self.sent = payload
        if self.says:
            st.session_state[key], self.says = {"said": self.says}, {}
            on_said()

    def said(self, page: Any, **what: Any) -> Any:
        """The page after its browser has said something."""
        self.says = what
        page.run().run()
        assert not page.exception
        return page


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    found = Browser()
    monkeypatch.setattr(panel, "lesson_view", found)
    return found


def test_it_opens_at_the_first_step_and_its_address_says_where() -> None:
    page = opened()
    assert heading(page) == "1 of 8 · Meet the mixture"
    assert address(page) == {"lesson": "depth", "step": "1"}
    assert "NLTCS twin (synthetic)" in words(page.caption), "whose rows they are"
    assert SAY["lesson_private"] in words(page.caption)


def test_an_address_opens_its_step_and_the_buttons_lead_on_and_back() -> None:
    page = opened(lesson="figure3", step="2")
    assert heading(page).startswith("2 of 5")
    assert heading(press(page, "lesson_next")).startswith("3 of 5")
    assert address(page)["step"] == "3"
    assert heading(press(press(page, "lesson_previous"), "lesson_previous")).startswith("1 of 5")
    with pytest.raises(KeyError):
        page.button(key="lesson_previous")
    press(page, "lesson_start_depth")
    assert address(page) == {"lesson": "depth", "step": "1"}


def test_the_place_goes_along_to_other_pages_and_back() -> None:
    page = by_menu(opened(lesson="depth", step="4"), "about")
    assert address(page)["step"] == "4"
    assert heading(by_menu(page, "lesson")).startswith("4 of 8")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"lesson": "cooking"}, "lesson: there is no 'cooking'; there are depth and figure3."),
        ({"step": "9"}, "step: '9' is none of this lesson; its steps are 1 to 8."),
        ({"step": "<b>"}, "step: '<b>' is none"),
        ({"step": "٣"}, "its steps are 1 to 8"),
        ({"step": "03"}, "step: '03' is none"),
    ],
)
def test_an_address_without_such_a_step_is_refused_in_a_sentence_that_stays(query: dict[str, str], said: str) -> None:
    page = opened(**query)
    assert said in words(page.warning) and heading(page).startswith("1 of 8")
    assert said in words(page.run().warning), "until the reader goes on"
    assert not press(page, "lesson_next").warning


def test_a_run_waits_for_the_guess_and_begins_with_it() -> None:
    page = opened()
    assert "session_name" not in page.session_state and SAY["lesson_first_guess"] in words(page.markdown)
    assert page.button(key="lesson_give").disabled
    page.radio(key="lesson_guess_depth_mixture").set_value("telephoning").run()
    press(page, "lesson_give")
    assert "You guessed: Telephoning." in words(page.markdown)
    assert [run.page for run in REGISTRY.of(page.session_state["session_name"])] == ["lesson"]
    told = page.session_state["lesson_answers"]["depth"]["mixture"]
    assert told.guess == ("choice", "telephoning")


def test_what_came_out_is_said_when_the_run_has_ended_then_what_to_keep_and_the_check() -> None:
    page = press(opened(), "lesson_skip")
    assert SAY["lesson_skipped"] in words(page.markdown)
    page = ended(page)
    step = DEPTH.steps[0]
    said = words(page.markdown)
    assert "Once it is known that somebody has difficulty with grocery shopping" in said and step.keep in said
    assert part(page)["told"][0].startswith("Once it is known"), "it is read out, too"
    page.radio(key="lesson_check_depth_mixture").set_value("severe").run()
    assert step.check.options[1].why in words(page.info) and SAY["lesson_not_right"].split("{")[0] in words(page.info)
    page.radio(key="lesson_check_depth_mixture").set_value("common").run()
    assert step.check.options[0].why in words(page.success)
    assert "1 of 8 steps answered" in progress(page)


def test_another_answer_can_be_looked_at_and_what_came_out_stays() -> None:
    page = ended(press(opened(), "lesson_skip"))
    before = part(page)["told"]
    page.selectbox(key="lesson_given").set_value("eating").run()
    assert not page.exception and part(page)["told"] == before


def test_a_number_is_guessed_in_its_range() -> None:
    page = opened(step="2")
    page.number_input(key="lesson_guess_depth_likelihood").set_value(2.5).run()
    press(page, "lesson_give")
    assert "You guessed: 2.5 nats per row." in words(page.markdown)


def test_the_chart_to_draw_on_spans_what_can_be_and_takes_a_drawn_guess(browser: Browser) -> None:
    page = opened(step="3")
    chart = browser.sent["chart"]
    assert chart["updates"] == 500 and chart["depths"] == [1, 2, 3] and chart["drawn"] is chart["truth"] is None
    assert chart["low"] == -11.5 and -7 < chart["high"] < -4
    curve = {"1": [-11.0] * HANDLES, "3": [-11.0, -9.0, -7.0, -7.0, -7.0, -7.0, -7.0]}
    browser.said(page, guess={"kind": "curve", "value": curve})
    assert browser.sent["chart"]["drawn"] == curve and "You drew a curve for L = 1 and L = 3" in words(page.markdown)
    page = ended(page)
    assert set(browser.sent["chart"]["truth"]) == {"1", "2", "3"}
    said = words(page.markdown)
    assert "At −7.2 you drew L=3 after" in said and "On average over the updates your curves are" in said


def test_what_the_browser_has_kept_comes_back_and_what_was_answered_meanwhile_stays(browser: Browser) -> None:
    page = opened(step="2")
    assert browser.sent["kept"] is None, "nothing is written before the browser has said what it kept"
    before = {"likelihood": {"guess": {"kind": "number", "value": 1.5}}, "mixture": {"check": "common"}}
    browser.said(page, kept=json.dumps({"lesson": "depth", "version": 1, "steps": before}))
    assert "You guessed: 1.5 nats per row." in words(page.markdown) and "1 of 8 steps answered" in progress(page)
    kept = json.loads(browser.sent["kept"])
    assert kept == document(DEPTH, page.session_state["lesson_answers"]["depth"])
    browser.said(page, kept=json.dumps({"lesson": "depth", "version": 1, "steps": {"mixture": {"check": "severe"}}}))
    assert page.session_state["lesson_answers"]["depth"]["mixture"].check == "common"


def test_answers_that_cannot_be_read_are_refused_in_a_sentence(browser: Browser) -> None:
    page = browser.said(opened(), kept="<script>")
    assert "The answers kept in this browser cannot be read" in words(page.warning)


def test_answers_are_cleared_at_once(browser: Browser) -> None:
    before = {"lesson": "depth", "version": 1, "steps": {"mixture": {"check": "common"}}}
    page = browser.said(opened(), kept=json.dumps(before))
    press(page, "lesson_forget")
    assert "0 of 8 steps answered" in progress(page)
    assert json.loads(browser.sent["kept"])["steps"] == {}


def test_a_step_shows_the_parts_that_it_points_at() -> None:
    page = press(opened(step="4"), "lesson_skip")
    parts = part(page)["parts"]
    assert [at for at, is_pointed in parts.items() if is_pointed] == ["#spn-step"]
    assert [at for at, is_pointed in parts.items() if is_pointed is None] == [*FOLDED] and not part(page)["whole"]
    page.toggle(key="lesson_whole").set_value(True).run()
    assert part(page)["whole"]


def test_runs_of_a_step_train_one_after_the_other_and_one_is_chosen_to_be_seen() -> None:
    page = ended(press(opened(step="6"), "lesson_skip"))
    which = page.radio(key="lesson_which_scale")
    assert which.value == "rescaled" and len(which.options) == 3
    which.set_value("small").run()
    assert not page.exception and page.radio(key="lesson_which_scale").value == "small"
    said = words(page.markdown)
    assert "With every edge at 0.1" in said and "With a hundred times the rate" in said


def test_a_run_that_was_stopped_says_so_and_is_run_again_by_a_press() -> None:
    page = press(opened(lesson="figure3", step="4"), "lesson_skip")
    session = page.session_state["session_name"]
    [run] = REGISTRY.of(session)
    REGISTRY.stop(run.id, session)
    page.run()
    assert "was stopped after" in words(page.info) and DEPTH.steps[0].keep not in words(page.markdown)
    press(page, "lesson_again")
    assert [each.stopped for each in REGISTRY.of(session)] == [True, False]
