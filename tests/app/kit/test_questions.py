"""What a lesson asks in a room: every step's questions by name, and a reader's answers as acts that a room takes."""

from __future__ import annotations

from typing import Any

import pytest

from app.kit.answers import HANDLES, Given, Guessed
from app.kit.lessons import lessons
from app.kit.questions import acts, asked, pictured
from spncore.studies.classroom.acts import checked
from spncore.studies.classroom.state import RoomState

DEPTH = lessons()["depth"]
CHOICE, NUMBER, CURVE = (DEPTH.steps[place] for place in range(3))
LINE = [-11.0 + place for place in range(HANDLES)]


@pytest.mark.parametrize("name", lessons())
def test_every_lesson_can_be_asked_in_a_room(name: str) -> None:
    lesson = lessons()[name]
    found = asked(lesson)
    assert (found.name, found.num_steps) == (name, len(lesson.steps))
    assert {f"{step.name}.check" for step in lesson.steps} <= set(found.votes)
    with_guess = {step.name for step in lesson.steps if step.guess}
    assert {question.split(".")[0] for question in (*found.votes, *found.guesses) if ".guess" in question} == with_guess


@pytest.mark.parametrize(
    ("step", "guess", "kinds"),
    [
        (CHOICE, Guessed("choice", "eating"), ["vote", "vote"]),
        (NUMBER, Guessed("number", 2.5), ["guess", "vote"]),
        (CURVE, Guessed("curve", {"1": LINE, "3": LINE}), ["guess", "guess", "vote"]),
        (CURVE, Guessed("skipped", None), ["vote"]),
    ],
)
def test_what_a_reader_answered_is_what_a_room_takes(step: Any, guess: Guessed, kinds: list[str]) -> None:
    given = Given(guess, step.check.right)
    state = RoomState(asked(DEPTH))
    found = list(acts(step, given))
    assert [kind for kind, _ in found] == kinds
    for kind, said in found:
        assert checked(state, kind, said, 30) == said
    assert not list(acts(step, Given()))


def test_a_choice_is_counted_by_its_place_among_the_answers() -> None:
    (_, guess), (_, check) = acts(CHOICE, Given(Guessed("choice", "outside"), "sure"))
    assert guess == {"question": f"{CHOICE.name}.guess", "choice": 2}
    assert check == {"question": f"{CHOICE.name}.check", "choice": 2}


def test_curves_of_depths_that_the_step_does_not_ask_for_are_not_sent() -> None:
    found = list(acts(CURVE, Given(Guessed("curve", {"8": LINE}))))
    assert found == []


def test_others_answers_are_drawn_for_who_has_answered_and_on_a_wall() -> None:
    none, some, wall = (
        pictured(CURVE, Given()),
        pictured(CURVE, Given(Guessed("curve", {"2": LINE}))),
        pictured(CURVE, None),
    )
    assert (none["open"], some["open"], wall["open"]) == (False, True, True)
    assert [vote["open"] for vote in some["votes"]] == [False] and [vote["open"] for vote in wall["votes"]] == [True]
    assert set(none["curves"]) == {"1", "2", "3"} and none["number"] is None
    assert (
        pictured(NUMBER, None)["number"]["question"] == f"{NUMBER.name}.guess" and not pictured(NUMBER, None)["curves"]
    )
    assert [len(vote["options"]) for vote in pictured(CHOICE, Given())["votes"]] == [3, 3]
