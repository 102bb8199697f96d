"""What is served as files: published values, plotly.js, the browser's half under its hash."""

import hashlib
import warnings

import pytest
from plotly.offline import get_plotlyjs_version
from starlette.applications import Starlette

from app.live import assets
from app.live.catalogues import PAGES
from app.live.routes import published, routes
from app.live.runs import RunRegistry
from tests.places import ROOT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient


PUBLISHED = (
    "79542150855a52c567260e3137095dbe2b744e6d702a5cabe67da246942fba7a"  # npm: plotly.js-cartesian-dist-min 4.1.1
)


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=routes(RunRegistry())))


def test_the_published_curves_are_served_as_they_were_read_off(client: TestClient) -> None:
    values = client.get("/api/figure3").json()
    assert list(values) == ["iteration", "L1", "L2", "L3"] and len(values["iteration"]) == 500
    assert values["L1"][0] == -11.0903558 and values["L3"][499] == -7.0455363 and values == published()


def test_plotly_is_the_published_file_of_the_version_that_makes_the_figures() -> None:
    served = assets.plotly()
    assert hashlib.sha256(served.content).hexdigest() == PUBLISHED
    assert served.name == f"plotly-cartesian-{get_plotlyjs_version()}.min.js"
    assert get_plotlyjs_version().encode() in served.content[:200] and len(served.compressed) < 500_000
    published = ROOT / "node_modules" / "plotly.js-cartesian-dist-min"
    if published.exists():  # as package-lock.json pins it
        assert (published / "plotly-cartesian.min.js").read_bytes() == served.content
        assert (published / "LICENSE").read_bytes() == assets.PLOTLY.with_name("plotly-LICENSE.txt").read_bytes()


def test_plotly_is_served_compressed_and_kept_for_ever(client: TestClient) -> None:
    address = f"/api/{assets.plotly().name}"
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript") and b"plotly.js" in answer.content[:200]
    assert int(answer.headers["content-length"]) == len(assets.plotly().compressed)
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == assets.plotly().content and plain.headers["content-encoding"] == "identity"


def test_the_components_files_are_served_under_their_hash_and_only_there(client: TestClient) -> None:
    served = assets.static_files()
    files = [path.relative_to(assets.CLIENT).as_posix() for path in assets.CLIENT.glob("*/*")]
    made = ["palette.json", "words/kit.json", *(f"words/{page}.json" for page in PAGES), "kit/formulas.woff2"]
    made += [f"fonts/{path.name}" for path in assets.FONTS.values()]
    assert {assets.static_name(name) for name in [*files, *made]} == set(served)
    for name, asset in served.items():
        answer = client.get(f"/api/static/{name}")
        assert answer.content == asset.content and answer.headers["content-type"] == asset.media_type
