"""The command `sweep` refuses by name, computes what is missing, and says how it went by its exit code."""

import pytest

from spncore.__main__ import main

SMALL = ["dataset=two-clusters", "num_components=2", "iterations=5"]


def run(tmp_path, *arguments):
    return main(["sweep", *SMALL, *arguments, "--out", str(tmp_path / "table.csv"), "--store", str(tmp_path / "kept")])


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
    ],
)
def test_what_cannot_be_is_refused_by_name_and_writes_nothing(tmp_path, capsys, arguments, words):
    assert run(tmp_path, *arguments) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


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
