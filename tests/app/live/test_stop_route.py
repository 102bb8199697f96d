"""Who may stop a run: its own session's page, and pages of origins that the server was told of."""

import warnings
from typing import Any

import pytest
from starlette.applications import Starlette

from app.live.routes import routes
from spncore import Dataset
from tests.app.live.conftest import ENDLESS, study

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

WANTED = study(ENDLESS)


def test_another_session_that_knows_a_runs_id_cannot_stop_it_and_is_told_so(make: Any, data: Dataset) -> None:
    registry = make()
    client, run_id = TestClient(Starlette(routes=routes(registry))), registry.start(WANTED, data, "a")
    for headers in ({}, {"X-Session": ""}, {"X-Session": "b"}):
        answer = client.post(f"/api/runs/{run_id}/stop", headers={"Origin": "http://testserver", **headers})
        assert answer.status_code == 403
        assert answer.json() == {"error": "Only the page that started this run may stop it."}
    run = registry.get(run_id)
    assert run is not None and not run.stopped


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://testserver.evil.example",
        "testserver",
        "http://testserver:81",
        "",
        "http://evil@testserver",
    ],
)
def test_a_foreign_page_cannot_stop_a_run(make: Any, data: Dataset, origin: str | None) -> None:
    registry = make()
    client, run_id = TestClient(Starlette(routes=routes(registry))), registry.start(WANTED, data, "a")
    answer = client.post(
        f"/api/runs/{run_id}/stop", headers={"X-Session": "a", **({} if origin is None else {"Origin": origin})}
    )
    assert answer.status_code == 403 and answer.headers["content-type"] == "application/json"
    run = registry.get(run_id)
    assert run is not None and not run.stopped


def test_origins_that_the_server_was_told_of_may_stop_a_run(make: Any, data: Dataset) -> None:
    registry = make()
    client = TestClient(Starlette(routes=routes(registry, origins=["https://lab.example"])))
    run_id = registry.start(WANTED, data, "a")
    answer = client.post(f"/api/runs/{run_id}/stop", headers={"Origin": "https://lab.example", "X-Session": "a"})
    assert answer.status_code == 204
