"""The door's headers, hosts and rates, of a real server below a base path."""

import asyncio
import base64
import hashlib
import re
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.live.door import rates
from app.live.door.rates import REMEMBERED, Buckets, Rates
from app.live.door.settings import DoorSettings
from app.live.limits import ServerLimits
from tests.app.live.door.conftest import Answer, Lab

pytestmark = pytest.mark.slow
# What a page may load, in full: whatever is let in besides is a decision, made here as well.
MAY_LOAD = {
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self' https://course.example",
}


def own_scripts(page: Answer) -> str:
    """The directive that lets run what stands in this page, and what this server sends."""
    inline = re.findall(rb"<script>(.*?)</script>", page.body, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in inline]
    assert hashes
    return " ".join(["script-src 'self' blob:", *(f"'sha256-{each}'" for each in hashes)])


def test_every_answer_carries_the_headers_and_pages_their_own_policy(start: Callable[..., Lab]) -> None:
    lab = start("lab", SPNLAB_FRAME_ANCESTORS="'self' https://course.example", SPNLAB_HOSTS="127.0.0.1")
    answers = {
        path: lab.ask(path)
        for path in ("/", "/dynamics?x=1", "/api/figure3", "/api/nothing", "/_stcore/health", "/static/x.js")
    }
    answers["for another host"] = lab.ask("/", Host="other.example")
    for path, answer in answers.items():
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin", path
        policy = headers["Content-Security-Policy"]
        if headers["Content-Type"].startswith("text/html"):
            assert set(policy.split("; ")) == {*MAY_LOAD, own_scripts(answer)}, path
        else:
            assert policy == "default-src 'none'; frame-ancestors 'none'", path
    cookie = answers["/"].headers["Set-Cookie"]
    assert "Path=/lab;" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_another_host_name_is_refused_with_the_name_of_the_setting(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_HOSTS="lab.example, 127.0.0.1")
    assert {lab.ask("/", **said).status for said in ({}, {"Host": "LAB.example:8501"}, {"Host": "lab.example."})} == {
        200
    }
    others = ("other.example", "lab.example.other.example", "notlab.example", "", "lab.example@other.example")
    for host in others:
        refused = lab.ask("/api/figure3", Host=host)
        assert refused.status == 400 and b"SPNLAB_HOSTS" in refused.body
    assert lab.ask("/_stcore/health", Host="10.0.0.7").status == 200
    assert f'spnlab_refusals_total{{kind="host"}} {len(others)}.0' in lab.ask("/metrics").body.decode()


def test_a_tab_cannot_connect_by_another_host_name(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_HOSTS="lab.example, 127.0.0.1")

    def connecting(host: str) -> Any:
        way = socket.create_connection(("127.0.0.1", lab.port))
        return connect(f"ws://{host}/_stcore/stream", sock=way, subprotocols=["streamlit"])  # type: ignore[list-item]

    with connecting("lab.example"):
        pass
    with pytest.raises(InvalidStatus) as refused, connecting("other.example"):
        pass
    assert refused.value.response.status_code == 403
    assert 'spnlab_refusals_total{kind="host"} 1.0' in lab.ask("/metrics").body.decode()


def test_who_asks_too_often_is_told_when_to_come_again_and_others_are_not(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_REQUESTS_PER_SECOND="0.5", SPNLAB_REQUESTS_AT_ONCE="5")
    ask = lambda browser: lab.ask("/api/figure3", Cookie=browser)  # noqa: E731
    one, other = lab.browser(), lab.browser()
    assert [ask(one).status for _ in range(5)] == [200] * 5
    refused = ask(one)
    assert refused.status == 429 and 1 <= int(refused.headers["Retry-After"]) <= 2 and b"asks too often" in refused.body
    assert ask(other).status == 200
    assert {lab.ask("/favicon.png", Cookie=one).status for _ in range(20)} == {200}, "files do not count"
    assert lab.ask("/_stcore/health", Cookie=one).status == 200


def test_an_address_has_a_rate_only_if_it_was_given_one(start: Callable[..., Lab]) -> None:
    said = {"SPNLAB_REQUESTS_AT_ONCE": "5", "SPNLAB_REQUESTS_PER_SECOND": "0.5"}
    by_address = {**said, "SPNLAB_ADDRESS_REQUESTS_PER_SECOND": "0.1", "SPNLAB_REQUESTS_PER_SECOND": "0"}
    lab = start(**by_address, SPNLAB_PROXIES="127.0.0.1")
    assert {lab.ask("/api/figure3", X_Forwarded_For="198.51.100.1").status for _ in range(8)} == {200, 429}
    assert lab.ask("/api/figure3", X_Forwarded_For="198.51.100.2").status == 200
    without = start(**said)
    assert {without.ask("/api/figure3").status for _ in range(12)} == {200}, "each connection has a bucket of its own"


def test_a_bucket_fills_at_its_rate_and_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    buckets = Buckets(rate=10, most=3)
    assert [buckets.wait("a") for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])
    clock[0] = 0.1
    assert [buckets.wait("a"), buckets.wait("a")] == pytest.approx([0, 0.1])
    clock[0] = 1000
    assert [buckets.wait("a") for _ in range(4)] == pytest.approx([0, 0, 0, 0.1]), "it never holds more than at first"
    for asker in range(2 * REMEMBERED):
        assert not buckets.wait(asker)
    assert len(buckets._held) == REMEMBERED
    assert [buckets.wait(asker) for _ in range(3)] == pytest.approx([0, 0, 0.1]), "who asked last is remembered"
    assert not any(Buckets(rate=0, most=0).wait("a") for _ in range(9)), "0 is no limit"


def test_who_comes_again_when_told_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, said = [0.0], list[dict[str, Any]]()
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    async def app(*_: Any) -> None:
        said.append({})

    async def send(message: Any) -> None:
        said.append(message)

    door = Rates(app, "", ServerLimits(requests_per_second=0.4, requests_at_once=1), DoorSettings())
    scope = {"type": "http", "path": "/", "client": ("203.0.113.9", 4711), "headers": []}

    def asked() -> dict[str, Any]:
        said.clear()
        asyncio.run(door(scope, None, send))  # type: ignore[arg-type]
        return said[0]

    assert not asked() and asked()["status"] == 429
    clock[0] += int(dict(said[0]["headers"])[b"retry-after"])
    assert not asked()


def test_ten_polls_a_second_and_a_page_load_never_meet_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, limits = [0.0], ServerLimits()
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    buckets = Buckets(limits.requests_per_second, limits.requests_at_once)
    assert not any(buckets.wait("a") for _ in range(60))
    for _ in range(600):
        clock[0] += 0.1
        assert not any(buckets.wait("a") for _ in range(5)), "five tabs that poll"
