"""A problem: what is to be learned, whoever learns it. Made once, and carried by everything that asks about a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.model import Model, Parameters, by_layer, parameter_shape
from spncore.circuits.overparam import (
    SumStack,
    deepened_sums,
    edge_nodes,
    effective_weights,
    layer_flows,
    weight_groups,
)
from spncore.learning.bag import Bag
from spncore.learning.objectives import Objective
from spncore.learning.simplex import groups_of, normalise


@dataclass(frozen=True, eq=False)
class Problem:
    """A circuit whose every sum is a stack of layers, the evidence, the objective, and where a seed starts.

    All weights stand in one row (P,): the layers of `sums`, then each input layer's parameters. `start(seed)` is one.
    `zeros` (P,) are the weights that are 0 at every start, such as those of an indicator: structure, which every
    learner keeps. They take part in nothing, neither in a simplex nor under a floor. None where there are none.
    """

    circuit: Circuit
    sums: SumStack
    bag: Bag
    objective: Objective
    start: Callable[[int], Floats]
    zeros: Bools | None = None

    @cached_property
    def _inputs(self) -> list[tuple[slice, tuple[int, int, int]]]:
        """Where each input layer's parameters stand in a row, and their shape."""
        shapes = [parameter_shape(layer) for layer in self.circuit.input_layers]
        ends = np.cumsum([self.sums.num_weights, *map(math.prod, shapes)]).tolist()
        return [(slice(*pair), shape) for *pair, shape in zip(ends, ends[1:], shapes, strict=False)]

    @cached_property
    def num_weights(self) -> int:
        """P."""
        return int(self._inputs[-1][0].stop)

    def split(self, weights: Floats) -> tuple[Floats, tuple[Floats, ...]]:
        """Rows (..., P) as layer weights (..., n) and the parameters (..., P, nodes, S_l) of each input layer."""
        first = self._inputs[0][0].start
        return weights[..., :first], self.leaves(weights[..., first:])

    def leaves(self, weights: Floats) -> tuple[Floats, ...]:
        """Rows (..., P − n) of all leaves as the parameters (..., P, nodes, S_l) of each input layer."""
        first = self._inputs[0][0].start
        parts = [(weights[..., part.start - first : part.stop - first], shape) for part, shape in self._inputs]
        return tuple([row.reshape(*row.shape[:-1], *shape) for row, shape in parts])

    def model(self, weights: Floats) -> Model:
        """The network of one row (P,)."""
        layers, inputs = self.split(weights[None])
        sums = by_layer(self.circuit, effective_weights(layers[0], self.sums))
        return Model(self.circuit, Parameters(sums, tuple(array[0] for array in inputs)))

    def groups(self) -> Ints:
        """Which simplex each weight of a row belongs to, −1 for none; a weight that stays 0 is in none."""
        parts = [weight_groups(self.sums, edge_nodes(self.circuit))]
        unused = int(parts[0].max(initial=-1)) + 1
        for layer, (_, shape) in zip(self.circuit.input_layers, self._inputs, strict=True):
            numbers = np.full(shape[1] * shape[2], -1)
            if layer.family == "categorical":
                numbers = unused + np.arange(len(numbers))
                unused += len(numbers)
            parts.append(np.tile(numbers, shape[0]))
        found = np.concatenate(parts)
        if self.zeros is not None:
            found[self.zeros] = -1
            found[found >= 0] = np.unique(found[found >= 0], return_inverse=True)[1]
        return found

    def free(self) -> Bools:
        """Which entries of a row are no weights, such as a Gaussian's mean."""
        free = np.zeros(self.num_weights, dtype=bool)
        for layer, (part, shape) in zip(self.circuit.input_layers, self._inputs, strict=True):
            free[part] = np.repeat(~np.array(layer.distribution.positive), shape[1] * shape[2])
        return free

    def keeping_zeros(self, seed: int) -> Problem:
        """The same problem, of whose weights those stay 0 that are 0 at the start of this seed, and so of every one."""
        zeros = (self.start(seed) == 0.0) & ~self.free()
        return replace(self, zeros=zeros) if zeros.any() else self


def shares(model: Model, sums: SumStack) -> Floats:
    """Weights (n,) of all layers of a stack that add to one in each of its sums and make up the model's sum weights."""
    edges = np.concatenate([np.zeros(0), *(weights.ravel() for weights in model.parameters.sums)])
    groups = groups_of(weight_groups(sums, edge_nodes(model.circuit)))
    return normalise(layer_flows(edges, sums), groups, 0.0)


def in_one_row(model: Model) -> Floats:
    """Parameters as a row (P,) of the stack with one layer."""
    return np.concatenate([array.ravel() for arrays in model.parameters for array in arrays])


def plain_problem(model: Model, bag: Bag, objective: Objective) -> Problem:
    """Train a network as it is, with one layer for each sum, from its own parameters."""
    start = in_one_row(model)
    sums = deepened_sums(model.circuit, "tree", 1)
    return Problem(model.circuit, sums, bag, objective, lambda seed: start).keeping_zeros(0)
