"""One learner on one circuit and one bag of evidence: parameters in a row, a step, and mini-batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.model import Model, Parameters, by_layer, parameter_shape
from spncore.circuits.overparam import SumStack, edge_nodes, effective_weights, layer_flows, weight_groups
from spncore.learning import learners
from spncore.learning.evaluator import Batch, Evaluation, Evaluator
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import DATA_FLOW, Bag, Objective
from spncore.learning.optimisers import OptimiserState
from spncore.learning.simplex import groups_of


class TrainState(NamedTuple):
    """All that the next step needs: `iteration` updates done; `parameters` (S, P), sum layers first, then leaves.

    Arrays are never written to after they are made, so a state can be kept. `optimiser` is the optimiser's own state.
    Mini-batches need none: their order follows from the seed and the iteration.
    """

    iteration: int
    parameters: Floats
    optimiser: OptimiserState


class StepInfo(NamedTuple):
    """What was seen at the state before the update.

    `llh` (S,) nats per row; `value` (S,), the objective; `accuracy` (S,), NaN without classes; `log_partition` (S,);
    `flow` a_k (S, E), K for a mixture; `layer_weights` (S, n), all sum layers in one row; `inputs`, per input layer
    (S, P, nodes, S_l); `at_floor` (S,), how many trained weights sit at the floor.
    """

    llh: Floats
    value: Floats
    accuracy: Floats
    log_partition: Floats
    flow: Floats
    layer_weights: Floats
    inputs: tuple[Floats, ...]
    at_floor: NDArray[np.int64]


class LearnerSettings(NamedTuple):
    """How to learn: names of LEARNERS and PARAMETRISATIONS, and their numbers; `batch_size` 0 means all rows."""

    optimiser: str = "gradient_ascent"
    parametrisation: str = "linear"
    floor: float = 1e-4
    learning_rate: float = 0.01
    momentum: float = 0.9
    batch_size: int = 0
    train_inputs: bool = True


class DivergenceError(ArithmeticError):
    """A number left the finite range; the text names the iteration, the seed and the quantity."""


class CircuitTrainer:
    """A learner with its arrays prepared: `start(weights)` gives a state, `step(state)` the next one.

    All weights stand in one row (S, P): the layers of `sums`, then each input layer's parameters.
    """

    def __init__(
        self, circuit: Circuit, sums: SumStack, bag: Bag, objective: Objective, settings: LearnerSettings, seeds: range
    ) -> None:
        self.circuit, self.sums, self.settings, self.seeds = circuit, sums, settings, seeds
        self.learner = LEARNERS[settings.optimiser]
        self.evaluator = Evaluator(circuit, bag, DATA_FLOW if self.learner.data_flow_only else objective)
        self.input_shapes = [parameter_shape(layer) for layer in circuit.input_layers]
        ends = np.cumsum([sums.num_weights, *map(math.prod, self.input_shapes)]).tolist()
        self.num_weights: int = ends[-1]
        self._of_inputs = [slice(*ends_of) for ends_of in zip(ends, ends[1:], strict=False)]
        self._of_sums = slice(ends[0])
        self.num_trained = self.num_weights if settings.train_inputs else sums.num_weights
        groups = groups_of(self._groups())
        self.parametrisation, self.optimiser = learners.prepare(
            settings.optimiser,
            settings.parametrisation,
            groups,
            settings.floor,
            settings.learning_rate,
            settings.momentum,
        )
        outside = groups.of < 0
        self._outside = (
            outside if outside.any() else None
        )  # weights in no simplex: EM leads them to the family's own maximum
        positive = [np.ones(sums.num_weights, dtype=bool), *map(np.ravel, self._positive())]
        free = ~np.concatenate(positive)
        self._free = free if free.any() else None  # parameters that are no weights, such as a Gaussian's mean
        self._nodes = edge_nodes(circuit)
        self._node_starts = np.flatnonzero(np.diff(self._nodes, prepend=-1))
        self._epochs: dict[tuple[int, int], Ints] = {}

    def _groups(self) -> Ints:
        """Which simplex each trained weight belongs to, −1 for none."""
        parts = [weight_groups(self.sums, edge_nodes(self.circuit))]
        for layer, (num_parameters, num_nodes, size) in zip(self.circuit.input_layers, self.input_shapes, strict=True):
            numbers = np.full(num_nodes * size, -1)
            if layer.family == "categorical":
                numbers = max(int(part.max(initial=-1)) for part in parts) + 1 + np.arange(num_nodes * size)
            parts.append(np.tile(numbers, num_parameters))
        return np.concatenate(parts)[: self.num_trained]

    def _positive(self) -> list[NDArray[np.bool_]]:
        return [
            np.broadcast_to(np.array(layer.distribution.positive)[:, None, None], shape)
            for layer, shape in zip(self.circuit.input_layers, self.input_shapes, strict=True)
        ]

    def split(self, weights: Floats) -> tuple[Floats, tuple[Floats, ...]]:
        """Layer weights (S, n) and the parameters (S, P, nodes, S_l) of each input layer, of all in one row (S, P)."""
        parts = zip(self._of_inputs, self.input_shapes, strict=True)
        return weights[:, self._of_sums], tuple(weights[:, part].reshape(-1, *shape) for part, shape in parts)

    def weights(self, parameters: Floats) -> Floats:
        """All weights (S, P) of parameters (S, P)."""
        return self._but_free(parameters, self.parametrisation.weights(parameters[:, : self._num_mapped]))

    @property
    def _num_mapped(self) -> int:
        return self.num_weights if self.learner.geometry is None else self.num_trained

    def _but_free(self, given: Floats, mapped: Floats) -> Floats:
        """`mapped` where there are weights, `given` for free parameters and for what is not mapped."""
        if mapped.shape[1] < given.shape[1]:
            mapped = np.concatenate([mapped, given[:, mapped.shape[1] :]], axis=1)
        return mapped if self._free is None else np.where(self._free[: given.shape[1]], given, mapped)

    def start(self, weights: Floats) -> TrainState:
        """The state that begins at these weights (S, P), which learners on a simplex normalise."""
        with np.errstate(all="ignore"):
            parameters = self._but_free(weights, self.parametrisation.parameters(weights[:, : self._num_mapped]))
        return TrainState(0, parameters, self.optimiser.init(parameters[:, : self.num_trained]))

    def model(self, state: TrainState, seed: int = 0) -> Model:
        """One seed's network as it is in a state; `seed` is its place among the seeds."""
        layer_weights, inputs = self.split(self.weights(state.parameters)[seed : seed + 1])
        sums = by_layer(self.circuit, effective_weights(layer_weights[0], self.sums))
        return Model(self.circuit, Parameters(sums, tuple(array[0] for array in inputs)))

    def step(self, state: TrainState) -> tuple[TrainState, StepInfo]:
        """One update of all seeds: the state after it, what was seen before it; DivergenceError if numbers overflow."""
        with np.errstate(all="ignore"):
            weights = self.weights(state.parameters)
            layer_weights, inputs = self.split(weights)
            edges = effective_weights(layer_weights, self.sums)
            seen = self.evaluator(edges, inputs, self._batches(state.iteration))
            trained = self.num_trained
            gradient = self.gradient(weights[:, :trained], self.flows(seen, inputs))
            increment, optimiser = self.optimiser.update(gradient, state.optimiser)
            parameters = self.moved(state.parameters[:, :trained], increment)
        at_floor = np.add.reduce(weights[:, :trained] == self.parametrisation.floor, axis=1)
        flow = self._competing(seen.flow, edges) if self.learner.data_flow_only else seen.flow
        info = StepInfo(seen.llh, seen.value, seen.accuracy, seen.log_partition, flow, layer_weights, inputs, at_floor)
        self._raise_if_diverged(state.iteration, info, parameters)
        if trained < state.parameters.shape[1]:
            parameters = np.concatenate([parameters, state.parameters[:, trained:]], axis=1)
        return TrainState(state.iteration + 1, parameters, optimiser), info

    def flows(self, seen: Evaluation, inputs: Sequence[Floats]) -> Floats:
        """Flows of all trained weights in one row; for EM and leaves of no simplex the values that maximise."""
        flows = [layer_flows(seen.flow, self.sums)]
        if self.settings.train_inputs:
            for layer, parameters, moments in zip(self.circuit.input_layers, inputs, seen.moments, strict=True):
                family = layer.distribution
                take = family.maximise if self.learner.data_flow_only else family.derivative
                flows.append(take(parameters, moments).reshape(len(parameters), -1))
        return np.concatenate(flows, axis=1) if len(flows) > 1 else flows[0]

    def gradient(self, weights: Floats, flows: Floats) -> Floats:
        """The gradient in the parameters, or EM's direction, of all trained weights."""
        gradient = self.parametrisation.gradient(weights, flows)
        if self.learner.data_flow_only:
            return gradient if self._outside is None else np.where(self._outside, flows - weights, gradient)
        return gradient if self._free is None else np.where(self._free[: gradient.shape[1]], flows, gradient)

    def moved(self, parameters: Floats, increment: Floats) -> Floats:
        """Trained parameters after an increment, back in their allowed set."""
        moved = parameters + increment
        return self._but_free(moved, self.parametrisation.project(moved))

    def _competing(self, flow: Floats, edges: Floats) -> Floats:
        """a_k from the data's flows alone: on normalised weights the share of Z is w_k times the node's whole flow."""
        return flow - edges * np.add.reduceat(flow, self._node_starts, axis=1)[:, self._nodes]

    def _batches(self, iteration: int) -> list[Batch] | None:
        size, bag = self.settings.batch_size, self.evaluator.bag
        if not 0 < size < bag.num_rows:
            return None
        per_epoch = bag.num_rows // size
        epoch, place = divmod(iteration, per_epoch)
        chosen = (self._order(seed, epoch)[place * size : (place + 1) * size] for seed in self.seeds)
        return [self.evaluator.batch(np.bincount(rows, minlength=len(bag.items))) for rows in chosen]

    def _order(self, seed: int, epoch: int) -> Ints:
        """The items of every row in the order of one epoch: without replacement, decided by seed and epoch."""
        if (seed, epoch) not in self._epochs:
            self._epochs = {key: order for key, order in self._epochs.items() if key[1] == epoch}
            items = self.evaluator.bag.items
            rows = np.repeat(np.arange(len(items)), items)
            self._epochs[seed, epoch] = np.random.default_rng([seed, epoch]).permutation(rows)
        return self._epochs[seed, epoch]

    def _raise_if_diverged(self, iteration: int, info: StepInfo, parameters: Floats) -> None:
        if math.isfinite(np.add.reduce(parameters, axis=None) + sum(info.llh.tolist())):
            return
        for quantity, values in (("the log-likelihood", info.llh[:, None]), ("a weight", parameters)):
            finite = np.isfinite(values).all(axis=1)
            if not finite.all():
                seed = self.seeds[int(np.argmin(finite))]
                raise DivergenceError(
                    f"iteration {iteration}: {quantity} of seed {seed} is no longer a finite number; "
                    f"try a learning rate below {self.settings.learning_rate:g}"
                )
