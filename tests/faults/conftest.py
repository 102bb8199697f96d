"""A server that the tests of one file share, and stores; what needs limits of its own starts its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.serving import Serving
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The lab on a free port."""
    server = Serving(tmp_path_factory.mktemp("server")).opened()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a new store."""
    if request.param == "sqlite":
        yield str(tmp_path / "spnlab.db")
        return
    server = Postgres()
    yield server.database()
    server.close()
