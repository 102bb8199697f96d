"""The shallow mixture of a circuit's induced trees, trained from the same start: same function, different dynamics.

Trapp et al. (2019), Claim 1. The components are the trees, their leaves are those of the circuit and shared as there;
only the sums are made one.
"""

from __future__ import annotations

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.circuit import Circuit
from spncore.circuits.overparam import SumStack, consecutive_sums, deepened_sums
from spncore.data.library import Dataset
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.trainer import CircuitTrainer, TrainState
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.training import Trainer, circuit_of
from spncore.trees.induced import num_trees, written
from spncore.trees.models import edge_weights, shallow_mixture


class ShallowTrainer(Trainer):
    """Trains the mixture of all trees w_T of an experiment's circuit as one sum layer, with the experiment's learner.

    `experiment` is the circuit's own: its depth says with how many layers the start was made.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset | None = None, start: TrainState | None = None) -> None:
        """`start`: the circuit's, if it is made already. ExperimentError above `LIMITS.live_trees` induced trees."""
        deep = Trainer(experiment, dataset)
        check_trees(deep.circuit)
        self.experiment, self.dataset = experiment, deep.dataset
        start = deep.init() if start is None else start
        models = [shallow_mixture(deep.model(start, seed)) for seed in range(experiment.num_seeds)]
        self._start: Floats = np.stack(
            [
                np.concatenate([edge_weights(model), *(array.ravel() for array in model.parameters.inputs)])
                for model in models
            ]
        )
        circuit = models[0].circuit
        objective = OBJECTIVES[experiment.objective]
        stack, bag = deepened_sums(circuit, "tree", 1), deep.evaluator.bag
        CircuitTrainer.__init__(self, circuit, stack, bag, objective, deep.settings, experiment.seeds)

    def init(self) -> TrainState:
        """The circuit's start: every tree weighs what its edges' weights multiply to."""
        return self.start(self._start)


def check_trees(circuit: Circuit) -> None:
    """ExperimentError in one sentence if a circuit has too many trees to train its shallow mixture."""
    count = num_trees(circuit)
    if count > LIMITS.live_trees:
        raise ExperimentError(
            f"structure: {written(count)} induced trees are too many to train side by side; the limit is "
            f"{LIMITS.live_trees:,}; lower components, splits or repetitions"
        )


def shallow_sums(experiment: Experiment, dataset: Dataset) -> SumStack:
    """The one sum layer over the trees of an experiment's circuit."""
    return consecutive_sums("tree", num_trees(circuit_of(experiment, dataset)), 1)
