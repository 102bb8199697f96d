"""What tests of faults meet the lab with: a real server of their own, tabs that speak its protocol, and /proc."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.request import urlopen

import websockets.asyncio.client as client
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.visitors import Session
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE, until

QUICK = "v=2&dataset=two-clusters&num_components=2&depths=1,2&num_seeds=1&iterations=20"
ENDLESS = "v=2&dataset=nltcs-twin&iterations=5000&num_seeds=12"


class Serving:
    """The lab in a process of its own, on a free port; what it logs is in a file."""

    def __init__(self, folder: Path, port: int | None = None, **variables: str) -> None:
        self.port, self.log = port or free_port(), folder / "server.log"
        options = ["--server.address", "127.0.0.1", "--server.port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options],
                cwd=ROOT,
                env=children.environment(**{"SPNLAB_STORE": str(folder / "kept" / "spnlab.db"), **variables}),
                stdout=log,
                stderr=log,
            )

    def opened(self) -> Serving:
        """Wait until it answers."""
        until(lambda: self.process.poll() is not None or self._answers())
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return self

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.healthy() < PATIENCE
        return False

    def healthy(self) -> float:
        """Seconds until it said that it is well."""
        begin = time.perf_counter()
        with urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=PATIENCE) as answer:
            assert answer.read() == b"ok"
        return time.perf_counter() - begin

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a request whose path is sent as it stands."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())

    def close(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """A port of this computer that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Tab(Session):
    """A session that knows its own name."""

    session_id: str = ""

    async def rerun(self) -> float:
        """As any session does; the first answer of all says what it is called."""
        if not self.session_id:
            self.socket = cast(client.ClientConnection, First(self.socket, self))
        return await super().rerun()


@dataclass
class First:
    """A connection whose answers are looked at for the session's name."""

    socket: client.ClientConnection
    of: Tab

    async def recv(self, **options: bool) -> bytes:
        """The next answer."""
        text = await self.socket.recv(decode=False)
        answer = ForwardMsg.FromString(text)
        self.of.session_id = self.of.session_id or answer.new_session.initialize.session_id
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self.socket, name)


@asynccontextmanager
async def tab(port: int, link: str = QUICK, **options: Any) -> AsyncIterator[Tab]:
    """A tab that is open at a link, whose page has run once."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    settings = {"subprotocols": ["streamlit"], "max_size": None, "compression": None, **options}
    async with client.connect(address, **settings) as opened:
        session = Tab(port, link, opened)
        try:
            await session.rerun()
            yield session
        finally:
            await session.close()


def family(pid: int) -> Iterator[int]:
    """A process and all that it started, and what those started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def held(pid: int) -> dict[str, float]:
    """What a server and its children hold: MB that are theirs (shared pages in shares), threads, descriptors."""
    found = {"memory_mb": 0.0, "threads": 0, "descriptors": 0, "children": -1}
    for each in family(pid):
        with suppress(OSError):
            place = Path(f"/proc/{each}")
            lines = dict(line.split(":", 1) for line in (place / "smaps_rollup").read_text().splitlines()[1:])
            found["memory_mb"] += int(lines["Pss"].split()[0]) * 1024 / 1e6
            found["threads"] += len(os.listdir(place / "task"))
            found["descriptors"] += len(os.listdir(place / "fd"))
            found["children"] += 1
    return found
