"""The registry of live runs: who looks at what, what is shared, and what is let go of."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import get_args

from app.live.computation import Allowed, Computation, State
from app.live.door.refusals import Refused
from app.live.eviction import chosen
from app.live.history import HISTORY
from app.live.limits import ServerLimits, server_limits
from app.live.run import Keep, LiveRun
from app.live.scheduler import Process, Scheduler, trainer
from spncore import Dataset
from spncore.data.dataset import is_upload
from spncore.record import ExperimentError
from spncore.runs.study import Study

POLL_MS, POLL_MS_OF_MANY, POLL_MS_IN_LINE, FEW_RUNS = 100, 250, 1000, 6
STATES: tuple[State, ...] = get_args(State)
FRAGILE_SECONDS = 10.0  # without a heartbeat, of a run whose session was lost once
FETCH_SECONDS = 10.0  # in which every page has fetched what has ended
OVERTAKES = 8  # a run waiting for memory lets pass what needs so many times less


class RunRefused(Refused, kind="run"):
    """The server does not take this run; the text says why and what to do."""


class RunRegistry:
    """Registers runs for sessions. Sessions with the same study on the same data share one computation.

    A session's next run on a page takes the place of its last one there, unless that is kept. A session whose
    connection is lost has its runs paused, and let go of when it has not come back in time, nor anybody asked for them;
    finished ones nobody looks at stay while there is room. Any thread may call any method; none waits for a training.
    """

    def __init__(
        self, limits: ServerLimits | None = None, make: Callable[[], Process] = trainer, keep: Keep | None = None
    ) -> None:
        """`keep` puts a run that has come to its end into its owner's list; without it nothing is kept."""
        self.limits = limits or server_limits()
        self._lock = threading.RLock()
        self._computations: dict[tuple[Study, str], Computation] = {}  # least recently used first
        self._runs: dict[str, LiveRun] = {}
        self._waiting: list[Computation] = []  # for memory, in the order in which they came
        self._draining, self.keep = False, keep
        self.scheduler = Scheduler(self.limits.trainers, self._tend, make)

    def start(self, study: Study, dataset: Dataset, session: Hashable, page: str = "") -> str:
        """Register a run and return its id; RunRefused in one sentence if the server cannot take it.

        The same study of the same session is the same run until it is stopped. ExperimentError where it cannot be.
        """
        key = (study, dataset.sha256)
        with self._lock:
            computation = self._computations.pop(key, None)
            if computation is not None and not computation.reusable:
                computation = None
            elif computation is not None:
                self._computations[key] = computation  # now the most recently used
            own = [run for run in self.of(session) if not run.stopped]
            same = next((run for run in own if computation is not None and run.computation is computation), None)
            replaced = [run for run in own if run.page == page and run is not same and not (run.ended or run.kept)]
            if same is None:
                self._refuse_too_many(session, computation, len(replaced))
                run = LiveRun(session, page, dataset, computation or self._computed(key, dataset), self)
                self._runs[run.id] = run
                self._forget_oldest(session)
            else:
                run = same
            self._take_up(run)
            run.observe()
            self._supersede(replaced)
        self._admit()
        return run.id

    def get(self, run_id: str) -> LiveRun | None:
        """The run of this id, or None; asking for it is its heartbeat, and takes up what was paused."""
        run = self._runs.get(run_id)
        if run is None:
            return None
        run.seen = time.monotonic()
        if run.released or not (run.ended or self._goes_on(run.computation)):
            with self._lock:
                self._take_up(run)
            self._admit()
        return run

    def of(self, session: Hashable) -> list[LiveRun]:
        """A session's runs, the oldest first."""
        return [run for run in tuple(self._runs.values()) if run.session == session]

    def prepared(self, run_id: str, seconds: float) -> LiveRun | None:
        """The run, once a trainer has drawn or learned its circuit; sooner where that takes longer than `seconds`.

        ExperimentError where the circuit cannot be.
        """
        run = self.get(run_id)
        if run is None:
            return None
        computation = run.computation
        self.scheduler.wait_until(lambda: computation.prepared or computation.ended, seconds)
        if computation.state == "failed" and not computation.prepared:
            raise ExperimentError(computation.reason or "")
        return run

    def stop(self, run_id: str, session: Hashable) -> bool:
        """Stop a session's run; False where it is another's. What is gone is stopped already."""
        with self._lock:
            run = self._runs.get(run_id)
            if run is not None and run.session == session:
                run.stop()
                self._follow(run.computation)
                self._end_unwanted(run.computation, "stopped")
            return run is None or run.session == session

    def release(self, session: Hashable) -> None:
        """The session's connection is lost: its runs pause, until it comes back, somebody asks for one, or too long.

        A page whose connection broke for a moment goes on asking by the run's id.
        """
        with self._lock:
            for run in [each for each in self.of(session) if not each.released]:
                run.released = run.fragile = True
                run.seen = time.monotonic()
                self._follow(run.computation)
        self.scheduler.wake()

    @property
    def num_sessions(self) -> int:
        """How many sessions have runs here."""
        return len({run.session for run in tuple(self._runs.values())})

    def welcome(self, session: Hashable) -> None:
        """The session is here, or here again: what was paused goes on."""
        with self._lock:
            for run in [each for each in self.of(session) if each.released]:
                self._take_up(run)
        self._admit()

    def drain(self) -> None:
        """Take no more runs, since the server is about to end; those under way go on."""
        self._draining = True

    def close(self) -> None:
        """End the trainers; runs under way become interrupted and can still be read."""
        self.scheduler.close()
        with self._lock:
            for computation in self._waiting:
                computation.end("interrupted", "The server was shut down.")
                computation.conclude()
            self._waiting.clear()

    def counts(self) -> dict[str, int]:
        """Computations by state; those under way that get no turns, since nobody waits for them, are `paused`."""
        with self._lock:
            states = [held.state if held.ended or self._goes_on(held) else "paused" for held in self._held()]
        return {state: states.count(state) for state in (*STATES, "paused")}

    @property
    def num_bytes(self) -> int:
        """Memory of all runs that have begun, those under way counted in full."""
        with self._lock:
            return sum(held.memory_bytes for held in self._held() if held not in self._waiting)

    @property
    def disk_bytes(self) -> int:
        """What all runs that have begun take on disk."""
        with self._lock:
            return sum(held.disk_bytes for held in self._held() if held not in self._waiting)

    def _held(self) -> list[Computation]:
        """Every computation once, least recently asked for first; replaced ones that somebody still views included."""
        replaced = (run.computation for run in self._runs.values())
        return list({id(held): held for held in (*self._computations.values(), *replaced)}.values())

    def poll_ms(self, run: LiveRun) -> int:
        """How often the page of a run should ask: ten times a second, or four when many do; once where it waits."""
        if run.queue_position:
            return POLL_MS_IN_LINE
        going = sum(not (each.ended or each.released) for each in tuple(self._runs.values()))
        return POLL_MS if going <= FEW_RUNS else POLL_MS_OF_MANY

    def queue_position(self, run: LiveRun) -> int:
        """The place in the line for memory, 1 is next; 0 for a run that does not wait for it."""
        with self._lock:
            return self._waiting.index(run.computation) + 1 if run.computation in self._waiting else 0

    @property
    def num_people(self) -> int:
        """How many sessions have runs that are being trained."""
        return self.scheduler.num_sessions

    def seconds_left(self, run: LiveRun) -> float | None:
        """How long a run under way will still take, as far as one can tell."""
        return None if run.ended else self.scheduler.wait(run.computation)

    def _computed(self, key: tuple[Study, str], dataset: Dataset) -> Computation:
        limits = self.limits
        made = Computation(key[0], dataset, Allowed(limits.run_seconds, limits.memory_bytes, limits.spool_bytes))
        self._computations[key] = made
        self._waiting.append(made)
        return made

    def _supersede(self, runs: Iterable[LiveRun]) -> None:
        """End a session's earlier runs on a page for the next one."""
        for run in runs:
            run.stop("Stopped for your next run")
            self._follow(run.computation)
            self._end_unwanted(run.computation, "stopped")

    def _refuse_too_many(self, session: Hashable, shared: Computation | None, num_replaced: int) -> None:
        if self._draining:
            raise RunRefused("The server is about to be restarted; try again in a minute.")
        if shared is not None and shared.ended:
            return
        unfinished = [run for run in self.of(session) if not run.ended]
        if len(unfinished) - num_replaced >= self.limits.unfinished_per_session:
            raise RunRefused(f"You have {len(unfinished)} runs under way already; stop one or wait until it ends.")
        spent = self.scheduler.spent(session)
        if spent >= self.limits.cpu_per_session > 0:
            raise RunRefused(
                f"Your runs of the last hour took {spent:,.0f} s of computing; the limit is "
                f"{self.limits.cpu_per_session:,.0f} s. Wait some minutes, or look at what you have."
            )
        if shared is None and len(self._waiting) >= self.limits.queue:
            raise RunRefused(f"{len(self._waiting)} runs wait for memory already; try again in a minute.")

    def _admit(self) -> None:
        """Begin what waits and finds room; what does not holds up only what is not much smaller."""
        with self._lock:
            most = self.limits.memory_bytes
            for computation in tuple(self._waiting):
                if computation.memory_bytes > most or not self._make_room(computation):
                    most = min(most, computation.memory_bytes // OVERTAKES)
                    continue
                self._waiting.remove(computation)
                if computation.sessions:
                    self.scheduler.submit(computation)

    def _make_room(self, computation: Computation) -> bool:
        """Drop as many finished computations as are in its way; none if that would not be enough."""
        limits, memory, disk = self.limits, computation.memory_bytes, computation.disk_bytes
        missing = self.num_bytes + memory - limits.memory_bytes, self.disk_bytes + disk - limits.spool_bytes
        dropped = chosen(self._droppable(include_viewed=True), *missing)
        for held in dropped or ():
            self._drop_computation(held)
        return dropped is not None

    def _goes_on(self, computation: Computation) -> bool:
        return computation in self._waiting or self.scheduler.holds(computation)

    def _take_up(self, run: LiveRun) -> None:
        """Somebody asks for a run again."""
        run.released, run.seen = False, time.monotonic()
        self._follow(run.computation)
        if not (run.ended or self._goes_on(run.computation)):
            self.scheduler.submit(run.computation)

    def _follow(self, computation: Computation) -> None:
        """Note which sessions wait for a computation; without any it rests."""
        computation.sessions = frozenset(run.session for run in self._views(computation) if run.followed)
        if not computation.sessions and not computation.ended:
            self.scheduler.rest(computation)

    def _droppable(self, include_viewed: bool) -> list[Computation]:
        """Finished ones, first those without a viewer, least recently used; who views one has had time to fetch it."""
        viewed = {id(run.computation) for run in self._runs.values() if not run.released}
        fetched = time.monotonic() - FETCH_SECONDS
        ended = [
            held
            for held in self._held()
            if held.ended and (id(held) not in viewed or (include_viewed and held.ended_at < fetched))
        ]
        return sorted(ended, key=lambda held: id(held) in viewed)

    def _drop_unused(self) -> None:
        """Of finished computations that nobody views keep those used last, as far as there is room for them."""
        unused = self._droppable(include_viewed=False)
        memory, disk = sum(held.memory_bytes for held in unused), sum(held.disk_bytes for held in unused)
        most = self.limits.unused_bytes
        for held in chosen(unused, memory - most, disk - most) or ():
            self._drop_computation(held)

    def _drop_computation(self, computation: Computation) -> None:
        self._forget(computation)
        for run in self._views(computation):
            del self._runs[run.id]

    def _forget_oldest(self, session: Hashable) -> None:
        own = self.of(session)
        for run in sorted(own[:-1], key=lambda run: run.kept)[: max(0, len(own) - self.limits.runs_per_session)]:
            self._drop(run)

    def _drop(self, run: LiveRun) -> None:
        del self._runs[run.id]
        self._follow(run.computation)
        self._end_unwanted(run.computation, "interrupted")

    def _end_unwanted(self, computation: Computation, state: State) -> None:
        """End a computation that nobody follows any more; forget it if nobody can ask for it again."""
        views = self._views(computation)
        if not computation.ended and all(run.stopped for run in views):
            self.scheduler.end(computation, state)
            if computation in self._waiting:
                self._waiting.remove(computation)
        if not views and (is_upload(computation.study.experiment.dataset) or not computation.reusable):
            self._forget(computation)

    def _forget(self, computation: Computation) -> None:
        key = (computation.asked, computation.dataset.sha256)
        if self._computations.get(key) is computation:
            del self._computations[key]

    def _tend(self) -> bool:
        """Drop or pause what has lost its heartbeat, and keep to the bounds; True while there is more to look after."""
        with self._lock:
            now = time.monotonic()
            for run in tuple(self._runs.values()):
                run.observe()
                if now - run.seen > self._patience(run):
                    self._drop(run)
            for computation in (held for held in self._held() if not held.ended):
                if not any(now - run.seen <= self._pause_after(run) for run in self._views(computation)):
                    self.scheduler.rest(computation)
            self._drop_unused()
            self.scheduler.forget_all_but([run.session for run in self._runs.values()])
            going_on = any(run.released or not run.ended for run in self._runs.values())
        self._admit()
        return going_on

    def _patience(self, run: LiveRun) -> float:
        """How long a run may stay without being asked for."""
        if run.released:
            return self.limits.released_keep
        return float("inf") if run.ended else self.limits.free_after

    def _pause_after(self, run: LiveRun) -> float:
        """How long a run goes on without being asked for."""
        return min(FRAGILE_SECONDS, self.limits.pause_after) if run.fragile else self.limits.pause_after

    def _views(self, computation: Computation) -> list[LiveRun]:
        return [run for run in self._runs.values() if run.computation is computation]


REGISTRY = RunRegistry(keep=HISTORY.keep)
