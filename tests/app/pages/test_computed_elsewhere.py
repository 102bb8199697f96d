"""No thread of the server trains: pages are opened, and their runs and jobs made, where training is refused."""

import threading
from importlib import import_module

import pytest

from app.kit import progress
from app.live.jobs import JOBS, JobBoard
from app.live.limits import server_limits
from app.live.runs import REGISTRY
from spncore.learning import em
from spncore.learning.lockstep import Lockstep
from spncore.learning.trainer import Trainer
from spncore.linear import network, rates
from tests.addresses import at_address
from tests.app.in_thread import InThread
from tests.waiting import until

TRAINS = (
    (Trainer, "advance"),
    (Trainer, "step"),
    (Lockstep, "advance"),
    (em, "fit"),
    (network, "step"),
    (network, "run"),
    (rates, "follow"),
    (import_module("spncore.structures.learn_spn"), "_learn"),  # the package has functions of these names
    (import_module("spncore.structures.chow_liu"), "fit_tree"),
)
SHORT = {"dataset": "two-clusters", "iterations": "10", "num_seeds": "1"}
LEARNED = {"data": "two-clusters", "net": "learn_spn"}
PAGES = {
    "opened": [
        ("", SHORT),
        ("dynamics", {}),
        ("runs", {}),
        ("compare", {}),
        ("circuits", {**SHORT, "structure": "learn_spn"}),
        ("ask", {}),
        ("linear", {}),
        ("maths", {}),
        ("figure3", {}),
        ("fair", {}),
        ("phase", {}),
        ("grid", {}),
    ]
    + [("classes", {}), ("update2020", {}), ("teach", {}), ("about", {}), ("lesson", {"lesson": "figure3"})],
    "linked": [("ask", {"data": "two-clusters", "net": "chow_liu"}), ("ask", LEARNED)]
    + [
        ("ask", {"net": "rat_elementwise", "k": "3", "data": "two-clusters"}),
        ("linear", {"p": "2", "num_layers": "3"}),
    ],
}

pytestmark = pytest.mark.usefixtures("only_shipped_data")


@pytest.fixture
def trained_here(monkeypatch):
    """The threads of this process in which something was trained, which fails there."""
    seen = []

    def refused(*_, **__):
        seen.append(threading.current_thread().name)
        raise AssertionError("trained in the server's process")

    for owner, name in TRAINS:
        monkeypatch.setattr(owner, name, refused)
    return seen


@pytest.fixture
def begun(monkeypatch):
    """A board that knows nothing yet, for pages; with processes of its own or, for those that ask, with threads."""
    boards = []

    def begin(*process):
        boards.append(JobBoard(server_limits(), *process))
        monkeypatch.setattr(progress, "JOBS", boards[-1])
        return boards[-1]

    yield begin
    for board in boards:
        board.close()


def settled(page, query):
    """The page, once its jobs and runs have ended."""
    at = at_address(page, **query).run()
    until(lambda: all(job.ended for job in progress.JOBS._jobs.values()))
    until(lambda: all(run.ended for run in REGISTRY._runs.values()))
    at.run()
    assert not at.exception
    return at


@pytest.mark.parametrize("pages", [pytest.param("opened", marks=pytest.mark.slow), "linked"])
def test_pages_show_what_only_their_jobs_have_trained(pages, trained_here, begun):
    board, before = begun(), set(REGISTRY._runs)
    for page, query in PAGES[pages]:
        at = settled(page, query)
        drawn = at.get("plotly_chart") or at.get("bidi_component")
        assert not at.error and (drawn or page == "about"), page
    runs = {run.state for name, run in REGISTRY._runs.items() if name not in before}
    assert runs == ({"done"} if pages == "opened" else set())
    assert {job.state for job in board._jobs.values()} == {"done"} and not trained_here


def test_training_in_a_thread_of_this_process_would_be_seen(trained_here, begun):
    begun(InThread)
    for page in ("ask", "linear", "maths"):
        settled(page, {})
    assert len(trained_here) >= 3 and JOBS is not progress.JOBS
