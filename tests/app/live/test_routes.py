"""The run routes: cursors lose nothing, answers have their type, and what is foreign or ill-formed is refused."""

import json
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import Route

from app.live.computation import Computation
from app.live.routes import routes
from app.live.run import LiveRun
from app.live.runs import RunRegistry
from app.live.views import frames
from spncore import Dataset, Experiment, Trace, fit, load, run
from spncore.data.library import from_array
from spncore.dynamics.steps import beyond_first_order
from spncore.runs.study import Study
from tests.app.live import here
from tests.waiting import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

SMALL = Experiment(dataset="two-clusters", num_components=3, iterations=39, num_seeds=2, seed=5)  # forty states
STUDY = Study(SMALL, (1, 3))
ENDLESS = Study(SMALL.replace(num_components=8, iterations=5000, num_seeds=6), (1, 2))
UNKNOWN = "A" * 22


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load("two-clusters")


@pytest.fixture
def registry() -> Iterator[RunRegistry]:
    made = here.registry()
    yield made
    made.close()


@pytest.fixture
def client(registry: RunRegistry) -> TestClient:
    return TestClient(Starlette(routes=routes(registry)))


@pytest.fixture
def done(registry: RunRegistry, data: Dataset) -> LiveRun:
    return finished(registry, STUDY, data)


def finished(registry: RunRegistry, study: Study, data: Dataset) -> LiveRun:
    run = registry.get(registry.start(study, data, "a"))
    assert run is not None
    until(lambda: run.computation.ended)
    return run


def read(client: TestClient, address: str) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Header and body of an answer, as the browser reads them."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    length = int.from_bytes(answer.content[:4], "little")
    assert (4 + length) % 8 == 0, "the body is aligned for Float32Array"
    return json.loads(answer.content[4 : 4 + length]), np.frombuffer(answer.content[4 + length :], "<f4")


def expected_frames(traces: list[Trace], seed: int) -> NDArray[np.float32]:
    """What the engine's own traces say, field by field in the order of the layout."""
    columns: list[NDArray[Any]] = []
    for trace in traces:
        columns += [trace.value.T, trace.components.T, trace.rho[seed], trace.lam[seed], trace.effective_weights[seed]]
        passed = beyond_first_order(trace.weights[seed], trace.flow[seed], trace.sums, *trace.rates)
        columns += [trace.weights[seed], np.concatenate([[0], passed[:-1]])[:, None], trace.at_floor[seed][:, None]]
    return np.concatenate(columns, axis=1).astype("<f4")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_frames_are_the_engines_own_numbers_in_float32(
    registry: RunRegistry, client: TestClient, data: Dataset, seed: int, parametrisation: str
) -> None:
    study = Study(SMALL.replace(parametrisation=parametrisation), (1, 3))
    run = finished(registry, study, data)
    header, body = read(client, f"/api/runs/{run.id}?from=0&seed={seed}")
    assert (header["state"], header["frames"], header["length"], header["stride"]) == ("done", 40, 40, 1)
    expected = expected_frames([fit(experiment, data) for experiment in study.experiments()], seed)
    assert np.array_equal(body.reshape(40, -1), expected)


@pytest.mark.parametrize("start", [0, 1, 17, 39, 40])
def test_from_n_gives_exactly_the_rest(client: TestClient, done: LiveRun, start: int) -> None:
    _, whole = read(client, f"/api/runs/{done.id}")
    header, rest = read(client, f"/api/runs/{done.id}?from={start}")
    assert header["from"] == start and header["frames"] == 40 - start
    assert np.array_equal(whole.reshape(40, -1)[start:].ravel(), rest)


def test_pieces_fetched_while_training_add_up_to_the_whole(
    registry: RunRegistry, client: TestClient, data: Dataset
) -> None:
    study = Study(SMALL.replace(num_components=8, iterations=599, num_seeds=3), (1, 2, 3))
    run_id = registry.start(study, data, "a")
    pieces, cursor, length, state, answers = [], 0, 0, "running", 0
    while state in ("queued", "running") or cursor < length:
        header, body = read(client, f"/api/runs/{run_id}?from={cursor}&seed=2")
        assert header["from"] == cursor
        pieces.append(body)
        cursor, length = cursor + header["frames"], header["length"]
        state, answers = header["state"], answers + 1
    assert (state, cursor) == ("done", 600) and answers > 3
    expected = expected_frames([fit(experiment, data) for experiment in study.experiments()], 2)
    assert np.array_equal(np.concatenate(pieces).reshape(600, -1), expected)


def test_an_answer_is_bounded_and_the_rest_is_there_for_the_asking(
    registry: RunRegistry, client: TestClient, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(registry, STUDY, data)
    monkeypatch.setattr(frames, "ANSWER_BYTES", 7 * 4 * frames.layout(run)["fields"])
    cursor, sizes = 0, []
    while cursor < 40:
        header, _ = read(client, f"/api/runs/{run.id}?from={cursor}")
        cursor += header["frames"]
        sizes.append(header["frames"])
    assert sizes == [7, 7, 7, 7, 7, 5]


def test_a_long_run_is_thinned_but_keeps_its_last_iteration(
    registry: RunRegistry, client: TestClient, data: Dataset
) -> None:
    study = Study(SMALL.replace(iterations=2499, num_seeds=1, num_components=2), (1,))
    run = finished(registry, study, data)
    header, body = read(client, f"/api/runs/{run.id}")
    kept = [*range(0, 2500, 3)]
    assert header["stride"] == 3 and kept[-1] == 2499
    assert np.array_equal(body.reshape(header["frames"], -1)[:, 0], run.traces()[0].llh[0, kept].astype("<f4"))
    stopped = finished(registry, Study(study.experiment.replace(iterations=2500), (1,)), data)
    header, body = read(client, f"/api/runs/{stopped.id}")
    last = body.reshape(header["frames"], -1)[-1, 0]
    assert header["frames"] == 835 and last == np.float32(stopped.traces()[0].llh[0, 2500])


def test_a_stopped_run_tells_its_length_and_keeps_its_last_frame(
    registry: RunRegistry, client: TestClient, data: Dataset
) -> None:
    run_id = registry.start(Study(ENDLESS.experiment, (1, 2)), data, "a")
    while read(client, f"/api/runs/{run_id}")[0]["length"] < 2:
        pass
    answer = client.post(f"/api/runs/{run_id}/stop", headers={"Origin": "http://testserver", "X-Session": "a"})
    assert answer.status_code == 204 and answer.content == b""
    header, body = read(client, f"/api/runs/{run_id}")
    assert header["state"] == "stopped" and header["reason"] == f"Stopped after {header['done'] - 1} updates."
    run = registry.get(run_id)
    assert run is not None
    assert body.reshape(header["frames"], -1)[-1, 0] == np.float32(run.traces()[0].llh[0, -1])


@pytest.mark.fault("D05")
def test_a_depth_that_diverged_is_nan_from_then_on(registry: RunRegistry, client: TestClient, data: Dataset) -> None:
    experiment = SMALL.replace(
        parametrisation="log",
        objective="unnormalised",
        learning_rate=3.0,
        init_scale=1.3,
        num_components=2,
        iterations=29,
        seed=0,
    )
    run = finished(registry, Study(experiment, (1, 3)), data)
    header, body = read(client, f"/api/runs/{run.id}")
    llh = body.reshape(30, -1)[:, [0, frames.layout(run)["curves"][1]["offsets"]["value"]]]
    length = run.recorders[1].length
    assert header["state"] == "failed" and 0 < length < 30
    assert np.isfinite(llh[:length]).all() and np.isnan(llh[length:, 1]).all() and np.isfinite(llh[:, 0]).all()
    assert [length - 1, f"L=3 {run.recorders[1].stopped}."] in header["events"]


def test_the_layout_says_where_every_field_is(client: TestClient, done: LiveRun, data: Dataset) -> None:
    answer = client.get(f"/api/runs/{done.id}/layout")
    layout = answer.json()
    assert answer.headers["content-type"] == "application/json"
    header, body = read(client, f"/api/runs/{done.id}?from=39&seed=1")
    assert (
        body.size
        == layout["fields"]
        == 2 * 3 * 3 + 2 * (2 + 2 + 1 + 1) + sum(sum(d["sizes"]) for d in layout["curves"])
    )
    for depth, trace in zip(layout["curves"], done.traces(), strict=True):
        offsets = depth["offsets"]
        assert np.array_equal(body[offsets["value"] :][:2], trace.value[:, 39].astype("<f4"))
        assert np.array_equal(body[offsets["lam"] :][:3], trace.lam[1, 39].astype("<f4"))
        assert np.array_equal(body[offsets["w"] :][:3], trace.effective_weights[1, 39].astype("<f4"))
        assert body[offsets["at_floor"]] == trace.at_floor[1, 39]
        assert depth["phi"] == trace.sums.phi.tolist() and depth["sizes"] == trace.sums.sizes.tolist()
    assert layout["seeds"] == [5, 6] and layout["num_components"] == 3
    assert layout["variables"] == list(data.variables) and layout["dataset"]["sha256"] == data.sha256
    assert layout["reference"]["independent"] < layout["reference"]["entropy"] < 0
    assert layout["settings"]["learning_rate"] == SMALL.learning_rate and "depth" not in layout["settings"]


def test_components_are_those_of_the_nearest_kept_iteration(client: TestClient, done: LiveRun, data: Dataset) -> None:
    for frame, seed in ((0, 0), (39, 1), (20, 1)):
        header, body = read(client, f"/api/runs/{done.id}/components?at={frame}&seed={seed}")
        assert header["at"] == frame and header["depths"] == [1, 3]
        for depth, found in zip((1, 3), body.reshape(2, 3, data.num_variables), strict=True):
            steps = run(SMALL.replace(depth=depth), data)
            info = [info for _, info in steps][frame]
            zeros, ones = info.inputs[0][seed]
            assert np.array_equal(found, (ones / (zeros + ones)).astype("<f4"))


def test_components_are_never_further_than_half_a_hundredth_of_the_run_away(
    registry: RunRegistry, client: TestClient, data: Dataset
) -> None:
    run = finished(registry, Study(SMALL.replace(iterations=1999, num_seeds=1), (1,)), data)
    for frame in range(0, 1000, 37):
        header, _ = read(client, f"/api/runs/{run.id}/components?at={frame}")
        assert abs(header["at"] - frame * 2) <= 10


@pytest.mark.parametrize(
    "query",
    ["from=-1", "from=x", "from=1.5", "from=1e3", "from=99999999999", "from=٣", "from=0&from=1", "from=41", "from="]
    + ["seed=2", "seed=-1", "seed=x", "seed=0&seed=1"],
)
def test_bad_cursors_and_seeds_are_refused_in_words(client: TestClient, done: LiveRun, query: str) -> None:
    answer = client.get(f"/api/runs/{done.id}?{query}")
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/json"
    assert answer.json()["error"].startswith(query.split("=")[0])


@pytest.mark.fault("C06")
@pytest.mark.parametrize(
    "run_id", [UNKNOWN, "x", "A" * 23, "%00", "A" * 5000, "..%2f..%2fetc", "'%20OR%201=1%20--", "%3Cscript%3E"]
)
@pytest.mark.parametrize("part", ["", "/layout", "/components"])
def test_unknown_and_ill_formed_ids_are_not_found(client: TestClient, run_id: str, part: str) -> None:
    answer = client.get(f"/api/runs/{run_id}{part}")
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/json"
    assert "script" not in answer.text and "A" * 22 not in answer.text


@pytest.mark.parametrize(
    "method, part", [("POST", ""), ("DELETE", "/layout"), ("PUT", "/components"), ("GET", "/stop")]
)
def test_wrong_methods_are_refused(client: TestClient, done: LiveRun, method: str, part: str) -> None:
    answer = client.request(method, f"/api/runs/{done.id}{part}")
    assert answer.status_code == 405 and answer.headers["allow"] in ("GET", "POST")
    assert answer.headers["content-type"] == "application/json" and method in answer.json()["error"]


@pytest.mark.parametrize("base, prefix", [("", ""), ("/", ""), ("lab", "/lab"), ("/deep/lab/", "/deep/lab")])
def test_routes_stand_below_the_base_path(registry: RunRegistry, done: LiveRun, base: str, prefix: str) -> None:
    client = TestClient(Starlette(routes=routes(registry, base)))
    assert client.get(f"{prefix}/api/runs/{done.id}/layout").status_code == 200
    if prefix:
        assert client.get(f"/api/runs/{done.id}/layout").status_code == 404


def test_unknown_addresses_are_json_and_never_a_page(client: TestClient) -> None:
    for address in (
        "/api/",
        "/api/runs",
        "/api/runs/a/b/c",
        "/api/static/",
        "/api/static/x.js",
        "/api/..%2f..%2fetc/passwd",
        "/api/static/kit/../../assets.py",
        "/api/static/..%2fassets.py",
        "/api/static/kit/dom.js",
    ):
        answer = client.get(address)
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/json", address


@pytest.mark.fault("C08", "D05")
def test_hostile_names_travel_as_json_strings_only(registry: RunRegistry, client: TestClient) -> None:
    names = ["<script>alert(1)</script>", "</script>\u2028", "\u202e\x00\ud800", '"}]', "$\\href{javascript:1}$"]
    bits = np.random.default_rng(0).integers(0, 2, (30, len(names)))
    hostile = from_array(bits, "data", names, title="<img src=x onerror=alert(1)>")
    experiment = SMALL.replace(dataset=f"sha256:{hostile.sha256}")
    run = finished(registry, Study(experiment, (1,)), hostile)
    answer = client.get(f"/api/runs/{run.id}/layout")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.isascii()
    assert json.loads(answer.content)["variables"] == names
    assert json.loads(answer.content)["dataset"]["title"] == hostile.title
    assert b"<script" not in client.get(f"/api/runs/{run.id}").content


def test_a_run_that_waits_says_so_and_its_place(registry: RunRegistry, client: TestClient, data: Dataset) -> None:
    studies = [Study(ENDLESS.experiment.replace(seed=seed), (1,)) for seed in range(4)]
    registry.limits = replace(registry.limits, memory_bytes=3 * Computation(studies[0], data).memory_bytes // 2)
    ids = [registry.start(study, data, seed) for seed, study in enumerate(studies)]
    while read(client, f"/api/runs/{ids[0]}")[0]["length"] == 0:
        pass
    header, body = read(client, f"/api/runs/{ids[3]}")
    assert (header["state"], header["queue_position"], header["frames"], body.size) == ("queued", 3, 0, 0)
    assert header["reason"] == "The server's memory is taken by other runs: 2 runs before yours."


def test_polling_is_quick_for_few_and_slower_for_many(registry: RunRegistry, client: TestClient, data: Dataset) -> None:
    first = registry.start(ENDLESS, data, "a")
    assert read(client, f"/api/runs/{first}")[0]["poll_ms"] == 100
    for session in range(8):
        registry.start(ENDLESS, data, session)
    assert read(client, f"/api/runs/{first}")[0]["poll_ms"] == 250
    for session in range(8):
        registry.release(session)
    assert read(client, f"/api/runs/{first}")[0]["poll_ms"] == 100, "runs that rest ask for nothing"


def test_streamlit_takes_the_routes_and_none_is_reserved(registry: RunRegistry) -> None:
    import streamlit as st

    st.App("app/main.py", routes=routes(registry, "lab"))
    assert all(isinstance(route, Route) for route in routes(registry))
