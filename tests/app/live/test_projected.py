"""A page for a wall is asked for with Streamlit's light theme, whoever asks; no other address is changed."""

from __future__ import annotations

import warnings

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.kit.link import VIEWS
from app.live.projected import ON_A_WALL, Projected

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient


def answered(address: str, base: str = "", method: str = "GET") -> tuple[int, str]:
    """The status of an answer, and where it sends on to."""
    page = Route("/{rest:path}", lambda request: PlainTextResponse("page"), methods=["GET", "POST"])
    app = Starlette(routes=[page], middleware=[Middleware(Projected, base)])
    answer = TestClient(app, follow_redirects=False).request(method, address)
    return answer.status_code, answer.headers.get("location", "")


@pytest.mark.parametrize(
    ("address", "base"), [("/?view=projector", ""), ("/fair?view=projector", ""), ("/lab/?view=projector", "lab")]
)
def test_a_page_for_a_wall_is_sent_on_once_by_its_query_alone(address, base):
    status, where = answered(address, base)
    assert (status, where) == (307, "?view=projector&embed_options=light_theme")
    assert answered(address.partition("?")[0] + where, base) == (200, "")


def test_all_else_of_the_address_stays_as_it_is():
    _, where = answered("/?v=2&view=projector&depths=1,2&name=a%20b")
    assert where == "?v=2&view=projector&depths=1,2&name=a%20b&embed_options=light_theme"


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/?view=normal",
        "/?view=embed",
        "/?view=projector&view=embed",
        "/api/x?view=projector",
        "/a.js?view=projector",
    ],
)
def test_no_other_address_is_changed(address):
    assert answered(address) == (200, "")


def test_what_is_no_visit_is_not_sent_on():
    assert answered("/?view=projector", method="POST") == (200, "")


def test_the_view_is_called_as_links_call_it():
    assert ON_A_WALL == ("view", VIEWS[1])
