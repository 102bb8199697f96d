"""What tests of views share: a registry for the whole module, and a client of its routes."""

import warnings
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from app.live.routes import routes
from app.live.runs import RunRegistry
from tests.app.live import here

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient


@pytest.fixture(scope="module")
def registry() -> Iterator[RunRegistry]:
    made = here.registry()
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(registry: RunRegistry) -> TestClient:
    return TestClient(Starlette(routes=routes(registry)))
