"""One thread that advances all live runs in turn, a slice each, and lets the others wait in a queue."""

import atexit
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

from app.live.computation import Computation, State

SLICE_SECONDS = 0.008
TEND_SECONDS = 0.5
# While pages or requests want the interpreter too, the trainer takes small slices and rests between them: a script then
# takes 1.7 times its own CPU time instead of 2.6, and the trainer loses nothing when nobody else is there.
WAITED_SECONDS, SHORT_SLICE_SECONDS, REST_SECONDS = 0.0002, 0.003, 0.004
CLOSE_SECONDS = 8.0
LOG = logging.getLogger(__name__)


class Scheduler:
    """Round robin over at most `at_once` runs, first come first served for the rest.

    The thread starts with the first run and ends with `close`; a scheduler that was closed starts anew when needed.
    `tend` is called twice a second and says whether there is still anything to look after.
    """

    def __init__(self, at_once: int, tend: Callable[[], bool], slice_seconds: float = SLICE_SECONDS) -> None:
        self.at_once, self.slice_seconds, self._tend = at_once, slice_seconds, tend
        self._changed = threading.Condition()
        self._active: deque[Computation] = deque()
        self._queue: deque[Computation] = deque()
        self._current: Computation | None = None  # the one the thread is at
        self._thread: threading.Thread | None = None
        self._closing = False
        self._wanted = False  # whether other threads wanted the interpreter after the last slice

    def submit(self, run: Computation) -> None:
        """Put a run at the end of the queue."""
        with self._changed:
            self._queue.append(run)
            if self._thread is None or self._closing:
                self._start()
            self._changed.notify()

    def end(self, run: Computation, state: State = "stopped") -> None:
        """End a run: within a slice if it is being trained, at once if not."""
        with self._changed:
            run.end(state)
            if run in self._queue:
                self._queue.remove(run)
            if run not in self._active and run is not self._current:
                run.finish(state, None)

    def rest(self, run: Computation) -> None:
        """Take a run out of turn until it is submitted again or ended."""
        with self._changed:
            for line in (self._active, self._queue):
                if run in line:
                    line.remove(run)

    def holds(self, run: Computation) -> bool:
        """Whether the run is being trained or waits for it."""
        with self._changed:
            return run in self._active or run in self._queue

    def position(self, run: Computation) -> int:
        """The place in the queue, 1 is next; 0 for a run that does not wait."""
        with self._changed:
            free = self.at_once - len(self._active)
            return max(0, self._queue.index(run) + 1 - free) if run in self._queue else 0

    @property
    def num_waiting(self) -> int:
        """How many runs wait for others to end; those that a free place awaits do not count."""
        with self._changed:
            return max(0, len(self._queue) - (self.at_once - len(self._active)))

    def wake(self) -> None:
        """Have `tend` called soon, even if there is nothing to train."""
        with self._changed:
            self._changed.notify()

    def close(self) -> None:
        """End the thread; the runs under way become interrupted, what they have recorded stays."""
        with self._changed:
            self._closing, thread = True, self._thread
            for run in (*self._active, *self._queue):
                run.end("interrupted", "The server was shut down.")
            self._changed.notify()
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def _start(self) -> None:
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="spnlab-scheduler", daemon=True)
        self._thread.start()
        atexit.unregister(self.close)
        atexit.register(self.close)  # before the interpreter goes, so that no step is cut in the middle

    def _loop(self) -> None:
        next_tend, tending = 0.0, True
        me = threading.current_thread()
        while True:
            with self._changed:
                if self._closing or self._thread is not me:
                    break
                run = self._take_turn()
                if run is None:
                    self._changed.wait(TEND_SECONDS if tending else None)
            if run is not None:
                self._advance(run)
                self._give_way()
            if run is None or time.monotonic() >= next_tend:
                tending, next_tend = self._look_after(), time.monotonic() + TEND_SECONDS
        self._finish_all()

    def _give_way(self) -> None:
        """Let others have the interpreter; if that took a while, somebody was waiting, who gets some more of it."""
        begin = time.perf_counter()
        time.sleep(0)
        self._wanted = time.perf_counter() - begin > WAITED_SECONDS
        if self._wanted:
            time.sleep(REST_SECONDS)

    def _look_after(self) -> bool:
        try:
            return self._tend()
        except Exception:  # a fault here must not end the training of all
            LOG.exception("looking after the runs failed")
            return True

    def _take_turn(self) -> Computation | None:
        """The run whose turn it is; free places are filled from the queue."""
        while self._queue and len(self._active) < self.at_once:
            self._active.append(self._queue.popleft())
        self._active.rotate(-1)
        self._current = self._active[-1] if self._active else None
        return self._current

    def _advance(self, run: Computation) -> None:
        try:
            seconds = self.slice_seconds
            going_on = run.advance(min(seconds, SHORT_SLICE_SECONDS) if self._wanted else seconds)
        except Exception:  # one run's fault is its own: the others go on
            identifier = secrets.token_hex(4)
            LOG.exception("run failed, error id %s", identifier)
            run.finish(
                "failed", f"The training ended with an unexpected error; the server's log has it as {identifier}."
            )
            going_on = False
        with self._changed:
            self._current = None
            if run not in self._active:
                if run.ending and not run.ended:  # taken out of turn and then ended, all during this slice
                    run.advance(0.0)
            elif not going_on:
                self._active.remove(run)

    def _finish_all(self) -> None:
        with self._changed:
            for run in (*self._active, *self._queue):
                run.finish("interrupted", "The server was shut down.")
            self._active.clear()
            self._queue.clear()
