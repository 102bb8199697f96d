"""What a reader of a lesson has answered, as one JSON document.

The reader's own browser keeps it (`localStorage`, under `spn-lab-lesson-NAME`), sends it to the session when the page
is opened and takes it back at every change; no server stores it. This is all that it holds:

    {"lesson": "depth",            the lesson's name
     "version": 1,                 and version when it was answered
     "steps": {"predict": {        by the names of steps, those that were answered
         "guess": {"kind": "curve", "value": {"1": [-11.1, …], "3": […]}},
         "check": "setting",       the name of the answer that was chosen
         "run": "v=2"}}}           the lab's link of the run that the guess was of, without its data set

A guess of kind `choice` has an option's name, `number` a number, `curve` for each depth that was drawn the LLH at the
start and after each sixth of the updates, `skipped` null. `guess` and `check` are left out until they are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.kit.lessons import Guess, Lesson, Step
from app.kit.link import LAB
from app.live.limits import server_limits
from spncore.arrays import Floats
from spncore.files.strict_json import JsonError, parse_object
from spncore.limits import LIMITS

HANDLES = 7  # of a drawn curve: the start, and six moments that are equally far apart
LOWEST = -1e6  # nats per row, of what can be drawn
SKIPPED = "skipped"


class Guessed(NamedTuple):
    """A guess: its kind, and its value as the document has it."""

    kind: str
    value: Any


class Given(NamedTuple):
    """What was answered in one step."""

    guess: Guessed | None = None
    check: str | None = None


Answers = Mapping[str, Given]  # by the names of steps


class AnswersError(ValueError):
    """Answers that cannot be read; the text is a sentence."""


def document(lesson: Lesson, answers: Answers) -> dict[str, Any]:
    """The document of these answers."""
    return {
        "lesson": lesson.name,
        "version": lesson.version,
        "steps": {step.name: _step(step, answers[step.name]) for step in lesson.steps if step.name in answers},
    }


def _step(step: Step, given: Given) -> dict[str, Any]:
    guess = {"guess": given.guess._asdict()} if given.guess else {}
    check = {"check": given.check} if given.check else {}
    return {**guess, **check, "run": LAB.query_string(step.runs[0].study)}


def read(text: str, lesson: Lesson) -> dict[str, Given]:
    """The answers of a document, which a browser may have kept since an earlier version of the lesson.

    What does not fit the lesson as it is now is left out; AnswersError where the text is no such document at all.
    """
    try:
        found = parse_object(text, "a reader's answers", server_limits().answer_bytes)
    except JsonError as error:
        raise AnswersError(f"The answers kept in this browser cannot be read ({error}).") from error
    steps = found.get("steps")
    if found.get("lesson") != lesson.name or not isinstance(steps, dict):
        raise AnswersError("The answers kept in this browser are not of this lesson.")
    of_each = {step.name: _given(step, steps[step.name]) for step in lesson.steps if step.name in steps}
    return {name: given for name, given in of_each.items() if given != Given()}


def _given(step: Step, said: Any) -> Given:
    if not isinstance(said, dict):
        return Given()
    options = [option.name for option in step.check.options]
    check = said.get("check")
    guess = guessed(step.guess, said.get("guess")) if step.guess else None
    return Given(guess, check if check in options else None)


def guessed(guess: Guess, said: Any) -> Guessed | None:
    """A guess of this kind, if what is said is one."""
    if not isinstance(said, dict) or set(said) != {"kind", "value"} or said["kind"] not in (guess.kind, SKIPPED):
        return None
    kind, value = said["kind"], said["value"]
    if kind == SKIPPED:
        return Guessed(kind, None)
    if kind == "choice":
        return Guessed(kind, value) if value in [option.name for option in guess.options] else None
    if kind == "number":
        return Guessed(kind, value) if _is_number(value) and guess.low <= value <= guess.high else None
    return Guessed(kind, value) if _is_drawn(value) else None


def along(points: Sequence[float], updates: int) -> Floats:
    """A drawn curve after 0, 1, … updates (T + 1,): straight between its points."""
    return np.interp(np.arange(updates + 1), np.linspace(0, updates, HANDLES), points)


def _is_drawn(value: Any) -> bool:
    """Whether these are curves by depth, each with its points."""
    depths = {str(depth) for depth in range(1, LIMITS.depth + 1)}
    return isinstance(value, dict) and bool(value) and set(value) <= depths and all(map(_is_curve, value.values()))


def _is_curve(points: Any) -> bool:
    numbers = isinstance(points, list) and len(points) == HANDLES and all(map(_is_number, points))
    return numbers and all(LOWEST <= point <= 0 for point in points)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= -LOWEST  # which no NaN is
