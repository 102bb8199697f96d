"""What a trainer process does: it trains studies, a slice of time each, and hands on what every slice brings.

A study is begun from its start or, where another trainer was at it before, from the last states that the server has;
both give the same bits. `trainer` is the process, a child of the server.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from app.live.log import traceback_of
from app.live.room import snapshot_spacing
from spncore import Dataset, StepInfo, Trainer, TrainState, problem_of
from spncore.circuits.circuit import CircuitError
from spncore.circuits.model import Model
from spncore.data.library import DataError
from spncore.learning.lockstep import trainer_beside
from spncore.learning.states import Block
from spncore.record import ExperimentError
from spncore.runs import changes
from spncore.runs.problem import model_of, trees_problem
from spncore.runs.study import Study
from spncore.runs.trace import Rows
from spncore.runs.training import learner_of, trainer_of
from spncore.studies.target import Fixed, fixing, start_of
from spncore.threads import on_one_thread

PART_SECONDS = 0.012  # of training between two looks at the clock


class Begin(NamedTuple):
    """A study to be trained, under a key; `states` are the last ones of each curve, empty at the start.

    None stands for a curve that has ended.
    """

    key: int
    study: Study
    dataset: Dataset
    states: tuple[TrainState | None, ...] = ()


class Advance(NamedTuple):
    """Train it for about so many seconds; answered by a Slice."""

    key: int
    seconds: float


class Drop(NamedTuple):
    """Let go of it."""

    key: int


class Prepared(NamedTuple):
    """What is known before the first step: the study, with or without the mixture of trees beside, and its model.

    The model is None where it follows from the study at once.
    """

    study: Study
    model: Model | None


class Kept(NamedTuple):
    """The components of a curve after some updates: see `Computation.kept`."""

    curve: int
    iteration: int
    components: Any


class Slice(NamedTuple):
    """What a slice of training has brought; `last` are the components where each curve is now.

    `refused` is the sentence of an error that names a setting or the data, `fault` the traceback of any other.
    """

    key: int
    seconds: float
    ended: bool
    prepared: Prepared | None = None
    target: tuple[Fixed | None] | None = None
    rows: Sequence[tuple[int, Rows]] = ()
    kept: Sequence[Kept] = ()
    last: Sequence[Kept] = ()
    refused: str | None = None
    fault: str | None = None


class Training:
    """A study being trained, all curves one update at a time; one that diverged rests while others go on."""

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self._found: dict[str, Any] = {}
        self._rows: dict[int, list[Rows]] = {}
        self._work: Iterator[None] = self._train()

    def advance(self, seconds: float) -> Slice:
        """Train for about `seconds`, a part at least, and hand on what that brought."""
        self._found = {"kept": [], "last": {}}
        self._rows = {}
        used, end, ended = time.thread_time(), time.perf_counter() + seconds, False
        try:
            while not ended:
                ended = next(self._work, self) is self
                if time.perf_counter() >= end:
                    break
        except (ExperimentError, CircuitError, DataError) as error:
            self._found["refused"] = str(error)
        except Exception as error:  # one run's fault is its own; the server says where it can be read
            self._found["fault"] = traceback_of(error)
        failed = "refused" in self._found or "fault" in self._found
        rows = [(curve, Rows.joined(parts)) for curve, parts in self._rows.items()]
        found = {**self._found, "rows": rows, "last": tuple(self._found["last"].values())}
        return Slice(self.begin.key, time.thread_time() - used, ended or failed, **found)

    def _train(self) -> Iterator[None]:
        """The whole work in small parts: a slice may end after each."""
        study, dataset, states = self.begin.study, self.begin.dataset, list(self.begin.states)
        if not states:
            study = self._prepare()
            yield
        trainers = list[Trainer]()
        for curve, experiment in enumerate(study.experiments()):
            if study.is_shallow(curve):
                problem = trees_problem(trainers[0], (yield from _initial_state(trainers[0])))
            else:
                problem = problem_of(experiment, dataset)
            trainers.append(trainer_beside(problem, learner_of(experiment), trainers))
            if not self.begin.states:
                states.append((yield from _initial_state(trainers[-1])))
        if not self.begin.states:
            self._found["target"] = ((yield from _fix_target(study, dataset, trainers, states)),)
        yield from self._advance(study, trainers, states)

    def _prepare(self) -> Study:
        study, dataset = self.begin.study, self.begin.dataset
        if study.deep:
            study = study.beside_trees(dataset)
        self._found["prepared"] = Prepared(study, model_of(study.experiment, dataset) if study.deep else None)
        return study

    def _advance(self, study: Study, trainers: list[Trainer], states: list[TrainState | None]) -> Iterator[None]:
        going = [(curve, state) for curve, state in enumerate(states) if state is not None]
        if not going:
            return
        curves, left = zip(*going, strict=True)
        experiments, working = study.experiments(), [trainers[curve] for curve in curves]
        every = snapshot_spacing(study.experiment, trainers[0].problem.circuit)
        together = changes.blocks([experiments[curve] for curve in curves], working, left, PART_SECONDS)
        for blocks in on_one_thread(together):
            for place, block in blocks:
                self._hand_on(study, curves[place], block, every)
            yield

    def _hand_on(self, study: Study, curve: int, block: Block, every: int) -> None:
        """What the server records of a block, and of every so many states the components."""
        for place in range(-block.iteration % every, block.length, every):
            kept = components(study, curve, block.at(place))
            if kept is not None:
                self._found["kept"].append(Kept(curve, block.iteration + place, kept))
        if block.length:
            last = components(study, curve, block.at(block.length - 1))
            if last is not None:
                self._found["last"][curve] = Kept(curve, block.iteration + block.length - 1, last)
        self._rows.setdefault(curve, []).append(Rows.of(block, not study.deep))


def components(study: Study, curve: int, info: StepInfo) -> Any:
    """θ1 / (θ0 + θ1) of a mixture; all leaf parameters of a deep circuit, whose mixture of trees has the same."""
    if not study.deep:
        zeros, ones = info.inputs[0][:, 0], info.inputs[0][:, 1]
        with np.errstate(invalid="ignore"):  # a leaf whose weights both vanished says nothing: NaN
            return (ones / (zeros + ones)).astype(np.float32)
    return None if study.is_shallow(curve) else info.inputs


def _initial_state(trainer: Trainer) -> Generator[None, None, TrainState]:
    """The start of all seeds, by return value. Fitted components take a while, so seeds are made one by one."""
    starts = []
    for seed in trainer.settings.seeds:
        starts.append(trainer.problem.start(seed))
        yield
    return trainer.start(np.stack(starts))


def _fix_target(
    study: Study, dataset: Dataset, trainers: Sequence[Trainer], states: Sequence[TrainState | None]
) -> Generator[None, None, Fixed | None]:
    """What the runs will be compared at, by return value: from the plain network's start, which all depths share.

    Where the plain network is not among the depths its start is made for this alone.
    """
    if study.deep:
        return None
    plain = study.experiment.replace(depth=1, changes=())
    if 1 in study.depths:
        place = study.depths.index(1)
        trainer, state = trainers[place], states[place]
    else:
        trainer = trainer_of(plain, dataset)
        state = yield from _initial_state(trainer)
    yield
    return (yield from fixing(plain, dataset, start_of(trainer, plain, state)))


class Desk:
    """All studies that a trainer has in hand; tables with the same rows are held once."""

    def __init__(self) -> None:
        self._trainings: dict[int, Training] = {}
        self._data: WeakValueDictionary[tuple[str, str], Dataset] = WeakValueDictionary()

    def answer(self, message: Begin | Advance | Drop) -> Slice | None:
        """Do what a message asks for; what is to be answered, if anything."""
        if isinstance(message, Begin):
            same = message.dataset.name, message.dataset.sha256
            known = self._data.setdefault(same, message.dataset)
            self._trainings[message.key] = Training(message._replace(dataset=known))
        elif isinstance(message, Drop):
            self._trainings.pop(message.key, None)
            gc.collect()  # its arrays are large, and a generator that holds its owner goes no other way
        elif message.key in self._trainings:
            return self._trainings[message.key].advance(message.seconds)
        else:
            return Slice(message.key, 0.0, True)
        return None
