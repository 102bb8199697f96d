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


def test_a_page_that_the_browser_itself_calls_the_servers_own_may_stop_a_run_behind_any_proxy(
    make: Any, data: Dataset
) -> None:
    registry = make()
    client, run_id = TestClient(Starlette(routes=routes(registry))), registry.start(WANTED, data, "a")
    said = {"Origin": "https://lab.example", "Host": "127.0.0.1:8501", "X-Session": "a"}
    for site in ("cross-site", "same-site", "none"):
        refused = client.post(f"/api/runs/{run_id}/stop", headers={**said, "Sec-Fetch-Site": site})
        assert refused.status_code == 403
        for part in ("https://lab.example", "127.0.0.1:8501", "proxy_set_header Host", "server.corsAllowedOrigins"):
            assert part in refused.json()["error"]
    answer = client.post(f"/api/runs/{run_id}/stop", headers={**said, "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 204
