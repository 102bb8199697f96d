"""The training of one study: its generators in lockstep, and what it leaves for the routes to serve."""

import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from app.live.room import memory_bytes, snapshot_spacing
from spncore import Dataset, Problem, Recorder, StepInfo, Trace, Trainer, TrainState, problem_of
from spncore.learning.lockstep import Lockstep, trainer_beside
from spncore.learning.states import Block
from spncore.limits import LIMITS
from spncore.runs.problem import trees_problem
from spncore.runs.study import Study
from spncore.runs.training import learner_of, trainer_of
from spncore.studies.target import Fixed, fixing, start_of
from spncore.threads import on_one_thread

PART_SECONDS = 0.003  # of training between two looks at the clock
State = Literal["queued", "running", "done", "stopped", "failed", "interrupted"]


class Computation:
    """A study being trained, all curves one update at a time; one that diverged rests while others go on.

    Only the scheduler's thread calls `advance`; any thread may read. Recorded arrays are written before `length`
    says so and never again, so what lies below `length` can be read without a lock.
    """

    def __init__(self, study: Study, dataset: Dataset, run_seconds: float = LIMITS.run_seconds) -> None:
        self.study, self.dataset, self.run_seconds = study, dataset, run_seconds
        # of all curves but the mixture of trees, which begins where the first one does
        alone = study.experiments()[: len(study.depths) + len(study.rivals)]
        self.problems: tuple[Problem, ...] = tuple(problem_of(experiment, dataset) for experiment in alone)
        self.state: State = "queued"
        self.reason: str | None = None
        self.recorders: tuple[Recorder, ...] = ()
        # by curve and iteration the components: of a mixture the probabilities of a 1, (S, K, D) as float32, of a deep
        # circuit the parameters of all input layers, (S, P, nodes, S_l) each
        self.kept: tuple[dict[int, Any], ...] = tuple({} for _ in study.experiments())
        self.target: Fixed | None = None  # what the runs are compared at, fixed before their first step
        self.length = 0  # states, the start among them, that every curve has recorded, but for the diverged
        self.seconds = 0.0  # spent in training, without the waiting for other runs
        self._work: Iterator[None] | None = None
        self._ending: tuple[State, str | None] | None = None
        self._first_cut: dict[int, int] = {}  # by curve: the updates after which more weights were at the floor
        self._searched: dict[int, int] = {}
        self._last_seen: list[StepInfo | None] = [None] * len(study.experiments())

    @property
    def ended(self) -> bool:
        """Whether nothing will be added any more."""
        return self.state not in ("queued", "running")

    @property
    def ending(self) -> bool:
        """Whether it was asked to end before its time, or has."""
        return self._ending is not None and self._ending[0] != "done"

    @property
    def memory_bytes(self) -> int:
        """What it holds, or before its end what it may come to hold."""
        whole = memory_bytes(self.study, self.dataset, self.problems)
        return whole * self.length // (self.study.experiment.iterations + 1) if self.ended else whole

    def end(self, state: State, reason: str | None = None) -> None:
        """Ask it to end; the scheduler's thread does so before the next step."""
        self._ending = self._ending or (state, reason)

    def advance(self, seconds: float) -> bool:
        """Train for about `seconds`, one step at least; True while there is more to do."""
        begin = time.perf_counter()
        if self._work is None:
            self._work, self.state = self._train(), "running"
        while self._ending is None and time.perf_counter() - begin < seconds:
            if next(self._work, self) is self:
                self._ending = self._outcome()
        self.seconds += time.perf_counter() - begin
        if self._ending is None and self.seconds > self.run_seconds:
            self._ending = ("stopped", f"Stopped at the limit of {self.run_seconds:g} s of training per run.")
        if self._ending is not None:
            self.finish(*self._ending)
        return not self.ended

    def finish(self, state: State, reason: str | None) -> None:
        """Close the books: last snapshots, then the reason, then the state; let go of all that only training needs."""
        if self.ended:
            return
        for depth, info in enumerate(self._last_seen):
            if info is not None and depth < len(self.recorders):
                self._keep(depth, self.recorders[depth].length - 1, info)
        self._work, self._last_seen = None, []
        self.length = self._common_length()
        self.reason, self.state = reason, state

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
        """(updates made, sentence) of what a chart should mark: divergence, and first growth at the floor.

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
        return sorted(cuts + [(at, f"{name} {reason}.") for name, at, reason in self.diverged()])

    def _common_length(self) -> int:
        """States that every curve has recorded, but for those that diverged."""
        sound = [recorder.length for recorder in self.recorders if recorder.stopped is None]
        return min(sound) if sound else max((recorder.length for recorder in self.recorders), default=0)

    def _outcome(self) -> tuple[State, str | None]:
        diverged = self.diverged()
        if not diverged:
            return "done", None
        name, _, reason = min(diverged, key=lambda one: one[1])  # the others are among the events
        return "failed", f"{name} {reason}."

    def _train(self) -> Iterator[None]:
        """The whole work in small parts: a slice may end after each."""
        trainers, states = list[Trainer](), list[TrainState]()
        for curve, experiment in enumerate(self.study.experiments()):
            shallow = self.study.is_shallow(curve)
            problem = trees_problem(trainers[0], states[0]) if shallow else self.problems[curve]
            trainers.append(trainer_beside(problem, learner_of(experiment), trainers))
            states.append((yield from _initial_state(trainers[-1])))
        self.target = yield from self._fix_target(trainers, states)
        self.recorders = tuple(map(Recorder, self.study.experiments(), (trainer.problem for trainer in trainers)))
        together, iterations = Lockstep(trainers, states), self.study.experiment.iterations
        for blocks in on_one_thread(together.blocks(iterations, PART_SECONDS)):
            for curve, block in blocks:
                self._watch(curve, block)
                self.recorders[curve].add(block)
            self.length = self._common_length()
            yield

    def _fix_target(
        self, trainers: Sequence[Trainer], states: Sequence[TrainState]
    ) -> Generator[None, None, Fixed | None]:
        """What the runs will be compared at, by return value: from the plain network's start, which all depths share.

        Where the plain network is not among the depths its start is made for this alone.
        """
        if self.study.deep:
            return None
        plain = self.study.experiment.replace(depth=1)
        if 1 in self.study.depths:
            place = self.study.depths.index(1)
            trainer, state = trainers[place], states[place]
        else:
            trainer = trainer_of(plain, self.dataset)
            state = yield from _initial_state(trainer)
        yield
        return (yield from fixing(plain, self.dataset, start_of(trainer, plain, state)))

    def _watch(self, curve: int, block: Block) -> None:
        """Of the states of a block keep the components of every so many."""
        every = snapshot_spacing(self.study.experiment, self.problems[0].circuit)
        for place in range(-block.iteration % every, block.length, every):
            self._keep(curve, block.iteration + place, block.at(place))
        if block.length:
            self._last_seen[curve] = block.at(block.length - 1)

    def _keep(self, depth: int, iteration: int, info: StepInfo) -> None:
        """θ1 / (θ0 + θ1) of a mixture; all leaf parameters of a deep circuit, whose mixture of trees has the same."""
        if not self.study.deep:
            zeros, ones = info.inputs[0][:, 0], info.inputs[0][:, 1]
            with np.errstate(invalid="ignore"):  # a leaf whose weights both vanished says nothing: NaN
                self.kept[depth][iteration] = (ones / (zeros + ones)).astype(np.float32)
        elif not self.study.is_shallow(depth):
            self.kept[depth][iteration] = info.inputs


def _initial_state(trainer: Trainer) -> Generator[None, None, TrainState]:
    """The start of all seeds, by return value. Fitted components take a while, so seeds are made one by one."""
    starts = []
    for seed in trainer.settings.seeds:
        starts.append(trainer.problem.start(seed))
        yield
    return trainer.start(np.stack(starts))
