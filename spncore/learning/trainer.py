"""One learner on one problem: parameters in a row, a step, and mini-batches."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.model import Model
from spncore.circuits.overparam import edge_nodes, effective_weights, layer_flows
from spncore.data.dataset import Dataset
from spncore.learning.bag import Batch
from spncore.learning.divergence import verdict
from spncore.learning.evaluator import Evaluation, Evaluator
from spncore.learning.learners import LEARNERS, LearnerSettings, prepare
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, data_and_partition
from spncore.learning.optimisers import OptimiserState
from spncore.learning.problem import Problem
from spncore.learning.simplex import groups_of
from spncore.loop import Rule, until, updates
from spncore.words import counted


class TrainState(NamedTuple):
    """All that the next step needs: `iteration` updates done; `parameters` (S, P), sum layers first, then leaves.

    Arrays are never written to after they are made, so a state can be kept. `optimiser` is the optimiser's own state.
    Mini-batches need none: their order follows from the seed and the iteration.
    """

    iteration: int
    parameters: Floats
    optimiser: OptimiserState


class StepInfo(NamedTuple):
    """What is seen at a state.

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
    at_floor: Ints


class DivergenceError(ArithmeticError):
    """A number left the finite range; the text names the iteration, the seed and the quantity."""


class Trainer:
    """A learner with its arrays prepared: `init()` gives a state, `step(state)` the next one."""

    def __init__(self, problem: Problem, settings: LearnerSettings) -> None:
        self.problem, self.settings = problem, settings
        self.learner = LEARNERS[settings.optimiser]
        objective = DATA_FLOW if self.learner.data_flow_only else problem.objective
        self.evaluator = Evaluator(problem.circuit, problem.bag, objective)
        self.num_trained = problem.num_weights if settings.train_components else problem.sums.num_weights
        groups = groups_of(problem.groups()[: self.num_trained])
        self.parametrisation, self.optimiser = prepare(settings, groups)
        self._outside = _some(groups.of < 0)  # in no simplex: EM leads them to the family's own maximum
        self._free = _some(problem.free())
        self._held = _some(problem.free() | (False if problem.zeros is None else problem.zeros))
        self._nodes = edge_nodes(problem.circuit)
        self._node_starts = np.flatnonzero(np.diff(self._nodes, prepend=-1))
        self._epochs: dict[tuple[int, int], NDArray[np.int32]] = {}

    def init(self) -> TrainState:
        """The start of all seeds."""
        return self.start(np.stack([self.problem.start(seed) for seed in self.settings.seeds]))

    def start(self, weights: Floats) -> TrainState:
        """The state that begins at these weights (S, P), which learners on a simplex normalise."""
        with np.errstate(all="ignore"):
            mapped = self.parametrisation.parameters(weights[:, : self._num_mapped])
            if self.problem.zeros is not None:
                mapped = np.where(self.problem.zeros[: mapped.shape[1]], self.parametrisation.zero, mapped)
            parameters = self._but(self._free, weights, mapped)
        return TrainState(0, parameters, self.optimiser.init(parameters[:, : self.num_trained]))

    def until(self, *rules: Rule, state: TrainState | None = None) -> Iterator[tuple[TrainState, StepInfo]]:
        """Steps from `state`, or from the start, until a rule of `loop` ends them."""
        return until(self.step, self.init() if state is None else state, *rules)

    def states(self, num_updates: int, state: TrainState | None = None) -> Iterator[tuple[TrainState, StepInfo]]:
        """Every state from `state`, or from the start, to that after `num_updates` updates, with what is seen at it."""
        here = self.init() if state is None else state
        for after, info in self.until(updates(num_updates), state=here):
            yield here, info
            here = after
        yield here, self.seen(here)

    def weights(self, parameters: Floats) -> Floats:
        """All weights (S, P) of parameters (S, P)."""
        mapped = self.parametrisation.weights(parameters[:, : self._num_mapped])
        return self._but(self._free, parameters, mapped)

    @property
    def _num_mapped(self) -> int:
        return self.problem.num_weights if self.learner.geometry is None else self.num_trained

    def _but(self, held: Bools | None, given: Floats, mapped: Floats) -> Floats:
        """`mapped`, but `given` where `held` (P,) is set, for free parameters or zeros, and for what is not mapped."""
        if mapped.shape[1] < given.shape[1]:
            mapped = np.concatenate([mapped, given[:, mapped.shape[1] :]], axis=1)
        return mapped if held is None else np.where(held[: given.shape[1]], given, mapped)

    def model(self, state: TrainState, seed: int = 0) -> Model:
        """One seed's network as it is in a state; `seed` is its place among the seeds."""
        return self.problem.model(self.weights(state.parameters)[seed])

    def evaluate(self, state: TrainState, evaluator: Evaluator) -> Evaluation:
        """What is seen of a state on other evidence."""
        with np.errstate(all="ignore"):
            layer_weights, inputs = self.problem.split(self.weights(state.parameters))
            return evaluator(effective_weights(layer_weights, self.problem.sums), inputs)

    def score(self, state: TrainState, rows: Dataset) -> Floats:
        """LLH (S,) of a state on other rows of the same variables, in nats per row, whatever was trained for."""
        evaluator = Evaluator(self.problem.circuit, data_and_partition(rows), OBJECTIVES["generative"])
        return self.evaluate(state, evaluator).llh

    def step(self, state: TrainState) -> tuple[TrainState, StepInfo]:
        """One update of all seeds: the state after it, what was seen before it; DivergenceError if numbers overflow."""
        with np.errstate(all="ignore"):
            weights, seen, info = self._look(state)
            trained = self.num_trained
            gradient = self.gradient(weights[:, :trained], self.flows(seen, info.inputs))
            increment, optimiser = self.optimiser.update(gradient, state.optimiser)
            parameters = self.moved(state.parameters[:, :trained], increment)
        self._raise_if_diverged(state.iteration, info, parameters, seen.empty)
        if trained < state.parameters.shape[1]:
            parameters = np.concatenate([parameters, state.parameters[:, trained:]], axis=1)
        return TrainState(state.iteration + 1, parameters, optimiser), info

    def seen(self, state: TrainState) -> StepInfo:
        """What the next step would see of a state, without the step; DivergenceError if numbers overflow."""
        with np.errstate(all="ignore"):
            _, seen, info = self._look(state)
        self._raise_if_diverged(state.iteration, info, state.parameters, seen.empty)
        return info

    def _look(self, state: TrainState) -> tuple[Floats, Evaluation, StepInfo]:
        weights = self.weights(state.parameters)
        layer_weights, inputs = self.problem.split(weights)
        edges = effective_weights(layer_weights, self.problem.sums)
        seen = self.evaluator(edges, inputs, self._batches(state.iteration))
        at_floor = np.add.reduce(weights[:, : self.num_trained] == self.parametrisation.floor, axis=1)
        flow = self._competing(seen.flow, edges) if self.learner.data_flow_only else seen.flow
        return weights, seen, StepInfo(*seen[:4], flow, layer_weights, inputs, at_floor)

    def flows(self, seen: Evaluation, inputs: Sequence[Floats]) -> Floats:
        """Flows of all trained weights in one row; for EM and leaves of no simplex the values that maximise."""
        flows = [layer_flows(seen.flow, self.problem.sums)]
        if self.settings.train_components:
            for layer, parameters, moments in zip(self.problem.circuit.input_layers, inputs, seen.moments, strict=True):
                family = layer.distribution
                take = family.maximise if self.learner.data_flow_only else family.derivative
                flows.append(take(parameters, moments).reshape(len(parameters), -1))
        return np.concatenate(flows, axis=1) if len(flows) > 1 else flows[0]

    def gradient(self, weights: Floats, flows: Floats) -> Floats:
        """The gradient in the parameters, or EM's direction, of all trained weights."""
        gradient = self.parametrisation.gradient(weights, flows)
        if self.learner.data_flow_only:
            return gradient if self._outside is None else np.where(self._outside, flows - weights, gradient)
        return self._but(self._held, flows, gradient)

    def moved(self, parameters: Floats, increment: Floats) -> Floats:
        """Trained parameters after an increment, back in their allowed set."""
        moved = parameters + increment
        return self._but(self._held, moved, self.parametrisation.project(moved))

    def _competing(self, flow: Floats, edges: Floats) -> Floats:
        """a_k from the data's flows alone: on normalised weights the share of Z is w_k times the node's whole flow."""
        return flow - edges * np.add.reduceat(flow, self._node_starts, axis=1)[:, self._nodes]

    def _batches(self, iteration: int) -> list[Batch] | None:
        size, bag = self.settings.batch_size, self.evaluator.bag
        if not 0 < size < bag.num_rows:
            return None
        per_epoch = bag.num_rows // size
        epoch, place = divmod(iteration, per_epoch)
        chosen = (self._order(seed, epoch)[place * size : (place + 1) * size] for seed in self.settings.seeds)
        return [bag.batch(items) for items in chosen]

    def _order(self, seed: int, epoch: int) -> NDArray[np.int32]:
        """The items of every row in the order of one epoch: without replacement, decided by seed and epoch."""
        if (seed, epoch) not in self._epochs:
            self._epochs = {key: order for key, order in self._epochs.items() if key[1] == epoch}
            self._epochs[seed, epoch] = self.evaluator.bag.order(seed, epoch)
        return self._epochs[seed, epoch]

    def _raise_if_diverged(self, iteration: int, info: StepInfo, parameters: Floats, empty: Bools | None) -> None:
        if self.problem.zeros is not None:
            parameters = np.where(self.problem.zeros[: parameters.shape[1]], 0.0, parameters)
        rounded = empty is not None and empty.any() and self.problem.zeros is None
        if not rounded and math.isfinite(np.add.reduce(parameters, axis=None) + sum(info.llh.tolist())):
            return
        logs = np.where(empty, -np.inf, 0.0) if rounded and empty is not None else np.zeros(len(info.llh))
        for updates_made, quantity, values in (
            (iteration, "the log-likelihood", info.llh[:, None]),
            (iteration, "the logarithm of a node's weight", logs[:, None]),
            (iteration + 1, "a weight", parameters),
        ):
            finite = np.isfinite(values).all(axis=1)
            if not finite.all():
                place = int(np.argmin(finite))
                raise DivergenceError(
                    f"after {counted(updates_made, 'update')}, {quantity} of seed {self.settings.seeds[place]} "
                    f"{self._verdict(iteration, info, place)}"
                )

    def _verdict(self, iteration: int, info: StepInfo, place: int) -> str:
        row = np.concatenate([info.layer_weights[place], *(array[place].ravel() for array in info.inputs)])
        values = [info.llh[place], info.value[place], *info.flow[place]]
        return verdict(self.problem, self.settings, row, bool(iteration == 0 and not np.isfinite(values).all()))


def _some(mask: Bools) -> Bools | None:
    """None where a mask holds nothing."""
    return mask if mask.any() else None
