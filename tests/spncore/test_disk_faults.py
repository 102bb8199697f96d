"""The commands on disks that are full, read-only or gone: refused before the work, or said with what it found."""

import errno
import json
import os
import signal

import pytest

from spncore import __main__ as command
from spncore import load
from spncore.__main__ import main
from spncore.circuits.saving import SavedModelError, load_model, save_model
from spncore.data.library import DataError, fetch
from spncore.record import ExperimentError
from spncore.runs.checkpoint import load_state, save_state
from spncore.runs.experiment import Experiment
from spncore.runs.problem import model_of
from spncore.runs.training import trainer_of
from spncore.store import StoreError
from spncore.sweep import Cell
from spncore.sweep.computing import compute
from spncore.sweep.kept import KeptOutcomes
from tests import disks, stored_cells

SWEEP = ["sweep", "dataset=two-clusters", "num_components=2", "iterations=3", "depth=1,2,3,4", "seed=0,1"]
FIT = ["fit", "dataset=two-clusters", "iterations=6"]
BREAKS = {
    "emptied": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "half": lambda data: data[: len(data) // 2],
}


def _fail(*_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _not_saved(*_):
    raise StoreError("Not saved: disk I/O error.")


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "runs" / "spnlab.db"))


@pytest.fixture
def nothing_is_computed(monkeypatch):
    """Training or a worker process fails the test."""
    monkeypatch.setattr(command, "trainer_of", None)
    monkeypatch.setattr("spncore.sweep.local._Process", None)
    monkeypatch.setattr("spncore.data.library.download", None)


@pytest.mark.fault("J06")
@pytest.mark.parametrize(
    ("words", "place"),
    [
        (FIT, ["--out", "DISK/run"]),
        (["figure3", "dataset=two-clusters", "iterations=6"], ["--out", "DISK/run"]),
        (SWEEP, ["--out", "DISK/table.csv"]),
        (SWEEP, ["--out", "kept.csv", "--store", "DISK/store"]),
        (SWEEP, ["--shard", "1/2", "--store", "DISK/store"]),
        (["study", "linear", "p=4"], ["--out", "DISK/linear"]),
    ],
)
@pytest.mark.parametrize("make", [disks.fill, disks.make_read_only])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_computed(
    words, place, make, tmp_path, capsys, monkeypatch, nothing_is_computed
):
    monkeypatch.chdir(tmp_path)
    with disks.small_disk(tmp_path / "disk", "size=100k") as disk:
        make(disk)
        before = sorted(disk.rglob("*.*"))
        assert main([*words, *(part.replace("DISK", str(disk)) for part in place)]) == 2
        said = capsys.readouterr()
        assert said.err.startswith(f"{disk}/") and said.err.count("\n") == 1
        assert not said.out or "synthetic twin" in said.out, "which stands in where the real rows are not at hand"
        assert ("No space left on device; make room" in said.err) != ("Read-only file system; name" in said.err)
        assert sorted(disk.rglob("*.*")) == before and "None" not in said.err


def test_a_figure_for_which_there_is_no_room_is_refused_before_the_training(tmp_path, capsys, nothing_is_computed):
    with disks.small_disk(tmp_path / "disk", "size=2m") as disk:
        assert main([*FIT, "--out", str(disk / "run")]) == 2
        assert "No space left on device" in capsys.readouterr().err and not list((disk / "run").iterdir())


@pytest.mark.fault("J05", "F03")
def test_a_store_that_becomes_full_in_the_middle_ends_no_sweep(tmp_path, capsys, monkeypatch):
    table, again = tmp_path / "table.csv", tmp_path / "again.csv"
    assert main([*SWEEP, "--out", str(again)]) == 0
    capsys.readouterr()
    put, put_so_far = KeptOutcomes.put, []

    def put_three(store, outcome):
        if len(put_so_far) == 3:
            disks.fill(disk)
        put_so_far.append(outcome.key)
        put(store, outcome)

    monkeypatch.setattr(KeptOutcomes, "put", put_three)
    with disks.small_disk(tmp_path / "disk", "size=2m") as disk:
        assert main([*SWEEP, "--out", str(table), "--store", str(disk)]) == 3
        (disk / "filling").unlink()
        there = stored_cells.cells(disk)
        said = capsys.readouterr()
    assert {*put_so_far[:3]} <= there.keys() and len(there) < 8 == len(put_so_far)
    assert said.out == "8 of 8 cells done, 0 failed, 0 retries\n"
    assert f"{8 - len(there)} outcomes not saved: database or disk is full" in said.err
    assert table.read_bytes() == again.read_bytes()


def test_a_share_whose_outcomes_cannot_be_kept_prints_its_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(KeptOutcomes, "put", _not_saved)
    assert main([*SWEEP, "--shard", "1/2", "--store", str(tmp_path / "kept")]) == 3
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1 + 4 + 1 and "4 outcomes not saved: disk I/O error" in said.err


def test_outcomes_that_are_kept_nowhere_stand_in_the_table_when_the_workers_are_lost(tmp_path, capsys, monkeypatch):
    def put_and_break(store, outcome):
        monkeypatch.setattr("spncore.sweep.local.LocalWorkers.reports", _fail)
        _not_saved()

    monkeypatch.setattr(KeptOutcomes, "put", put_and_break)
    assert main([*SWEEP, "--out", str(tmp_path / "table.csv")]) == 2
    assert "1 outcome not saved" in capsys.readouterr().err
    rows = (tmp_path / "table.csv").read_text().splitlines()[1:]
    assert len(rows) == 8 and sum(",done," in row for row in rows) == 1


@pytest.mark.fault("J05", "F04")
def test_a_store_that_cannot_be_made_is_said_and_the_table_is_made(tmp_path, capsys):
    with disks.small_disk(tmp_path / "runs", "size=64k") as disk:
        disks.make_read_only(disk)
        assert main([*SWEEP[:-2], "--out", str(tmp_path / "table.csv")]) == 3
    said = capsys.readouterr()
    assert said.err.startswith(f"Outcomes cannot be saved: {disk}") and "1 outcome not saved" in said.err
    assert len((tmp_path / "table.csv").read_bytes().splitlines()) == 2


def test_a_table_that_can_no_longer_be_written_in_the_end_is_printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("spncore.files.results.write_whole", _fail)
    assert main([*SWEEP, "--out", str(tmp_path / "table.csv")]) == 3
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1 + 8 + 1 and "Not saved: " in said.err
    assert main(["study", "linear", "p=4", "--out", str(tmp_path / "linear")]) == 3
    assert "Not saved: " in capsys.readouterr().err


def test_a_run_that_can_no_longer_be_saved_in_the_end_says_its_numbers(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "write_whole", _fail)
    assert main([*FIT, "--out", str(tmp_path / "run")]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out.splitlines()[-1])["iterations"] == 6
    assert said.err == "Not saved: Input/output error; the disk has a fault; name another place\n"


@pytest.mark.parametrize(
    ("place", "words"), [(["--out", "run"], "is saved in run"), ([], "is in the summary above and nowhere else")]
)
def test_a_run_that_is_stopped_says_what_was_kept_and_ends_as_a_stopped_command_does(
    place, words, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    blocks = command.all_blocks

    def some_blocks(*asked):
        yield next(blocks(*asked))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "all_blocks", some_blocks)
    assert main([*FIT, *place]) == 130
    said = capsys.readouterr()
    assert said.err.endswith(f"Stopped; what was computed until then {words}.\n")
    summary = json.loads(said.out.splitlines()[-1])
    assert summary["stopped"].startswith("interrupted after") and summary["iterations"] < 6
    assert not place or json.loads((tmp_path / "run" / "summary.json").read_text()) == summary


def test_a_command_that_is_stopped_before_its_work_says_so(capsys, monkeypatch):
    monkeypatch.setattr(command, "dataset_of", lambda *_: signal.raise_signal(signal.SIGINT))
    assert main(FIT) == 130
    assert capsys.readouterr().err == "Stopped before there was anything to save.\n"


def test_data_is_not_fetched_to_where_it_cannot_be_kept(tmp_path, capsys, monkeypatch, nothing_is_computed):
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    with disks.small_disk(tmp_path / "cache", "size=64k") as disk:
        disks.make_read_only(disk)
        with pytest.raises(DataError, match=r"the cache folder cannot be written \(Read-only file system\)") as refused:
            fetch("nltcs")
        assert str(disk) not in str(refused.value)  # which a page of the lab may show
        assert main(["data", "fetch", "nltcs"]) == 2
        assert f"({disk}/spnlab: Read-only file system; name a place" in capsys.readouterr().err


@pytest.mark.fault("J15")
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_an_outcome_that_a_power_cut_emptied_is_computed_again(broken, tmp_path):
    experiment = Experiment(dataset="two-clusters", num_components=2, iterations=3)
    store, outcome = KeptOutcomes.in_folder(tmp_path), compute(Cell(experiment), load("two-clusters"))
    store.put(outcome)
    assert store.of([outcome.key]) == {outcome.key: outcome}
    stored_cells.replace(tmp_path, broken(outcome.to_json().encode()).decode())
    assert store.of([outcome.key]) == {}
    store.put(outcome)
    assert store.of([outcome.key]) == {outcome.key: outcome}


@pytest.mark.fault("J15")
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_model_or_a_state_that_a_power_cut_emptied_is_named(broken, tmp_path):
    experiment = Experiment(dataset="two-clusters", num_components=2)
    data = load("two-clusters")
    save_model(tmp_path / "model.npz", model_of(experiment, data))
    save_state(tmp_path / "state.npz", experiment, trainer_of(experiment, data).init())
    for name, read, error in (("model", load_model, SavedModelError), ("state", load_state, ExperimentError)):
        file = tmp_path / f"{name}.npz"
        read(file)
        file.write_bytes(broken(file.read_bytes()))
        with pytest.raises(error, match="not an archive of arrays"):
            read(file)
