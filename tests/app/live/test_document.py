"""Streamlit's page as it leaves the lab: with words for who gets no connection, and nothing else touched."""

import re
import warnings
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from app.kit.text import WORDS
from app.live.document import ELEMENT, PANEL_PIXELS, PANELLED, SHOWN, Document, parts
from app.live.framed import PartitionedCookies
from tests.places import ROOT

with warnings.catch_warnings():  # the lock names httpx, and this older client of Starlette's is deprecated
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

STATIC = Path(streamlit.__file__).with_name("static")
PAGE = '<html><head></head><body><div id="root"></div></body></html>'
BROWSER = {"Accept": "text/html,*/*"}
EMBED = (ROOT / "app/live/client/embed.css").read_text(encoding="utf-8")


def page(request: Request) -> Response:
    kept = {"ETag": '"old"', "Last-Modified": "Fri, 27 Nov 2026 03:02:00 GMT", "X-Kept": "yes"}
    return HTMLResponse(PAGE, headers={**kept, "X-Encodings": request.headers.get("accept-encoding", "none")})


def cookies(request: Request) -> Response:
    answer = Response("ok")
    answer.headers.append("Set-Cookie", "for_frames=1; Path=/; SameSite=None; Secure")
    answer.headers.append("Set-Cookie", "own=1; Path=/; SameSite=Lax")
    return answer


@pytest.fixture
def client() -> TestClient:
    routes = [
        Route("/", page),
        Route("/other", lambda request: HTMLResponse("<html><body></body></html>")),
        Route("/wrong", lambda request: HTMLResponse(PAGE, 503)),
        Route("/json", lambda request: JSONResponse({"a": PAGE})),
        Route("/api/page", page),
        Route("/cookies", cookies),
    ]
    return TestClient(
        Starlette(routes=routes, middleware=[Middleware(PartitionedCookies), Middleware(Document, STATIC, "")])
    )


def test_a_page_holds_the_words_and_may_not_be_taken_for_the_old_one(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER)
    assert ELEMENT in answer.text and WORDS["unconnected"].split("'")[0] in answer.text
    assert answer.text.startswith("<html><head><style>") and answer.text.endswith("</body></html>")
    assert PAGE.removeprefix("<html><head>").removesuffix("</body></html>") in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers and "last-modified" not in answer.headers and answer.headers["x-kept"] == "yes"
    assert answer.headers["x-encodings"] == "none", "nobody compresses it before the words are in it"


@pytest.mark.parametrize("path", ["/other", "/wrong", "/json"])
def test_what_is_no_page_of_streamlits_stays_as_it_is(client: TestClient, path: str) -> None:
    assert client.get(path, headers=BROWSER).content == client.get(path, headers={"Accept": "*/*"}).content
    assert ELEMENT not in client.get(path, headers=BROWSER).text


def test_an_address_that_is_no_page_s_is_answered_untouched(client: TestClient) -> None:
    answer = client.get("/api/page", headers={**BROWSER, "Accept-Encoding": "br"})
    assert answer.text == PAGE and answer.headers["etag"] == '"old"' and answer.headers["x-encodings"] == "br"


def test_cookies_for_frames_are_kept_apart_by_site_and_others_are_not_touched(client: TestClient) -> None:
    assert client.get("/cookies").headers.get_list("set-cookie") == [
        "for_frames=1; Path=/; SameSite=None; Secure; Partitioned",
        "own=1; Path=/; SameSite=Lax",
    ]


@pytest.mark.parametrize(("path", "panelled"), [("/", True), ("/other", False), ("/?view=projector", False)])
def test_a_page_keeps_room_for_a_panel_where_one_will_come(client: TestClient, path: str, panelled: bool) -> None:
    text = client.get(path, headers=BROWSER).text
    assert (f"--spn-panel: {PANEL_PIXELS}px" in text) is panelled


@pytest.mark.parametrize(
    ("path", "framed"),
    [("/", False), ("/?view=embed", True), ("/?view=embed&view=embed", False), ("/?embed=true", False)],
)
def test_a_page_in_another_one_s_frame_has_nothing_around_it_from_the_beginning(
    client: TestClient, path: str, framed: bool
) -> None:
    assert (EMBED in client.get(path, headers=BROWSER).text) is framed


def test_the_pages_with_a_panel_are_those_whose_scripts_draw_one() -> None:
    scripts = {path.parent.name: path.read_text(encoding="utf-8") for path in (ROOT / "app/pages").glob("*/page.py")}
    panelled = {name for name, script in scripts.items() if "with st.sidebar:" in script}
    assert {"" if name == "lab" else name for name in panelled} == set(PANELLED)


def test_what_is_fetched_with_a_page_is_there_each_once_and_not_named_twice() -> None:
    document = (STATIC / "index.html").read_text(encoding="utf-8")
    for names in SHOWN.values():
        found = re.findall(r'href="\./([^"]+)"', parts(STATIC, names).decode())
        assert len(found) >= len(names) and len(set(found)) == len(found)
        assert all((STATIC / name).is_file() and name not in document for name in found)


@pytest.mark.parametrize("style", sorted((ROOT / "app/live/client").rglob("*.css")), ids=lambda path: path.name)
def test_no_style_asks_of_every_element_what_it_has(style: Path) -> None:
    """A `:has()` that nothing narrows is looked up for every element at every change: five times the layout's time."""
    assert not re.search(r"(^|[\s,>+~])(:\w+\()*:has\(", style.read_text(encoding="utf-8"))
