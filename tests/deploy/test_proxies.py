"""The lab behind the proxies that ship: pages, curves and Stop get through, and what is missing is said."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import InvalidStatus

from app.kit.text import WORDS
from app.live.document import ELEMENT
from tests.deploy.conftest import StartProxy
from tests.deploy.visits import Visit, ask
from tests.waiting import until

pytestmark = pytest.mark.slow
BOTH = pytest.mark.parametrize("kind", ["nginx", "caddy"])
HOST = (("proxy_set_header Host $http_host;", ""),)
PAGE = {"Accept": "text/html"}


@pytest.mark.fault("J09")
@BOTH
@pytest.mark.parametrize("variant", ["root", "stripped", "kept"])
def test_pages_open_curves_arrive_and_stop_works(start_proxy: StartProxy, kind: str, variant: str, link: str) -> None:
    proxy = start_proxy(kind, variant)
    for page in ("", "dynamics", "maths"):
        opened = ask(proxy.root + page, **PAGE)
        assert opened.status == 200 and b'<div id="root">' in opened.body
        script = re.search(rb'src="\./(static/js/[^"]+)"', opened.body)
        assert script and ask(proxy.root + script[1].decode()).headers["content-type"].count("javascript")
    visit = Visit(proxy.root, link)
    for part in (visit.payload["module"], visit.payload["plotly"], *visit.payload["styles"]):
        assert ask(proxy.root + part).headers["cache-control"].endswith("immutable")
    visit.wait_for_points()
    assert visit.stop().status == 204
    until(lambda: visit.header()["state"] == "stopped")
    visit.close()


@BOTH
@pytest.mark.parametrize("variant", ["stripped", "kept"])
def test_redirects_stay_below_the_path(start_proxy: StartProxy, kind: str, variant: str) -> None:
    proxy = start_proxy(kind, variant)
    for asked, told in (("lab", "/lab/"), ("lab/dynamics/", "/lab/dynamics")):
        answer = ask(proxy.site + asked)
        assert answer.status in (301, 302, 308) and answer.headers["location"] == told


def test_plain_addresses_lead_to_encrypted_ones(start_proxy: StartProxy) -> None:
    proxy = start_proxy("nginx")
    answer = ask(f"http://lab.example.org:{proxy.plain_port}/dynamics?v=2")
    assert (answer.status, answer.headers["location"]) == (308, "https://lab.example.org/dynamics?v=2")


@pytest.mark.fault("J09")
def test_without_the_host_the_page_says_what_the_proxy_lacks(start_proxy: StartProxy, link: str) -> None:
    proxy = start_proxy("nginx", changes=HOST)
    with pytest.raises(InvalidStatus) as refused:
        Visit(proxy.root, link)
    assert refused.value.response.status_code == 403
    page = ask(proxy.root, **PAGE).body.decode()
    assert ELEMENT in page and all(name in page for name in ("proxy_set_header Host", "server.corsAllowedOrigins"))


def test_a_site_that_is_named_in_the_settings_needs_no_host(start_proxy: StartProxy, link: str) -> None:
    proxy = start_proxy("nginx", changes=HOST)
    proxy.name = "named.example"
    visit = Visit(proxy.root, link)
    visit.wait_for_points()
    refused = visit.stop()
    assert refused.status == 403, "with the port, which that setting does not name"
    for part in (visit.origin, "proxy_set_header Host $http_host", "server.corsAllowedOrigins"):
        assert part in refused.json["error"]
    assert visit.stop(Sec_Fetch_Site="same-origin").status == 204, "as browsers say it over HTTPS"
    visit.close()


@pytest.mark.fault("J09")
def test_without_websockets_the_page_says_what_the_proxy_lacks(start_proxy: StartProxy, link: str) -> None:
    proxy = start_proxy("nginx", changes=[("proxy_set_header Upgrade $http_upgrade;", "")])
    with pytest.raises(InvalidStatus):
        Visit(proxy.root, link)
    page = ask(proxy.root, **PAGE).body.decode()
    assert WORDS["unconnected"].split("'")[0] in page and "proxy_set_header Upgrade $http_upgrade" in page


@BOTH
def test_what_is_for_those_who_run_the_lab_is_not_seen_from_outside(start_proxy: StartProxy, kind: str) -> None:
    for variant in ("root", "stripped"):
        proxy = start_proxy(kind, variant)
        assert [ask(proxy.root + name).status for name in ("metrics", "ready")] == [404, 404]
        proxy.close()
