"""Measures the live lab as its users meet it, without a browser: `python -m benchmarks.live [part …]`, prints JSON.

Starts the real server on a free port of this computer and plays sessions against it: Streamlit's protobuf over a
websocket for the page, plain GETs of the run routes for the data, paced as the page paces them. The players share the
machine's cores with the server, so latencies are upper bounds. Linux only: CPU and memory are read from /proc.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parent.parent
TARGETS = {
    "first_point_ms": 300.0,  # at most
    "updates_per_second": 9.0,  # at least
    "cores_beyond_trainer": 0.02,  # at most, one session
    "control_p95_ms": 100.0,  # at most, 30 sessions
    "gap_p95_ms": 350.0,  # at most, 30 sessions, for a target of 250
    "memory_over_plateau": 1.10,  # at most
    "freed_seconds": 2.0,  # at most
}
NUM_SESSIONS = 30
TICKS = os.sysconf("SC_CLK_TCK")
ENDED = ("done", "stopped", "failed", "interrupted")


class Server:
    """The lab in a process of its own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.address", "127.0.0.1"]
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--server.port", str(self.port)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
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
    """One tab: its websocket, its keep-alive connection for data, and what it measured (seconds)."""

    port: int
    link: str
    socket: ClientConnection
    run_id: str = ""
    poll: float = 0.25
    state: str = "queued"
    length: int = 0
    done: int = 0
    with_data: int = 0
    gaps: list[float] = field(default_factory=list)
    controls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def rerun(self) -> float:
        """Run the script as a changed control does; seconds until it has finished."""
        begin = time.perf_counter()
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
        self.length += header["frames"]
        self.with_data += header["frames"] > 0
        self.state, self.poll, self.done = header["state"], header["poll_ms"] / 1000, header["done"]
        return header

    async def follow(self, seconds: float) -> None:
        """Poll until the run has ended or the time is over."""
        end, last = time.perf_counter() + seconds, None
        while self.state not in ENDED and time.perf_counter() < end:
            await self.ask()
            now = time.perf_counter()
            if last is not None:
                self.gaps.append(now - last)
            last = now
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


@contextlib.asynccontextmanager
async def opened(server: Server, link: str) -> AsyncIterator[Session]:
    """A tab that has opened a link; its page has run once."""
    address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as socket_:  # type: ignore[list-item]
        session = Session(server.port, link, socket_)
        await session.rerun()
        if not session.run_id:
            raise RuntimeError("the page mounted no run")
        try:
            yield session
        finally:
            await session.close()


def link(seed: int, **settings: Any) -> str:
    """A link to an experiment that nobody else trains."""
    return "&".join(
        f"{name}={value}" for name, value in {"v": 1, "dataset": "nltcs-twin", "seed": seed, **settings}.items()
    )


async def one_session(server: Server) -> dict[str, Any]:
    """Opening a link to the first point; then updates and CPU beside the trainer during a long run."""
    first = []
    for seed in range(1000, 1080, 10):
        begin = time.perf_counter()
        async with opened(server, link(seed)) as session:
            while not session.length:
                await session.ask()
            first.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(1.5)  # until its run is let go of
    await asyncio.sleep(3)
    async with opened(server, link(1, iterations=5000, num_seeds=12)) as session:
        await session.ask()
        before, begin, count, done = server.cpu(), time.perf_counter(), session.with_data, session.done
        await session.follow(8)
        seconds, after = time.perf_counter() - begin, server.cpu()
        spent = sorted(after[thread] - before.get(thread, 0.0) for thread in after)
        return {
            "first_point_ms": round(statistics.median(first), 1),
            "first_point_worst_ms": round(max(first), 1),
            "updates_per_second": round((session.with_data - count) / seconds, 2),
            "iterations_per_second": round((session.done - done) / seconds, 1),
            "cores_trainer": round(spent[-1] / seconds, 3),
            "cores_beyond_trainer": round(sum(spent[:-1]) / seconds, 3),
            "run_lasted": session.state == "running",
            "errors": len(session.errors),
        }


async def many_sessions(server: Server, shared: bool, seconds: float = 25.0) -> dict[str, Any]:
    """30 tabs at once, each polling and changing a control every 3 s; runs of their own, or all the same."""
    async with contextlib.AsyncExitStack() as stack:
        links = [link(7 if shared else 2000 + 10 * index, iterations=1500) for index in range(NUM_SESSIONS)]
        begin = time.perf_counter()
        sessions = await asyncio.gather(*(stack.enter_async_context(opened(server, each)) for each in links))
        opening = time.perf_counter() - begin
        before, begin = sum(server.cpu().values()), time.perf_counter()
        jobs: list[Awaitable[None]] = []
        for index, session in enumerate(sessions):
            jobs += [session.follow(seconds), session.use_controls(seconds, 3.0, 3.0 * index / NUM_SESSIONS)]
        await asyncio.gather(*jobs)
        spent = (sum(server.cpu().values()) - before) / (time.perf_counter() - begin)
        gaps = [1000 * gap for session in sessions for gap in session.gaps]
        return {
            "all_opened_seconds": round(opening, 2),
            "server_cores": round(spent, 2),
            **quantiles("control", [1000 * each for session in sessions for each in session.controls]),
            **quantiles("gap", gaps),
            "answers_with_data": sum(session.with_data for session in sessions),
            "ended": sum(session.state == "done" for session in sessions),
            "errors": sum(len(session.errors) for session in sessions),
            "kinds_of_errors": sorted({error for session in sessions for error in session.errors}),
        }


async def open_and_close(server: Server, cycles: int = 200) -> dict[str, Any]:
    """Memory, threads and files over many tabs that come, look and go."""
    memory = {}
    for cycle in range(1, cycles + 1):
        async with opened(server, link(5000 + cycle % 20)) as session:
            await session.ask()
        if cycle % 50 == 0:
            memory[cycle] = round(server.memory_mb(), 1)
    counts = server.counts()
    await asyncio.sleep(65)  # Streamlit keeps a closed session for a minute
    async with opened(server, link(5000)):  # and drops it when the next one comes
        pass
    plateau = memory[cycles // 2]
    return {
        "memory_mb": memory,
        "memory_over_plateau": round(memory[cycles] / plateau, 3),
        "memory_after_a_minute_mb": round(server.memory_mb(), 1),
        "at_the_end": counts,
        "after_a_minute": server.counts(),
    }


async def closed_tab(server: Server) -> dict[str, Any]:
    """Seconds from a closed tab until its training has ended: the server's CPU falls to nothing."""
    async with opened(server, link(9, iterations=5000, num_seeds=12)) as session:
        await session.ask()
    begin = time.perf_counter()
    while time.perf_counter() - begin < 10:
        before = sum(server.cpu().values())
        await asyncio.sleep(0.1)
        if sum(server.cpu().values()) - before < 0.03:
            return {"freed_seconds": round(time.perf_counter() - begin - 0.1, 2)}
    return {"freed_seconds": None}


async def shut_down(server: Server) -> dict[str, Any]:
    """SIGTERM while a run is under way and its tab is open."""
    async with opened(server, link(11, iterations=5000, num_seeds=12)) as session:
        await session.ask()
        result = await asyncio.to_thread(server.close)
        with contextlib.suppress(Exception):
            await session.socket.close()
    return result


def quantiles(name: str, values: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(values)
    return {
        f"{name}_p50_ms": round(statistics.median(ordered), 1),
        f"{name}_p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        f"{name}_count": len(ordered),
    }


PARTS: dict[str, Callable[[Server], Awaitable[dict[str, Any]]]] = {
    "one_session": one_session,
    "thirty_sessions": lambda server: many_sessions(server, shared=False),
    "thirty_sessions_sharing": lambda server: many_sessions(server, shared=True),
    "closed_tab": closed_tab,
    "open_and_close": open_and_close,
    "shut_down": shut_down,
}


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server that is gone afterwards, whatever happens."""
    server = Server()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.close()


def main(names: list[str]) -> None:
    """Measure the named parts, or all, each on a fresh server."""
    results: dict[str, Any] = {"cores": os.cpu_count(), "targets": TARGETS}
    for name in names or list(PARTS):
        with running() as server:
            results[name] = {
                "server_start_seconds": round(server.start_seconds, 2),
                **asyncio.run(measured(name, server)),
            }
        print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
    print(json.dumps(results, indent=2))


async def measured(name: str, server: Server) -> dict[str, Any]:
    """One part; a page that was never opened is slow once, so one tab comes first."""
    async with opened(server, link(99, iterations=5)):
        pass
    return await PARTS[name](server)


if __name__ == "__main__":
    main(sys.argv[1:])
