"""One session's view of what is trained: where it stands for this session, and what is said of it."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

from app.live.computation import Computation, State
from app.live.headline.told import Told, circuit_told, told
from app.live.metrics import FIRST_POINT
from spncore import Dataset, Recorder, Trace
from spncore.runs.study import Study
from spncore.words import counted

HEADLINE_SECONDS = 1.0  # a sentence cannot be read faster, and making it is more than half of the cost of a poll
HEADLINES_A_SECOND = 10  # of all runs together
WORTH_SAYING = 2.0  # seconds that are worth a word


class Keep(Protocol):
    """Puts a run that has come to its end into its owner's list; the future has the entry's number, once committed."""

    def __call__(self, run: LiveRun, /) -> Future[int]: ...


class Line(Protocol):
    """What a run asks of those it shares the server with; `keep` puts it into its owner's list, if there are any."""

    keep: Keep | None

    @property
    def num_people(self) -> int:
        """How many sessions have runs that are being trained."""

    def queue_position(self, run: LiveRun) -> int:
        """The place in the line for memory, 1 is next; 0 for a run that does not wait for it."""

    def seconds_left(self, run: LiveRun) -> float | None:
        """How long a run under way will still take, as far as one can tell."""


class LiveRun:
    """One session's view of a computation that others may share; it is stopped for all when the last one stops it."""

    def __init__(self, session: Hashable, page: str, dataset: Dataset, computation: Computation, line: Line) -> None:
        self.id = f"{computation.id}-{secrets.token_urlsafe(16)}"
        self.session, self.page, self.dataset, self.computation = session, page, dataset, computation
        self.begun = self.seen = time.monotonic()  # when it was asked for first, and last
        self.released = False  # its session's connection is lost
        self._observed = False  # how long its first point took
        self.kept = False  # pinned: the session's next run does not take its place
        self.name = ""  # that somebody gave it, for the list in which it is kept
        self.saving: Future[int] | None = None  # that it is put into that list
        self.fragile = False  # it was lost once, so that it may be gone without another word
        self._line = line
        self._stopped_at: int | None = None
        self._why = ""
        self._told: tuple[tuple[int, State], Told] | None = None
        self._told_at = self._reckoned_at = 0.0
        self._left: float | None = None

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
    def whole(self) -> bool:
        """Whether it came to the end that its settings have: made all updates, or went beyond all numbers."""
        computation = self.computation
        return not self.stopped and (
            computation.state == "done" or (computation.ended and bool(computation.diverged()))
        )

    @property
    def is_kept(self) -> bool:
        """Whether it belongs into its owner's list: it is whole, and lists are kept."""
        return self._line.keep is not None and self.whole

    @property
    def reason(self) -> str | None:
        """Why it ended early, has to wait or takes longer, in a sentence; None if there is nothing to say."""
        if self.stopped:
            return f"{self._why} after {counted(max(self.length - 1, 0), 'update')}."
        return self.computation.reason if self.ended else self._waits()

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

    @property
    def queue_position(self) -> int:
        """The place in the line for memory, 1 is next; 0 for a run that does not wait for it."""
        return 0 if self.ended else self._line.queue_position(self)

    def told(self) -> Told:
        """What is to be seen, in two lines, which while the run goes on are made anew once a second at most."""
        now = self.length, self.state
        age = time.monotonic() - self._told_at
        fresh = self.state == "running" and age < max(HEADLINE_SECONDS, self._line.num_people / HEADLINES_A_SECOND)
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

    def stop(self, why: str = "Stopped") -> None:
        """End it for this session, where it is."""
        if not self.ended:
            self._why, self._stopped_at = why, self.computation.length
            self.computation.news.tell()

    def observe(self) -> None:
        """Count once how long its first point took, and have it kept once it has come to its end."""
        if self.saving is None and self.is_kept:
            assert self._line.keep is not None
            self.saving = self._line.keep(self)
        first = self.computation.first_at
        if first is not None and not self._observed:
            self._observed = True
            FIRST_POINT.observe(max(0.0, first - self.begun))

    @property
    def followed(self) -> bool:
        """Whether its session waits for it."""
        return not (self.stopped or self.released)

    def _waits(self) -> str | None:
        """Why it waits, or how long it will take where others make it take longer."""
        position = self._line.queue_position(self)
        if position:
            return f"The server's memory is taken by other runs: {counted(position - 1, 'run')} before yours."
        if time.monotonic() - self._reckoned_at >= HEADLINE_SECONDS:  # all that train are gone through for it
            self._reckoned_at, self._left = time.monotonic(), self._line.seconds_left(self)
        people = self._line.num_people
        if self._left is None or self._left < WORTH_SAYING or people < 2:
            return None
        return f"{people} people are training here; yours takes about {coarse(self._left)} more."


def part_of(trace: Trace, seeds: slice = slice(None), length: int | None = None) -> Trace:
    """The same trace, of some of its seeds and up to a length; without the state to go on from."""
    arrays = "llh value log_partition at_floor log_masses flow weights".split()
    return replace(trace, final_state=None, **{name: getattr(trace, name)[seeds, :length] for name in arrays})


def coarse(seconds: float) -> str:
    """A time as one says it: about so many seconds, later minutes; it changes seldom enough to be read out."""
    steps = [step for step in (2, 5, 10, 20, 30, 60) if step >= seconds]
    return f"{steps[0]} s" if steps else counted(math.ceil(seconds / 60), "minute")
