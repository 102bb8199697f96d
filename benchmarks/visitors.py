"""Visitors without a browser: a server of the lab, and sessions that speak its protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
ENDED = ("done", "stopped", "failed", "interrupted")


class Server:
    """The lab in a process of its own, of the build in a folder."""

    def __init__(self, folder: Path = ROOT) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.address", "127.0.0.1"]
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--server.port", str(self.port)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._wait()
        self.start_seconds = time.perf_counter() - self.begin

    def _wait(self) -> None:
        while time.perf_counter() - self.begin < 30:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not start within 30 s")

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far by thread."""
        seconds = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                fields = (task / "stat").read_text().rpartition(")")[2].split()
                seconds[task.name] = (int(fields[11]) + int(fields[12])) / TICKS
        return seconds

    def memory_mb(self) -> float:
        """Resident memory."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def counts(self) -> dict[str, int]:
        """Threads and file descriptors."""
        place = Path(f"/proc/{self.process.pid}")
        return {"threads": len(list((place / "task").iterdir())), "files": len(list((place / "fd").iterdir()))}

    def close(self) -> dict[str, Any]:
        """Terminate as a container does; how long it took and the exit code."""
        begin = time.perf_counter()
        self.process.terminate()
        try:
            _, errors = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, errors = self.process.communicate()
        seconds = round(time.perf_counter() - begin, 2)
        return {"seconds": seconds, "exit_code": self.process.returncode, "stderr_lines": errors.decode().count("\n")}


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

    async def rerun(self) -> float:
        """Run the script as a changed control does; seconds until it has finished."""
        begin = time.perf_counter()
        self.trained = self.trained or begin
        message = BackMsg()
        message.rerun_script.query_string = self.link
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.socket.recv(decode=False), 30))
            kind = answer.WhichOneof("type")
            if kind == "delta" and answer.delta.new_element.WhichOneof("type") == "bidi_component":
                self._read(answer.delta.new_element.bidi_component)
            elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                self.errors.append("the page raised an exception")
            elif kind == "script_finished":
                return time.perf_counter() - begin

    def _read(self, component: Any) -> None:
        text = component.json or component.mixed.json
        if text:
            self.run_id = json.loads(text).get("run_id", self.run_id)

    async def get(self, address: str, method: str = "GET") -> tuple[int, bytes]:
        """Status and body over the kept connection."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        host = f"127.0.0.1:{self.port}"
        writer.write(f"{method} {address} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\r\n".encode())
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).decode("latin-1")
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
        if header["frames"]:
            self.points.append(time.perf_counter())
        self.state, self.poll, self.done = header["state"], header["poll_ms"] / 1000, header["done"]
        if self.state in ENDED and self.ended is None:
            self.ended = time.perf_counter()
        return header

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

    async def close(self) -> None:
        """Close the tab."""
        if self.streams is not None:
            self.streams[1].close()
        await self.socket.close()


def link(seed: int, **settings: Any) -> str:
    """A link to an experiment that nobody else trains."""
    return "&".join(
        f"{name}={value}" for name, value in {"v": 2, "dataset": "nltcs-twin", "seed": seed, **settings}.items()
    )
