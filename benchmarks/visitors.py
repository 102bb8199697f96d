"""Visitors without a browser: sessions that speak the lab's protocol."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import DoubleArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.server import ANSWER_SECONDS

ENDED = ("done", "stopped", "failed", "interrupted")
CLOSED = 1001  # what a browser says when a tab is closed


@dataclass
class Session:
    """One tab: its websocket, its keep-alive connection for data, and what it measured.

    Moments are those of `time.perf_counter`: `trained`, when it sent the message that starts its run; `points`, when
    each answer with new frames had come; `ended`, when an answer first said that the run had ended. Opening a link in
    the lab trains it, as pressing Train does. `answers` counts all answers, those without anything new among them.
    """

    port: int
    link: str
    socket: ClientConnection
    run_id: str = ""
    poll: float = 0.25
    state: str = "queued"
    length: int = 0
    done: int = 0
    answers: int = 0
    trained: float = 0.0
    points: list[float] = field(default_factory=list)
    ended: float | None = None
    controls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    session_id: str = ""  # Streamlit's; a page that reconnects names it
    secret: str = ""  # which the page shows to stop its run; earlier builds ask for none
    widgets: dict[str, str] = field(default_factory=dict)  # ids by key, as the page was sent them
    said: dict[str, float] = field(default_factory=dict)  # what was changed, by key
    more: str = ""  # id of what unfolds further settings
    unfolded: bool = False
    sliders: set[str] = field(default_factory=set)  # keys of those whose values are sent as lists
    mounted: asyncio.Event = field(default_factory=asyncio.Event)  # a run is on the page that the last press began
    frames: Any = field(default_factory=hashlib.sha256)  # of all numbers of the run that have come

    async def rerun(self, *pressed: str, **changed: float) -> float:
        """Run the script as a press or a changed control does, by their keys; seconds until it has finished.

        As a browser does, it says what every control says that was ever changed.
        """
        begin = time.perf_counter()
        self.trained = self.trained or begin
        self.said.update(changed)
        message = BackMsg()
        message.rerun_script.query_string = self.link
        states = message.rerun_script.widget_states.widgets
        for key in pressed:
            states.add(id=self.widgets[key], trigger_value=True)
        for key, value in self.said.items():
            if key in self.sliders:
                states.add(id=self.widgets[key], double_array_value=DoubleArray(data=[value]))
            else:
                states.add(id=self.widgets[key], double_value=value)
        if self.unfolded:
            states.add(id=self.more, bool_value=True)
        await self.socket.send(message.SerializeToString())
        while not self._read(await self.receive()):
            pass
        return time.perf_counter() - begin

    async def unfold(self) -> None:
        """Unfold the settings that are folded away, where a build draws those only then."""
        self.unfolded = bool(self.more)
        await self.rerun()

    async def press(self, **changed: float) -> float:
        """Change controls and press Train at once; from here on what is measured is of the run that this begins."""
        self.trained, self.points, self.ended = time.perf_counter(), [], None
        self.mounted.clear()
        before = self.run_id
        seconds = await self.rerun("train", **changed)
        if self.run_id == before:
            self.errors.append("Train began no run")
        self.mounted.set()
        return seconds

    async def receive(self) -> ForwardMsg:
        """The next message of the page's script."""
        answer = ForwardMsg()
        answer.ParseFromString(await asyncio.wait_for(self.socket.recv(decode=False), ANSWER_SECONDS))
        return answer

    def _read(self, answer: ForwardMsg) -> bool:
        """Note what a message says; whether the script has finished and is not about to run again."""
        kind = answer.WhichOneof("type")
        if kind == "new_session":
            self.session_id = answer.new_session.initialize.session_id
        elif kind == "page_info_changed":
            self.link = answer.page_info_changed.query_string
        elif kind == "delta":
            self._see(answer.delta.new_element)
            self.more = answer.delta.add_block.expandable.id or self.more
        return bool(
            kind == "script_finished"
            and answer.script_finished != ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
        )

    def _see(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        if kind == "bidi_component":
            self._mount(element.bidi_component)
        elif kind == "exception":
            self.errors.append("the page raised an exception")
        elif kind in ("button", "number_input", "slider", "file_uploader"):
            identifier = getattr(element, kind).id
            key = identifier.split("-", 2)[-1]
            self.widgets[key] = identifier
            if kind == "slider":
                self.sliders.add(key)

    def _mount(self, component: Any) -> None:
        payload = json.loads(component.json or component.mixed.json or "{}")
        self.secret = payload.get("session", self.secret)
        run_id = payload.get("run_id", self.run_id)
        if run_id != self.run_id:
            self.run_id, self.state, self.length, self.done = run_id, "queued", 0, 0
            self.frames = hashlib.sha256()
            self.mounted.set()

    async def get(self, address: str, method: str = "GET") -> tuple[int, bytes]:
        """Status and body over the kept connection."""
        if self.streams is None or self.streams[0].at_eof():  # the server ends a connection that rests
            self.hang_up()
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        host = f"127.0.0.1:{self.port}"
        own = f"X-Session: {self.secret}\r\n" if self.secret else ""
        writer.write(f"{method} {address} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{own}\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), ANSWER_SECONDS)).decode("latin-1")
        lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        return int(head.split()[1]), await reader.readexactly(int(lengths[0]) if lengths else 0)

    async def ask(self) -> dict[str, Any]:
        """The next frames, as the page asks for them."""
        status, body = await self.get(f"/api/runs/{self.run_id}?from={self.length}&seed=0")
        if status != 200:
            self.errors.append(f"status {status}")
            self.state = "interrupted"
            return {}
        size = int.from_bytes(body[:4], "little")
        header: dict[str, Any] = json.loads(body[4 : 4 + size])
        self.answers += 1
        self.length += header["frames"]
        self.frames.update(body[4 + size :])
        if header["frames"]:
            self.points.append(time.perf_counter())
        self.state, self.poll, self.done = header["state"], header["poll_ms"] / 1000, header["done"]
        if self.state in ENDED and self.ended is None:
            self.ended = time.perf_counter()
        return header

    async def stop(self) -> None:
        """Press Stop."""
        status, _ = await self.get(f"/api/runs/{self.run_id}/stop", "POST")
        if status != 204:
            self.errors.append(f"status {status} of a stop")

    @property
    def gaps(self) -> list[float]:
        """Seconds between answers with new frames, from the first such answer on."""
        return [later - earlier for earlier, later in pairwise(self.points)]

    @property
    def first_point(self) -> float | None:
        """Seconds from Train to the first point; None where none has come."""
        return self.points[0] - self.trained if self.points else None

    def had_point(self, moment: float) -> bool:
        """Whether its first point had come at a moment."""
        return bool(self.points) and self.points[0] <= moment

    def had_ended(self, moment: float) -> bool:
        """Whether its run had ended at a moment."""
        return self.ended is not None and self.ended <= moment

    async def follow(self, seconds: float) -> None:
        """Poll until the run has ended or the time is over."""
        end = time.perf_counter() + seconds
        while self.state not in ENDED and time.perf_counter() < end:
            await self.ask()
            await asyncio.sleep(self.poll)

    async def use_controls(self, seconds: float, every: float, offset: float) -> None:
        """Change a control now and then."""
        end = time.perf_counter() + seconds
        await asyncio.sleep(offset)
        while time.perf_counter() < end:
            self.controls.append(await self.rerun())
            await asyncio.sleep(every)

    def hang_up(self) -> None:
        """End the connection for data; the next question opens another."""
        if self.streams is not None:
            self.streams[1].close()
        self.streams = None

    async def close(self) -> None:
        """Close the tab."""
        streams = self.streams
        self.hang_up()
        if streams is not None:
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()
        await self.socket.close(CLOSED)


@contextlib.asynccontextmanager
async def opened(port: int, link: str) -> AsyncIterator[Session]:
    """A tab that has opened a link; its page has run once."""
    session = Session(port, link, await connected(port))
    try:
        await session.rerun()
        yield session
    finally:
        await session.close()


async def connected(port: int, *more: str, cookies: str = "") -> ClientConnection:
    """A websocket as the page opens it; `more` is what a page that comes back names besides."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    names: Any = ["streamlit", *more]
    return await connect(
        address,
        subprotocols=names,
        additional_headers={"Cookie": cookies} if cookies else None,
        max_size=None,
        compression=None,
        open_timeout=ANSWER_SECONDS,
    )


def link(seed: int, **settings: Any) -> str:
    """A link to an experiment that nobody else trains."""
    return "&".join(
        f"{name}={value}" for name, value in {"v": 2, "dataset": "nltcs-twin", "seed": seed, **settings}.items()
    )
