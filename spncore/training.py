"""Gradient training of overparametrised mixtures: initialise, step, and run as a generator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore import datasets
from spncore.datasets import Dataset
from spncore.em import fit_mixture
from spncore.experiment import Experiment, ExperimentError
from spncore.mixture import Evaluator
from spncore.objectives import OBJECTIVES
from spncore.optimisers import OPTIMISERS, OptimiserState
from spncore.overparam import (
    SumStack,
    consecutive_sums,
    effective_weights,
    initial_layer_weights,
    layer_flows,
)
from spncore.parametrisation import PARAMETRISATIONS

Floats = NDArray[np.float64]


class TrainState(NamedTuple):
    """All that the next step needs: `iteration` updates done; `parameters` (S, P), sum layers first, then leaves.

    Arrays are never written to after they are made, so a state can be kept. `optimiser` is the optimiser's own state.
    """

    iteration: int
    parameters: Floats
    optimiser: OptimiserState


class StepInfo(NamedTuple):
    """What was seen at the state before the update.

    `llh` (S,) nats per row; `log_partition` (S,); `flow` a_k (S, K); `layer_weights` (S, n), all layers in one row;
    `leaf_weights` (S, 2, K, D); `at_floor` (S,), how many trained weights sit at the floor.
    """

    llh: Floats
    log_partition: Floats
    flow: Floats
    layer_weights: Floats
    leaf_weights: Floats
    at_floor: NDArray[np.int64]


class DivergenceError(ArithmeticError):
    """A number left the finite range; the text names the iteration, the seed and the quantity."""


class Trainer:
    """One experiment on one data set, with its arrays prepared: `init()` gives a state, `step(state)` the next one."""

    def __init__(self, experiment: Experiment, dataset: Dataset | None = None) -> None:
        """Loads the experiment's data set unless one is given; DataError or ExperimentError if it cannot be used."""
        self.experiment = experiment
        self.dataset = dataset_of(experiment, dataset)
        self.sums: SumStack = consecutive_sums(experiment.topology, experiment.num_components, experiment.depth)
        self.parametrisation = PARAMETRISATIONS[experiment.parametrisation](experiment.floor, None)
        self.optimiser = OPTIMISERS[experiment.optimiser](experiment.learning_rate, 0.0)
        objective = OBJECTIVES[experiment.objective]
        self.evaluator = Evaluator(objective.bag(self.dataset), objective)
        self.leaf_shape = (2, experiment.num_components, self.dataset.num_variables)
        num_leaf_weights = math.prod(self.leaf_shape) if experiment.train_components else 0
        self.num_trained = self.sums.num_weights + num_leaf_weights

    def init(self) -> TrainState:
        """The start: sum weights from the scale and convention, leaf weights from the component start, seed by seed."""
        weights = np.stack([self._initial_weights(seed) for seed in self.experiment.seeds])
        parameters = self.parametrisation.parameters(weights)
        return TrainState(0, parameters, self.optimiser.init(parameters[:, : self.num_trained]))

    def _initial_weights(self, seed: int) -> Floats:
        experiment, rng = self.experiment, np.random.default_rng(seed)
        leaf_weights = _initial_leaf_weights(experiment, self.dataset, rng)
        leaf_weights *= 1.0 + experiment.init_noise * rng.standard_normal(leaf_weights.shape)
        layers = initial_layer_weights(self.sums, experiment.init_scale, experiment.init_convention)
        if experiment.weight_init == "random":
            layers *= np.abs(rng.standard_normal(layers.shape))
        return np.concatenate([layers, leaf_weights.ravel()])

    def split(self, weights: Floats) -> tuple[Floats, Floats]:
        """Layer weights (S, n) and leaf weights (S, 2, K, D) of all weights in one row (S, P)."""
        n = self.sums.num_weights
        return weights[:, :n], weights[:, n:].reshape(-1, *self.leaf_shape)

    def score(self, state: TrainState, rows: Dataset) -> Floats:
        """LLH (S,) of a state on other rows of the same variables, in nats per row, whatever was trained for."""
        proper = OBJECTIVES["generative"]
        layer_weights, leaf_weights = self.split(self.parametrisation.weights(state.parameters))
        return Evaluator(proper.bag(rows), proper)(effective_weights(layer_weights, self.sums), leaf_weights).llh

    def step(self, state: TrainState) -> tuple[TrainState, StepInfo]:
        """One update of all seeds: the state after it, what was seen before it; DivergenceError if numbers overflow."""
        with np.errstate(all="ignore"):
            weights = self.parametrisation.weights(state.parameters)
            layer_weights, leaf_weights = self.split(weights)
            seen = self.evaluator(effective_weights(layer_weights, self.sums), leaf_weights)
            flows = layer_flows(seen.flow, self.sums)
            if self.experiment.train_components:
                flows = np.concatenate([flows, seen.leaf_flow.reshape(len(flows), -1)], axis=1)
            trained = self.num_trained
            gradient = self.parametrisation.gradient(weights[:, :trained], flows)
            increment, optimiser = self.optimiser.update(gradient, state.optimiser)
            parameters = self.parametrisation.project(state.parameters[:, :trained] + increment)
        at_floor = np.add.reduce(weights[:, :trained] == self.parametrisation.floor, axis=1)
        info = StepInfo(seen.llh, seen.log_partition, seen.flow, layer_weights, leaf_weights, at_floor)
        _raise_if_diverged(self.experiment, state.iteration, info, parameters)
        if trained < state.parameters.shape[1]:
            parameters = np.concatenate([parameters, state.parameters[:, trained:]], axis=1)
        return TrainState(state.iteration + 1, parameters, optimiser), info

    def steps(self, state: TrainState | None = None) -> Iterator[tuple[TrainState, StepInfo]]:
        """Steps from `state`, or from the start, to the last iteration; ExperimentError if the state does not fit."""
        state = self.init() if state is None else state
        expected = self.experiment.num_seeds, self.sums.num_weights + math.prod(self.leaf_shape)
        if state.parameters.shape != expected:
            raise ExperimentError(
                f"state: its parameters have shape {state.parameters.shape}, this experiment's have {expected}; "
                "go on with the experiment it was saved from"
            )
        while state.iteration < self.experiment.iterations:
            state, info = self.step(state)
            yield state, info


def dataset_of(experiment: Experiment, dataset: Dataset | None) -> Dataset:
    """The data of an experiment: the given set, which must be the one it names, or the registered one."""
    if dataset is None:
        if experiment.dataset not in datasets.DATASETS:
            raise ExperimentError(f"dataset: {experiment.dataset} is uploaded data; pass it along or load it again")
        return datasets.load(experiment.dataset)
    if experiment.dataset not in (dataset.name, f"sha256:{dataset.sha256}"):
        raise ExperimentError(f"dataset: the experiment names {experiment.dataset}, the data given is {dataset.name}")
    return dataset


def _initial_leaf_weights(experiment: Experiment, dataset: Dataset, rng: np.random.Generator) -> Floats:
    shape = (2, experiment.num_components, dataset.num_variables)
    if experiment.component_init == "uniform":
        return np.full(shape, 0.5)
    if experiment.component_init == "random":
        return np.maximum(np.abs(rng.normal(0.0, 0.1, shape)), experiment.floor)
    probabilities = fit_mixture(dataset, experiment.num_components, rng).probabilities
    return np.stack([1.0 - probabilities, probabilities])


def _raise_if_diverged(experiment: Experiment, iteration: int, info: StepInfo, parameters: Floats) -> None:
    if math.isfinite(np.add.reduce(parameters, axis=None) + sum(info.llh.tolist())):
        return
    for quantity, values in (("the log-likelihood", info.llh[:, None]), ("a weight", parameters)):
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            seed = experiment.seeds[int(np.argmin(finite))]
            raise DivergenceError(
                f"iteration {iteration}: {quantity} of seed {seed} is no longer a finite number; "
                f"try a learning rate below {experiment.learning_rate:g}"
            )


def run(
    experiment: Experiment, dataset: Dataset | None = None, state: TrainState | None = None
) -> Iterator[tuple[TrainState, StepInfo]]:
    """Train, one item per iteration: the state after update t and what was seen before it; stop at any time.

    Go on from any `state` it gave: the remaining items are the same, bit for bit. `DivergenceError` ends a run whose
    numbers overflow.
    """
    yield from Trainer(experiment, dataset).steps(state)
