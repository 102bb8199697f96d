"""Where a benchmark takes training steps: the one place that knows how the engine advances."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from spncore import Dataset, Experiment, Recorder, Trace, Trainer, TrainState, fit_all, problem_of
from spncore.learning.batch import BLOCK
from spncore.learning.lockstep import Lockstep, trainers_side_by_side
from spncore.runs.training import learner_of


def update(trainer: Trainer, state: TrainState) -> tuple[TrainState, float]:
    """The state after one update, nothing recorded, and the first seed's LLH before it."""
    state, block = trainer.advance(state, 1)
    return state, float(block.seen.llh[0, 0])


def to_the_end(experiments: Sequence[Experiment], dataset: Dataset) -> list[Trace]:
    """A whole study: every experiment with all its traces."""
    return fit_all(experiments, dataset)


class Run:
    """Experiments on the same data that are stepped with everything recorded, and begun again when they end."""

    def __init__(self, experiments: Experiment | Sequence[Experiment], dataset: Dataset) -> None:
        asked = [experiments] if isinstance(experiments, Experiment) else experiments
        self.dataset, self.experiments = dataset, [each.replace(dataset=dataset.name) for each in asked]
        learning = ((problem_of(each, dataset), learner_of(each)) for each in self.experiments)
        self.trainers = trainers_side_by_side(learning)
        self._begin()

    def _begin(self) -> None:
        pairs = zip(self.experiments, self.trainers, strict=True)
        self.recorders = [Recorder(experiment, trainer.problem) for experiment, trainer in pairs]
        self.together = Lockstep(self.trainers, [trainer.init() for trainer in self.trainers])

    def advance(self, steps: int) -> float:
        """Microseconds per step of all of them."""
        if self.recorders[0].length + steps > self.experiments[0].iterations:
            self._begin()
        start = time.process_time()
        for begin in range(0, steps, BLOCK):
            for run, block in self.together.advance(min(BLOCK, steps - begin)):
                self.recorders[run].add(block)
        return (time.process_time() - start) / steps * 1e6

    @property
    def num_seeds(self) -> int:
        """Of all experiments together."""
        return sum(experiment.num_seeds for experiment in self.experiments)

    def coefficients(self) -> np.ndarray:
        """Those of the first seed's present state, (K, D+1): the floor works on the same numbers."""
        trainer, state = self.trainers[0], self.recorders[0].state
        weights = trainer.weights((state or trainer.init()).parameters)
        log_leaves = np.log(trainer.problem.split(weights)[1][0][0])
        constant = log_leaves[0].sum(axis=1, keepdims=True)
        return np.hstack([log_leaves[1] - log_leaves[0], constant])
