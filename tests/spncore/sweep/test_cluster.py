"""A sweep on a cluster gives the local table, whatever befalls workers, or says in words what is wrong."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from spncore import Experiment, load
from spncore.__main__ import main
from spncore.data.library import from_array
from spncore.studies.cells import answers
from spncore.sweep import Cell, Stopped, SweepError, cluster, groups, remote, run_cells, running
from spncore.sweep.cells import grid, table
from spncore.sweep.cluster import ClusterWorkers
from spncore.sweep.kept import KeptOutcomes
from tests import children
from tests.places import ROOT
from tests.spncore.sweep import cluster_faults
from tests.spncore.sweep.clusters import QUIET, Cluster, end
from tests.spncore.sweep.test_sweep import Here
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow
DATA = {"two-clusters": load("two-clusters")}
BASE = Cell(Experiment(dataset="two-clusters", num_components=2, iterations=20, init_noise=1e-3, num_seeds=2))


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """One scheduler for all tests, and its workers."""
    of_all = Cluster(tmp_path_factory.mktemp("cluster")).with_workers(2)
    yield of_all
    of_all.close()


@pytest.fixture
def folder(started):
    """Where its workers leave marks; empty."""
    for file in started.folder.iterdir():
        if file.is_file() and file.suffix != ".json":
            file.unlink()
    return started.folder


class Opened:
    """Opens workers of a cluster for a sweep, and keeps them to be looked at."""

    def __init__(self, address, function=None, data=DATA, **rest):
        compute = {"compute": f"{cluster_faults.__name__}:{function.__name__}"} if function else {}
        self.open, self.workers = lambda: ClusterWorkers(data, address, **compute, **rest), None

    def __call__(self, number):
        self.workers = self.open()
        return self.workers


def by_depth(outcomes):
    return {depth_of[outcome.key]: outcome for outcome in outcomes}


def depths(*numbers):
    return grid(BASE, {"depth": list(numbers)})


depth_of = {cell.key(DATA["two-clusters"].sha256): cell.experiment.depth for cell in depths(*range(1, 9))}


@pytest.mark.fault("H08", "D04")
def test_a_cluster_gives_the_table_of_this_process_each_cell_once(started):
    cells, opened = grid(BASE, {"depth": [1, 2], "seed": list(range(10))}), Opened(started.with_workers(2).address)
    found = list(run_cells(cells, DATA, opened))
    there, here = {p.key: p for p in found}, {p.key: p for p in run_cells(cells, DATA, Here)}
    assert len(found) == len(there) == 20 and {p.attempts for p in found} == {1}
    assert table(cells, there, DATA) == table(cells, here, DATA)
    assert opened.workers.words() == "2 workers"


def test_a_table_of_ones_own_reaches_a_worker_bit_for_bit_and_blas_has_one_thread_there(started):
    rng = np.random.default_rng(0)
    own = from_array(rng.integers(0, 2, (300, 11)), "sha256:own", title="Mine")
    workers = ClusterWorkers({"own": own}, started.address, compute=f"{cluster_faults.__name__}:seen")
    [(answer, _)] = running.run_tasks({"a": "{}"}, workers)
    (numbers, *rows) = json.loads(answer.result)
    assert rows == [own.sha256, own.rows.tolist(), own.counts.tolist(), False]
    assert set(numbers) == {1}


def test_published_rows_go_by_name_and_must_be_those_that_are_meant():
    data = DATA["two-clusters"]
    key, make, *values = remote.data_task(data)
    assert values == ["two-clusters", data.sha256] and make(*values) == data
    with pytest.raises(remote.DataError, match="^two-clusters: a worker has other rows than the sweep"):
        make("two-clusters", "0" * 64)
    part = load("two-clusters", "test")  # other rows under the same name travel themselves
    other, make, *values = remote.data_task(part)
    assert other != key and make(*values) == part and (make(*values).rows == part.rows).all()
    with pytest.raises(remote.DataError, match="not those that were sent"):
        make(*values[:-1], "0" * 64)


@pytest.mark.fault("H01")
def test_a_cell_whose_worker_is_killed_is_done_by_another(started, folder):
    opened = Opened(started.with_workers(2).address, cluster_faults.deadly)
    found = by_depth(run_cells(depths(1, 2, 4), DATA, opened))
    assert {depth: outcome.status for depth, outcome in found.items()} == dict.fromkeys((1, 2, 4), "done")
    assert found[2].attempts == 2 and len((folder / "depth-2").read_text().splitlines()) == 2
    assert opened.workers.words().endswith("1 cell lost and begun again")


@pytest.mark.fault("H04")
def test_a_cell_that_kills_its_workers_is_given_up_and_named(started, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "MAX_ATTEMPTS", 2)
    opened = Opened(started.with_workers(2).address, cluster_faults.deadly)
    store = KeptOutcomes.in_folder(tmp_path)
    [outcome] = run_cells(depths(3), DATA, opened, store)
    assert outcome.reason.startswith("given up: 2 workers were lost over it") and outcome.attempts == 2
    assert len((folder / "depth-3").read_text().splitlines()) == 2 and not store.of([outcome.key])


def test_stopping_reaches_inside_a_cell(started, folder):
    opened = Opened(started.with_workers(1).address, cluster_faults.endless)

    def report(done, total):
        if any(folder.glob("begun-*")):
            raise Stopped

    with pytest.raises(Stopped):
        list(run_cells(depths(2, 3), DATA, opened, None, report))
    until((folder / "ended").exists)
    assert (folder / "ended").read_text() == "Stopped\n" and len(list(folder.glob("begun-*"))) == 1


SWEEP = """
import signal, sys
from tests.spncore.sweep.test_cluster import *
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs the tests in the background ignores it
try:
    list(run_cells(depths(2), DATA, Opened(sys.argv[1], cluster_faults.endless)))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.fault("H03")
@pytest.mark.parametrize("signal", [2, 9], ids=["Ctrl-C", "kill -9"])
def test_a_sweep_that_is_killed_ends_what_it_had_under_way(started, folder, signal):
    command = [sys.executable, "-c", SWEEP, started.with_workers(1).address]
    with subprocess.Popen(command, cwd=ROOT, env=children.environment()) as sweep:
        try:
            until((folder / "begun-2").exists)
            sweep.send_signal(signal)
            assert sweep.wait(PATIENCE) == (130 if signal == 2 else -9)
        finally:
            sweep.kill()
    until(lambda: (folder / "ended").exists() and (folder / "ended").read_text() == "Stopped\n")


@pytest.mark.fault("H05")
def test_the_time_limit_reaches_inside_a_cell_and_the_others_of_its_group_are_done(started, folder, monkeypatch):
    monkeypatch.setattr(groups.Pace, "size", lambda self, waiting, slots: 4)
    opened = Opened(started.with_workers(1).address, cluster_faults.endless, task_seconds=1.0)
    cells = [*depths(2), *grid(BASE, {"depth": [1], "seed": [1, 2, 3]})]
    found = list(run_cells(cells, DATA, opened))
    reasons = [outcome.reason for outcome in found if outcome.status == "failed"]
    assert len(found) == 4 and reasons == ["timed out after 1 s"]
    assert set((folder / "ended").read_text().split()) == {"Overdue"}


def test_a_worker_that_does_not_notice_that_time_is_over_is_not_waited_for(started, monkeypatch):
    monkeypatch.setattr(cluster, "LATE_SECONDS", 0.1)
    opened = Opened(started.with_workers(1).address, cluster_faults.deaf, task_seconds=0.3)
    [outcome] = run_cells(depths(2), DATA, opened)
    assert outcome.reason == "timed out after 0.3 s"
    end(started.workers[0])


@pytest.mark.fault("H07")
def test_other_versions_are_refused_by_name_at_once_and_of_workers_that_join_later(started, folder):
    opened = Opened(started.with_workers(1).address, cluster_faults.endless)
    late = []

    def report(done, total):
        if any(folder.glob("begun-*")) and not late:
            late.append(started.worker("--preload", cluster_faults.__file__))

    words = rf"numpy 1\.0 there, {np.__version__} here; install the same on both and start the worker again"
    with pytest.raises(SweepError, match=f"^cluster: the worker tcp://.* has {words}.*is kept"):
        list(run_cells(depths(2, 3), DATA, opened, None, report))
    with pytest.raises(SweepError, match=f"^cluster: the worker tcp://.* has {words}$"):
        opened(1)
    end(late[0])


@pytest.mark.fault("H07", "H10")
def test_a_scheduler_that_cannot_read_what_it_passes_on_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(QUIET, "PYTHONPATH", str(tmp_path))  # spncore is not there
    alone = Cluster(tmp_path)
    try:
        words = (
            "^cluster: the scheduler cannot do what it is asked .*No module named 'spncore'.*; install the same spnlab"
        )
        with pytest.raises(SweepError, match=words):
            ClusterWorkers(DATA, alone.address)
    finally:
        alone.close()


@contextlib.contextmanager
def listening(answer):
    """The address of something that is no scheduler: it answers these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection = server.accept()[0]
                    connections.append(connection)
                    connection.sendall(answer)

        connections = []
        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        for each in connections:
            each.close()


@pytest.mark.fault("H07")
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9], ids=["silence", "a web server"])
def test_what_is_no_scheduler_is_refused_in_a_sentence(monkeypatch, answer):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with listening(answer) as address, pytest.raises(SweepError, match=f"^cluster: no dask scheduler .* {address}"):
        ClusterWorkers(DATA, address)


@pytest.mark.fault("H07")
def test_an_address_that_nobody_answers_is_named_with_what_to_do(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    begin = time.monotonic()
    arguments = ["sweep", "dataset=two-clusters", "depth=1", "iterations=1", "--cluster", address]
    assert main([*arguments, "--store", str(tmp_path), "--out", str(tmp_path / "table.csv")]) == 2
    assert time.monotonic() - begin < 60.0
    words = f"cluster: no dask scheduler answers at {address} (Connection refused); start one with: dask scheduler"
    assert capsys.readouterr().err.startswith(words)


def test_a_scheduler_without_workers_is_given_up_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 0.1)
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.05)
    alone = Cluster(tmp_path)
    try:
        with pytest.raises(SweepError, match="has had no workers for 0.1 s; start some with: dask worker"):
            list(run_cells(depths(1), DATA, Opened(alone.address)))
    finally:
        alone.close()


def test_a_study_goes_to_the_cluster_of_the_environment(started, monkeypatch):
    monkeypatch.setenv("SPNLAB_CLUSTER", started.with_workers(1).address)
    compute, told = f"{cluster_faults.__name__}:plain", []
    found = answers({"one": depths(1)[0].to_json()}, DATA, compute, lambda *said: told.append(said))
    assert json.loads(found["one"])["status"] == "done" and told[-1] == (1, 1)


def test_a_cluster_of_ones_own_needs_no_address(tmp_path, capsys):
    arguments = ["sweep", "dataset=two-clusters", "num_components=2", "iterations=5", "depth=1,2"]
    assert (
        main([*arguments, "--cluster", "local:1", "--store", str(tmp_path), "--out", str(tmp_path / "table.csv")]) == 0
    )
    assert "2 of 2 cells done" in capsys.readouterr().out


@pytest.mark.fault("H02")
def test_a_dead_scheduler_loses_nothing_that_was_done(started, tmp_path):  # the last test, for there is none after it
    opened = Opened(started.with_workers(2).address, cluster_faults.endless)
    store = KeptOutcomes.in_folder(tmp_path)
    found, calls = [], []
    with pytest.raises(SweepError, match=f"the scheduler at {started.address} has gone .*is kept"):
        for outcome in run_cells(depths(1, 2), DATA, opened, store):
            found.append(outcome)
            end(started.scheduler)
    assert len(found) == 1
    list(run_cells(depths(1, 2), DATA, lambda n: Here(n, calls), store))
    assert [depth_of[key] for key in calls] == [2]
    until(lambda: all(each.poll() is not None for each in started.workers))  # they end with it, busy or not
