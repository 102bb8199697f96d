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


def all_upper(tasks, data, check):
    check()
    return [upper(task, data) for task in tasks]


def answers(name, data=None, check=lambda: None, tasks=TASKS):
    return {each.key: each for each in groups.answers(f"{HERE}:{name}", tasks, data or {}, check)}


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


def test_a_group_is_computed_at_once_where_there_is_a_way_and_one_by_one_when_that_fails(monkeypatch):
    monkeypatch.setitem(groups.TOGETHER, f"{HERE}:upper", f"{HERE}:all_upper")
    calls = []
    found = answers("upper", check=lambda: calls.append("checked"), tasks={name: TASKS[name] for name in "ca"})
    assert {key: each.result for key, each in found.items()} == {"c": "C", "a": "A"} and len(calls) == 1
    found = answers("upper")
    assert {key: each.result or each.problem for key, each in found.items()} == {
        "a": "A",
        "b": "ValueError: not b",
        "c": "C",
        "d": "D",
    }
    assert all(each.lost for each in answers("upper", check=raiser(Overdue("late"), 1)).values())
    with pytest.raises(Stopped):
        answers("upper", check=raiser(Stopped(), 1))


@pytest.mark.parametrize("waiting", [1, 2, 7, 100, 10_000])
@pytest.mark.parametrize("slots", [1, 2, 50])
@pytest.mark.parametrize("seconds", [1e-9, 0.03, 4.0, 600.0])
def test_a_group_is_neither_long_nor_leaves_workers_idle(waiting, slots, seconds):
    pace = groups.Pace()
    assert pace.size(waiting, slots) == 1  # nothing is known yet
    pace.heard(10, 10 * seconds)
    size = pace.size(waiting, slots)
    assert 1 <= size <= min(waiting, groups.MAX_GROUP)
    assert size == 1 or size * seconds <= groups.GROUP_SECONDS
    assert slots == 1 or waiting < 2 * slots or -(-waiting // size) >= 2 * slots or size == 1


def test_a_pace_follows_what_is_heard():
    pace = groups.Pace()
    pace.heard(2, 2.0)
    pace.heard(1, 3.0)
    assert pace.seconds == 2.0


def test_who_was_taken_before_goes_alone():
    line = groups.Line()
    line.waiting |= TASKS
    assert list(line.take(3)) == ["a", "b", "c"] and list(line.waiting) == ["d"]
    line.waiting |= {"b": TASKS["b"], "e": "5", "f": "6"}
    assert [list(line.take(9)) for _ in range(2)] == [["b"], ["d", "e", "f"]] and not line.waiting


def test_a_group_has_less_time_than_its_tasks_alone():
    assert groups.seconds_for(1, 600.0) == 600.0 and groups.seconds_for(2, 600.0) == groups.LONGEST_SECONDS
    assert groups.seconds_for(2, 1.5) == 1.5
