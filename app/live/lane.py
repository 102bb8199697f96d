"""One job after the other in a process of their own, which is begun again when it dies or does not obey."""

import logging
import pickle
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from app.live.child import Child, ChildDied
from app.live.working import UNWANTED
from spncore.words import counted

State = Literal["queued", "running", "done", "cancelled", "failed"]
TRIES = 2  # of a job whose process is killed
START_SECONDS = 60.0  # that a process may take to begin
LOCK_SECONDS = 1.0
RATE_SECONDS = 30.0  # the speed of a job is taken over so long
LOG = logging.getLogger(__name__)


class Job:
    """One computation and where it stands. `stop` is set when nobody wants it any more, `over` when it has ended.

    `work` is a function with its arguments; `result` is there when done, and took `size` bytes to send.
    """

    def __init__(
        self, key: str, function: Callable[..., Any], arguments: tuple[Any, ...], quick: bool, unit: str
    ) -> None:
        self.key, self.quick, self.unit = key, quick, unit
        pickle.dumps(function)  # one that no other process can find is a mistake of who starts it
        self.work: tuple[Callable[..., Any], tuple[Any, ...]] | None = function, arguments
        self.state: State = "queued"
        self.reason: str | None = None
        self.result: Any = None
        self.size, self.done, self.total = 0, 0, 0
        self.turn, self.begun_for = 0, frozenset[str]()  # as the how manieth it was begun, and for whom
        self.since = time.monotonic()
        self.stop, self.over = threading.Event(), threading.Event()
        self.watchers: set[str] = set()
        self._history: deque[tuple[float, int]] = deque()

    @property
    def ended(self) -> bool:
        """Whether it is over, one way or another."""
        return self.over.is_set()

    def told(self, done: int, total: int) -> None:
        """So far it is."""
        now = time.monotonic()
        if done < self.done:  # it was begun again
            self._history.clear()
        self._history.append((now, done))
        while self._history[0][0] < now - RATE_SECONDS:
            self._history.popleft()
        self.done, self.total = done, total

    def end(self, state: State, reason: str | None = None) -> None:
        """It is over; what it was to work on is let go of."""
        self.state, self.reason, self.work = state, reason, None
        self.over.set()

    @property
    def seconds_left(self) -> float | None:
        """At the speed of late; None before there is one."""
        history = tuple(self._history)
        if len(history) < 2 or history[-1][1] == history[0][1]:
            return None
        (begin, before), (_, now) = history[0], history[-1]
        return (time.monotonic() - begin) / (now - before) * (self.total - now)


class Ended(NamedTuple):
    """How a job came out of a lane: with a result, a reason, or "queued" because it takes too long for the lane."""

    state: State
    reason: str | None = None
    result: Any = None
    size: int = 0


class Lane:
    """A process, and how it is handed one job at a time; a job has `seconds`, `stop_seconds` to notice its end.

    `perform` belongs to one thread; `end` may come from any.
    """

    def __init__(self, child: Child, seconds: float, stop_seconds: float, quick: bool) -> None:
        self.child, self.seconds, self.stop_seconds, self.quick = child, seconds, stop_seconds, quick
        self._job: Job | None = None
        self._late, self._sent, self._timers = False, False, list[threading.Timer]()
        self._lock = threading.Lock()  # of what is sent to the process, and of which job that is about

    def ready(self) -> None:
        """Begin the process where there is none."""
        if not self.child.alive:
            try:
                self.child.start()
            except OSError:  # no room for a process: said where a job needs it
                LOG.exception("no process for jobs")

    def perform(self, job: Job) -> Ended:
        """Have a job computed, once more where its process is killed meanwhile."""
        try:
            for _ in range(TRIES):
                ended = self._tried(job)
                if ended is not None:
                    return ended
                LOG.warning("the process of job %s was killed", job.key, extra={"job": job.key})
        except Exception:  # noqa: BLE001  the page shows a number, the log has the rest
            self.child.kill()  # whatever it is at, the next job has another
            return _broken(job, exc_info=True)
        return Ended(
            "failed",
            f"This computation was begun {counted(TRIES, 'time')}, and each time its process was killed; it may need "
            "more memory than there is. Try fewer seeds, iterations or components.",
        )

    def end(self, job: Job) -> None:
        """Tell the process that a job is not wanted any more; if it does not hear, kill it after a while."""
        with self._lock:
            if self._job is job:
                self._later(self.stop_seconds, job)
                if self._sent:
                    self._tell_to_stop()

    def kill(self) -> None:
        """End the job under way and its process at once, for the end of the server."""
        with self._lock:
            if self._job is not None:
                self.child.kill()

    def _tried(self, job: Job) -> Ended | None:
        """How a job has ended; None where its process was killed, and not for the job's sake."""
        self.ready()
        message = pickle.dumps(job.work, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            if job.stop.is_set():
                return Ended("cancelled")
            self._job, self._late, self._sent = job, False, False
            self._later(START_SECONDS, job)
        try:
            self.child.send(message)  # without the lock: nobody else sends before it is sent, and it may take a while
            with self._lock:
                self._sent = True
                if job.stop.is_set():
                    self._tell_to_stop()
            return self._heard(job)
        except ChildDied:
            self.child.close()  # of what is left of it: it may look alive a moment longer
            return self._why_killed(job)
        finally:
            with self._lock:
                self._job = None
                self._forget_timers()

    def _heard(self, job: Job) -> Ended:
        """Follow a job to its end."""
        while True:
            kind, what = self.child.receive()
            if kind == "begun":  # only now is the process there, if it had to be begun for this job
                with self._lock:
                    if not job.stop.is_set():
                        self._forget_timers()
                        self._later(self.seconds, job, late=True)
            elif kind == "told":
                job.told(*what)
            elif kind == "done":
                return Ended("done", None, pickle.loads(what), len(what))
            elif kind == "broken":
                return _broken(job, what)
            else:
                return Ended("failed" if kind == "refused" else "cancelled", what)

    def _why_killed(self, job: Job) -> Ended | None:
        if job.stop.is_set():
            return Ended("cancelled")
        if self._late and self.quick:
            return Ended("queued")
        if self._late:
            return Ended("failed", f"This computation took longer than {self.seconds / 60:g} minutes and was ended.")
        return None

    def _forget_timers(self) -> None:
        while self._timers:
            self._timers.pop().cancel()

    def _tell_to_stop(self) -> None:
        with suppress(ChildDied):
            self.child.send(UNWANTED)

    def _later(self, seconds: float, job: Job, late: bool = False) -> None:
        """Kill the process after so long if it is still about this job; the lock is held."""

        def kill() -> None:
            held = self._lock.acquire(timeout=LOCK_SECONDS)  # who has it may wait for a process that does not read
            if self._job is job:
                self._late = late
                self.child.kill()
            if held:
                self._lock.release()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)


def _broken(job: Job, fault: str = "", exc_info: bool = False) -> Ended:
    number = secrets.token_hex(4)
    about = {"job": job.key, "error": number}
    LOG.error("job %s failed, error %s", *about.values(), exc_info=exc_info, extra={**about, "fault": fault})
    return Ended("failed", f"Something went wrong here; the server's log has it as error {number}.")
