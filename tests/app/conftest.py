"""What tests of the app share: no run of one counts against the next, and data are those that ship if asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit import progress, uploads
from app.live.history import HISTORY
from app.live.jobs import JOBS
from app.live.runs import REGISTRY
from spncore.data import library
from tests.app.in_thread import InThread
from tests.waiting import PATIENCE, until


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """Stop what a test started: a session may have three runs under way, and all AppTests are one session."""
    yield
    for run in tuple(REGISTRY._runs.values()):
        REGISTRY.stop(run.id, run.session)


@pytest.fixture(autouse=True)
def what_comes_soon_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest does not run a fragment again by itself, as a browser does until a job has ended."""
    monkeypatch.setattr(progress, "SOON_SECONDS", PATIENCE)


@pytest.fixture
def browsers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page is a browser of its own: Streamlit's harness shows another cookie in every script run."""
    belongs = HISTORY.belongs
    monkeypatch.setattr(HISTORY, "belongs", lambda session, token: belongs(session, None))


@pytest.fixture
def jobs_in_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jobs are computed by this process, in which parts of the engine are replaced."""
    for lane in JOBS._lanes.values():
        monkeypatch.setattr(lane, "child", InThread())
    JOBS._jobs.clear()
    yield
    for job in list(JOBS._jobs.values()):
        for watcher in tuple(job.watchers):
            JOBS.leave(watcher, job.key)
    until(lambda: all(job.ended for job in JOBS._jobs.values()))
    JOBS._jobs.clear()


@pytest.fixture
def only_shipped_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No data set is at hand but those that ship with the lab, and no upload of another test."""
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    yield
    uploads._registered.cache_clear()
