"""Tasks computed by the process that asks: the same outcomes, an end in the middle, failures that stay their own."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from spncore import Experiment, load
from spncore.sweep import Cell, LocalWorkers, Stopped, run_cells, run_tasks
from spncore.sweep.cells import grid
from spncore.sweep.here import Here
from spncore.sweep.local import COMPUTE

DATA = {"two-clusters": load("two-clusters")}
BASE = Experiment(dataset="two-clusters", num_components=2, iterations=40, num_seeds=1)
ENDLESS = f"{__name__}:endless"


def endless(task: Any, data: Mapping[str, Any], check: Callable[[], None]) -> None:
    while True:
        check()
        time.sleep(0.001)


def picky(task: Any, data: Mapping[str, Any]) -> Any:
    if task == 2:
        raise ValueError("two is too many")
    return task


def test_outcomes_are_those_of_worker_processes_bit_for_bit():
    cells = grid(Cell(BASE, curve=True), {"depth": [1, 2, 3], "seed": [0, 1]})
    there = {each.key: each for each in run_cells(cells, DATA, lambda _: LocalWorkers(DATA))}
    here = {each.key: each for each in run_cells(cells, DATA, lambda _: Here(DATA, COMPUTE, lambda: True))}
    assert len(here) == 6 and here.keys() == there.keys()
    for key, each in here.items():
        assert each.curve == there[key].curve and each.seeds == there[key].seeds


def test_what_is_not_wanted_any_more_ends_in_the_middle_of_a_task():
    asked = []

    def wanted() -> bool:
        asked.append(None)
        return len(asked) < 100

    with pytest.raises(Stopped):
        list(run_tasks({"a": "1"}, Here(DATA, ENDLESS, wanted)))
    assert len(asked) == 100


def test_a_task_that_takes_too_long_fails_and_the_next_one_is_computed(monkeypatch):
    monkeypatch.setattr("spncore.sweep.groups.seconds_for", lambda *_: 0.05)
    found = [report for report, _ in run_tasks({"a": "1", "b": "2"}, Here(DATA, ENDLESS, lambda: True))]
    assert [report.key for report in found] == ["a", "b"]
    assert all(report.problem == "timed out after 0.05 s" for report in found)


def test_a_task_that_fails_is_its_own_failure():
    tasks = {f"task {n}": f"{n}" for n in range(1, 6)}
    found = {report.key: report for report, _ in run_tasks(tasks, Here(DATA, f"{__name__}:picky", lambda: True))}
    assert found["task 2"].problem == "ValueError: two is too many"
    assert [found[f"task {n}"].result for n in (1, 3, 4, 5)] == [1, 3, 4, 5]
