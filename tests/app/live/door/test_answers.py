"""The door's headers, hosts and rates, of a real server below a base path."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from app.live.door import rates
from app.live.door.rates import REMEMBERED, Buckets
from app.live.limits import ServerLimits
from tests.app.live.door.conftest import Lab

pytestmark = pytest.mark.slow


def test_every_answer_carries_the_headers_and_pages_their_own_policy(start: Callable[..., Lab]) -> None:
    lab = start("lab", SPNLAB_FRAME_ANCESTORS="'self' https://course.example")
    for path in ("/", "/dynamics?x=1", "/api/figure3", "/api/nothing", "/_stcore/health", "/static/x.js"):
        headers = lab.ask(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin", path
        policy = headers["Content-Security-Policy"]
        if headers["Content-Type"].startswith("text/html"):
            assert "frame-ancestors 'self' https://course.example" in policy and "object-src 'none'" in policy
            scripts = next(part for part in policy.split(";") if "script-src" in part)
            assert "unsafe" not in scripts and "*" not in scripts
        else:
            assert policy == "default-src 'none'; frame-ancestors 'none'", path
    cookie = lab.ask("/").headers["Set-Cookie"]
    assert "Path=/lab;" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_another_host_name_is_refused_with_the_name_of_the_setting(start: Callable[..., Lab]) -> None:
    lab = start(SPNLAB_HOSTS="lab.example, 127.0.0.1")
    assert lab.ask("/").status == lab.ask("/", Host="LAB.example:8501").status == 200
    for host in ("other.example", "lab.example.other.example", "", "lab.example@other.example"):
        refused = lab.ask("/api/figure3", Host=host)
        assert refused.status == 400 and b"SPNLAB_HOSTS" in refused.body
    assert lab.ask("/_stcore/health", Host="10.0.0.7").status == 200


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
    lab = start(SPNLAB_ADDRESS_REQUESTS_PER_SECOND="0.1", SPNLAB_PROXIES="127.0.0.1", **said)
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
    for asker in range(2 * REMEMBERED):
        assert not buckets.wait(asker)
    assert len(buckets._held) == REMEMBERED
    assert not any(Buckets(rate=0, most=0).wait("a") for _ in range(9)), "0 is no limit"


def test_ten_polls_a_second_and_a_page_load_never_meet_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, limits = [0.0], ServerLimits()
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    buckets = Buckets(limits.requests_per_second, limits.requests_at_once)
    assert not any(buckets.wait("a") for _ in range(60))
    for _ in range(600):
        clock[0] += 0.1
        assert not any(buckets.wait("a") for _ in range(5)), "five tabs that poll"
