"""A sweep computes each cell once, survives what befalls its workers, and gives the same table every time."""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, load
from spncore.sweep import (
    Cell,
    LocalWorkers,
    Outcome,
    Stopped,
    SweepError,
    Target,
    groups,
    run_cells,
)
from spncore.sweep.cells import grid, table
from spncore.sweep.computing import compute
from spncore.sweep.kept import KeptOutcomes
from spncore.sweep.running import Report
from spncore.sweep.worker import read_dataset
from tests import children, stored_cells
from tests.places import ROOT
from tests.spncore.sweep import sweep_faults
from tests.waiting import PATIENCE, until

DATA = {"two-clusters": load("two-clusters")}
SMALL = Experiment(dataset="two-clusters", num_components=2, iterations=20, init_noise=1e-3, num_seeds=2)
BASE = Cell(SMALL, targets=(Target("llh", -5.0),))


def key(cell):
    return cell.key(DATA["two-clusters"].sha256)


class Here:
    """Workers that are this very process: what a sweep needs of an engine, and no more."""

    def __init__(self, _=0, calls=None):
        self.tasks, self.calls, self.closed = deque(), calls if calls is not None else [], False

    def room(self):
        return 2 - len(self.tasks)

    def submit(self, key, cell):
        self.tasks.append((key, json.loads(cell)))
        self.calls.append(key)

    def reports(self, seconds):
        key, cell = self.tasks.pop()  # the last first: outcomes come in any order
        return [Report(key, compute(Cell.from_dict(cell), DATA["two-clusters"]).to_json())]

    def close(self):
        self.closed = True


def test_a_cell_is_known_by_all_that_decides_its_numbers():
    others = [
        Cell(SMALL.replace(seed=1), BASE.targets),
        Cell(SMALL),
        Cell(SMALL, (Target("llh", -4.0),)),
        Cell(SMALL, BASE.targets, curve=True),
        Cell(SMALL, BASE.targets, held_out=("test",)),
        Cell(SMALL, BASE.targets, stop_at_targets=True),
    ]
    assert len({key(cell) for cell in [BASE, *others]} | {BASE.key("0" * 64)}) == len(others) + 2
    assert Cell.from_dict(json.loads(BASE.to_json())) == BASE


@pytest.mark.fault("C15")
@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"depth": []}, "depth: no value given"),
        ({"learning_rate": [0.1] * 101, "init_scale": [0.1] * 100}, "101 learning_rate × 100 init_scale: 10100 cells"),
        ({"colour": [1]}, "colour: no such setting"),
        ({"depth": [1, 99]}, "depth: 99 is out of range"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_by_the_name_of_its_setting(axes, words):
    with pytest.raises(ExperimentError, match=f"^{words}"):
        grid(BASE, axes)


@pytest.mark.parametrize("number", [-1, 0, 65])
def test_a_number_of_workers_that_cannot_be_is_refused(number):
    with pytest.raises(SweepError, match=f"^workers: {number} is out of range"):
        LocalWorkers(DATA, number)


@pytest.mark.parametrize(("kind", "value"), [("llh", 0.1), ("gain", 0.0), ("gain", 1.5), ("gain", np.nan), ("x", 1)])
def test_a_target_that_cannot_be_is_refused(kind, value):
    with pytest.raises(SweepError, match="^target: "):
        Target(kind, value)


def test_a_sweep_without_cells_is_refused():
    with pytest.raises(SweepError, match="^cells: none given"):
        next(run_cells([], DATA, Here))


@pytest.mark.fault("C15")
def test_a_second_sweep_computes_only_what_is_missing_and_the_table_is_the_same(tmp_path):
    cells, calls, store = grid(BASE, {"depth": [1, 2, 3]}), [], KeptOutcomes.in_folder(tmp_path)
    first = {p.key: p for p in run_cells([*cells, *cells], DATA, lambda n: Here(n, calls), store)}
    assert len(calls) == 3  # doubled cells run once
    more = grid(BASE, {"depth": [3, 2, 1, 4]})
    told = []
    steps = list(run_cells(more, DATA, lambda n: Here(n, calls), store, lambda *said: told.append(said)))
    assert set(told) == {(3, 4), (4, 4)} and told == sorted(told)
    assert calls[3:] == [key(more[3])]
    second = {p.key: p for p in steps}
    rows = table(cells, first, DATA)
    assert rows == table(cells[::-1], second, DATA)
    assert [row["cell"] for row in rows] == sorted(row["cell"] for row in rows) and len(rows) == 6


def test_a_sweep_that_is_stopped_keeps_what_it_has_and_closes_its_workers(tmp_path):
    opened, store = [], KeptOutcomes.in_folder(tmp_path)

    def open_workers(n):
        opened.append(Here(n))
        return opened[-1]

    def report(done, total):
        if done:
            raise Stopped

    steps = []
    with pytest.raises(Stopped):
        steps.extend(run_cells(grid(BASE, {"depth": [1, 2, 3, 4]}), DATA, open_workers, store, report))
    assert not steps[1:] and opened[0].closed
    assert store.of([outcome.key for outcome in steps]) == {outcome.key: outcome for outcome in steps}


@pytest.mark.fault("J15", "F04")
def test_a_damaged_outcome_is_computed_again(tmp_path):
    store, outcome = KeptOutcomes.in_folder(tmp_path), compute(BASE, DATA["two-clusters"])
    for text in ("", "{", "[]", "{}", outcome.to_json().replace(outcome.key, "0" * 64)):
        store.put(outcome)
        assert store.of([outcome.key, "0" * 64]) == {outcome.key: outcome}
        stored_cells.replace(tmp_path, text)
        assert store.of([outcome.key, "0" * 64]) == {}
    assert not list(tmp_path.rglob("*.part"))


def test_a_table_shows_failed_and_missing_cells_without_numbers():
    failed, missing = grid(BASE, {"depth": [1, 2]})
    rows = table([failed, missing], {key(failed): Outcome(key(failed), "failed", "it rained")}, DATA)
    assert {(row["depth"], row["status"], row["reason"]) for row in rows} == {
        (1, "failed", "it rained"),
        (2, "missing", None),
    }


def test_the_data_reaches_a_worker_bit_for_bit():
    data = DATA["two-clusters"]
    copy = read_dataset(json.loads(json.dumps(vars(data), default=np.ndarray.tolist)))
    assert copy == data and (copy.rows == data.rows).all() and (copy.counts == data.counts).all()


# Below, real processes.


def local(function=None, **rest):
    compute = {"compute": f"{sweep_faults.__name__}:{function.__name__}"} if function else {}
    return lambda n: LocalWorkers(DATA, min(n, 2), **compute, **rest)


@pytest.mark.fault("H08", "D04")
@pytest.mark.slow
def test_processes_give_the_same_table_as_this_one(tmp_path):
    cells = grid(BASE, {"depth": [1, 2], "seed": [0, 5]})
    there = {p.key: p for p in run_cells(cells, DATA, local(), KeptOutcomes.in_folder(tmp_path))}
    here = {p.key: p for p in run_cells(cells, DATA, Here)}
    assert table(cells, there, DATA) == table(cells, here, DATA)


@pytest.mark.fault("H01", "H04", "H05")
@pytest.mark.slow
def test_a_cell_that_fails_is_named_and_all_others_finish(tmp_path, monkeypatch):
    monkeypatch.setenv(sweep_faults.FOLDER, str(tmp_path))
    monkeypatch.setattr(groups, "MAX_GROUP", 1)  # no company for the one that hangs
    cells, store = grid(BASE, {"depth": [1, 2, 3, 4, 5, 6, 7]}), KeptOutcomes.in_folder(tmp_path / "kept")
    started, steps = [], []

    def workers(number):
        started.append(local(sweep_faults.faulty, task_seconds=PATIENCE)(number))
        return started[0]

    for step in run_cells(cells, DATA, workers, store):
        steps.append(step)
        if len(steps) == 6:  # only the one that hangs is left: the limit is for it alone, however slow the machine
            started[0].task_seconds = 1.5
    assert len(steps) == 7
    depth = {key(cell): cell.experiment.depth for cell in cells}
    found = {depth[p.key]: p for p in steps}
    assert {d for d, outcome in found.items() if outcome.status == "done"} == {1, 6, 7}
    assert found[2].reason == "RuntimeError: depth 2 is not to my taste"
    assert found[3].reason == "timed out after 1.5 s"
    assert found[4].reason.startswith("ValueError: Out of range float")
    assert found[5].reason.startswith("given up: 3 workers were lost over it") and found[5].attempts == 3
    assert found[6].attempts == 2  # its worker was killed once
    assert not store.of([found[d].key for d in (2, 3, 4, 5)])  # tried anew another time


@pytest.mark.fault("H05")
@pytest.mark.slow
def test_a_cell_that_hangs_in_a_group_is_named_and_the_others_are_done(tmp_path, monkeypatch):
    monkeypatch.setenv(sweep_faults.FOLDER, str(tmp_path))
    monkeypatch.setattr(groups.Pace, "size", lambda self, waiting, slots: 4)
    monkeypatch.setattr(groups, "LONGEST_SECONDS", 0.5)
    workers = LocalWorkers(DATA, 2, compute=f"{sweep_faults.__name__}:faulty", task_seconds=PATIENCE)
    cells = grid(BASE, {"depth": [1, 3, 7, 8]})
    depth, found = {key(cell): cell.experiment.depth for cell in cells}, {}
    for outcome in run_cells(cells, DATA, lambda _: workers):
        found[depth[outcome.key]] = outcome
        if len(found) == 3:
            workers.task_seconds = 1.0  # for the one that hangs, which is left
    assert {each: outcome.status for each, outcome in found.items()} == {1: "done", 3: "failed", 7: "done", 8: "done"}
    assert found[3].reason == "timed out after 1 s" and found[3].attempts == found[7].attempts == 2


def alive(folder):
    numbers = [int(file.name.removeprefix("pid-")) for file in Path(folder).glob("pid-*")]
    return [number for number in numbers if is_running(number)]


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{number}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.fault("H06")
@pytest.mark.slow
def test_stopping_leaves_no_process_behind(tmp_path, monkeypatch):
    monkeypatch.setenv(sweep_faults.FOLDER, str(tmp_path))
    stop, cells = threading.Event(), grid(BASE, {"depth": [2, 3]})
    threading.Thread(target=lambda: (until(lambda: len(alive(tmp_path)) == 2), stop.set())).start()

    def report(done, total):
        if stop.is_set():
            raise Stopped

    with pytest.raises(Stopped):
        list(run_cells(cells, DATA, local(sweep_faults.slow), None, report))
    assert len(list(tmp_path.iterdir())) == 2 and not alive(tmp_path)


SWEEP = """
import pathlib, signal, sys
from tests.spncore.sweep.test_sweep import *
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background ignores it
try:
    cells, store = grid(BASE, {"depth": [1, 2, 3]}), KeptOutcomes.in_folder(pathlib.Path(sys.argv[1]))
    list(run_cells(cells, DATA, local(sweep_faults.slow), store))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.fault("H03", "H06")
@pytest.mark.slow
@pytest.mark.parametrize("signal", [2, 9], ids=["Ctrl-C", "kill -9"])
def test_a_sweep_that_is_killed_leaves_no_process_and_goes_on_where_it_was(tmp_path, monkeypatch, signal):
    monkeypatch.setenv(sweep_faults.FOLDER, str(tmp_path))
    command = [sys.executable, "-c", SWEEP, tmp_path / "kept"]
    with subprocess.Popen(command, cwd=ROOT, env=children.environment()) as sweep:
        try:
            until(lambda: len(alive(tmp_path)) == 2 and stored_cells.cells(tmp_path))
            sweep.send_signal(signal)
            assert sweep.wait(PATIENCE) == (130 if signal == 2 else -9)
        finally:
            sweep.kill()
    until(lambda: not alive(tmp_path))
    calls = []
    store = KeptOutcomes.in_folder(tmp_path / "kept")
    list(run_cells(grid(BASE, {"depth": [1, 2, 3]}), DATA, lambda n: Here(n, calls), store))
    assert len(calls) == 2


@pytest.mark.slow
def test_workers_that_cannot_begin_end_the_sweep_with_their_last_word():
    workers = local()
    with pytest.raises(SweepError, match="end before they begin .* No module named 'nowhere'"):
        list(run_cells([BASE], DATA, lambda n: LocalWorkers(DATA, 1, compute="nowhere:none")))
    assert len(list(run_cells([BASE], DATA, workers))) == 1
