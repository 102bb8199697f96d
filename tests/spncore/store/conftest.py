"""The same tests on both databases: a file of SQLite's, and a real PostgreSQL server where its programs are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spncore.store import Patience, Place, Store
from spncore.store.place import place_of
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """One server for all tests of a process; each has a database of its own."""
    started = Postgres()
    yield started
    started.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where there is no store yet."""
    if request.param == "sqlite":
        return Place(file=tmp_path / "spnlab.db")
    return place_of(request.getfixturevalue("server").database())


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """A new store there."""
    with Store(place) as opened:
        yield opened


@pytest.fixture
def hasty() -> Patience:
    """Who waits for nobody for long."""
    return Patience(busy=0.1, retry=0.5, migration=0.5, connect=1.0, pause=0.05)
