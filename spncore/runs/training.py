"""Gradient training as an experiment describes it: initialise, step, and run as a generator."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer
from spncore.circuits.model import Model
from spncore.circuits.overparam import SumStack, deepened_sums, effective_weights, initial_layer_weights
from spncore.data import library
from spncore.data.library import Dataset
from spncore.learning import em
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.trainer import CircuitTrainer, DivergenceError, LearnerSettings, StepInfo, TrainState
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.structures import LEARNED, STRUCTURES, StructureSettings

__all__ = ["DivergenceError", "StepInfo", "TrainState", "Trainer", "dataset_of", "run"]


class Trainer(CircuitTrainer):
    """One experiment on one data set, with its arrays prepared: `init()` gives a state, `step(state)` the next one."""

    def __init__(self, experiment: Experiment, dataset: Dataset | None = None) -> None:
        """Loads the experiment's data set unless one is given; DataError or ExperimentError if it cannot be used."""
        self.experiment = experiment
        self.dataset = dataset_of(experiment, dataset)
        circuit = circuit_of(experiment, self.dataset)
        objective = OBJECTIVES[experiment.objective]
        super().__init__(
            circuit,
            sums_of(experiment, self.dataset),
            objective.bag(self.dataset, experiment.labels(self.dataset.num_variables)),
            objective,
            LearnerSettings(
                experiment.optimiser,
                experiment.parametrisation,
                experiment.floor,
                experiment.learning_rate,
                experiment.momentum,
                experiment.batch_size,
                experiment.train_components,
            ),
            experiment.seeds,
        )

    def init(self) -> TrainState:
        """The start: sum weights from the scale and convention, leaf weights from the component start, seed by seed."""
        return self.start(np.stack([self.initial_weights(seed) for seed in self.experiment.seeds]))

    def initial_weights(self, seed: int) -> Floats:
        """All weights (P,) of one seed at the start, on the experiment's one circuit."""
        experiment, rng = self.experiment, np.random.default_rng(seed)
        leaf_weights = np.concatenate([array.ravel() for array in self._initial_inputs(rng)])
        leaf_weights *= 1.0 + experiment.init_noise * rng.standard_normal(leaf_weights.shape)
        layers = initial_layer_weights(self.sums, experiment.init_scale, experiment.init_convention)
        if experiment.weight_init == "random":
            layers *= np.abs(rng.standard_normal(layers.shape))
        return np.concatenate([layers, leaf_weights])

    def _initial_inputs(self, rng: np.random.Generator) -> list[Floats]:
        """Leaf weights (2, nodes, S) of each input layer; data sets of the lab hold zeros and ones."""
        if self.experiment.component_init == "fitted" and self.experiment.structure in LEARNED:
            learned = model_of(self.experiment, self.dataset).parameters.inputs
            return [np.maximum(array, self.experiment.floor) for array in learned]
        if self.experiment.component_init == "fitted":
            return list(em.fit(self.circuit, self.dataset, rng).model.parameters.inputs)
        return [self._unfitted(layer, rng) for layer in self.circuit.input_layers]

    def _unfitted(self, layer: InputLayer, rng: np.random.Generator) -> Floats:
        shape = (2, layer.num_nodes, layer.variables.shape[1])
        if self.experiment.component_init == "uniform":
            return np.full(shape, 0.5)
        return np.maximum(np.abs(rng.normal(0.0, 0.1, shape)), self.experiment.floor)

    def score(self, state: TrainState, rows: Dataset) -> Floats:
        """LLH (S,) of a state on other rows of the same variables, in nats per row, whatever was trained for."""
        proper = OBJECTIVES["generative"]
        bag = proper.bag(rows, self.experiment.labels(rows.num_variables))
        layer_weights, inputs = self.split(self.weights(state.parameters))
        return Evaluator(self.circuit, bag, proper)(effective_weights(layer_weights, self.sums), inputs).llh

    def steps(self, state: TrainState | None = None) -> Iterator[tuple[TrainState, StepInfo]]:
        """Steps from `state`, or from the start, to the last iteration; ExperimentError if the state does not fit."""
        state = self.init() if state is None else state
        expected = self.experiment.num_seeds, self.num_weights
        if state.parameters.shape != expected:
            raise ExperimentError(
                f"state: its parameters have shape {state.parameters.shape}, this experiment's have {expected}; "
                "go on with the experiment it was saved from"
            )
        while state.iteration < self.experiment.iterations:
            state, info = self.step(state)
            yield state, info


def model_of(experiment: Experiment, dataset: Dataset) -> Model:
    """What an experiment's structure gives: a circuit, drawn or learned with the first seed, and own parameters."""
    seed = 0 if experiment.structure == "mixture" else experiment.seed
    return _structure(experiment.structure, experiment.structure_settings, dataset, seed)


def circuit_of(experiment: Experiment, dataset: Dataset) -> Circuit:
    """The circuit that an experiment trains."""
    return model_of(experiment, dataset).circuit


def sums_of(experiment: Experiment, dataset: Dataset) -> SumStack:
    """The stack of L sum layers over all weighted edges of an experiment's circuit."""
    return _stack(circuit_of(experiment, dataset), experiment.topology, experiment.depth)


@lru_cache(64)
def _structure(name: str, settings: StructureSettings, dataset: Dataset, seed: int) -> Model:
    try:
        return STRUCTURES[name](dataset, settings, np.random.default_rng(seed))
    except CircuitError as error:
        raise ExperimentError(f"structure: {error}") from None


_stack = lru_cache(256)(deepened_sums)


def dataset_of(experiment: Experiment, dataset: Dataset | None) -> Dataset:
    """The data of an experiment: the given set, which must be the one it names, or the registered one."""
    if dataset is None:
        if experiment.dataset not in library.DATASETS:
            raise ExperimentError(f"dataset: {experiment.dataset} is uploaded data; pass it along or load it again")
        return library.load(experiment.dataset)
    if experiment.dataset not in (dataset.name, f"sha256:{dataset.sha256}"):
        raise ExperimentError(f"dataset: the experiment names {experiment.dataset}, the data given is {dataset.name}")
    return dataset


def run(
    experiment: Experiment, dataset: Dataset | None = None, state: TrainState | None = None
) -> Iterator[tuple[TrainState, StepInfo]]:
    """Train, one item per iteration: the state after update t and what was seen before it; stop at any time.

    Go on from any `state` it gave: the remaining items are the same, bit for bit. `DivergenceError` ends a run whose
    numbers overflow.
    """
    yield from Trainer(experiment, dataset).steps(state)
