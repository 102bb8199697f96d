"""What a document names of its first chart: addresses that exist, beside no other answer."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from app.live import assets
from app.live.preload import MOUNTING, Preloaded

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

STATIC = Path(streamlit.__file__).with_name("static")
SCRIPTS = STATIC / "static" / "js"
IMPORTED = re.compile(r'(?:from|import)"\./([\w.~-]+\.js)"')
NAMED = re.compile(r"<\./([^>]+)>; rel=(\w+)")


def named(path: str, base: str = "") -> list[tuple[str, str]]:
    """What the document at a path names, and how."""
    page = Route("/{rest:path}", lambda request: HTMLResponse("<p>"))
    app = Starlette(routes=[page], middleware=[Middleware(Preloaded, STATIC, base)])
    return NAMED.findall(TestClient(app).get(path).headers["link"])


@pytest.mark.parametrize(
    ("path", "base", "view"),
    [
        ("/", "", "lab"),
        ("/lab", "lab", "lab"),
        ("/lab/", "lab", "lab"),
        ("/dynamics", "", "dynamics"),
        ("/deep/lab/circuits", "deep/lab", "circuits"),
        ("/figure3", "", "figures"),
        ("/maths", "", "ideas"),
    ],
)
def test_a_page_names_its_own_module_with_all_it_imports_and_plotly_and_all_are_served(path, base, view):
    found = named(path, base)
    modules = {name.removeprefix("api/static/") for name, how in found if name.startswith("api/static/")}
    assert f"api/static/{assets.static_name(f'{view}/{view}.js')}" in dict(found)
    assert modules <= set(assets.static_files())
    contents = [assets.static_files()[module].content.decode() for module in modules]
    imported = {Path(name).name for content in contents for name in re.findall(r'from "([^"]+)"', content)}
    assert imported <= {Path(name).name for name in modules}
    assert found[-1] == (f"api/{assets.plotly().name}", "preload") and len(dict(found)) == len(found)
    assert {how for _, how in found[:-1]} == {"modulepreload"}


def test_what_mounts_a_component_is_all_that_streamlit_loads_for_it():
    """Else the first chart waits for a file that stands last in the line: see Streamlit's files after an upgrade."""
    document = (STATIC / "index.html").read_text(encoding="utf-8")
    at_start = {path.name for path in SCRIPTS.glob("*.js") if path.name in document}
    [entry] = SCRIPTS.glob("BidiComponent.*.js")
    needed, left = set(), [entry.name]
    while left:
        name = left.pop()
        if name not in needed | at_start:
            needed.add(name)
            left += IMPORTED.findall((SCRIPTS / name).read_text(encoding="utf-8"))
    assert {name.partition(".")[0] for name in needed} == set(MOUNTING)
    assert {f"static/js/{name}" for name in needed} <= {name for name, _ in named("/")}


def test_what_is_no_document_names_nothing():
    numbers = Route("/", lambda request: JSONResponse({}))
    app = Starlette(routes=[numbers], middleware=[Middleware(Preloaded, STATIC, "")])
    assert "link" not in TestClient(app).get("/").headers
