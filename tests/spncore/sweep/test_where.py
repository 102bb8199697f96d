"""Tasks go where a command says, else where the operator's environment says, and a place that cannot be is refused."""

import sys

import pytest

from spncore import load
from spncore.__main__ import main
from spncore.sweep import LocalWorkers, SweepError
from spncore.sweep.here import Here
from spncore.sweep.where import CLUSTER, checked, computed_here, computed_on, opener

DATA = {"two-clusters": load("two-clusters")}
NOBODY = "tcp://127.0.0.1:1"
SWEEP = ["sweep", "dataset=two-clusters", "num_components=2", "iterations=1", "depth=1"]


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "tls://login-1.cluster:65535", "tcp://[::1]:1", "local:64"])
def test_an_address_that_can_be_is_taken_as_it_is(address):
    assert checked(address) == address


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7:8786", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:65536", "tcp://a b:1", "http://host:8786"]
    + [
        "local:",
        "local:0",
        "local:65",
        "local:two",
        "tcp://host:8786/../x",
        "inproc://1",
        "tcp://host:8786\n",
        "",
        "１",
    ],
)
def test_an_address_that_cannot_be_is_refused_with_what_can(address):
    with pytest.raises(
        SweepError, match=r"^cluster: .* is refused; allowed: tcp://host:port, tls://host:port, or local:N"
    ):
        checked(address)


def place(number=1):
    """Where tasks would go: the words of the refusal to connect, or the workers."""
    try:
        return opener(DATA, number)(1)
    except SweepError as error:
        return str(error)


def test_a_command_comes_before_the_environment(monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra cluster")
    assert isinstance(place(), LocalWorkers)
    monkeypatch.setenv(CLUSTER, NOBODY)
    assert f"no dask scheduler answers at the address in {CLUSTER} (" in place()  # visitors of the lab are not told it
    with computed_on("tcp://127.0.0.1:2"):
        assert "no dask scheduler answers at tcp://127.0.0.1:2 (" in place()
    with computed_on(None):
        assert CLUSTER in place()
    with computed_on(""):
        assert isinstance(place(), LocalWorkers)
    assert CLUSTER in place()


def test_a_number_of_workers_is_of_this_computer_and_excludes_a_cluster(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(CLUSTER, "nonsense")
    out = ["--store", str(tmp_path / "kept"), "--out", str(tmp_path / "table.csv")]
    assert main([*SWEEP, *out]) == 2
    assert "cluster: 'nonsense' is refused" in capsys.readouterr().err
    assert main([*SWEEP, *out, "--workers", "1"]) == 0
    with pytest.raises(SystemExit):
        main([*SWEEP, *out, "--workers", "1", "--cluster", NOBODY])
    assert "not allowed with argument" in capsys.readouterr().err


def test_what_is_computed_already_needs_no_cluster(tmp_path, capsys):
    out = ["--store", str(tmp_path / "kept"), "--out", str(tmp_path / "table.csv")]
    assert main([*SWEEP, *out]) == 0
    assert main([*SWEEP, *out, "--cluster", NOBODY]) == 0
    assert capsys.readouterr().out.count("1 of 1 cells done") == 2


def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "spncore.sweep.cluster", raising=False)
    monkeypatch.delitem(sys.modules, "spncore.sweep.remote", raising=False)
    with computed_on(NOBODY):
        assert place() == "cluster: distributed is not installed; pip install 'spnlab[cluster]'"


def test_a_study_takes_a_cluster_too(tmp_path, capsys):
    pytest.importorskip("distributed", reason="needs the extra cluster")
    settings = ["dataset=two-clusters", "num_components=2", "num_seeds=2", "iterations=5", "depths=1,2"]
    assert main(["study", "classes", *settings, "--out", str(tmp_path), "--cluster", NOBODY]) == 2
    assert "no dask scheduler answers at" in capsys.readouterr().err


def test_a_process_that_is_a_worker_already_begins_no_others_and_goes_to_a_cluster_like_all(monkeypatch):
    with computed_here(lambda: True):
        assert isinstance(place(2), Here)
        with computed_on("nowhere"):
            assert "is refused" in place()
        monkeypatch.setenv(CLUSTER, "nowhere")
        assert "is refused" in place()
    monkeypatch.delenv(CLUSTER)
    assert isinstance(place(), LocalWorkers)
