"""Fetching one file: all of it or nothing, within the time limit, from a server that misbehaves."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spncore.data.download import TimeLimit, download
from spncore.data.library import DataError
from tests.waiting import PATIENCE

CONTENT = b"0,1\n" * 50_000
PATIENT = TimeLimit(silence=PATIENCE, total=PATIENCE)
SILENT, SLOW = TimeLimit(silence=0.25, total=PATIENCE), TimeLimit(silence=PATIENCE, total=0.5)


class Server(BaseHTTPRequestHandler):
    """The path says how to answer."""

    stop = threading.Event()

    def do_GET(self) -> None:
        try:
            getattr(self, self.path.strip("/").replace("-", "_"))()
        except OSError:
            pass  # the client has left, as it should

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, body: bytes, announced: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)

    def good(self) -> None:
        self._send(CONTENT)

    def altered(self) -> None:
        self._send(CONTENT[:-2] + b"0\n")

    def cut(self) -> None:
        self._send(CONTENT[:1000], len(CONTENT))

    def short(self) -> None:
        self._send(CONTENT[:1000])

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.stop.is_set():
            self.wfile.write(CONTENT)

    def missing(self) -> None:
        self.send_error(404)

    def silent(self) -> None:
        self.stop.wait(PATIENCE)

    def slow_body(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.drip(b"0")

    def slow_header(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        self.drip(b"x")

    def drip(self, byte: bytes) -> None:
        """Talk as long as a test may last: a client without a limit of its own then gives another reason."""
        end = time.monotonic() + PATIENCE
        while not self.stop.wait(0.05) and time.monotonic() < end:
            self.wfile.write(byte)

    def nonsense(self) -> None:
        self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Return the address of each behaviour."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(Server, "stop", threading.Event())
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield lambda path: f"http://127.0.0.1:{server.server_port}/{path}"
        Server.stop.set()
        server.shutdown()
        thread.join()


def get(url: str, target: Path, time_limit: TimeLimit = PATIENT) -> None:
    download(url, target, len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), time_limit)


def test_the_right_file_is_put_in_place_and_progress_is_told(address: Callable[[str], str], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    target, sha256 = tmp_path / "new" / "a.data", hashlib.sha256(CONTENT).hexdigest()
    download(address("good"), target, len(CONTENT), sha256, PATIENT, lambda *step: told.append(step))
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["a.data"]
    assert told[-1] == ("a.data", len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("altered", "SHA-256 is not the expected one"),
        ("cut", "stopped after 1,000, 200,000 bytes were expected"),
        ("short", "stopped after 1,000, 200,000 bytes were expected"),
        ("endless", "sent more, 200,000 bytes were expected"),
        ("missing", "the server answered 404"),
        ("silent", "did not answer in time"),
        ("slow-body", "not complete after 0.5 s"),
        ("slow-header", "not complete after 0.5 s"),
        ("nonsense", "was not understood"),
    ],
)
def test_a_bad_answer_is_refused_in_time_and_leaves_the_old_file(
    path: str, reason: str, address: Callable[[str], str], tmp_path: Path
) -> None:
    target = tmp_path / "a.data"
    target.write_bytes(b"old")
    limit = SILENT if path == "silent" else SLOW if path.startswith("slow") else PATIENT
    with pytest.raises(DataError, match=reason):
        get(address(path), target, limit)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_server_that_is_not_there_is_named_as_unreachable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the server cannot be reached"):
        get("http://127.0.0.1:9/a.data", tmp_path / "a.data")


def test_a_failed_rename_leaves_no_temporary_file(address: Callable[[str], str], tmp_path: Path) -> None:
    target = tmp_path / "a.data"
    target.mkdir()
    (target / "occupied").touch()
    with pytest.raises(OSError, match="."):
        get(address("good"), target)
    assert list(tmp_path.iterdir()) == [target]
