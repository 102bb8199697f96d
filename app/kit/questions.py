"""What a lesson asks in a room: each guess and each check under a name, and what a reader answered as acts there.

The check of a step `predict` is the vote `predict.check`, a guess of one of several answers the vote `predict.guess`. A
guess of a number is the drawn guess `predict.guess` of one point, one of curves `predict.guess.3` for L = 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.kit import lessons
from app.kit.answers import HANDLES, Given
from app.kit.lessons import Option, Step
from spncore.studies.classroom.state import Agenda

Act = tuple[str, dict[str, Any]]  # its kind, and what is said


def asked(lesson: lessons.Lesson) -> Agenda:
    """A lesson as a room is opened for it."""
    votes = {name: len(options) for step in lesson.steps for name, _, options in _votes(step)}
    guesses = {name: points for step in lesson.steps for name, points in _drawn(step).items()}
    return Agenda(lesson.name, len(lesson.steps), votes, guesses)


def acts(step: Step, given: Given) -> Iterator[Act]:
    """What was answered in a step, as votes and guesses of a member."""
    guess, check = given.guess, given.check
    if guess is not None and step.guess is not None:
        if guess.kind == "choice":
            yield _vote(f"{step.name}.guess", step.guess.options, guess.value)
        elif guess.kind == "number":
            yield "guess", {"question": f"{step.name}.guess", "values": [guess.value]}
        elif guess.kind == "curve":
            asked_for = _drawn(step)
            for depth, points in guess.value.items():
                if (question := f"{step.name}.guess.{depth}") in asked_for:
                    yield "guess", {"question": question, "values": points}
    if check is not None:
        yield _vote(f"{step.name}.check", step.check.options, check)


def pictured(step: Step, given: Given | None) -> dict[str, Any]:
    """What the browser draws of a step's questions; who has not answered one yet is not shown what others said.

    Without `given`, as on a wall, everything is shown.
    """
    said = None if given is None else {act["question"] for _, act in acts(step, given)}
    votes = [
        {"question": name, "words": words, "options": [option.text for option in options], "open": _open(said, name)}
        for name, words, options in _votes(step)
    ]
    drawn = _drawn(step)
    kind = step.guess.kind if step.guess else ""
    curves = {name.rpartition(".")[2]: name for name in drawn} if kind == "curve" else {}
    number = (
        {"question": f"{step.name}.guess", "words": step.guess.question} if kind == "number" and step.guess else None
    )
    seen = said is None or any(name in said for name in drawn)
    return {"votes": votes, "curves": curves, "number": number, "open": seen}


def _open(said: set[str] | None, name: str) -> bool:
    return said is None or name in said


def _votes(step: Step) -> list[tuple[str, str, Sequence[Option]]]:
    """Of each vote its name, its question and its answers, in the order in which they are asked."""
    guess, check = step.guess, step.check
    chosen = [(f"{step.name}.guess", guess.question, guess.options)] if guess and guess.kind == "choice" else []
    return [*chosen, (f"{step.name}.check", check.question, check.options)]


def _drawn(step: Step) -> Mapping[str, int]:
    """How many points each drawn guess has."""
    if step.guess is None or step.guess.kind == "choice":
        return {}
    if step.guess.kind == "number":
        return {f"{step.name}.guess": 1}
    return {f"{step.name}.guess.{depth}": HANDLES for depth in step.runs[0].study.depths}


def _vote(question: str, options: Sequence[Option], name: str) -> Act:
    return "vote", {"question": question, "choice": [option.name for option in options].index(name)}
