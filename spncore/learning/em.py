"""Expectation maximisation for any circuit over 0/1 data: normalise the data's flows, and repeat.

Dempster, Laird & Rubin (1977); for circuits Peharz et al. (2016). Probabilities stay away from 0 and 1.
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Generator, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.model import Model, Parameters, by_layer
from spncore.circuits.overparam import edge_nodes
from spncore.data.library import Dataset
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, data_and_partition
from spncore.loop import gains_less_than, until

_SMALLEST = 1e-4  # probabilities stay this far from 0 and 1, and weights above it times 1/children


_State = tuple[Floats, list[Floats]]  # edge weights (E,), and by input layer the probabilities of a 1


class Fitted(NamedTuple):
    """`model`, normalised; `llh` nats per row at its parameters."""

    model: Model
    llh: float


def fit(circuit: Circuit, dataset: Dataset, rng: Generator, iterations: int = 200) -> Fitted:
    """EM from equal sum weights and random probabilities around the data's marginals.

    Stops early when a step gains under 1e-7 nats per row. Every flow is a posterior mean; weights and probabilities
    become flows, normalised.
    """
    marginals = dataset.counts @ dataset.rows / dataset.num_rows
    nodes = edge_nodes(circuit)
    weights = 1.0 / np.bincount(nodes)[nodes]
    probabilities = []
    for layer in circuit.input_layers:
        around = marginals[layer.node_variables]
        probabilities.append(np.clip(around + rng.uniform(-0.25, 0.25, around.shape), 0.05, 0.95))
    evaluator = Evaluator(circuit, data_and_partition(dataset), DATA_FLOW)

    def step(state: _State) -> tuple[_State, Fitted]:
        weights, probabilities = state
        inputs = [np.stack([1.0 - ones, ones])[None] for ones in probabilities]
        seen = evaluator(weights[None], inputs)
        parameters = Parameters(by_layer(circuit, weights), tuple(array[0] for array in inputs))
        layers = zip(circuit.input_layers, inputs, seen.moments, strict=True)
        leaves = [_leaves(layer.distribution.maximise(array, moments)[0]) for layer, array, moments in layers]
        after = _normalised(seen.flow[0], nodes, weights), leaves
        return after, Fitted(Model(circuit, parameters), float(seen.llh[0]))

    steps = until(step, (weights, probabilities), gains_less_than(1e-7, lambda fitted: fitted.llh))
    *_, (_, last) = islice(steps, iterations + 1)
    return last


def _normalised(flow: Floats, nodes: Ints, before: Floats) -> Floats:
    """Each node's flows as weights, at least _SMALLEST over the number of children; without flow they stay."""
    starts = np.flatnonzero(np.diff(nodes, prepend=-1))
    total = np.add.reduceat(flow, starts)
    weights = np.maximum(flow, (_SMALLEST / np.bincount(nodes) * total)[nodes])
    reached = total[nodes] > 0
    return np.where(reached, weights / np.where(reached, np.add.reduceat(weights, starts)[nodes], 1.0), before)


def _leaves(flows: Floats) -> Floats:
    """Probabilities of a 1 from flows (2, nodes, S)."""
    zeros, ones = flows
    total = ones + zeros
    return np.asarray(np.clip(ones / np.where(total > 0, total, 1.0), _SMALLEST, 1.0 - _SMALLEST))
