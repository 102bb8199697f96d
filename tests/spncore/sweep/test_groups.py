"""Small tasks go in groups, none too large; a group answers task by task, and ends when it is not wanted any more."""

import json

import pytest

from spncore.sweep import groups
from spncore.sweep.running import Overdue, Stopped

HERE = __name__
TASKS = {name: json.dumps(name) for name in "abcd"}


def upper(task, data):
    if task == "b":
        raise ValueError("not b")
    return task.upper()


def checked(task, data, check):
    if task == data.get("until"):
        check()
    return task


def answers(name, data=None, check=lambda: None, tasks=TASKS):
    return {each.key: each for each in groups.answer(f"{HERE}:{name}", tasks, data or {}, check)}


def test_every_task_has_its_own_answer_and_its_own_failure():
    found = answers("upper")
    assert {key: each.result for key, each in found.items()} == {"a": "A", "b": None, "c": "C", "d": "D"}
    assert found["b"].problem == "ValueError: not b" and not found["b"].lost


def raiser(error, calls):
    """A check that raises at the call of this number."""
    left = iter([False] * (calls - 1) + [True])

    def check():
        if next(left):
            raise error

    return check


def test_when_time_is_over_what_is_left_is_to_be_tried_alone_and_who_was_alone_has_failed():
    found = answers("checked", check=raiser(Overdue("timed out after 3 s"), 3))
    assert {key: (each.problem, each.lost) for key, each in found.items()} == {
        "a": (None, False),
        "b": (None, False),
        "c": ("timed out after 3 s", True),
        "d": ("timed out after 3 s", True),
    }
    [alone] = answers("checked", check=raiser(Overdue("timed out after 3 s"), 1), tasks={"a": '"a"'}).values()
    assert alone.problem == "timed out after 3 s" and not alone.lost


def test_the_check_reaches_inside_a_task_and_passes_through_it():
    with pytest.raises(Stopped):  # before a, before b, inside b
        answers("checked", {"until": "b"}, raiser(Stopped(), 3))


def test_a_check_tells_what_is_not_wanted_from_what_takes_too_long():
    groups.limited(lambda: True, 60.0)()
    with pytest.raises(Stopped):
        groups.limited(lambda: False, 60.0)()
    with pytest.raises(Overdue, match="^timed out after -1 s$"):
        groups.limited(lambda: True, -1.0)()


@pytest.mark.parametrize("waiting", [1, 2, 7, 100, 10_000])
@pytest.mark.parametrize("slots", [1, 2, 50])
@pytest.mark.parametrize("seconds", [None, 1e-9, 0.03, 4.0, 600.0])
def test_a_group_is_neither_long_nor_leaves_workers_idle(waiting, slots, seconds):
    size = groups.size(waiting, slots, seconds)
    assert 1 <= size <= min(waiting, groups.MAX_GROUP)
    assert size == 1 or size * (seconds or 0.0) <= groups.GROUP_SECONDS
    assert waiting < 2 * slots or -(-waiting // size) >= 2 * slots or size == 1
    assert seconds is not None or size <= groups.FIRST_GROUP
