"""The registry of live runs: who looks at what, what is shared, and what is let go of."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Hashable
from dataclasses import replace

from app.live.computation import Computation, State
from app.live.headline.told import Told, circuit_told, told
from app.live.limits import ServerLimits, server_limits
from app.live.scheduler import Scheduler
from spncore import Dataset, Recorder, Trace
from spncore.data.dataset import is_upload
from spncore.runs.study import Study
from spncore.words import counted

HEADLINE_SECONDS = 1.0  # a sentence cannot be read faster, and making it is more than half of the cost of a poll
POLL_MS, POLL_MS_OF_MANY, FEW_RUNS = 100, 250, 6


class RunRefused(ValueError):  # noqa: N818  reads as the sentence it carries
    """The server does not take this run; the text says why and what to do."""


class LiveRun:
    """One session's view of a computation that others may share; it is stopped for all when the last one stops it."""

    def __init__(self, session: Hashable, dataset: Dataset, computation: Computation, scheduler: Scheduler) -> None:
        self.id = secrets.token_urlsafe(16)
        self.session, self.dataset, self.computation = session, dataset, computation
        self.seen = time.monotonic()  # when it was last asked for
        self.released = False
        self._scheduler = scheduler
        self._stopped_at: int | None = None
        self._told: tuple[tuple[int, State], Told] | None = None
        self._told_at = 0.0

    @property
    def study(self) -> Study:
        """What is trained."""
        return self.computation.study

    @property
    def state(self) -> State:
        """Where it stands, for this session."""
        return "stopped" if self.stopped else self.computation.state

    @property
    def stopped(self) -> bool:
        """Whether this session stopped it before its end."""
        return self._stopped_at is not None

    @property
    def ended(self) -> bool:
        """Whether nothing will be added any more, for this session."""
        return self.stopped or self.computation.ended

    @property
    def reason(self) -> str | None:
        """Why it ended early or has to wait, in a sentence; None if there is nothing to say."""
        if self.stopped:
            return f"Stopped after {counted(max(self.length - 1, 0), 'update')}."
        position = self.queue_position
        if position:
            return f"{counted(position, 'run')} ahead of you."
        return self.computation.reason

    @property
    def queue_position(self) -> int:
        """The place in the queue, 1 is next; 0 for a run that does not wait."""
        return 0 if self.stopped or self.computation.state != "queued" else self._scheduler.position(self.computation)

    @property
    def length(self) -> int:
        """States that can be read, the start among them."""
        return self.computation.length if self._stopped_at is None else self._stopped_at

    @property
    def recorders(self) -> tuple[Recorder, ...]:
        """One per depth; read no further than `length`."""
        return self.computation.recorders

    def traces(self) -> list[Trace]:
        """A trace per curve of the steps so far; empty before the first."""
        length = self.length
        traces = self.computation.traces() if length else []
        return [part_of(trace, length=length) if trace.llh.shape[1] > length else trace for trace in traces]

    def told(self) -> Told:
        """What is to be seen, in two lines; while the run goes on they are made anew once a second at most."""
        now = self.length, self.state
        fresh = self.state == "running" and time.monotonic() - self._told_at < HEADLINE_SECONDS
        if self._told is None or self._told[0][1] != now[1] or (self._told[0] != now and not fresh):
            self._told_at = time.monotonic()
            self._told = now, self._tell()
        return self._told[1]

    def _tell(self) -> Told:
        ended, traces = self.ended, self.traces()
        if self.study.deep:
            return circuit_told(traces, self.dataset, ended, self.study.shallow)
        return told(traces, self.dataset, self.computation.target, ended, len(self.study.rivals))

    def events(self) -> list[tuple[int, str]]:
        """(updates made, sentence) of what a chart should mark."""
        return [event for event in self.computation.events() if event[0] <= self.length]

    def stop(self) -> None:
        """End it for this session, where it is."""
        if not self.ended:
            self._stopped_at = self.computation.length


def part_of(trace: Trace, seeds: slice = slice(None), length: int | None = None) -> Trace:
    """The same trace, of some of its seeds and up to a length; without the state to go on from."""
    arrays = "llh value log_partition at_floor log_masses flow weights".split()
    return replace(trace, final_state=None, **{name: getattr(trace, name)[seeds, :length] for name in arrays})


class RunRegistry:
    """Registers runs for sessions. Sessions with the same study on the same data share one computation.

    A session's runs are let go of after `release`, or when no heartbeat came for long; finished ones nobody looks at
    stay while there is room. All methods may be called from any thread; none waits for a training.
    """

    def __init__(self, limits: ServerLimits | None = None) -> None:
        self.limits = limits or server_limits()
        self._lock = threading.RLock()
        self._computations: dict[tuple[Study, str], Computation] = {}  # least recently used first
        self._runs: dict[str, LiveRun] = {}
        self._draining = False
        self.scheduler = Scheduler(self.limits.at_once, self._tend)

    def start(self, study: Study, dataset: Dataset, session: Hashable) -> str:
        """Register a run and return its id; RunRefused in one sentence if the server cannot take it.

        The same study of the same session is the same run until it is stopped.
        """
        key = (study, dataset.sha256)
        with self._lock:
            computation = self._computations.pop(key, None)
            if computation is not None and not _reusable(computation):
                computation = None
            elif computation is not None:
                self._computations[key] = computation  # now the most recently used
                for run in self._runs.values():
                    if run.session == session and run.computation is computation and not run.stopped:
                        return run.id
            self._refuse_too_many(session, computation)
            if computation is None:
                computation = Computation(study, dataset, self.limits.run_seconds)
                self._make_room(computation.memory_bytes)
                self._computations[key] = computation
                self.scheduler.submit(computation)
            run = LiveRun(session, dataset, computation, self.scheduler)
            self._runs[run.id] = run
            self._forget_oldest(session)
            return run.id

    def get(self, run_id: str) -> LiveRun | None:
        """The run of this id, or None; asking for it is its heartbeat."""
        run = self._runs.get(run_id)
        if run is None:
            return None
        run.seen = time.monotonic()
        if not run.ended and not self.scheduler.holds(run.computation):
            with self._lock:
                if not run.computation.ended and not self.scheduler.holds(run.computation):
                    self.scheduler.submit(run.computation)
        return run

    def stop(self, run_id: str) -> bool:
        """Stop a run for its session; False if there is none of this id."""
        with self._lock:
            run = self._runs.get(run_id)
            if run is None:
                return False
            run.stop()
            self._end_unwanted(run.computation, "stopped")
            return True

    def release(self, session: Hashable) -> None:
        """The session is gone: what it had is let go of soon, unless somebody still asks for it.

        Streamlit also calls this when a connection breaks for a moment; then the page goes on asking by the run's id.
        """
        with self._lock:
            for run in self._runs.values():
                if run.session == session and not run.released:
                    run.released, run.seen = True, time.monotonic()
                    if all(view.released or view.stopped for view in self._views(run.computation)):
                        self.scheduler.rest(run.computation)  # until it is asked for or dropped
        self.scheduler.wake()

    def drain(self) -> None:
        """Take no new runs: the server is about to end."""
        self._draining = True

    def counts(self) -> dict[str, int]:
        """How many runs there are, by state."""
        return Counter(run.state for run in tuple(self._runs.values()))

    @property
    def num_sessions(self) -> int:
        """How many sessions have runs here."""
        return len({run.session for run in tuple(self._runs.values())})

    def close(self) -> None:
        """Stop the scheduler; runs under way become interrupted and can still be read."""
        self.scheduler.close()

    @property
    def num_bytes(self) -> int:
        """Memory of all runs, those under way counted in full."""
        with self._lock:
            return sum(computation.memory_bytes for computation in self._held())

    def _held(self) -> list[Computation]:
        """Every computation once, least recently asked for first; replaced ones that somebody still views included."""
        replaced = (run.computation for run in self._runs.values())
        return list({id(held): held for held in (*self._computations.values(), *replaced)}.values())

    @property
    def poll_ms(self) -> int:
        """How often a page should ask for new frames: ten times a second, or four when many ask."""
        return POLL_MS if sum(not run.ended for run in tuple(self._runs.values())) <= FEW_RUNS else POLL_MS_OF_MANY

    def _refuse_too_many(self, session: Hashable, shared: Computation | None) -> None:
        if self._draining:
            raise RunRefused("The server is about to restart; press Train again in a minute.")
        sessions = {run.session for run in self._runs.values() if not run.released}
        if session not in sessions and len(sessions) >= self.limits.sessions:
            raise RunRefused(f"The server is full: {len(sessions)} people use it already; try again in a few minutes.")
        if shared is not None and shared.ended:
            return
        unfinished = [run for run in self._runs.values() if run.session == session and not run.ended]
        if len(unfinished) >= self.limits.unfinished_per_session:
            raise RunRefused(f"You have {len(unfinished)} runs under way already; stop one or wait until it ends.")
        if shared is None and self.scheduler.num_waiting >= self.limits.queue:
            raise RunRefused(f"{self.scheduler.num_waiting} runs wait already; try again in a minute.")

    def _make_room(self, num_bytes: int) -> None:
        """Drop finished runs until a new one fits, those without a viewer first."""
        limit = self.limits.memory_bytes
        if num_bytes > limit:
            raise RunRefused(
                f"This run takes about {num_bytes / 1e9:.1f} GB; limit {limit / 1e9:.1g} GB. "
                "Lower iterations, seeds, components or the number of depths and rivals."
            )
        self._drop_finished(limit - num_bytes, include_viewed=True)
        if self.num_bytes + num_bytes > limit:
            raise RunRefused("The server's memory is taken by runs under way; try again in a minute.")

    def _drop_finished(self, num_bytes: int, include_viewed: bool) -> None:
        """Drop finished computations, least recently used first, until those considered take `num_bytes` at most."""
        viewed = {id(run.computation) for run in self._runs.values() if not run.released}
        ended = [held for held in self._held() if held.ended and (include_viewed or id(held) not in viewed)]
        total = self.num_bytes if include_viewed else sum(computation.memory_bytes for computation in ended)
        for computation in sorted(ended, key=lambda held: id(held) in viewed):
            if total <= num_bytes:
                return
            total -= computation.memory_bytes
            self._forget(computation)
            for run in self._views(computation):
                del self._runs[run.id]

    def _forget_oldest(self, session: Hashable) -> None:
        own = [run for run in self._runs.values() if run.session == session]
        for run in own[: max(0, len(own) - self.limits.runs_per_session)]:
            self._drop(run)

    def _drop(self, run: LiveRun) -> None:
        del self._runs[run.id]
        self._end_unwanted(run.computation, "interrupted")

    def _end_unwanted(self, computation: Computation, state: State) -> None:
        """End a computation that nobody follows any more; forget it if nobody can ask for it again."""
        views = self._views(computation)
        if not computation.ended and all(run.stopped for run in views):
            self.scheduler.end(computation, state)
        if not views and (is_upload(computation.study.experiment.dataset) or not _reusable(computation)):
            self._forget(computation)

    def _forget(self, computation: Computation) -> None:
        key = (computation.study, computation.dataset.sha256)
        if self._computations.get(key) is computation:
            del self._computations[key]

    def _tend(self) -> bool:
        """Drop or pause what has lost its heartbeat, and keep to the bounds; True while there is more to look after."""
        with self._lock:
            now = time.monotonic()
            for run in tuple(self._runs.values()):
                if now - run.seen > self._patience(run):
                    self._drop(run)
            for computation in (held for held in self._held() if not held.ended):
                if now - max((run.seen for run in self._views(computation)), default=now) > self.limits.pause_after:
                    self.scheduler.rest(computation)
            self._drop_finished(self.limits.unused_bytes, include_viewed=False)
            return any(run.released or not run.ended for run in self._runs.values())

    def _patience(self, run: LiveRun) -> float:
        """How long a run may stay without being asked for."""
        if run.released:
            return self.limits.released_keep if run.ended else self.limits.released_grace
        return float("inf") if run.ended else self.limits.free_after

    def _views(self, computation: Computation) -> list[LiveRun]:
        return [run for run in self._runs.values() if run.computation is computation]


def _reusable(computation: Computation) -> bool:
    """Whether its result is what training the study again would give."""
    return computation.state in ("done", "queued", "running") and not computation.ending


REGISTRY = RunRegistry()
