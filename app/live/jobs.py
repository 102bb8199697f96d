"""Background jobs of the web lab: started by the content they compute, shared by users, bounded, cancelled in seconds.

No Streamlit here. Live training has priority: studies run in niced processes, and one job runs at a time.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Any, Literal

from spncore.data.library import DataError
from spncore.record import ExperimentError
from spncore.sweep import Stopped

State = Literal["queued", "running", "done", "cancelled", "failed"]
CLOSE_SECONDS = 5.0
RATE_SECONDS = 30.0  # the speed of a job is taken over so long
LOG = logging.getLogger(__name__)


class JobRefused(RuntimeError):  # noqa: N818  a refusal, not an error of the program
    """A job cannot be taken now; the text says why."""


class Job:
    """One computation and where it stands. `stop` is set when nobody wants it any more; `result` is there when done."""

    def __init__(self, key: str, work: Callable[[Job], Any]) -> None:
        self.key, self.work = key, work
        self.state: State = "queued"
        self.reason: str | None = None
        self.result: Any = None
        self.done, self.total, self.unit = 0, 0, "runs"
        self.stop = threading.Event()
        self.watchers: set[str] = set()
        self._history: deque[tuple[float, int]] = deque()

    @property
    def ended(self) -> bool:
        """Whether it is over, one way or another."""
        return self.state in ("done", "cancelled", "failed")

    def report(self, done: int, total: int) -> None:
        """Called by the work as it gets on, a study's or another; Stopped when nobody wants it any more."""
        if self.stop.is_set():
            raise Stopped
        now = time.monotonic()
        self._history.append((now, done))
        while self._history[0][0] < now - RATE_SECONDS:
            self._history.popleft()
        self.done, self.total = done, total

    @property
    def seconds_left(self) -> float | None:
        """At the speed of late; None before there is one."""
        history = tuple(self._history)
        if len(history) < 2 or history[-1][1] == history[0][1]:
            return None
        (begin, before), (_, now) = history[0], history[-1]
        return (time.monotonic() - begin) / (now - before) * (self.total - now)


class JobBoard:
    """All jobs of a server: at most `at_once` run, `queue` wait, `keep` ended ones are remembered, the latest used."""

    def __init__(self, at_once: int = 1, queue: int = 12, keep: int = 24) -> None:
        self.at_once, self.queue, self.keep = at_once, queue, keep
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def start(self, key: str, work: Callable[[Job], Any], watcher: str) -> Job:
        """The job of this key, which is running, done, or started now; `work(job)` gives its result.

        JobRefused when the queue is full. A job that was cancelled or failed is begun anew.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.state in ("cancelled", "failed") or job.stop.is_set():
                if sum(job.state == "queued" for job in self._jobs.values()) >= self.queue:
                    raise JobRefused(f"{self.queue} computations are waiting already; try again in a while.")
                job = self._jobs[key] = Job(key, work)
                self._jobs.move_to_end(key)
            job.watchers.add(watcher)
            self._tidy()
            self._next()
            return job

    def get(self, key: str) -> Job | None:
        """The job of a key, if it is known."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.ended:
                self._jobs.move_to_end(key)  # those that wait keep their order
            return job

    def position(self, job: Job) -> int:
        """How many jobs are before this one."""
        with self._lock:
            queued = [other for other in self._jobs.values() if other.state == "queued"]
            return len(self._threads) + queued.index(job) if job in queued else 0

    def counts(self) -> dict[str, int]:
        """How many jobs there are, by state."""
        with self._lock:
            return Counter(job.state for job in self._jobs.values())

    def leave(self, watcher: str, key: str | None = None) -> None:
        """A watcher does not want a job any more, or has gone; a job that nobody waits for is cancelled."""
        with self._lock:
            for job in self._jobs.values():
                if key in (None, job.key) and watcher in job.watchers and not job.ended:
                    job.watchers.discard(watcher)
                    if not job.watchers:
                        _cancel(job)
            self._next()

    def close(self) -> None:
        """Cancel everything and wait until nothing runs; for the end of the server."""
        with self._lock:
            for job in self._jobs.values():
                job.watchers.clear()
                _cancel(job)
            threads = tuple(self._threads.values())
        end = time.monotonic() + CLOSE_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _tidy(self) -> None:
        ended = [key for key, job in self._jobs.items() if job.ended]
        for key in ended[: max(0, len(ended) - self.keep)]:
            del self._jobs[key]

    def _next(self) -> None:
        """Begin waiting jobs while there is room; the lock is held."""
        for job in self._jobs.values():
            if job.state == "queued" and len(self._threads) < self.at_once:
                job.state = "running"
                name = secrets.token_hex(4)
                self._threads[name] = threading.Thread(target=self._run, args=(name, job), daemon=True)
                self._threads[name].start()

    def _run(self, name: str, job: Job) -> None:
        try:
            job.result, reason = job.work(job), None
            state = "cancelled" if job.stop.is_set() else "done"
        except Stopped:
            state, reason = "cancelled", None
        except (DataError, ExperimentError) as error:
            state, reason = "failed", str(error)
        except Exception:  # noqa: BLE001  the page shows a number, the log has the rest
            number = secrets.token_hex(4)
            LOG.exception("job %s failed, error %s", job.key, number)
            state, reason = "failed", f"Something went wrong here; the server's log has it as error {number}."
        with self._lock:
            job.state, job.reason = state, reason  # type: ignore[assignment]
            job.work = lambda _: None  # lets go of the data it was given
            del self._threads[name]
            self._next()


def _cancel(job: Job) -> None:
    job.stop.set()
    if job.state == "queued":
        job.state = "cancelled"


JOBS = JobBoard()
atexit.register(JOBS.close)
