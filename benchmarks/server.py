"""A server of the lab in a process of its own, of this build or another."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks import processes

ROOT = Path(__file__).parent.parent
CLOSE_SECONDS = 30
ANSWER_SECONDS = 60  # nobody waits longer for a start, a script or an answer


class Server:
    """The lab in a process of its own, of the build in a folder; `environment` is added to this process's.

    `before` stands before its command.
    """

    def __init__(self, folder: Path = ROOT, before: Sequence[str] = (), **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.log = folder, tempfile.TemporaryFile()
        command = [
            *before,
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "streamlit_app.py",
            "--server.address",
            "127.0.0.1",
        ]
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--server.port", str(self.port)],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )
        self._wait()
        self.start_seconds = time.perf_counter() - self.begin

    def _wait(self) -> None:
        while time.perf_counter() - self.begin < ANSWER_SECONDS and self.process.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=1):
                return
            time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"the server did not start within {ANSWER_SECONDS} s")

    def cpu(self) -> dict[str, float]:
        """CPU seconds of the server's own process so far, by thread."""
        return processes.cpu_by_thread(self.process.pid)

    def children_cpu(self) -> dict[int, float]:
        """CPU seconds so far of every process that it started, the trainers among them; none in earlier builds."""
        return {pid: processes.cpu_seconds(pid) for pid in processes.children(self.process.pid)}

    def memory_mb(self) -> float:
        """Memory of the server's own process; what it shares with its children is divided among them."""
        return processes.share_mb(self.process.pid)

    def children_memory_mb(self) -> float:
        """Memory of all processes that it started."""
        return sum(map(processes.share_mb, processes.children(self.process.pid)))

    def memory_of_all_mb(self) -> float:
        """Memory of the server and its children, what they share counted once."""
        return self.memory_mb() + self.children_memory_mb()

    def counts(self) -> dict[str, int]:
        """Threads and file descriptors of the server's own process."""
        place = Path(f"/proc/{self.process.pid}")
        return {"threads": len(list((place / "task").iterdir())), "files": len(list((place / "fd").iterdir()))}

    def close(self) -> dict[str, Any]:
        """Terminate as a container does; how long it took and the exit code."""
        begin = time.perf_counter()
        self.process.terminate()
        try:
            self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        seconds = round(time.perf_counter() - begin, 2)
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").count("\n")
        self.log.close()
        return {"seconds": seconds, "exit_code": self.process.returncode, "stderr_lines": lines}


@contextlib.contextmanager
def running(folder: Path = ROOT, before: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    """A server that is gone afterwards, whatever happens."""
    server = Server(folder, before, **environment)
    try:
        yield server
    finally:
        if not server.log.closed:
            server.close()
