"""One learner on one problem: the mathematics of an update, and states that go on from where they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Bools, Floats
from spncore.circuits.circuit import Circuit
from spncore.circuits.families import Moments
from spncore.circuits.model import Model
from spncore.circuits.overparam import edge_nodes, effective_weights, layer_flows
from spncore.data.dataset import Dataset
from spncore.learning.bag import Bag, MiniBatch
from spncore.learning.batch import Batch
from spncore.learning.divergence import DivergenceError
from spncore.learning.evaluator import Evaluation, Evaluator
from spncore.learning.learners import LEARNERS, LearnerSettings, prepare
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, Objective, data_and_partition
from spncore.learning.problem import Problem
from spncore.learning.simplex import groups_of
from spncore.learning.states import Block, StepInfo, TrainState
from spncore.loop import Rule, until, updates


class Trainer:
    """A learner with its arrays prepared: `init()` gives a state, `advance(state, n)` the one after n updates."""

    def __init__(self, problem: Problem, settings: LearnerSettings, evaluator: Evaluator | None = None) -> None:
        """`evaluator` may be that of another trainer on the same circuit, evidence and objective."""
        self.problem, self.settings = problem, settings
        self.learner = LEARNERS[settings.optimiser]
        self.evaluator = evaluator or Evaluator(*self.evaluated(problem, settings))
        self.num_trained = problem.num_weights if settings.train_components else problem.sums.num_weights
        self.groups = groups_of(problem.groups()[: self.num_trained])
        self.parametrisation, self.optimiser = prepare(settings, self.groups)
        self._outside = _some(self.groups.of < 0)  # in no simplex: EM leads them to the family's own maximum
        self._free = _some(problem.free())
        self._held = _some(problem.free() | (False if problem.zeros is None else problem.zeros))
        self._nodes = edge_nodes(problem.circuit)
        self._node_starts = np.flatnonzero(np.diff(self._nodes, prepend=-1))
        self._epochs: dict[tuple[int, int], NDArray[np.int32]] = {}
        self._batch: Batch | None = None

    @staticmethod
    def evaluated(problem: Problem, settings: LearnerSettings) -> tuple[Circuit, Bag, Objective]:
        """What is evaluated in every update."""
        data_flow_only = LEARNERS[settings.optimiser].data_flow_only
        return problem.circuit, problem.bag, DATA_FLOW if data_flow_only else problem.objective

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

    def with_weight(self, state: TrainState, place: int, weight: float) -> TrainState:
        """A state with one weight of the sum layers, at its place in their row, set to a value in all seeds."""
        parameters = state.parameters.copy()
        parameters[:, place] = self.parametrisation.parameters(np.full((len(parameters), 1), weight))[:, 0]
        return state._replace(parameters=parameters)

    def advance(self, state: TrainState, num_updates: int) -> tuple[TrainState, Block]:
        """So many updates (1 or more): the state after them, and what was seen before each.

        If numbers overflow, the block says so and ends there, and the state is the last that was seen.
        """
        batch = self._at(state)
        [block] = batch.advance(num_updates)
        assert block is not None
        return batch.state(0) if block.stopped is None else block.last or state, block

    def step(self, state: TrainState) -> tuple[TrainState, StepInfo]:
        """One update of all seeds: the state after it, what was seen before it; DivergenceError if numbers overflow."""
        after, block = self.advance(state, 1)
        if block.stopped is not None:
            raise DivergenceError(block.stopped)
        return after, block.at(0)

    def seen(self, state: TrainState) -> StepInfo:
        """What the next step would see of a state, without the step; DivergenceError if numbers overflow."""
        [block] = self._at(state).look()
        assert block is not None
        if block.stopped is not None:
            raise DivergenceError(block.stopped)
        return block.at(0)

    def _at(self, state: TrainState) -> Batch:
        """Its batch, in this state."""
        if self._batch is None or not self._batch.is_at(state):
            self._batch = Batch([self], [state])
        return self._batch

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
        """All weights (..., P) of parameters (..., P)."""
        mapped = self.parametrisation.weights(parameters[..., : self._num_mapped])
        return self._but(self._free, parameters, mapped)

    @property
    def _num_mapped(self) -> int:
        return self.problem.num_weights if self.learner.geometry is None else self.num_trained

    def _but(self, held: Bools | None, given: Floats, mapped: Floats) -> Floats:
        """`mapped`, but `given` where `held` (P,) is set, for free parameters or zeros, and for what is not mapped."""
        if mapped.shape[-1] < given.shape[-1]:
            mapped = np.concatenate([mapped, given[..., mapped.shape[-1] :]], axis=-1)
        return mapped if held is None else np.where(held[: given.shape[-1]], given, mapped)

    def model(self, state: TrainState, seed: int = 0) -> Model:
        """One seed's network as it is in a state; `seed` is its place among the seeds."""
        return self.problem.model(self.weights(state.parameters)[seed])

    def network(self, at: TrainState | StepInfo) -> tuple[Floats, tuple[Floats, ...]]:
        """Layer weights (S, n) and parameters of the input layers at a state, or at what was seen of one."""
        if isinstance(at, StepInfo):
            return at.layer_weights, at.inputs
        return self.problem.split(self.weights(at.parameters))

    def evaluate(self, at: TrainState | StepInfo, evaluator: Evaluator) -> Evaluation:
        """What is seen of a state on other evidence."""
        with np.errstate(all="ignore"):
            layer_weights, inputs = self.network(at)
            return evaluator(effective_weights(layer_weights, self.problem.sums), inputs)

    def score(self, at: TrainState | StepInfo, rows: Dataset) -> Floats:
        """LLH (S,) of a state on other rows of the same variables, in nats per row, whatever was trained for."""
        evaluator = Evaluator(self.problem.circuit, data_and_partition(rows), OBJECTIVES["generative"])
        return self.evaluate(at, evaluator).llh

    def flows(self, flow: Floats, moments: Sequence[Moments], inputs: Sequence[Floats]) -> Floats:
        """Flows (S, n) of all trained weights in one row; for EM and leaves of no simplex the values that maximise.

        From the flow (S, E) of the edges, and of each input layer the moments and the parameters.
        """
        flows = [layer_flows(flow, self.problem.sums)]
        if self.settings.train_components:
            for layer, parameters, of_layer in zip(self.problem.circuit.input_layers, inputs, moments, strict=True):
                family = layer.distribution
                take = family.maximise if self.learner.data_flow_only else family.derivative
                flows.append(take(parameters, of_layer).reshape(len(parameters), -1))
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

    def competing(self, flow: Floats, edges: Floats) -> Floats:
        """a_k of flows and weights (S, E): for EM, whose flows are the data's alone, without the share of Z.

        On normalised weights that is w_k times the node's whole flow.
        """
        if not self.learner.data_flow_only:
            return flow
        return flow - edges * np.add.reduceat(flow, self._node_starts, axis=1).take(self._nodes, axis=1)

    @property
    def rows_an_update(self) -> int:
        """How many rows a seed sees in an update: those of a mini-batch, or all."""
        size, num_rows = self.settings.batch_size, self.evaluator.bag.num_rows
        return size if 0 < size < num_rows else num_rows

    def batches(self, iteration: int) -> list[MiniBatch] | None:
        """The rows that each seed sees in an update, None for all."""
        size, bag = self.rows_an_update, self.evaluator.bag
        if size == bag.num_rows:
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


def _some(mask: Bools) -> Bools | None:
    """None where a mask holds nothing."""
    return mask if mask.any() else None
