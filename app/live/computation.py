"""What the server has of one study that a trainer process works at: what was recorded, for the routes to serve."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple

import numpy as np

from app.live import store
from app.live.news import News
from app.live.room import Needed, needed, too_large
from app.live.spool import FROM_BYTES, Spool
from app.live.training import Begin, Kept, Slice
from spncore import Dataset, Experiment, Problem, Recorder, Trace, problem_of
from spncore.arrays import Array
from spncore.circuits.model import Model
from spncore.learning.problem import plain_problem
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.runs.trace import trace_bytes
from spncore.studies.target import Fixed
from spncore.trees.models import shallow_mixture

LOG = logging.getLogger(__name__)
UNKNOWN_BYTES = 64_000_000  # reckoned for a circuit before it is known
State = Literal["queued", "running", "done", "stopped", "failed", "interrupted"]


class Allowed(NamedTuple):
    """What a run may take: CPU seconds, bytes of memory, and bytes on disk, where large traces then lie."""

    seconds: float = LIMITS.run_seconds
    memory_bytes: int = LIMITS.run_bytes
    disk_bytes: int = 0


ALL = Allowed()


class Computation:
    """A study being trained, all curves one update at a time; one that diverged rests while others go on.

    One thread at a time calls `take`; any thread may read. Recorded arrays are written before `length` says so and
    never again, so what lies below `length` can be read without a lock.
    """

    def __init__(self, study: Study, dataset: Dataset, allowed: Allowed = ALL) -> None:
        """ExperimentError where it cannot be or takes more than is allowed; of a deep circuit only later."""
        self.id = secrets.token_hex(4)  # what the log calls it; the ids of its views begin so
        self.asked = self.study = study  # as asked for; from `prepared` on perhaps with the mixture of trees beside
        self.dataset, self.allowed = dataset, allowed
        self._needed = Needed(0, UNKNOWN_BYTES)
        self.spooled = False  # whether its traces lie on disk
        self.sessions: frozenset[Hashable] = frozenset()  # who waits for it
        # of all curves but the mixture of trees, which begins where the first one does; of a deep circuit known once
        # a trainer has drawn or learned it
        self.problems: tuple[Problem, ...] = ()
        self.prepared = False
        self.news = News()  # of every change of what is recorded and where it stands
        self.state: State = "queued"
        self.reason: str | None = None
        self.recorders: tuple[Recorder, ...] = ()
        # by curve and iteration the components: of a mixture the probabilities of a 1, (S, K, D) as float32, of a deep
        # circuit the parameters of all input layers, (S, P, nodes, S_l) each
        self.kept: tuple[dict[int, Any], ...] = ()
        self.target: Fixed | None = None  # what the runs are compared at, fixed before their first step
        self.first_at: float | None = None  # when the first of them came, as `time.monotonic` has it
        self.length = 0  # states, the start among them, that every curve has recorded, but for the diverged
        self.seconds = 0.0  # of CPU, spent in training
        self.ended_at = 0.0
        self._trees: Problem | None = None  # of the mixture of trees
        self._last: dict[int, Kept] = {}
        self._ending: tuple[State, str | None] | None = None
        self._first_cut: dict[int, int] = {}  # by curve: the updates after which more weights were at the floor
        self._searched: dict[int, int] = {}
        if not study.deep:
            self._prepare(study)

    @property
    def ended(self) -> bool:
        """Whether nothing will be added any more."""
        return self.state not in ("queued", "running")

    @property
    def ending(self) -> bool:
        """Whether it was asked to end before its time, or has."""
        return self._ending is not None and self._ending[0] != "done"

    @property
    def reusable(self) -> bool:
        """Whether its result is what training the study again would give."""
        return self.state in ("done", "queued", "running") and not self.ending

    @property
    def memory_bytes(self) -> int:
        """What it holds, or before its end what it may come to hold; a guess of a circuit that is not drawn yet."""
        whole = self._needed.rest + (0 if self.spooled else self._needed.traces)
        return whole * self.length // (self.study.experiment.iterations + 1) if self.ended else whole

    @property
    def disk_bytes(self) -> int:
        """What it takes on disk; nothing once it has ended without a state."""
        return self._needed.traces if self.spooled and (self.length or not self.ended) else 0

    def begin(self, key: int) -> Begin:
        """What a trainer is told to begin it, or to go on where another one was."""
        states = [None if recorder.stopped is not None else recorder.state for recorder in self.recorders]
        return (
            Begin(key, self.study, self.dataset, tuple(states)) if self.length else Begin(key, self.asked, self.dataset)
        )

    def end(self, state: State, reason: str | None = None) -> None:
        """Ask it to end; what a trainer brings after that is not recorded."""
        self._ending = self._ending or (state, reason)

    def conclude(self) -> None:
        """End as it was asked to, since no trainer is at it."""
        if self._ending is not None:
            self.finish(*self._ending)

    def take(self, brought: Slice) -> None:
        """Record what a slice of training has brought, and end where it has come to the end."""
        self.seconds += brought.seconds
        if self.ended:
            return
        self.state = "running"
        if self._ending is None:
            try:
                self._record(brought)
            except ExperimentError as error:
                self._ending = "failed", str(error)
        if self._ending is None:
            self._ending = self._outcome(brought)
        self.conclude()
        self.news.tell()

    def _record(self, brought: Slice) -> None:
        if brought.prepared is not None and not self.prepared:
            self._prepare(brought.prepared.study, brought.prepared.model)
        if brought.target is not None:
            (self.target,) = brought.target
        if brought.rows and not self.recorders:
            self._make_recorders()
        for curve, rows in brought.rows:
            self.recorders[curve].append(rows)
        for kept in brought.kept:
            self.kept[kept.curve][kept.iteration] = kept.components
        self._last.update({kept.curve: kept for kept in brought.last})
        self.length = self._common_length()
        if self.length and self.first_at is None:
            self.first_at = time.monotonic()

    def _prepare(self, study: Study, model: Model | None = None) -> None:
        alone = study.experiments()[: len(study.depths) + len(study.rivals)]
        self.problems = tuple([problem_of(experiment, self.dataset, model) for experiment in alone])
        self.kept = tuple([{} for _ in study.experiments()])
        first = self.problems[0]
        self._trees = (
            plain_problem(shallow_mixture(model), first.bag, first.objective) if model and study.shallow else None
        )
        self.study = study
        self._needed = needed(study, self.dataset, self.problems)
        large = self._needed.traces > FROM_BYTES
        self.spooled = self.allowed.disk_bytes > 0 and large and store.fault() is None  # tried only where it is needed
        limits = (LIMITS.run_bytes, self.allowed.memory_bytes, self.allowed.disk_bytes)
        for taken, limit in zip((sum(self._needed), self.memory_bytes, self.disk_bytes), limits, strict=True):
            if taken > limit:
                raise ExperimentError(too_large(taken, limit))
        self.prepared = True

    def _make_recorders(self) -> None:
        beside = [self._trees] if self._trees else []
        pairs = zip(self.study.experiments(), [*self.problems, *beside], strict=True)
        self.recorders = tuple([Recorder(*pair, self._maker(*pair)) for pair in pairs])

    def _maker(self, experiment: Experiment, problem: Problem) -> Callable[..., Array]:
        if not self.spooled:
            return np.empty
        try:
            return Spool(trace_bytes(experiment, problem.sums), Recorder.NUM_ARRAYS)
        except OSError as error:
            raise ExperimentError(f"The server's disk has no room for this run ({error.strerror}).") from error

    def finish(self, state: State, reason: str | None) -> None:
        """Close the books: last snapshots, then the reason, then the state."""
        if self.ended:
            return
        for kept in self._last.values():
            self.kept[kept.curve][kept.iteration] = kept.components
        self.length = self._common_length()
        self.ended_at = time.monotonic()
        self.reason, self.state = reason, state
        self.news.tell()
        words, about = "a run ended: %s after %d updates, %.1f s of computing", (max(self.length - 1, 0), self.seconds)
        LOG.info(words, state, *about, extra={"run": self.id})

    def traces(self) -> list[Trace]:
        """The steps so far, a trace per curve; empty before the first."""
        return [recorder.trace() for recorder in self.recorders]

    def diverged(self) -> list[tuple[str, int, str]]:
        """(name, updates before it, reason) of every curve that ended before its time."""
        return [
            (name, max(recorder.length - 1, 0), recorder.stopped)
            for name, recorder in zip(self.study.names(), self.recorders, strict=False)
            if recorder.stopped is not None
        ]

    def events(self) -> list[tuple[int, str]]:
        """(updates made, sentence) of what a chart should mark: changes, divergence, and first growth at the floor.

        A weight that starts at the floor may be held there from the first update on, which no count of them shows.
        """
        for index, recorder in enumerate(self.recorders):
            if index not in self._first_cut:
                seen, length = self._searched.get(index, 0), recorder.length
                rises = (np.diff(recorder.at_floor[:, max(seen - 1, 0) : length], axis=1) > 0).any(axis=0)
                self._searched[index] = length
                if rises.any():
                    self._first_cut[index] = max(seen - 1, 0) + int(np.argmax(rises)) + 1
        floor, names = self.study.experiment.floor, self.study.names()
        cuts = [
            (at, f"{names[index]}: the number of weights at the floor {floor:g} first grew in update {at}.")
            for index, at in self._first_cut.items()
        ]
        mine = (each for each in self.study.changes if each.at < self.length)
        changes = [(each.at, f"Changed on the way: {each.words}.") for each in mine]
        return sorted(changes + cuts + [(at, f"{name} {reason}.") for name, at, reason in self.diverged()])

    def _common_length(self) -> int:
        """States that every curve has recorded, but for those that diverged."""
        sound = [recorder.length for recorder in self.recorders if recorder.stopped is None]
        return min(sound) if sound else max((recorder.length for recorder in self.recorders), default=0)

    def _outcome(self, brought: Slice) -> tuple[State, str | None] | None:
        """How it has ended, if it has."""
        if brought.refused is not None or brought.fault is not None:
            return "failed", brought.refused
        if not brought.ended:
            over = f"Stopped at the limit of {self.allowed.seconds:g} s of training per run."
            return ("stopped", over) if self.seconds > self.allowed.seconds else None
        diverged = self.diverged()
        if not diverged:
            return "done", None
        name, _, reason = min(diverged, key=lambda one: one[1])  # the others are among the events
        return "failed", f"{name} {reason}."
