"""The lab as a class has it: servers of their own, and the shipped proxies before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.proxies import Proxy
from tests.e2e.conftest import LAB, AppServer

SEEDS = count(5000)
StartProxy = Callable[..., Proxy]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The lab as it is started for everybody; pages of one other site may use it, as the operator's page says."""
    folder = tmp_path_factory.mktemp("lab")
    server = AppServer((*LAB, "--server.corsAllowedOrigins", "https://named.example"), folder / "server.log")
    yield server
    server.close()


@pytest.fixture(scope="session")
def lab_below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The lab started for a proxy that keeps the path before it."""
    server = AppServer((*LAB, "--base-url", "lab"), tmp_path_factory.mktemp("below") / "server.log", base="lab/")
    yield server
    server.close()


@pytest.fixture
def start_proxy(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StartProxy]:
    """`start_proxy(kind, variant, …)` gives a proxy before the lab that its variant needs."""
    started: list[Proxy] = []

    def start(kind: str, variant: str = "root", **how: Any) -> Proxy:
        server: AppServer = request.getfixturevalue("lab_below" if variant == "kept" else "lab")
        started.append(Proxy(kind, tmp_path, server.port, variant, **how))
        return started[-1]

    yield start
    for proxy in started:
        proxy.close()


@pytest.fixture
def link() -> str:
    """A link to a run that lasts, and that no other test shares."""
    return f"v=2&dataset=nltcs-twin&num_components=64&iterations=5000&num_seeds=6&depths=1,2,3&seed={next(SEEDS)}"
