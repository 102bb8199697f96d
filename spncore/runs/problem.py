"""The problem that an experiment poses on a data set, and the problem of the circuit's induced trees."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

from spncore.arrays import Floats
from spncore.circuits.circuit import Circuit, CircuitError, ProductLayer
from spncore.circuits.model import Model, parameter_shape
from spncore.circuits.overparam import SumStack, deepened_sums, effective_weights, initial_layer_weights
from spncore.data import library
from spncore.data.library import Dataset
from spncore.learning import em
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES, bag_of
from spncore.learning.problem import Problem, in_one_row, plain_problem, shares
from spncore.learning.states import TrainState
from spncore.learning.trainer import Trainer
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.structures import LEARNED, STRUCTURES, StructureSettings
from spncore.trees.induced import num_trees, written
from spncore.trees.models import shallow_mixture


def problem_of(experiment: Experiment, dataset: Dataset | None = None, model: Model | None = None) -> Problem:
    """What an experiment trains: the sums of its structure as stacks of L layers, on its data, from its start.

    Loads the registered data set unless one is given; DataError or ExperimentError if it cannot be used. `model` is
    what its structure gives, `model_of`, where somebody has drawn or learned it already.
    """
    dataset = dataset_of(experiment, dataset)
    model, objective = model or model_of(experiment, dataset), OBJECTIVES[experiment.objective]
    sums = deepened_sums(model.circuit, experiment.topology, experiment.depth)
    bag = bag_of(objective, dataset, experiment.labels(dataset.num_variables))
    problem = Problem(model.circuit, sums, bag, objective, partial(_start, experiment, dataset, model, sums))
    return problem.keeping_zeros(experiment.seed) if _as_learned(experiment) else problem


def trees_problem(trainer: Trainer, start: TrainState) -> Problem:
    """The shallow mixture of a circuit's induced trees from the same start: same function, different dynamics.

    Trapp et al. (2019), Claim 1. The components are the trees, each weighs what its edges' weights multiply to; their
    leaves are those of the circuit and shared as there. ExperimentError above `LIMITS.live_trees` trees.
    """
    problem, seeds = trainer.problem, trainer.settings.seeds
    count = num_trees(problem.circuit)
    if count > LIMITS.live_trees:
        raise ExperimentError(
            f"structure: {written(count)} induced trees are too many to train side by side; the limit is "
            f"{LIMITS.live_trees:,}; lower components, splits or repetitions"
        )
    models = [shallow_mixture(trainer.model(start, place)) for place in range(len(seeds))]
    rows = {seed: in_one_row(model) for seed, model in zip(seeds, models, strict=True)}
    return replace(plain_problem(models[0], problem.bag, problem.objective), start=rows.__getitem__)


def model_of(experiment: Experiment, dataset: Dataset) -> Model:
    """What an experiment's structure gives: a circuit, drawn or learned with the first seed, and own parameters."""
    seed = 0 if experiment.structure == "mixture" else experiment.seed
    return _structure(experiment.structure, experiment.structure_settings, dataset, seed)


@lru_cache(64)
def _structure(name: str, settings: StructureSettings, dataset: Dataset, seed: int) -> Model:
    try:
        return STRUCTURES[name](dataset, settings, np.random.default_rng(seed))
    except CircuitError as error:
        raise ExperimentError(f"structure: {error}") from None


class FittedComponents(NamedTuple):
    """What EM reaches from a seed: the network, its LLH in nats per row, and the random numbers that come next."""

    model: Model
    llh: float
    after: Mapping[str, Any]


@lru_cache(maxsize=1024)
def fitted(circuit: Circuit, dataset: Dataset, seed: int) -> FittedComponents:
    """What EM makes of a circuit from a seed, once for all runs that begin or are measured there."""
    rng = np.random.default_rng(seed)
    found = em.fit(circuit, dataset, rng)
    return FittedComponents(found.model, found.llh, rng.bit_generator.state)


def dataset_of(experiment: Experiment, dataset: Dataset | None) -> Dataset:
    """The data of an experiment: the given set, which must be the one it names, or the registered one."""
    if dataset is None:
        if experiment.dataset not in library.DATASETS:
            raise ExperimentError(f"dataset: {experiment.dataset} is uploaded data; pass it along or load it again")
        return library.load(experiment.dataset)
    if experiment.dataset not in (dataset.name, f"sha256:{dataset.sha256}"):
        raise ExperimentError(f"dataset: the experiment names {experiment.dataset}, the data given is {dataset.name}")
    return dataset


def _start(experiment: Experiment, dataset: Dataset, model: Model, sums: SumStack, seed: int) -> Floats:
    """All weights (P,) of a seed: sum weights from the scale and convention, leaf weights from the component start.

    Of a structure that was learned, `fitted` is all that was learned. A floor acts from the first update on. Without
    noise and random weights all seeds then start alike.
    """
    rng = np.random.default_rng(seed)
    leaf_weights = np.concatenate([array.ravel() for array in _leaves(experiment, dataset, model, seed, rng)])
    leaf_weights *= 1.0 + experiment.init_noise * rng.standard_normal(leaf_weights.shape)
    layers = initial_layer_weights(sums, experiment.init_scale, experiment.init_convention)
    if _as_learned(experiment):
        layers = _learned_layers(experiment, model, sums, layers)
    if experiment.weight_init == "random":
        layers *= np.abs(rng.standard_normal(layers.shape))
    return np.concatenate([layers, leaf_weights])


def _learned_layers(experiment: Experiment, model: Model, sums: SumStack, layers: Floats) -> Floats:
    """Weights (n,) with which f/Z is the learned distribution; for learners on a simplex, on their simplices.

    For all others every sum keeps the scale of `layers` as the mean of its weights: those of the last layer, one for
    each child, are in proportion, those above are alike.
    """
    if LEARNERS[experiment.optimiser].geometry is not None:
        return shares(model, sums)
    layers[sums.paths[-1]] *= proportions(model, float(np.prod(layers[sums.paths[:, 0]])))
    if np.count_nonzero(effective_weights(layers, sums)) < sum(map(np.count_nonzero, model.parameters.sums)):
        raise ExperimentError("init_scale: so small that learned weights would round to 0; choose a larger one")
    return layers


def _leaves(
    experiment: Experiment, dataset: Dataset, model: Model, seed: int, rng: np.random.Generator
) -> list[Floats]:
    """Leaf weights (2, nodes, S) of each input layer, from a seed's numbers; data sets of the lab hold 0 and 1."""
    if _as_learned(experiment):
        return list(model.parameters.inputs)
    if experiment.component_init == "fitted":
        found = fitted(model.circuit, dataset, seed)
        rng.bit_generator.state = found.after
        return list(found.model.parameters.inputs)
    shapes = [parameter_shape(layer) for layer in model.circuit.input_layers]
    if experiment.component_init == "uniform":
        return [np.full(shape, 0.5) for shape in shapes]
    return [np.maximum(np.abs(rng.normal(0.0, 0.1, shape)), experiment.floor) for shape in shapes]


def _as_learned(experiment: Experiment) -> bool:
    """Whether a run begins with the parameters that were learned together with its structure."""
    return experiment.component_init == "fitted" and experiment.structure in LEARNED


def proportions(model: Model, scale: float) -> Floats:
    """Factors (E,), their mean 1 in every sum, with which sum weights of `scale` make f/Z what it is with the model's.

    A sum whose weights add up to more than before is worth more to the sums above it, which need not mix children of
    as many sums each: their weights are divided by what each child has gained, and then scaled themselves.
    """
    log_gain, factors = np.zeros(model.circuit.num_nodes), []
    weights = iter(model.parameters.sums)
    for layer, own in model.circuit.inner:
        if isinstance(layer, ProductLayer):
            log_gain[own] = np.add.reduce(log_gain[layer.children], axis=1)
            continue
        with np.errstate(divide="ignore"):
            wanted = np.log(next(weights)) - log_gain[layer.children][:, None]  # (G, M, A)
        total = logsumexp(wanted, axis=2, keepdims=True) - np.log(wanted.shape[2])
        factors.append(np.exp(wanted - total).ravel())
        log_gain[own] = (np.log(scale) - total).ravel()
    return np.concatenate(factors)
