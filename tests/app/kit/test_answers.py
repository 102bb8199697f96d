"""A reader's answers as one document: what a browser has kept comes back, what does not fit is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.kit.answers import HANDLES, SKIPPED, AnswersError, Given, Guessed, document, read
from app.kit.lessons import lessons
from app.live.limits import server_limits

LESSON = lessons()["depth"]
CURVE = {"1": [-11.0] * HANDLES, "3": [-11.0, -9, -7, -7, -7, -7, -6.9]}
ANSWERS = {
    "mixture": Given(Guessed("choice", "eating"), "common"),
    "likelihood": Given(Guessed("number", 2.5)),
    "predict": Given(Guessed("curve", CURVE), "setting"),
    "step": Given(Guessed(SKIPPED, None)),
    "fair": Given(None, "each"),
}


def with_step(name: str, said: Any) -> str:
    return json.dumps({"lesson": "depth", "version": 1, "steps": {name: said}})


def test_what_is_written_is_read_again() -> None:
    text = json.dumps(document(LESSON, ANSWERS))
    assert read(text, LESSON) == ANSWERS
    assert len(text) < server_limits().answer_bytes / 4


def test_the_document_says_lesson_version_and_of_each_step_guess_check_and_run() -> None:
    found = document(LESSON, ANSWERS)
    assert (found["lesson"], found["version"]) == ("depth", 1)
    assert found["steps"]["predict"] == {"guess": {"kind": "curve", "value": CURVE}, "check": "setting", "run": "v=2"}
    assert found["steps"]["fair"] == {"check": "each", "run": "v=2"}
    assert list(found["steps"]) == [step.name for step in LESSON.steps if step.name in ANSWERS]


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {"guess": "curve", "check": "nothing"},
        {"guess": {"kind": "choice", "value": "eating"}},
        {"guess": {"kind": "curve", "value": {}}},
        {"guess": {"kind": "curve", "value": {"9": [-7.0] * HANDLES}}},
        {"guess": {"kind": "curve", "value": {"1": [-7.0] * (HANDLES - 1)}}},
        {"guess": {"kind": "curve", "value": {"1": [-7.0] * (HANDLES - 1) + [True]}}},
        {"guess": {"kind": "curve", "value": {"1": [-7.0] * (HANDLES - 1) + [10**400]}}},
        {"guess": {"kind": "curve", "value": {"1": [1.0] * HANDLES}}},
        {"guess": {"kind": "curve", "value": {"1": [-7.0] * HANDLES}, "more": 1}},
        {"check": {"name": "setting"}},
    ],
)
def test_what_fits_no_step_is_left_out(said: Any) -> None:
    assert read(with_step("predict", said), LESSON) == {}


def test_a_number_or_a_choice_that_cannot_be_is_left_out() -> None:
    assert read(with_step("likelihood", {"guess": {"kind": "number", "value": 99}}), LESSON) == {}
    assert read(with_step("mixture", {"guess": {"kind": "choice", "value": "flying"}}), LESSON) == {}
    assert read(with_step("gone", {"check": "common"}), LESSON) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"lesson": "figure3", "steps": {}}', '{"lesson": "depth"}', "x" * 30_000]
)
def test_a_text_that_is_no_such_document_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(AnswersError, match="The answers kept in this browser") as refused:
        read(text, LESSON)
    assert str(refused.value).endswith(".") and len(str(refused.value)) < 300
