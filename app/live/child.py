"""A process beside the server's: it is sent messages and sends answers, both as pickles over its own pipes.

Nothing but our own objects goes through. A child knows nothing of Streamlit, gives way to the server, and ends with it.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]  # where `app` can be imported from
CLOSE_SECONDS = 2.0
PIPE_BYTES = 1 << 20  # so that a child need not wait until what it says is read; as much as Linux allows anybody


class ChildDied(RuntimeError):  # noqa: N818  an event that is reckoned with
    """The process has ended, by itself or by force; `start` begins another."""


class Child:
    """A process that runs a module of the lab, at a lower priority by `nice`. One thread at a time may use it."""

    def __init__(self, module: str, nice: int) -> None:
        self.module, self.nice = module, nice
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none."""
        return self._process.pid if self.alive and self._process else None

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Begin a process, in place of one that may be there."""
        self.close()
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module, str(self.nice)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        _widen(_pipe(self._process.stdout))

    def send(self, message: Any) -> None:
        """Send something, without waiting for an answer; ChildDied where nobody hears it."""
        if self._process is None:
            raise ChildDied
        stdin = _pipe(self._process.stdin)
        try:
            pickle.dump(message, stdin, pickle.HIGHEST_PROTOCOL)
            stdin.flush()
        except OSError as error:
            raise ChildDied from error

    def receive(self) -> Any:
        """Wait for the next answer; ChildDied where none will come."""
        if self._process is None:
            raise ChildDied
        try:
            return pickle.load(_pipe(self._process.stdout))
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise ChildDied from error

    def kill(self) -> None:
        """End it at once; any thread may do so, and whoever waits for an answer learns that it died."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """Let it end by itself, since nothing more will be sent; by force after a moment."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):  # it may be dead already; what was to be sent is lost with it
            _pipe(process.stdin).close()
        try:
            process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _pipe(process.stdout).close()


class Parent:
    """The server, as a child sees it. When it is gone, so is the child, wherever it is."""

    def __init__(self, nice: int) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):  # meant for the server, which ends its children
            signal.signal(name, signal.SIG_IGN)
        if hasattr(os, "nice"):
            os.nice(nice)
        with suppress(OSError):  # where memory runs out, Linux ends a child before the server
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is printed by mistake goes to the log
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def waits(self) -> bool:
        """Whether a message is there already."""
        return not self._messages.empty()

    def receive(self) -> Any:
        """The next message, when it comes."""
        return self._messages.get()

    def send(self, answer: Any) -> None:
        """Send an answer."""
        pickle.dump(answer, self._answers, pickle.HIGHEST_PROTOCOL)
        self._answers.flush()

    def _listen(self) -> None:
        while True:
            try:
                self._messages.put(pickle.load(sys.stdin.buffer))
            except (OSError, EOFError, pickle.UnpicklingError):
                os._exit(0)


def _widen(pipe: IO[bytes]) -> None:
    """Let more lie in a pipe, where the system allows it."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
