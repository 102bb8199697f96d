"""The lab in a browser behind the nginx file that ships: below a path, over TLS, in the frame of another site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.kit.text import WORDS
from tests.deploy.proxies import Proxy
from tests.e2e.conftest import FRAMED, LAB, AppServer, OpenPage, shared_link
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICK = "?v=2&dataset=two-clusters&num_components=3&iterations=20&num_seeds=2"
LASTING = "?v=2&dataset=nltcs-twin&num_components=64&iterations=5000&num_seeds=6&depths=1,2,3"
DONE = ".spn-lab[data-state=done]"
TABLE = {"name": "table.csv", "mimeType": "text/csv", "buffer": b"a,b\n0,1\n1,0\n1,1\n"}
FOREIGN = ("--server.xsrfCookieSameSite", "none", "--server.corsAllowedOrigins", "http://named.example")
StartProxy = Callable[..., Proxy]


@pytest.fixture
def start_proxy(browser: Any, tmp_path: Path) -> Iterator[StartProxy]:
    """`start_proxy(server, name, …)` gives nginx before a server, called by a name."""
    started: list[Proxy] = []

    def start(server: AppServer, name: str, variant: str = "root", **how: Any) -> Proxy:
        started.append(Proxy("nginx", tmp_path, server.port, variant, **how))
        started[-1].name = name
        return started[-1]

    yield start
    for proxy in started:
        proxy.close()


@pytest.fixture(scope="module")
def foreign_server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The lab with all settings for a frame on another site, and one for a proxy that keeps the Host to itself."""
    server = AppServer((*LAB, *FOREIGN), tmp_path_factory.mktemp("foreign") / "server.log", **FRAMED)
    yield server
    server.close()


@pytest.fixture
def framed(open_page: OpenPage, tmp_path: Path) -> Iterator[Callable[[Proxy], Any]]:
    """`framed(proxy)` gives the lab inside a page of another site."""
    folder = tmp_path / "school"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as school:
        Thread(target=school.serve_forever, daemon=True).start()
        other = f"http://school.example:{school.server_port}/"

        def open_framed(proxy: Proxy) -> Any:
            frame = f"<iframe src='{proxy.root}{QUICK}' width=1300 height=900></iframe>"
            (folder / "index.html").write_text(f"<!doctype html><title>School</title>{frame}", encoding="utf-8")
            return open_page(other, own=(other, proxy.root)).frame_locator("iframe")

        yield open_framed
        school.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing about it."""

    def log_message(self, *_: object) -> None:
        pass


def test_every_page_works_below_a_path_that_the_proxy_takes_off(
    app_server: AppServer, start_proxy: StartProxy, open_page: OpenPage
) -> None:
    proxy = start_proxy(app_server, "lab.example", "stripped", tls=False)
    page = open_page(proxy.root + QUICK, own=(proxy.root,))
    page.locator(DONE).wait_for()
    page.get_by_role("button", name="Share").click()
    link = shared_link(page)
    assert link.startswith(f"{proxy.root}?v=2&")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=WORDS["dynamics"], exact=True).click()
    page.locator(".spn-dyn[data-state=done]").wait_for()
    assert page.url.startswith(f"{proxy.root}dynamics")
    page.get_by_role("link", name="Lab", exact=True).click()
    page.locator(DONE).wait_for()
    circuits = open_page(f"{proxy.root}circuits?v=2&iterations=20", own=(proxy.root,))
    circuits.locator(".spn-circ[data-state=done]").wait_for()
    evidence = open_page(f"{proxy.root}figure3", own=(proxy.root,))
    opened = evidence.get_by_role("link", name="Run it in the lab: no noise").evaluate("(link) => link.href")
    assert opened.startswith(f"{proxy.root}?")


def test_stop_works_and_links_are_encrypted_behind_tls(
    app_server: AppServer, start_proxy: StartProxy, open_page: OpenPage
) -> None:
    hidden_host = [("proxy_set_header Host $http_host;", "proxy_set_header Host localhost;")]
    proxy = start_proxy(app_server, "localhost", changes=hidden_host)
    page = open_page(f"{proxy.root}{LASTING}&seed=7001")
    page.locator(".spn-lab[data-state=running]").wait_for()
    page.locator(".spn-lab [data-act=stop]").click()
    page.locator(".spn-lab[data-state=stopped]").wait_for()
    page.get_by_role("button", name="Share").click()
    assert shared_link(page).startswith(f"{proxy.root}?v=2&")


def test_a_stop_that_is_refused_says_which_setting_is_missing(
    foreign_server: AppServer, start_proxy: StartProxy, open_page: OpenPage
) -> None:
    proxy = start_proxy(foreign_server, "named.example", tls=False, changes=[("proxy_set_header Host $http_host;", "")])
    page = open_page(f"{proxy.root}{LASTING}&seed=7002")
    page.locator(".spn-lab[data-state=running]").wait_for()
    page.locator(".spn-lab [data-act=stop]").click()
    said = page.locator(".spn-lab .spn-status", has_text="Stop was refused, the training goes on.")
    said.wait_for()
    assert "proxy_set_header Host $http_host" in said.inner_text()
    assert "server.corsAllowedOrigins" in said.inner_text() and proxy.site.rstrip("/") in said.inner_text()


def test_a_page_without_a_connection_says_what_the_proxy_lacks(
    app_server: AppServer, start_proxy: StartProxy, open_page: OpenPage
) -> None:
    no_upgrade = [("proxy_set_header Upgrade $http_upgrade;", "")]
    page = open_page(start_proxy(app_server, "lab.example", tls=False, changes=no_upgrade).root)
    page.get_by_text(WORDS["unconnected"]).wait_for()
    page.get_by_text("proxy_set_header Upgrade $http_upgrade").wait_for()
    connected = open_page(app_server.url + QUICK)
    connected.locator(DONE).wait_for()
    assert connected.get_by_text(WORDS["unconnected"]).is_hidden()


@pytest.mark.fault("J10")
def test_in_a_frame_of_another_site_all_works_but_files_which_are_offered_a_tab_of_their_own(
    framed_server: AppServer, start_proxy: StartProxy, open_page: OpenPage, framed: Callable[[Proxy], Any]
) -> None:
    proxy = start_proxy(framed_server, "lab.example", "stripped", tls=False)
    frame = framed(proxy)
    frame.locator(DONE).wait_for()
    frame.get_by_role("button", name=WORDS["upload"]).click()
    dialog = frame.get_by_role("dialog")
    own_tab = dialog.get_by_role("link", name=WORDS["own_tab"])
    own_tab.wait_for()
    assert dialog.locator("input[type=file]").count() == 0
    address = own_tab.evaluate("(link) => link.href")
    assert address.startswith(f"{proxy.root}?v=2&") and own_tab.get_attribute("target") == "_blank"
    tab = open_page(address)
    tab.locator(DONE).wait_for()
    tab.get_by_role("button", name=WORDS["upload"]).click()
    tab.get_by_role("dialog").locator("input[type=file]").set_input_files(TABLE)
    tab.get_by_role("dialog").get_by_role("button", name=WORDS["use"]).wait_for()


@pytest.mark.parametrize("page", ["", "ask", "classes"])
def test_in_a_frame_of_the_same_site_a_link_to_share_names_the_lab_and_not_the_page_around_it(
    app_server: AppServer, start_proxy: StartProxy, open_page: OpenPage, page: str
) -> None:
    words = f"<iframe src='/lab/{page}{'' if page else QUICK}' width=1300 height=900></iframe>"
    course = f'location = /course/ {{ default_type text/html; return 200 "{words}"; }}\n    location ~'
    proxy = start_proxy(app_server, "lab.example", "stripped", tls=False, changes=[("location ~", course)])
    frame = open_page(f"{proxy.site}course/").frame_locator("iframe")
    if not page:
        frame.locator(DONE).wait_for()
    if page != "classes":
        frame.get_by_role("button", name="Share").click()
    until(lambda: shared_link(frame).startswith(f"{proxy.root}{page}?v="))


@pytest.mark.fault("J10")
def test_with_a_cookie_for_frames_and_tls_files_arrive_from_there_too(
    foreign_server: AppServer, start_proxy: StartProxy, framed: Callable[[Proxy], Any]
) -> None:
    frame = framed(start_proxy(foreign_server, "lab.example"))
    frame.locator(DONE).wait_for()
    frame.get_by_role("button", name=WORDS["upload"]).click()
    frame.get_by_role("dialog").locator("input[type=file]").set_input_files(TABLE)
    frame.get_by_role("dialog").get_by_role("button", name=WORDS["use"]).wait_for()
