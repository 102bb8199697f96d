"""A lesson in a room, without a browser: a seat, the teacher's step, the seat's own start, answers that are counted."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.answers import Guessed
from app.kit.lessons import lessons
from app.kit.questions import asked
from app.kit.rooms import SAY
from app.live.rooms import ROOMS
from app.live.runs import REGISTRY
from app.pages.lesson import panel
from spncore.runs.study import Study
from spncore.studies.classroom.state import RoomState
from spncore.studies.history import settings_of
from tests.addresses import at_address
from tests.app.rooms import code, owner, part
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("only_shipped_data", "browsers_of_their_own")
DEPTH = lessons()["depth"]
TEACHER = "the teacher of these tests"


class Class:
    """A room that is led by hand, and the pages of its students."""

    def __init__(self) -> None:
        self.code = ROOMS.open(TEACHER, asked(DEPTH))

    def lead(self, kind: str, **said: Any) -> None:
        ROOMS.act(self.code, TEACHER, kind, said)

    @property
    def state(self) -> RoomState:
        return ROOMS.state(self.code)

    def at(self, number: int) -> Study:
        """Go to a step with the study of its first run, as the teacher's page does; the study."""
        study = DEPTH.steps[number - 1].runs[0].study.on("nltcs-twin")
        self.lead("study", study=settings_of(study))
        self.lead("step", step=number)
        return study

    def student(self) -> Any:
        page = at_address("lesson", room=self.code).run()
        assert not page.exception
        return page


@pytest.fixture
def room() -> Any:
    made = Class()
    yield made
    ROOMS.close(made.code, TEACHER)


def again(page: Any) -> Any:
    page.run()
    assert not page.exception
    return page


def words(elements: Any) -> str:
    return " ".join(one.value for one in elements)


def guess(page: Any, number: int, value: Guessed) -> Any:
    """The page after a guess, whatever asks for it."""
    page.session_state[panel.ANSWERS] = {"depth": {DEPTH.steps[number - 1].name: panel.Given(value)}}
    return again(page)


def ended(page: Any) -> Any:
    """The page once its runs have ended."""
    session = page.session_state["session_name"]
    until(lambda: all(run.ended for run in REGISTRY.of(session)))
    return again(page)


def test_who_opens_the_link_has_a_seat_without_a_name_and_keeps_it(room: Class) -> None:
    first, second = room.student(), room.student()
    assert f"seat 1 in room {room.code}" in words(first.info) and "No account" in words(first.info)
    assert "seat 2" in words(second.info)
    assert "seat 1" in words(again(first).info) and len(room.state.members) == 2
    assert all(place.nickname == "" for place in room.state.members.values())


def test_the_page_follows_the_teacher_and_cannot_go_elsewhere(room: Class) -> None:
    page = room.student()
    assert page.title[0].value.startswith("1 of 8") and SAY["room_waiting"] in words(page.caption)
    room.at(3)
    again(page)
    assert page.title[0].value.startswith("3 of 8")
    for key in ("lesson_previous", "lesson_next"):
        assert page.button(key=key).disabled and page.button(key=key).help == SAY["room_held"]
    room.lead("pace", pace="free")
    again(page)
    page.button(key="lesson_next").click().run()
    assert page.title[0].value.startswith("4 of 8")
    room.lead("pace", pace="follow")
    assert again(page).title[0].value.startswith("3 of 8")
    assert [place.step for place in room.state.members.values()] == [3]


def test_each_seat_trains_its_own_start_and_the_room_is_given_what_comes_of_it(room: Class) -> None:
    pages = [room.student(), room.student()]
    room.at(1)
    for page in pages:
        guess(page, 1, Guessed("choice", "eating"))
    for page in pages:
        ended(page)
    assert sorted(room.state.arrived) == [1, 2]
    asked_for = room.state.asked
    assert asked_for is not None
    seeds = [ROOMS.study(room.code, owner(page)).experiment.seed for page in pages]  # type: ignore[union-attr]
    assert seeds == [asked_for.study.experiment.seed, asked_for.study.experiment.seed + 1]
    trained = {run.study.experiment.seed for page in pages for run in REGISTRY.of(page.session_state["session_name"])}
    assert trained == set(seeds)
    again(pages[0])
    assert len(room.state.arrived) == 2, "a result is given once"


def test_answers_are_sent_once_and_those_given_in_a_pause_after_it(room: Class) -> None:
    page = room.student()
    room.at(1)
    room.lead("pause", paused=True)
    guess(page, 1, Guessed("choice", "telephoning"))
    assert room.state.votes == {} and SAY["room_paused"] in words(page.warning)
    room.lead("pause", paused=False)
    again(page)
    assert room.state.tally("mixture.guess") == [0, 1, 0]
    guess(page, 1, Guessed("choice", "eating"))
    assert room.state.tally("mixture.guess") == [0, 1, 0], "the first answer is the one that counts"


def test_drawn_guesses_are_sent_by_depth(room: Class) -> None:
    page = room.student()
    room.at(3)
    line = [-11.0, -10.0, -9.0, -8.0, -7.5, -7.2, -7.0]
    guess(page, 3, Guessed("curve", {"1": line, "3": line}))
    assert set(room.state.guesses) == {"predict.guess.1", "predict.guess.3"}
    assert part(page)["questions"]["open"] and not part(room.student())["questions"]["open"]


def test_what_is_hidden_is_trained_and_given_but_not_shown(room: Class) -> None:
    page = room.student()
    room.at(1)
    room.lead("hide", hidden=True)
    guess(page, 1, Guessed("choice", "eating"))
    ended(page)
    assert sorted(room.state.arrived) == [1]
    assert SAY["room_withheld"] in words(page.markdown) and "largest change" not in words(page.markdown)
    assert not any(DEPTH.steps[0].check.question in radio.label for radio in page.radio)
    room.lead("hide", hidden=False)
    again(page)
    assert "largest change" in words(page.markdown) and SAY["room_withheld"] not in words(page.markdown)


def test_every_step_of_every_lesson_says_something_of_one_start(room: Class) -> None:
    page = room.student()
    room.lead("pace", pace="free")
    for number in (2, 4):
        page.query_params["step"] = str(number)
        room.at(number)
    assert not again(page).exception


def test_a_nickname_is_chosen_marked_and_can_be_taken_away(room: Class) -> None:
    page = room.student()
    page.text_input(key="room_nickname").set_value("<b>Ann").run()
    assert [place.nickname for place in room.state.members.values()] == ["<b>Ann"]
    assert "\\<b\\>Ann" in words(page.markdown)
    room.lead("remove", seat=1)
    again(page)
    assert "Ann" not in words(page.markdown)
    page.text_input(key="room_nickname").set_value("Bea").run()
    assert "nickname away" in words(page.error) and "Bea" not in str(room.state)


def test_an_ended_class_is_still_there_to_see_and_lets_go(room: Class) -> None:
    page = room.student()
    room.at(2)
    room.lead("end")
    again(page)
    assert SAY["room_over"] in words(page.warning)
    assert not page.button(key="lesson_next").disabled
    page.button(key="room_leave").click().run()
    assert "room" not in dict(page.query_params) and not page.warning


def test_a_code_is_typed_as_it_was_heard(room: Class) -> None:
    page = at_address("lesson").run()
    typed = "-".join(room.code.lower())
    page.text_input(key="room_field").set_value(typed).run()
    assert not page.exception and f"seat 1 in room {room.code}" in words(page.info)
    assert code(page) == room.code


def test_a_wrong_code_is_a_sentence_and_the_lesson_goes_on() -> None:
    page = at_address("lesson", room="QQQQQ").run()
    assert not page.exception and "There is no room QQQQQ" in words(page.error)
    assert page.title[0].value.startswith("1 of 8") and page.text_input(key="room_field")


def test_the_teacher_looks_at_the_lesson_without_a_seat_unless_she_takes_one(room: Class) -> None:
    page = at_address("teach").run()
    page.button(key="room_open").click().run()
    opened = code(page)
    page.switch_page("pages/lesson/page.py").run()
    assert not page.exception and SAY["room_teacher_looks"] in words(page.info)
    assert not ROOMS.state(opened).members
    page.button(key="room_take_seat").click().run()
    assert "seat 1" in words(page.info) and len(ROOMS.state(opened).members) == 1
