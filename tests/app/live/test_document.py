"""Streamlit's page as it leaves the lab: with words for who gets no connection, and nothing else touched."""

import warnings

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from app.kit.text import WORDS
from app.live.framed import PartitionedCookies
from app.live.document import ELEMENT, Document

with warnings.catch_warnings():  # the lock names httpx, and this older client of Starlette's is deprecated
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PAGE = '<html><body><div id="root"></div></body></html>'
BROWSER = {"Accept": "text/html,*/*"}


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
        Starlette(routes=routes, middleware=[Middleware(PartitionedCookies), Middleware(Document, "")])
    )


def test_a_page_holds_the_words_and_may_not_be_taken_for_the_old_one(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER)
    assert ELEMENT in answer.text and WORDS["unconnected"].split("'")[0] in answer.text
    assert answer.text.startswith(PAGE.removesuffix("</body></html>")) and answer.text.endswith("</body></html>")
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
