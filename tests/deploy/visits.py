"""One tab without a browser at any address of the lab: its socket, its run, its Stop."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.deploy.proxies import trusting
from tests.waiting import PATIENCE, until


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(address: str, method: str = "GET", data: bytes | None = None, **headers: str) -> Answer:
    """Ask for an address, of 127.0.0.1 whatever its host is called; redirects are answers."""
    parts = urlsplit(address)
    real = parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl()
    named = {"Host": parts.netloc, **{name.replace("_", "-"): value for name, value in headers.items()}}
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusting()), _Stay())
    try:
        answer = opener.open(urllib.request.Request(real, data, named, method=method), timeout=PATIENCE)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())


class Visit:
    """A tab at the lab's root; the link trains as soon as it is opened."""

    def __init__(self, root: str, link: str) -> None:
        self.root, self.origin, self.payload = root, root[: -len(urlsplit(root).path)], dict[str, Any]()
        self.ends = ExitStack()
        self.socket: ClientConnection = self.ends.enter_context(self._socket())
        message = BackMsg()
        message.rerun_script.query_string = link
        message.rerun_script.context_info.url = root
        self.socket.send(message.SerializeToString())
        while not self._finished():
            pass

    def _socket(self) -> connect:
        parts = urlsplit(self.root)
        address = self.root.replace("http", "ws", 1) + "_stcore/stream"
        more: dict[str, Any] = {"ssl": trusting()} if parts.scheme == "https" else {}
        here = socket.create_connection(("127.0.0.1", parts.port or 0))
        return connect(address, sock=here, origin=Origin(self.origin), subprotocols=[Subprotocol("streamlit")], **more)

    def _finished(self) -> bool:
        answer = ForwardMsg()
        answer.ParseFromString(self.socket.recv(PATIENCE, decode=False))
        kind = answer.WhichOneof("type")
        if kind == "delta" and answer.delta.new_element.WhichOneof("type") == "bidi_component":
            component = answer.delta.new_element.bidi_component
            self.payload |= json.loads(component.json or component.mixed.json or "{}")
        return kind == "script_finished"

    @property
    def run(self) -> str:
        """The address of its run."""
        return f"{self.root}api/runs/{self.payload['run_id']}"

    def header(self) -> dict[str, Any]:
        """What the run's answer begins with."""
        answer = ask(f"{self.run}?from=0&seed=0")
        assert answer.status == 200, answer
        size = int.from_bytes(answer.body[:4], "little")
        said: dict[str, Any] = json.loads(answer.body[4 : 4 + size])
        return said

    def wait_for_points(self) -> None:
        """Until curves have come."""
        until(lambda: self.header()["length"] > 1)

    def stop(self, **headers: str) -> Answer:
        """Press Stop."""
        own = {"Origin": self.origin, "X_Session": self.payload.get("session", "")}
        return ask(f"{self.run}/stop", "POST", b"", **own, **headers)

    def close(self) -> None:
        """Close the tab."""
        self.ends.close()
