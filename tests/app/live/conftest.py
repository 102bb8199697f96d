"""What tests of live runs share: small studies, data, registries that are closed afterwards, and a clock."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.live import run as run_module
from app.live import runs as runs_module
from app.live import scheduler as scheduler_module
from app.live.run import LiveRun
from app.live.runs import RunRegistry
from spncore import Dataset, Experiment, load
from spncore.runs.study import Study
from tests.app.live.here import registry as new_registry
from tests.waiting import until

SMALL = Experiment(dataset="two-clusters", num_components=2, iterations=40, num_seeds=2)
ENDLESS = SMALL.replace(num_components=8, iterations=5000, num_seeds=6)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("two-clusters")


@pytest.fixture
def make() -> Iterator[Callable[..., RunRegistry]]:
    """Registries with two places and other limits as asked for; closed after the test."""
    made = []

    def registry(**limits: Any) -> RunRegistry:
        made.append(new_registry(**limits))
        return made[-1]

    yield registry
    for each in made:
        each.close()


def study(experiment: Experiment = SMALL, depths: tuple[int, ...] = (1, 2), **changes: Any) -> Study:
    return Study(experiment.replace(**changes), depths)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The registry's time, one number that only the test moves; the scheduler looks after the runs all the time."""
    now = [0.0]
    for module in (runs_module, run_module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(scheduler_module, "TEND_SECONDS", 0.01)
    return now


def get(registry: RunRegistry, run_id: str) -> LiveRun:
    run = registry.get(run_id)
    assert run is not None
    return run


def ended(registry: RunRegistry, run_id: str) -> LiveRun:
    run = get(registry, run_id)
    until(lambda: run.state not in ("queued", "running"))
    return run
