"""A real server of the lab with limits of its own, and tabs that speak its protocol as a browser does."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import Subprotocol
from websockets.sync.client import ClientConnection, connect

from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE, until

XSRF = "_streamlit_xsrf=2|00000000|00112233445566778899aabbccddeeff|1700000000"
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
TOKEN = XSRF.partition("=")[2]


class Answer:
    """Status, headers and body of an answer, whatever the status."""

    def __init__(self, answer: Any) -> None:
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()


class Lab:
    """The lab's server; `ask` is a request to it, `tab` an open page."""

    def __init__(self, base: str = "", options: tuple[str, ...] = (), **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.root = f"http://127.0.0.1:{self.port}/{base}".rstrip("/")
        begin = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.address", "127.0.0.1"]
        self.process = subprocess.Popen(
            [*begin, "--server.port", str(self.port), "--server.baseUrlPath", base, *options],
            cwd=ROOT,
            env=children.environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._healthy)

    def _healthy(self) -> bool:
        assert self.process.poll() is None, "the server did not start"
        with contextlib.suppress(OSError):
            return self.ask("/_stcore/health").status == 200
        return False

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """Ask for a path below the base; headers are named with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urlopen(Request(self.root + path, body, named, method=method), timeout=PATIENCE) as answer:
                return Answer(answer)
        except HTTPError as refused:
            with refused:
                return Answer(refused)

    def browser(self) -> str:
        """The cookie of a browser that has just been handed out a page."""
        return str(self.ask("/").headers["Set-Cookie"]).split(";")[0]

    def tab(self, browser: str = "", session: str = "", **options: Any) -> Tab:
        """A page that connects; with a browser's cookie, and back into a session if one is given."""
        cookies = "; ".join(filter(None, [browser, XSRF]))
        protocols = [Subprotocol(name) for name in ("streamlit", TOKEN, session) if name]
        address = self.root.replace("http", "ws") + "/_stcore/stream"
        said = {"additional_headers": {"Cookie": cookies}, "subprotocols": protocols, "open_timeout": PATIENCE}
        return Tab(connect(address, max_size=None, **said, **options).__enter__())  # closed with the server

    def upload(self, tab: Tab, browser: str, size: int, name: str = "file", method: str = "PUT") -> Answer:
        """Send a file to a tab's session as a browser does."""
        body = (
            b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n'
            + b"0" * size
            + b"\r\n--edge--\r\n"
        )
        said = {"Content_Type": "multipart/form-data; boundary=edge", "X_Xsrftoken": TOKEN}
        cookie = "; ".join(filter(None, [browser, XSRF]))
        return self.ask(f"/_stcore/upload_file/{tab.session}/{name}", method, body, Cookie=cookie, **said)

    def memory_mb(self) -> float:
        """Resident memory of the server."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Tab:
    """An open page: its socket, its session, and the widgets that came, the last ones last."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection, self.session, self.widgets = connection, "", dict[str, Any]()
        self.address = self.more = ""
        self.alerts: list[str] = []

    def rerun(self, query: str = "", *values: Any) -> Tab:
        """Run the script, with what some widgets say, and take in what comes."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.widget_states.widgets.extend(values)
        self.connection.send(message.SerializeToString())
        self.alerts = []
        while (answer := self.next()).WhichOneof("type") != "script_finished" or answer.script_finished == EARLY:
            pass
        return self

    def next(self) -> ForwardMsg:
        """The next message of the server."""
        answer = ForwardMsg.FromString(self.connection.recv(PATIENCE, decode=False))
        kind = answer.WhichOneof("type")
        if kind == "page_info_changed":
            self.address = answer.page_info_changed.query_string
        if kind == "new_session":
            self.session = answer.new_session.initialize.session_id
        elif kind == "delta" and answer.delta.WhichOneof("type") == "add_block":
            self.more = answer.delta.add_block.expandable.id or self.more
        elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
            element = answer.delta.new_element
            widget = getattr(element, element.WhichOneof("type"))
            if element.WhichOneof("type") == "alert":
                self.alerts.append(widget.body)
            elif getattr(widget, "id", ""):
                self.widgets.pop(widget.id, None)
                self.widgets[widget.id] = widget
        return answer

    def urls(self, *names: str) -> Any:
        """What the server answers to who asks where to send files."""
        message = BackMsg()
        message.file_urls_request.request_id = "r"
        message.file_urls_request.session_id = self.session
        message.file_urls_request.file_names.extend(names)
        self.connection.send(message.SerializeToString())
        while (answer := self.next()).WhichOneof("type") != "file_urls_response":
            pass
        return answer.file_urls_response

    def run(self) -> str:
        """The id of the run on screen."""
        views = [widget for widget in reversed(self.widgets.values()) if hasattr(widget, "component_name")]
        said = [json.loads(view.json or view.mixed.json) for view in views]
        return next(str(data["run_id"]) for data in said if "run_id" in data)

    def unfold(self) -> Tab:
        """Unfold the settings that are folded away."""
        return self.rerun("", WidgetState(id=self.more, bool_value=True))

    def widget(self, part: str) -> Any:
        """The widget whose id contains a key."""
        return next(widget for name, widget in self.widgets.items() if part in name)

    def close(self, code: int = 1001) -> None:
        """Close as a browser does that leaves the page."""
        self.connection.close(code)


@pytest.fixture
def start() -> Iterator[Callable[..., Lab]]:
    """Servers with limits of their own: `start(base, options, SPNLAB_SESSIONS="3")`."""
    started: list[Lab] = []

    def one(base: str = "", options: tuple[str, ...] = (), **variables: str) -> Lab:
        started.append(Lab(base, options, **variables))
        return started[-1]

    yield one
    for lab in started:
        lab.process.terminate()
    for lab in started:
        lab.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A server as it is started for a class."""
    one = Lab()
    yield one
    one.process.terminate()
    one.process.wait()
