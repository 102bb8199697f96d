"""Trainer processes, one per core, and who is trained in them: every run advances, a slice at a time.

A thread per trainer asks it for slices and records what they bring; none of them trains. Two slices are asked for
ahead, so that a trainer never waits for the server. A run stays with the trainer that has it in hand, unless another
one has less to do. A trainer that dies is begun anew, and its runs go on from their last slice.
"""

import atexit
import itertools
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from app.live.child import Child, ChildDied
from app.live.computation import Computation, State
from app.live.limits import server_limits
from app.live.shares import Shares, Turn
from app.live.training import PART_SECONDS, Advance, Drop, Slice

SLICE_SECONDS = PART_SECONDS  # of training at a time: one part, since each costs a third of a millisecond besides
AHEAD = 2  # slices that a trainer is asked for before the first is answered
DEATHS = 3  # of trainers that a run may cause
TEND_SECONDS = 0.5
LOOK_SECONDS = 2.0  # between two looks whether an idle trainer is still there
JOIN_SECONDS = 5.0
LOG = logging.getLogger(__name__)


class Process(Protocol):
    """What is asked for slices: a child process."""

    @property
    def alive(self) -> bool: ...
    def start(self) -> None: ...
    def send(self, message: Any) -> None: ...
    def receive(self) -> Any: ...
    def kill(self) -> None: ...
    def close(self) -> None: ...


def trainer() -> Child:
    """A trainer process, not started yet."""
    return Child("app.live.trainer", server_limits().niceness)


@dataclass(eq=False)
class Lane:
    """A trainer, the slices it was asked for and has not answered, and the numbers of runs that it may forget."""

    process: Process
    asked: "deque[Entry]" = field(default_factory=deque)
    forgotten: list[int] = field(default_factory=list)
    started: bool = False


@dataclass(eq=False)
class Entry(Turn):
    """A run in the scheduler: where it is in hand, and whether it is to rest."""

    lane: Lane | None = None
    resting: bool = False
    deaths: int = 0

    @property
    def about(self) -> dict[str, str]:
        """What the log's events of it are about."""
        return {"run": self.run.id}


class Scheduler:
    """Fair shares (`Shares`) of `num_trainers` processes; they are begun with the first run, or by `start`.

    `tend` is called twice a second and says whether there is still anything to look after.
    """

    def __init__(self, num_trainers: int, tend: Callable[[], bool], make: Callable[[], Process] = trainer) -> None:
        self.num_trainers, self.shares = num_trainers, Shares()
        self._tend, self._make = tend, make
        self._changed = threading.Condition()
        self._entries: dict[int, Entry] = {}  # by the identity of the run
        self._lanes: list[Lane] = []
        self._threads: list[threading.Thread] = []
        self._numbers, self._closing, self._awake = itertools.count(), False, False

    def start(self) -> None:
        """Begin the trainers, so that the first run need not wait for them."""
        with self._changed:
            if self._threads and not self._closing:
                return
            self._closing = False
            self._lanes = [Lane(self._make()) for _ in range(self.num_trainers)]
            works: list[tuple[str, Callable[[], None]]] = [("spnlab-keeper", self._keep)]
            works += [
                (f"spnlab-trainer-{number}", partial(self._work, lane)) for number, lane in enumerate(self._lanes)
            ]
            self._threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works]
            for thread in self._threads:
                thread.start()
        atexit.unregister(self.close)
        atexit.register(self.close)

    def submit(self, run: Computation) -> None:
        """Let a run be trained, from now on in turns with the others."""
        self.start()
        with self._changed:
            entry = self._entries.get(id(run))
            if entry is None:
                self.shares.join(run, self._entries.values())
                self._entries[id(run)] = Entry(run, next(self._numbers))
            else:
                entry.resting = False
            self._awake = True
            self._changed.notify_all()

    def end(self, run: Computation, state: State = "stopped") -> None:
        """End a run: with the slice it is at if it is being trained, at once if not."""
        with self._changed:
            run.end(state)
            if not self._let_go(run):
                run.conclude()

    def rest(self, run: Computation) -> None:
        """Take a run out of turn until it is submitted again or ended."""
        with self._changed:
            self._let_go(run)

    def holds(self, run: Computation) -> bool:
        """Whether the run has its turns."""
        with self._changed:
            entry = self._entries.get(id(run))
            return entry is not None and not entry.resting

    def wait_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait for something that a slice of training may bring; whether it has come."""
        with self._changed:
            return self._changed.wait_for(done, seconds)

    def wait(self, run: Computation) -> float | None:
        """Seconds until the run will have ended, as far as one can tell; None if it is not being trained."""
        with self._changed:
            entry = self._entries.get(id(run))
            return self.shares.wait(entry, self._entries.values(), self.num_trainers) if entry else None

    def spent(self, session: Hashable) -> float:
        """CPU seconds that a session's training has taken within the last hour."""
        with self._changed:
            return self.shares.spent(session)

    def forget_all_but(self, sessions: Iterable[Hashable]) -> None:
        """Forget what others than these have had, once it is an hour old."""
        with self._changed:
            self.shares.forget(sessions)

    @property
    def num_sessions(self) -> int:
        """How many sessions have runs that are being trained."""
        with self._changed:
            return len({session for entry in self._entries.values() for session in entry.run.sessions})

    @property
    def trainers(self) -> Sequence[Process]:
        """The processes; none before the start."""
        return [lane.process for lane in self._lanes]

    def wake(self) -> None:
        """Have `tend` called soon, even if there is nothing to train."""
        with self._changed:
            self._awake = True
            self._changed.notify_all()

    def close(self) -> None:
        """End the trainers; the runs under way become interrupted, what they have recorded stays."""
        with self._changed:
            self._closing, threads = True, self._threads
            self._threads = []
            for entry in self._entries.values():
                entry.run.end("interrupted", "The server was shut down.")
            self._changed.notify_all()
        for lane in self._lanes:
            lane.process.kill()
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)
        with self._changed:
            for entry in self._entries.values():
                entry.run.conclude()
            self._entries.clear()

    def _let_go(self, run: Computation) -> bool:
        """Give it no more turns; whether a slice of it is being trained."""
        entry = self._entries.get(id(run))
        if entry is None:
            return False
        entry.resting = True
        if not entry.reserved:
            self._remove(entry)
        return len(entry.reserved) > 0

    def _remove(self, entry: Entry) -> None:
        if entry.lane is not None:
            entry.lane.forgotten.append(entry.order)
        del self._entries[id(entry.run)]

    def _keep(self) -> None:
        """The keeper's thread."""
        tending = True
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._awake, None if not tending else TEND_SECONDS)
                if self._closing:
                    return
                self._awake = False
            try:
                tending = self._tend()
            except Exception:  # a fault here must not end the looking after of all
                LOG.exception("looking after the runs failed")
            if tending:
                time.sleep(TEND_SECONDS / 10)  # not at every arrival

    def _work(self, lane: Lane) -> None:
        """The thread of a trainer."""
        while not self._closing:
            try:
                if not lane.started:
                    lane.process.start()
                    lane.started = True
                self._ask(lane)
                if lane.asked:
                    self._record(lane, lane.process.receive())
            except ChildDied:
                self._bury(lane)
            except Exception:  # what a trainer said was not understood; one that begins anew is
                LOG.exception("the thread of a trainer failed", extra=lane.asked[0].about if lane.asked else None)
                lane.process.kill()
                self._bury(lane)
        lane.process.close()

    def _ask(self, lane: Lane) -> None:
        """Ask for slices until enough are asked for; wait for something to train if there is nothing."""
        while len(lane.asked) < AHEAD:
            with self._changed:
                if lane.asked:
                    chosen = self._choose(lane)
                else:
                    self._changed.wait_for(lambda: self._closing or self._choose(lane), LOOK_SECONDS)
                    chosen = self._choose(lane)
                if self._closing or not chosen:
                    break
                messages = [*map(Drop, lane.forgotten), *self._messages(lane, chosen)]
                lane.forgotten.clear()
                lane.asked.append(chosen)
                self.shares.reserve(chosen, SLICE_SECONDS)
            for message in messages:
                lane.process.send(message)
        if not (lane.asked or lane.process.alive):
            raise ChildDied

    def _messages(self, lane: Lane, chosen: Entry) -> list[Any]:
        advance = Advance(chosen.order, SLICE_SECONDS)
        if chosen.lane is lane:
            return [advance]
        if chosen.lane is not None:
            chosen.lane.forgotten.append(chosen.order)
        chosen.lane = lane
        return [chosen.run.begin(chosen.order), advance]

    def _choose(self, lane: Lane) -> Entry | None:
        """The run whose turn it is in this lane: of those in hand here or nowhere, or where there is much to do."""
        held = {id(each): sum(entry.lane is each for entry in self._entries.values()) for each in self._lanes}
        fitting = [
            entry
            for entry in self._entries.values()
            if not entry.resting
            and not (entry.run.ending or entry.run.ended)
            and (not entry.reserved or entry.lane is lane)
            and (entry.lane in (None, lane) or held[id(entry.lane)] > held[id(lane)] + 1)
        ]
        return self.shares.next(fitting)

    def _record(self, lane: Lane, brought: Slice) -> None:
        entry = lane.asked[0]
        if brought.fault is not None:
            identifier = secrets.token_hex(4)
            about = {**entry.about, "error": identifier, "fault": brought.fault}
            LOG.error("a run failed in its trainer", extra=about)
            words = f"The training ended with an unexpected error; the server's log has it as {identifier}."
            brought = brought._replace(refused=words)
        elif brought.refused is not None:
            LOG.info("a run was refused in its trainer", extra=entry.about)
        with self._changed:
            self.shares.spend(entry, brought.seconds)
        entry.run.take(brought)
        with self._changed:
            lane.asked.popleft()
            entry.deaths = 0
            self.shares.charge(entry, brought.seconds)
            if not entry.reserved and (entry.resting or entry.run.ended) and id(entry.run) in self._entries:
                self._remove(entry)
            self._changed.notify_all()

    def _bury(self, lane: Lane) -> None:
        """A trainer has died: its runs are taken up by another, unless one of them has killed too many."""
        with self._changed:
            lane.started, doing = False, lane.asked[0] if lane.asked else None
            lane.asked.clear()
            lane.forgotten.clear()
            if self._closing:
                return
            words = "a trainer process died; its runs go on from where they were"
            LOG.error(words, extra=doing.about if doing else None)
            for entry in [entry for entry in self._entries.values() if entry.lane is lane]:
                if entry is not doing:
                    LOG.info("a run was in hand in a trainer that died", extra=entry.about)
                entry.lane = None
                self.shares.release(entry)
                entry.deaths += entry is doing
                if entry.deaths >= DEATHS:
                    entry.run.end("failed", f"The training ended its process {DEATHS} times.")
                if entry.resting or entry.run.ending:
                    self._remove(entry)
                    entry.run.conclude()
            self._changed.notify_all()
