"""A process beside the server's: answers in order, gives way, and what dies can be begun again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest

from app.live.child import ROOT, Child, ChildDied
from tests.waiting import until


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child("tests.app.live.echo", 3)
    made.start()
    yield made
    made.close()


def test_answers_come_in_order_from_a_process_that_gives_way_and_prints_to_the_log(child: Child) -> None:
    arrays = np.arange(300_000.0), np.zeros((0, 3))
    for message in ("one", arrays, None):
        child.send(message)
    said = [child.receive() for _ in range(3)]
    assert said[0] == ("one", os.nice(0) + 3)
    assert np.array_equal(said[1][0][0], arrays[0]) and said[1][0][1].shape == (0, 3)
    assert said[2][0] is None


def test_whoever_waits_for_a_process_that_dies_learns_it_and_another_one_goes_on(child: Child) -> None:
    child.send("die")
    with pytest.raises(ChildDied):
        child.receive()
    until(lambda: not child.alive)
    with pytest.raises(ChildDied):
        child.send("too late")
        child.receive()
    child.start()
    child.send("again")
    assert child.receive()[0] == "again"


def test_it_ends_when_nothing_more_can_be_sent(child: Child) -> None:
    child.close()
    assert not child.alive


@pytest.mark.slow
def test_it_ends_with_a_server_that_is_killed() -> None:
    program = (
        "import time\nfrom app.live.child import Child\nchild = Child('tests.app.live.echo', 0)\nchild.start()\n"
        "child.send(1)\nchild.receive()\nprint(child.pid, flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    def gone() -> bool:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            return False
        return True

    try:
        until(gone)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("module", ["app.live.trainer", "app.live.working", "app.pages.linear.words"])
def test_processes_that_only_compute_load_neither_the_database_nor_the_page(module: str) -> None:
    heavy = "('sqlalchemy', 'psycopg', 'streamlit', 'plotly', 'pandas')"
    program = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
