"""Sweeps: the same one twice at once, and a worker that lacks the project."""

import subprocess
import sys
from pathlib import Path

import pytest

from spncore import Experiment, load
from spncore.sweep import Cell, SweepError, run_cells
from spncore.sweep.cells import grid
from tests import children, stored_cells
from tests.places import ROOT

SWEEP = ["sweep", "dataset=two-clusters", "num_components=2", "iterations=20", "depth=1,2,3", "seed=0,1,2,3"]


@pytest.mark.slow
def test_H09_the_same_sweep_twice_at_once_doubles_no_cell(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "spncore", *SWEEP, "--store", str(tmp_path / "kept"), "--workers", "2", "--out"]
    both = [
        subprocess.Popen([*command, str(tmp_path / name)], cwd=ROOT, env=children.environment(), stdout=-3, stderr=-3)
        for name in ("one.csv", "two.csv")
    ]
    assert [each.wait() for each in both] == [0, 0]
    table = (tmp_path / "one.csv").read_bytes()
    assert table == (tmp_path / "two.csv").read_bytes() and len(table.splitlines()) == 13
    assert len(stored_cells.cells(tmp_path / "kept")) == 12 and not list((tmp_path / "kept").rglob("*.part"))


@pytest.mark.slow
def test_H10_a_worker_without_the_project_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the optional extra `cluster` is not installed")
    from spncore.sweep.cluster import ClusterWorkers
    from tests.spncore.sweep import clusters

    started = clusters.Cluster(tmp_path)
    try:
        monkeypatch.setitem(clusters.QUIET, "PYTHONPATH", str(tmp_path))  # spncore is not there
        address = started.with_workers(1).address
        cells = grid(Cell(Experiment(dataset="two-clusters", iterations=3)), {"depth": [1, 2]})
        data = {"two-clusters": load("two-clusters")}
        with pytest.raises(SweepError, match="^cluster: the worker tcp://.*spncore") as refusal:
            list(run_cells(cells, data, lambda _: ClusterWorkers(data, address)))
        assert "\n" not in str(refusal.value)
    finally:
        started.close()
