"""Large traces lie on disk: the same numbers, little memory, and a full disk ends no server."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.live import computation as computation_module
from app.live import runs as runs_module
from app.live import store
from app.live.computation import Allowed, Computation
from app.live.spool import Spool
from spncore import Dataset, fit
from spncore.record import ExperimentError
from tests.app.live.conftest import ended, get, study
from tests.waiting import until


@pytest.fixture(autouse=True)
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every trace is large."""
    monkeypatch.setattr(computation_module, "FROM_BYTES", 0)
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    return tmp_path


def test_a_run_whose_traces_lie_on_disk_has_the_same_numbers_and_leaves_no_file(
    make: Any, data: Dataset, on_disk: Path
) -> None:
    registry = make()
    run = ended(registry, registry.start(study(), data, "a"))
    assert run.state == "done" and run.computation.disk_bytes > 0
    for trace, experiment in zip(run.traces(), study().experiments(), strict=True):
        expected = fit(experiment, data)
        for name in ("llh", "value", "flow", "weights", "log_masses", "at_floor"):
            assert np.array_equal(getattr(trace, name), getattr(expected, name)), name
    assert list((on_disk / "runs").iterdir()) == []


def test_arrays_do_not_overlap_and_fill_the_room_that_was_asked_for(tmp_path: Path) -> None:
    shapes = [((5, 3), float), ((7,), np.int64), ((1, 1), float), ((0, 4), float), ((11, 2, 3), float)]
    made = Spool(8 * (15 + 7 + 1 + 66), len(shapes), tmp_path)
    arrays = [made(shape, dtype) for shape, dtype in shapes]
    for number, array in enumerate(arrays):
        array[...] = number
    assert all((array == number).all() for number, array in enumerate(arrays))
    with pytest.raises(TypeError, match="too small"):
        Spool(8, 1, tmp_path)((1000,), float)


def test_a_disk_without_room_fails_the_run_in_a_sentence(
    make: Any, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    registry = make()
    run = ended(registry, registry.start(study(), data, "a"))
    assert (run.state, run.reason) == (
        "failed",
        "The server's disk has no room for this run (No space left on device).",
    )


def test_runs_wait_for_room_on_disk_and_more_than_there_can_be_is_refused(
    make: Any, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_module, "FETCH_SECONDS", 0.0)
    long = {"iterations": 1000}  # so that the first is still under way when the last is asked for
    size = Computation(study(**long), data, Allowed(disk_bytes=10**9)).disk_bytes
    registry = make(spool_bytes=int(1.5 * size))
    runs = [get(registry, registry.start(study(seed=seed, **long), data, seed)) for seed in range(4)]
    assert runs[3].queue_position > 0
    until(lambda: all(run.state == "done" for run in runs))
    with pytest.raises(ExperimentError, match="This run takes about"):
        make(spool_bytes=size - 1).start(study(**long), data, "a")


def test_a_folder_that_cannot_be_written_is_no_place_for_traces(
    make: Any, data: Dataset, on_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (on_disk / "file").write_text("")
    monkeypatch.setattr(store, "folder", lambda: on_disk / "file")
    registry = make()
    run = ended(registry, registry.start(study(), data, "a"))
    assert run.state == "done" and registry.disk_bytes == 0


def test_without_a_spool_everything_is_in_memory(make: Any, data: Dataset) -> None:
    registry = make(spool_bytes=0)
    run = ended(registry, registry.start(study(), data, "a"))
    assert run.state == "done" and registry.disk_bytes == 0 and registry.num_bytes > 0
