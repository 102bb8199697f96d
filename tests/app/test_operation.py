"""What an operator has of the real server: numbers, readiness, a log in lines, and an end that waits for runs."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect

from app.live import assets
from app.live.metrics import FIRST_POINT
from benchmarks.visitors import Session, link
from tests import apart, children, disks
from tests.places import ROOT
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow
AT_MOST = 10.0  # seconds from SIGTERM to SIGKILL, as containers are stopped
HANGS = """
import sys, time
from app.live.runs import REGISTRY
from spnlab.__main__ import main
REGISTRY.close = lambda: time.sleep(1000)
main(sys.argv[1:])
"""
LONG = {"iterations": 5000, "num_seeds": 8, "num_components": 32}


class Server:
    """The lab as the command starts it."""

    def __init__(self, base: str, program: Sequence[str], environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}{base}"
        words = ["--server.headless=true", f"--port={self.port}", f"--base-url={base.strip('/')}"]
        self.process = subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=ROOT,
            env=children.environment(**environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get(self, path: str) -> tuple[int, str]:
        """Status and text."""
        try:
            with urlopen(f"{self.address}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def metrics(self) -> dict[tuple[str, ...], float]:
        """Every number by its name and labels."""
        families = text_string_to_metric_families(self.get("/metrics")[1])
        return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}

    def answers(self) -> bool:
        """Whether it is up."""
        assert self.process.poll() is None, self.process.communicate()
        with suppress(OSError):
            return self.get("/_stcore/health")[0] == 200
        return False

    def terminate(self) -> tuple[float, int, list[dict[str, str]]]:
        """Seconds to its end after SIGTERM, the exit code, and its log."""
        begin = time.monotonic()
        self.process.terminate()
        _, errors = self.process.communicate(timeout=PATIENCE)
        return time.monotonic() - begin, self.process.returncode, [json.loads(line) for line in errors.splitlines()]


@contextmanager
def served(base: str = "", program: Sequence[str] = ("-m", "spnlab"), **environment: str) -> Iterator[Server]:
    """A server that answers."""
    server = Server(base, program, environment)
    try:
        until(server.answers)
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


@contextmanager
def visited(server: Server, **settings: int) -> Iterator[Session]:
    """A tab whose run has begun."""

    async def open_tab() -> Session:
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        tab = await connect(address, subprotocols=["streamlit"], max_size=None, compression=None)
        session = Session(server.port, link(seed=1, **settings), tab)
        await session.rerun()
        async with asyncio.timeout(PATIENCE):
            while session.length < 2:
                await session.ask()
        return session

    with asyncio.Runner() as runner:
        session = runner.run(open_tab())
        yield session
        with suppress(OSError):
            runner.run(session.close())


def test_the_numbers_are_there_below_the_base_path_and_move_with_what_goes_on() -> None:
    with served("/lab") as server:
        before = server.metrics()
        assert before[("spnlab_sessions",)] == 0 and before.get(("spnlab_runs", "running"), 0) == 0
        assert before[("spnlab_cpu_seconds_total", "server")] > 0
        assert before[("spnlab_memory_bytes", "server")] > 50e6
        assert 0 < before[("spnlab_memory_bytes", "server")] < before[("spnlab_memory_limit_bytes",)]
        assert before[("spnlab_store_free_bytes",)] > 0 and before[("spnlab_open_files",)] > 3
        assert (f"{FIRST_POINT.describe()[0].name}_bucket", "+Inf") in before
        assert server.get("/ready") == (200, '{"ready": true}')
        assert server.get("/lab/metrics")[1].startswith("<!")  # not twice below it: Streamlit's page


def test_runs_are_counted_and_a_server_that_is_told_to_end_gives_them_a_moment() -> None:
    with served(SPNLAB_DRAIN_SECONDS="3") as server, visited(server, **LONG):
        assert server.metrics()[("spnlab_runs", "running")] == 1
        assert server.metrics()[("spnlab_sessions",)] == 1
        server.process.terminate()
        until(lambda: server.get("/ready")[0] == 503)
        assert json.loads(server.get("/ready")[1]) == {"ready": False, "error": "The server is about to restart."}
        assert server.get("/_stcore/health")[0] == 200  # whoever is there goes on
        _, errors = server.process.communicate(timeout=PATIENCE)
        assert server.process.returncode == 0
        said = [json.loads(line)["message"] for line in errors.splitlines()]
        assert "the server is about to end and takes no new runs; 1 are under way" in said
        assert "the server ends; 1 runs become interrupted" in said and said[-1] == "the server has ended"


def test_a_run_that_ends_meanwhile_is_waited_for_and_then_nothing_more() -> None:
    with served(SPNLAB_DRAIN_SECONDS="100") as server, visited(server, iterations=400):
        _, code, log = server.terminate()
    assert code == 0
    assert "the server ends; 0 runs become interrupted" in [event["message"] for event in log]


def test_a_visitor_who_comes_while_the_server_ends_is_told() -> None:
    with served(SPNLAB_DRAIN_SECONDS="8") as server, visited(server, **LONG):
        server.process.terminate()
        until(lambda: server.get("/ready")[0] == 503)

        async def come() -> str:
            address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
            async with connect(address, subprotocols=["streamlit"], max_size=None, compression=None) as tab:
                late = Session(server.port, link(seed=2, **LONG), tab)
                await late.rerun()
                return late.run_id

        assert not apart.run(come())
        server.process.terminate()  # a second time: at once
        assert server.process.wait(PATIENCE) == 0


def test_a_visitor_who_never_takes_the_answer_holds_no_server_up() -> None:
    with served() as server, socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(f"GET /api/{assets.plotly().name} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        _, code, log = server.terminate()
    assert code == 0 and log[-1]["message"] == "the server has ended"


def test_a_server_that_hangs_is_ended_before_it_is_killed() -> None:
    with served(program=("-c", HANGS)) as server:
        seconds, code, log = server.terminate()
    assert code == 1 and seconds < AT_MOST and log[-1]["message"].startswith("something hangs")


def test_a_server_whose_folder_cannot_be_written_is_not_ready_and_serves(tmp_path) -> None:
    with disks.small_disk(tmp_path / "cache", "size=1m") as disk, served(XDG_CACHE_HOME=str(disk)) as server:
        assert server.get("/ready")[0] == 200
        disks.make_read_only(disk)
        until(lambda: server.get("/ready")[0] == 503)
        assert server.get("/ready")[1].endswith('"The server\'s folder cannot be written: Read-only file system."}')
        assert str(disk) not in server.get("/ready")[1] and server.get("/_stcore/health")[0] == 200
        server.terminate()
        with served(XDG_CACHE_HOME=str(disk)) as again:
            said = [event["message"] for event in again.terminate()[2]]
    user = f"{disk}/spnlab cannot be written by user {os.getuid()}: Read-only file system; mount a folder there"
    assert any(user in message for message in said)


def test_a_port_that_is_taken_ends_the_start_with_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "spnlab", "--server.headless=true", f"--port={port}"]
        options = {"cwd": ROOT, "env": children.environment(), "capture_output": True, "text": True}
        done = subprocess.run(command, timeout=PATIENCE, **options)
    assert done.returncode == 2 and f"{port}: Address already in use" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1
