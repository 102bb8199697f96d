"""Which pages may stop a run, whatever a proxy in between makes of the server's name."""

import pytest
from starlette.requests import Request

from app.live.answering import RefusedError, check_origin

BEHIND_A_PROXY = {"origin": "https://lab.example", "host": "127.0.0.1:8501"}


def stop(*told: str, **headers: str) -> None:
    """Ask as a page at lab.example does, of a server that the proxy asks by its own address."""
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in {**BEHIND_A_PROXY, **headers}.items()]
    check_origin(Request({"type": "http", "method": "POST", "path": "/", "headers": sent}), told)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_page_that_may_be_anybodys_is_refused_with_the_settings_that_are_missing(site: str) -> None:
    with pytest.raises(RefusedError) as refused:
        stop(sec_fetch_site=site)
    assert refused.value.status == 403
    for part in (*BEHIND_A_PROXY.values(), "proxy_set_header Host $http_host", "server.corsAllowedOrigins"):
        assert part in str(refused.value)


def test_a_page_that_the_browser_calls_the_servers_own_may_stop_a_run() -> None:
    stop(sec_fetch_site="same-origin")


def test_so_may_one_that_the_proxy_names_by_its_host_or_the_settings_by_its_origin() -> None:
    stop(host="lab.example")
    stop("https://lab.example")
    with pytest.raises(RefusedError):
        stop("http://lab.example")
