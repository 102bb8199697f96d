"""What the shipped proxies bound, which the lab's own port does not: slow heads, idle connections, their number, sizes.

Times are cut down to a second, with the file's own value checked beside it.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from streamlit.web.server.starlette.starlette_server_config import DEFAULT_WEBSOCKET_PING_INTERVAL
from websockets.protocol import State

from spncore.limits import LIMITS
from tests.deploy.conftest import StartProxy
from tests.deploy.proxies import FILES, Proxy
from tests.deploy.visits import Visit, ask
from tests.e2e.conftest import LAB, AppServer
from tests.places import ROOT
from tests.waiting import until

pytestmark = pytest.mark.slow
SLOW = {"nginx": "client_header_timeout 10s", "caddy": "read_header 10s"}
IDLE = {"nginx": "keepalive_timeout 60s", "caddy": "idle 60s"}
BOTH = pytest.mark.parametrize("kind", ["nginx", "caddy"])
BYTES = 250  # of a head that comes one by one, a tenth of a second apart: half of what nginx would wait by itself


def within_a_second(setting: str) -> list[tuple[str, str]]:
    """A time of a file as one second."""
    return [(setting, re.sub(r"\d+s", "1s", setting))]


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed it; what it still said is thrown away."""
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@pytest.fixture
def echo() -> Iterator[HTTPServer]:
    """A server that reads what it is sent and answers with the headers."""

    class Echo(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            said = str(self.headers).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_PUT = answer  # noqa: N815  its base class's names

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@BOTH
def test_a_head_that_comes_byte_by_byte_is_cut_off(start_proxy: StartProxy, kind: str) -> None:
    proxy = start_proxy(kind, changes=within_a_second(SLOW[kind]))
    with proxy.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: lab.example.org\r\nX-Slow: ")
        connection.settimeout(0.1)
        sent = 0
        while not ended(connection):
            assert sent < BYTES, "nobody cut the head off"
            sent += 1
            try:
                connection.sendall(b"a")
            except OSError:
                break


@BOTH
def test_a_connection_that_is_left_idle_is_closed(start_proxy: StartProxy, kind: str) -> None:
    proxy = start_proxy(kind, changes=within_a_second(IDLE[kind]))
    with proxy.connect() as connection:
        connection.settimeout(0.1)
        connection.sendall(b"GET /_stcore/health HTTP/1.1\r\nHost: lab.example.org:%d\r\n\r\n" % proxy.port)
        begin = time.monotonic()
        until(lambda: ended(connection) or time.monotonic() - begin > 30)
        assert time.monotonic() - begin < 30, "nobody closed it"


@BOTH
def test_a_table_of_the_allowed_size_gets_through_and_a_larger_body_does_not(
    echo: HTTPServer, tmp_path: Path, kind: str
) -> None:
    proxy = Proxy(kind, tmp_path, echo.server_port)
    around = 1000  # bytes of a form, around the file
    allowed = ask(proxy.root, "PUT", bytes(LIMITS.upload_bytes + around), Content_Type="text/csv")
    assert allowed.status == 200 and f"Content-Length: {LIMITS.upload_bytes + around}".encode() in allowed.body
    try:
        refused = ask(proxy.root, "PUT", bytes(LIMITS.upload_bytes * 5 // 4), Content_Type="text/csv").status
    except OSError:  # closed before it had everything
        refused = 413
    assert refused >= 400
    proxy.close()


def test_connections_of_one_address_are_counted(start_proxy: StartProxy, link: str) -> None:
    proxy = start_proxy("nginx", changes=[("lab_by_address 1000", "lab_by_address 2")])
    with ExitStack() as open_tabs:
        for _ in range(2):
            open_tabs.callback(Visit(proxy.root, link).close)
        assert ask(f"{proxy.root}_stcore/health").status == 429
    until(lambda: ask(f"{proxy.root}_stcore/health").status == 200)


@pytest.mark.fault("J09")
def test_the_socket_of_an_idle_page_stays_open(tmp_path_factory: pytest.TempPathFactory, link: str) -> None:
    folder = tmp_path_factory.mktemp("idle")
    shipped = re.search(r"proxy_read_timeout (\d+)s", (ROOT / "deploy" / FILES["nginx"]).read_text())
    assert shipped and int(shipped[1]) > 2 * DEFAULT_WEBSOCKET_PING_INTERVAL
    lab = AppServer((*LAB, "--server.websocketPingInterval", "1"), folder / "server.log")
    proxy = Proxy("nginx", folder, lab.port, changes=[(shipped[0], "proxy_read_timeout 3s")])
    visit = Visit(proxy.root, link)
    end = time.monotonic() + 6
    with suppress(TimeoutError):
        while time.monotonic() < end:  # whatever is said, the socket is not closed for twice as long
            visit.socket.recv(end - time.monotonic())
    assert visit.socket.state is State.OPEN
    visit.close()
    proxy.close()
    lab.close()


@BOTH
def test_a_visitor_cannot_claim_another_address(echo: HTTPServer, tmp_path: Path, kind: str) -> None:
    proxy = Proxy(kind, tmp_path, echo.server_port)
    said = ask(proxy.root, X_Forwarded_For="203.0.113.9").body.decode().lower()
    assert "x-forwarded-for: 127.0.0.1" in said and "203.0.113.9" not in said
    assert f"host: lab.example.org:{proxy.port}" in said and "x-forwarded-proto: https" in said
    proxy.close()
