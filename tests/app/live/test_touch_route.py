"""A touch on a drawing goes on at once, by who may, within what the page allows; the page then finds the same run."""

import json
import warnings
from typing import Any

import pytest
from starlette.applications import Starlette

from app.kit.link import SETTINGS
from app.live import routes as module
from app.live import touch
from app.live.locks import Locks
from app.live.routes import routes
from spncore import Dataset, Experiment
from spncore.runs.study import Study

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

STUDY = Study(Experiment(dataset="two-clusters", num_components=3, iterations=39, num_seeds=2), (1, 3))
WEIGHT = {"depth": 3, "layer": 1, "weight": 2, "at": 20, "value": 0.2}
OWN = {"Origin": "http://testserver", "X-Session": "a"}


@pytest.fixture
def lab(make: Any, data: Dataset) -> Any:
    registry = make()
    client = TestClient(Starlette(routes=routes(registry)))
    run_id = registry.start(STUDY, data, "a", "lab")

    def asks(asked: Any, headers: dict[str, str] = OWN) -> Any:
        sent = asked if isinstance(asked, bytes) else json.dumps(asked)
        return client.post(f"/api/runs/{run_id}/touch", content=sent, headers=headers)

    return registry, asks


@pytest.mark.parametrize("asked", [WEIGHT, {"at": 20, "rate": 0.5}, {"add": 4}, {"remove": 3}])
def test_the_page_finds_the_run_that_the_route_began(lab: Any, data: Dataset, asked: Any) -> None:
    registry, asks = lab
    begun = asks(asked).json()["run"]
    assert registry.get(begun).study == touch.after(STUDY, asked) != STUDY
    assert registry.start(touch.after(STUDY, asked), data, "a", "lab") == begun


@pytest.mark.parametrize(
    ("asked", "headers", "status", "said"),
    [
        (WEIGHT, {**OWN, "X-Session": "b"}, 403, "Only the page that started this run may go on from it."),
        (WEIGHT, {**OWN, "Origin": "http://evil.example"}, 403, "Only the lab's own page may do this"),
        ({**WEIGHT, "value": 1e9}, OWN, 400, "changes"),
        ({**WEIGHT, "value": float("nan")}, OWN, 400, "changes"),
        ([WEIGHT], OWN, 400, "what the drawing asked for is not understood"),
        (b"{", OWN, 400, "what the drawing asked for is not understood"),
        ({**WEIGHT, "more": "x" * 400}, OWN, 413, "What the drawing asked for is too long."),
    ],
)
def test_what_may_not_be_is_refused_and_the_run_goes_on(
    lab: Any, asked: Any, headers: dict[str, str], status: int, said: str
) -> None:
    registry, asks = lab
    before = registry.counts()
    answer = asks(asked, headers)
    assert answer.status_code == status and said in answer.json()["error"]
    assert sum(registry.counts().values()) == sum(before.values()) == 1


@pytest.mark.parametrize(
    ("locked", "asked", "allowed"),
    [
        ({"learning_rate"}, {"at": 20, "rate": 0.5}, False),
        ({"learning_rate"}, WEIGHT, True),
        ({"depths"}, {"add": 4}, False),
        ({"depths"}, {"remove": 3}, False),
        ({"depths"}, WEIGHT, True),
        ({"changes"}, WEIGHT, False),
        ({"changes"}, {"at": 20, "rate": 0.5}, False),
        ({"changes"}, {"add": 4}, True),
        ({"iterations"}, WEIGHT, True),
        ({"iterations"}, {**WEIGHT, "at": 39}, False),
    ],
)
def test_what_the_link_of_its_page_locks_no_touch_changes(
    lab: Any, monkeypatch: pytest.MonkeyPatch, locked: set[str], asked: Any, allowed: bool
) -> None:
    registry, asks = lab
    monkeypatch.setattr(module, "LOCKS", Locks(9))
    module.LOCKS.tell("a", locked)
    module.LOCKS.tell("b", {*SETTINGS})
    answer = asks(asked)
    assert answer.status_code == (200 if allowed else 403)
    if not allowed:
        assert answer.json()["error"].startswith(f"{min(locked)}: locked by the link")
        assert sum(registry.counts().values()) == 1


def test_what_takes_long_waits_for_a_press(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    registry, asks = lab
    monkeypatch.setattr(touch, "TOUCH_SECONDS", 0.0)
    answer = asks(WEIGHT)
    assert answer.status_code == 409 and "press Train" in answer.json()["error"]
    assert sum(registry.counts().values()) == 1


def test_limits_of_a_session_hold_for_touches(lab: Any) -> None:
    registry, asks = lab
    registry.drain()
    answer = asks(WEIGHT)
    assert answer.status_code == 429 and "about to be restarted" in answer.json()["error"]
