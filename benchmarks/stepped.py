"""An experiment that is stepped for timing, with everything recorded."""

from __future__ import annotations

import time

import numpy as np

from spncore import Dataset, Experiment, Recorder, trainer_of


class Run:
    """An experiment that is stepped with everything recorded, and begun again when it ends."""

    def __init__(self, experiment: Experiment, dataset: Dataset) -> None:
        self.experiment, self.dataset = experiment.replace(dataset=dataset.name), dataset
        self.trainer = trainer_of(self.experiment, dataset)
        self._begin()

    def _begin(self) -> None:
        self.recorder = Recorder(self.experiment, self.trainer.problem)
        self.state = self.trainer.init()

    def advance(self, steps: int) -> float:
        """Microseconds per step."""
        if self.recorder.length + steps > self.experiment.iterations:
            self._begin()
        trainer, recorder, state = self.trainer, self.recorder, self.state
        start = time.process_time()
        for _ in range(steps):
            state, info = trainer.step(state)
            recorder.add(state, info)
        elapsed = time.process_time() - start
        self.state = state
        return elapsed / steps * 1e6

    def coefficients(self) -> np.ndarray:
        """Those of the first seed's present state, (K, D+1): the floor works on the same numbers."""
        trainer = self.trainer
        weights = trainer.weights(self.state.parameters)
        log_leaves = np.log(trainer.problem.split(weights)[1][0][0])
        constant = log_leaves[0].sum(axis=1, keepdims=True)
        return np.hstack([log_leaves[1] - log_leaves[0], constant])
