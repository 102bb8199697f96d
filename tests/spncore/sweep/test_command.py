"""The command `sweep` refuses by name, computes what is missing, and says how it went by its exit code."""

import pytest

from spncore import Experiment, load
from spncore.__main__ import main
from spncore.sweep import Cell
from spncore.sweep.cells import grid
from spncore.sweep.command import share

SMALL = ["dataset=two-clusters", "num_components=2", "iterations=5"]


def run(tmp_path, *arguments):
    place = [] if "--shard" in arguments else ["--out", str(tmp_path / "table.csv")]
    return main(["sweep", *SMALL, *arguments, *place, "--store", str(tmp_path / "kept")])


@pytest.mark.fault("C15")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["depth"], "depth: write field=value,value"),
        (["depth="], "depth: no value given"),
        (["depth=1", "depth=2"], "depth: given twice"),
        (["depth=1,x"], "depth: 'x' is not a whole number"),
        (["seed=" + ",".join(map(str, range(5001))), "depth=1,2"], "10002 cells; the limit is 10000"),
        (["depth=1", "--workers", "-2"], "workers: -2 is out of range"),
        (["depth=1", "--target", "speed=3"], "target: speed 3 is refused"),
        (["depth=1", "--target", "llh"], "--target: 'llh': write llh=-7.2"),
        (["depth=1", "--shard", "0/3"], "--shard: '0/3' is refused; allowed: I/N with I from 1 to N"),
        (["depth=1", "--shard", "4/3"], "--shard: '4/3' is refused"),
        (["depth=1", "--shard", "1"], "--shard: '1' is refused"),
        (["depth=1", "--cluster", "host"], "cluster: 'host' is refused; allowed: tcp://host:port"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_writes_nothing(tmp_path, capsys, arguments, words):
    assert run(tmp_path, *arguments) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("C15")
@pytest.mark.slow
def test_the_same_sweep_again_is_the_same_table_and_computes_nothing(tmp_path, capsys, monkeypatch):
    arguments = ["depth=1,2,2", "learning_rate=0.001,0.01", "--target", "llh=-3", "--workers", "2"]
    assert run(tmp_path, *arguments) == 0
    first = (tmp_path / "table.csv").read_bytes()
    assert len(first.splitlines()) == 5 and b"to_llh_-3" in first
    monkeypatch.setattr("spncore.sweep.local._Process", None)  # no process is started
    assert run(tmp_path, *arguments) == 0
    assert (tmp_path / "table.csv").read_bytes() == first
    assert "4 of 4 cells done, 0 failed, 0 retries" in capsys.readouterr().out


def test_a_table_needs_a_place(capsys):
    assert main(["sweep", *SMALL, "depth=1"]) == 2
    assert capsys.readouterr().err == "--out FILE: say where the table goes\n"
    assert main(["sweep", *SMALL, "depth=1", "--shard", "1/2", "--out", "table.csv"]) == 2
    assert capsys.readouterr().err.startswith("--out: a share writes no table; leave it out")


@pytest.mark.parametrize("number", [1, 2, 3, 8])
def test_shares_are_every_cell_once_and_nearly_equal_whatever_their_order(number):
    data = {"two-clusters": load("two-clusters")}
    cells = grid(Cell(Experiment(dataset="two-clusters")), {"depth": [1, 2, 3, 2], "seed": [0, 1]})
    shares = [share(cells, data, f"{n}/{number}") for n in range(1, number + 1)]
    assert sorted(cell.to_json() for each in shares for cell in each) == sorted(cell.to_json() for cell in {*cells})
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert shares[-1] == share(cells[::-1], data, f"{number}/{number}")


@pytest.mark.slow
def test_jobs_fill_one_store_and_the_same_command_without_a_share_makes_the_table(tmp_path, capsys, monkeypatch):
    arguments = ["depth=1,2", "learning_rate=0.001,0.01", "--target", "llh=-3"]
    for job in ("1/3", "2/3", "3/3"):
        assert run(tmp_path, *arguments, "--shard", job) == 0
    assert run(tmp_path, "depth=1", "--shard", "2/3") == 0  # nothing is left for it
    assert not (tmp_path / "table.csv").exists() and "2 of 2 cells done" in capsys.readouterr().out
    monkeypatch.setattr("spncore.sweep.local._Process", None)  # no process is started
    assert run(tmp_path, *arguments) == 0
    shared = (tmp_path / "table.csv").read_bytes()
    monkeypatch.undo()
    assert (
        main(["sweep", *SMALL, *arguments, "--store", str(tmp_path / "own"), "--out", str(tmp_path / "own.csv")]) == 0
    )
    assert shared == (tmp_path / "own.csv").read_bytes()
