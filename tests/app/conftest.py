"""What tests of the app share: no run of one counts against the next, and data are those that ship if asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit import uploads
from app.live.runs import REGISTRY
from spncore.data import library


@pytest.fixture(autouse=True)
def nothing_goes_on() -> Iterator[None]:
    """Stop what a test started: a session may have three runs under way, and all AppTests are one session."""
    yield
    for run in tuple(REGISTRY._runs.values()):
        REGISTRY.stop(run.id, run.session)


@pytest.fixture
def only_shipped_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No data set is at hand but those that ship with the lab, and no upload of another test."""
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    yield
    uploads._registered.cache_clear()
