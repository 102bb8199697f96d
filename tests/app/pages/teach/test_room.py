"""A room that a teacher leads, without a browser: opened, led from step to step, hidden, announced, ended, deleted."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.lessons import lessons
from app.kit.rooms import SAY
from app.kit.text import WORDS
from app.live.rooms import ROOMS
from spncore.studies.classroom.seats import seat_study
from spncore.studies.classroom.state import RoomState
from tests.addresses import at_address
from tests.app.rooms import code, owner, part

pytestmark = pytest.mark.usefixtures("only_shipped_data", "browsers_of_their_own")
DEPTH = lessons()["depth"]


def opened(**query: str) -> Any:
    page = at_address("teach", **query).run()
    assert not page.exception
    return page


def press(page: Any, key: str) -> Any:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def state(page: Any) -> RoomState:
    return ROOMS.state(code(page))


@pytest.fixture
def led() -> Any:
    """A room that has just been opened."""
    return press(opened(), "room_open")


def test_a_room_is_opened_for_a_lesson_and_found_again(led: Any) -> None:
    assert state(led).agenda.name == "depth" and state(led).agenda.num_steps == 8
    assert led.title[0].value == SAY["room_title"].format(code=code(led))
    assert any(code(led) in html.proto.body for html in led.get("html"))
    listed = press(led, "room_other")
    assert "room" not in dict(listed.query_params)
    (button,) = [each for each in listed.button if each.key and each.key.startswith("room_to_")]
    assert press(listed, button.key).title[0].value == SAY["room_title"].format(code=code(listed))


def test_a_step_brings_its_study_what_counts_and_hidden_results(led: Any) -> None:
    for name in ("ann", "bob"):
        ROOMS.join(code(led), name)
    press(led, "room_next")
    assert (state(led).step, state(led).hidden) == (1, True)
    first = state(led).asked
    assert first is not None and first.announced == 2
    assert first.study.experiment.num_seeds == 1 and first.study.depths == DEPTH.steps[0].runs[0].study.depths
    press(led, "room_next")
    assert len(state(led).studies) == 1, "the second step has the same run, whose results stay"
    press(led, "room_next")
    third = state(led).asked
    assert third is not None and len(state(led).studies) == 2
    ann = ROOMS.study(code(led), "ann")
    assert ann == seat_study(third.study, 1) and ROOMS.study(code(led), "bob") != ann
    press(led, "room_previous")
    assert state(led).step == 2


def test_the_browser_is_told_what_the_page_knows(led: Any) -> None:
    assert part(led)["known"] == [0, "follow", 0, False, False, False] and part(led)["who"] == "teacher"
    press(led, "room_next")
    press(led, "room_pause")
    press(led, "room_pace")
    assert part(led)["known"] == [1, "free", 1, True, True, False]
    assert part(led)["titles"] == [step.title for step in DEPTH.steps]
    assert part(led)["questions"]["votes"][0]["words"] == DEPTH.steps[0].guess.question
    press(led, "room_hide")
    press(led, "room_pause")
    assert part(led)["known"] == [1, "free", 1, False, False, False]


def test_how_many_starts_count_is_announced_before_the_first_result(led: Any) -> None:
    press(led, "room_next")
    assert any(SAY["room_unannounced"] in each.value for each in led.caption)
    led.number_input(key="room_count_1").set_value(24).run()
    press(led, "room_announce")
    asked = state(led).asked
    assert asked is not None and asked.announced == 24
    assert any(SAY["room_announced"].format(number=24) in each.value for each in led.caption)


def test_of_several_runs_the_teacher_chooses_the_one_that_is_trained(led: Any) -> None:
    for _ in range(7):
        press(led, "room_next")
    runs = DEPTH.steps[6].runs
    radio = led.radio(key=f"room_run_{DEPTH.steps[6].name}")
    assert radio.value == runs[0].name
    radio.set_value(runs[1].name).run()
    asked = state(led).asked
    assert asked is not None and asked.study.experiment.learning_rate == runs[1].study.experiment.learning_rate
    assert led.radio(key=f"room_run_{DEPTH.steps[6].name}").value == runs[1].name


def test_a_class_is_ended_and_a_room_deleted(led: Any) -> None:
    press(led, "room_next")
    press(led, "room_end_now")
    assert state(led).ended and any(SAY["room_ended"] in each.value for each in led.info)
    room = code(led)
    press(led, "room_delete_now")
    assert "room" not in dict(led.query_params) and led.title[0].value == WORDS["teach"]
    assert not ROOMS.of(owner(led)) and room


def test_who_did_not_open_a_room_does_not_lead_it(led: Any) -> None:
    room = code(led)
    other = opened(room=room)
    assert any(SAY["room_not_yours"].format(code=room) in each.value for each in other.info)
    assert not any(each.key == "room_next" for each in other.button)


def test_a_room_that_is_not_there_is_said_to_be_so() -> None:
    page = opened(room="QQQQQ")
    assert any("There is no room QQQQQ" in each.value for each in page.error)
    assert page.title[0].value == WORDS["teach"], "the page is there"


def test_on_a_wall_stand_the_code_and_then_the_class(led: Any) -> None:
    room = code(led)
    wall = opened(room=room, view="projector")
    assert any(room in html.proto.body for html in wall.get("html")) and part(wall)["who"] == "wall"
    assert not any(each.key for each in wall.button)
    press(led, "room_next")
    wall = wall.run()
    assert wall.title[0].value == f"1 · {DEPTH.steps[0].title}" and part(wall)["questions"]["open"]
