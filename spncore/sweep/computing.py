"""How cells are computed: all their seeds in lockstep, each ended by itself when it has arrived, or cannot go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.data import library
from spncore.data.library import Dataset
from spncore.learning.learners import LearnerSettings
from spncore.learning.lockstep import Lockstep, trainers_side_by_side
from spncore.learning.problem import Problem
from spncore.learning.states import Block, StepInfo
from spncore.learning.trainer import Trainer
from spncore.runs.problem import problem_of
from spncore.runs.training import learner_of
from spncore.sweep.cells import Cell, Outcome, SeedOutcome
from spncore.sweep.scale import Scale

MAX_POINTS = 200  # of a curve
NEVER = -1  # in place of a number of updates


def compute(cell: Cell, dataset: Dataset) -> Outcome:
    """One cell by itself."""
    return compute_together([cell], {cell.experiment.dataset: dataset})[0]


def compute_together(
    cells: Sequence[Cell], data: Mapping[str, Dataset], check: Callable[[], object] = lambda: None
) -> list[Outcome]:
    """Every cell's outcome, with the bits it has alone; `check` is called every now and then, and may raise."""
    begin = time.perf_counter()
    learning = [(cell, *one) for cell in cells for one in _learning(cell, data[cell.experiment.dataset])]
    trainers = trainers_side_by_side((problem, settings) for _, problem, settings in learning)
    owners = (cell for cell, *_ in learning)
    runs = [_Run(cell, data[cell.experiment.dataset], one) for cell, one in zip(owners, trainers, strict=True)]
    together = Lockstep(trainers, [trainer.init() for trainer in trainers])
    for blocks in together.blocks(max(cell.experiment.iterations for cell in cells)):
        for number, block in blocks:
            runs[number].see(block)
            if runs[number].ended:
                together.drop(number)
        check()
    seconds = round((time.perf_counter() - begin) / len(cells), 4)
    return [_outcome(cell, [run for run in runs if run.cell is cell], seconds, data) for cell in cells]


def _learning(cell: Cell, dataset: Dataset) -> list[tuple[Problem, LearnerSettings]]:
    """What each seed of a cell learns, and how."""
    problem, settings = problem_of(cell.experiment, dataset), learner_of(cell.experiment)
    return [(problem, settings._replace(seeds=range(seed, seed + 1))) for seed in cell.experiment.seeds]


class _Run:
    """One seed of a cell: what it has seen, state by state."""

    def __init__(self, cell: Cell, dataset: Dataset, trainer: Trainer) -> None:
        self.cell, self.dataset, self.trainer, self.seed = cell, dataset, trainer, trainer.settings.seeds[0]
        self.stopped: str | None = None
        self.arrived = False
        self.reached: Ints = np.full(len(cell.targets), NEVER)
        self.scale: Scale | None = None
        self.last: StepInfo | None = None
        self._llh: list[Floats] = []
        self._levels: Floats | None = None

    @property
    def llh(self) -> Floats:
        """LLH (T,)."""
        return np.concatenate(self._llh) if self._llh else np.zeros(0)

    @property
    def length(self) -> int:
        """How many states have been seen."""
        return sum(map(len, self._llh))

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be seen."""
        return self.stopped is not None or self.arrived or self.length > self.cell.experiment.iterations

    def see(self, block: Block) -> None:
        """Take down states, up to that at which it has reached all targets, if it is to end there."""
        if self.ended:
            return
        before, seen = self.length, block.seen
        llh = seen.llh[: self.cell.experiment.iterations + 1 - before, 0]
        if len(llh):
            there = llh[:, None] >= self._at_levels(llh)
            first = np.where(there.any(axis=0), before + np.argmax(there, axis=0), NEVER)
            self.reached = np.where(self.reached == NEVER, first, self.reached)
        if self.cell.stop_at_targets and self.cell.targets and (self.reached != NEVER).all():
            llh, self.arrived = llh[: int(self.reached.max()) - before + 1], True
        for place in range(len(llh)) if self.cell.scale else ():
            self.scale = self.scale or Scale(self.trainer)
            self.scale.see(before + place, seen.part(place))
        if len(llh):
            self._llh.append(llh)
            self.last = seen.part(len(llh) - 1)
        if block.stopped is not None and not self.arrived and self.length <= self.cell.experiment.iterations:
            self.stopped = f"diverged: {block.stopped}"

    def _at_levels(self, llh: Floats) -> Floats:
        """What counts as reached, (targets,); the first state that is seen is the start."""
        if self._levels is None:
            asked = (float(llh[0]), self.seed, self.cell.experiment, self.dataset)
            self._levels = np.array([target.level(*asked) for target in self.cell.targets])
        return self._levels

    def outcome(self, splits: Mapping[str, Dataset], test: Dataset | None) -> SeedOutcome:
        """What became of it; a run that diverged has no scores."""
        llh, sound = self.llh, self.stopped is None and self.last is not None
        scores = {name: self._score(rows) for name, rows in splits.items()} if sound else {}
        of_scale = self.scale.of_seeds(test)[0] if sound and self.scale and test else {}
        at_floor = float(self.last.at_floor[0]) / max(self.trainer.num_trained, 1) if self.last else 0.0
        ends = [float(at) for at in llh[[0, -1]]] if len(llh) else [None, None]
        reached = tuple([None if at == NEVER else at for at in self.reached.tolist()])
        return SeedOutcome(
            self.seed, max(len(llh) - 1, 0), ends[0], ends[1], reached, at_floor, self.stopped, scores, of_scale
        )

    def _score(self, rows: Dataset) -> float:
        assert self.last is not None
        return float(self.trainer.score(self.last, rows)[0])


def _outcome(cell: Cell, runs: Sequence[_Run], seconds: float, data: Mapping[str, Dataset]) -> Outcome:
    dataset = data[cell.experiment.dataset]
    curve = _curve([run.llh for run in runs]) if cell.curve else None
    if curve and cell.scale:
        of_scale = [np.concatenate(run.scale.log_partition) if run.scale else np.zeros(0) for run in runs]
        curve |= {f"log Z {name}": row for name, row in _curve(of_scale).items()}
        del curve["log Z iteration"]
    splits = {split: library.load(cell.experiment.dataset, split) for split in cell.held_out}
    test = library.load(cell.experiment.dataset, "test") if cell.scale else None
    seeds = tuple([run.outcome(splits, test) for run in runs])
    return Outcome(cell.key(dataset.sha256), "done", None, seeds, curve, seconds)


def _curve(runs: Sequence[Floats]) -> dict[str, list[float]]:
    """Of runs (T,) each, over the states that every seed has."""
    length = min(map(len, runs))
    at = np.unique(np.linspace(0, max(length - 1, 0), MAX_POINTS).astype(int))[:length]
    values = np.stack([run[at] for run in runs], axis=1)  # (points, S)
    return {
        "iteration": at.tolist(),
        "median": np.median(values, axis=1).tolist(),
        "low": values.min(axis=1).tolist(),
        "high": values.max(axis=1).tolist(),
    }


def compute_json(
    values: Mapping[str, Any], data: Mapping[str, Dataset], check: Callable[[], object] = lambda: None
) -> str:
    """`compute` between a cell and an outcome as JSON; what a worker calls."""
    return compute_group_json([values], data, check)[0]


def compute_group_json(
    values: Sequence[Mapping[str, Any]], data: Mapping[str, Dataset], check: Callable[[], object] = lambda: None
) -> list[str]:
    """`compute_together` between cells and outcomes as JSON."""
    return [outcome.to_json() for outcome in compute_together(list(map(Cell.from_dict, values)), data, check)]
