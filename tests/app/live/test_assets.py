"""What is served as files: published values, plotly.js, the browser's half under its hash."""

import gzip
import warnings

import pytest
from starlette.applications import Starlette

from app.live import assets
from app.live.routes import published, routes
from app.live.runs import RunRegistry

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes(RunRegistry())))


def test_the_published_curves_are_served_as_they_were_read_off(client: TestClient) -> None:
    values = client.get("/api/figure3").json()
    assert list(values) == ["iteration", "L1", "L2", "L3"] and len(values["iteration"]) == 500
    assert values["L1"][0] == -11.0903558 and values["L3"][499] == -7.0455363 and values == published()


def test_plotly_is_compressed_once_and_kept_for_ever(client: TestClient) -> None:
    address = f"/api/{assets.plotly_name()}"
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript") and b"plotly.js" in answer.content[:200]
    assert int(answer.headers["content-length"]) == len(assets.plotly().compressed) < 1_600_000
    assert assets.plotly() is assets.plotly()
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == gzip.decompress(assets.plotly().compressed)


def test_the_components_files_are_served_under_their_hash_and_only_there(client: TestClient) -> None:
    served = assets.static_files()
    files = [path.relative_to(assets.CLIENT).as_posix() for path in assets.CLIENT.glob("*/*")]
    made = ["palette.json", "words/lab.json", "words/dynamics.json", "words/circuits.json"]
    assert {assets.static_name(name) for name in [*files, *made]} == set(served)
    for name, asset in served.items():
        answer = client.get(f"/api/static/{name}")
        assert answer.content == asset.content and answer.headers["content-type"] == asset.media_type
