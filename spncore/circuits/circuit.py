"""Sum-product networks as layers of folded nodes, smooth and decomposable by construction.

Nodes are numbered layer by layer; the root is the last. Input layers come first. Nodes of equal shape are folded: a
layer is a few arrays, however many nodes it has. A circuit of any form, from a mixture to a learned irregular network,
is such a list of layers; how it is evaluated stands in `schedule`, `forward` and `flows`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from spncore.arrays import Bools, Ints
from spncore.circuits.families import FAMILIES, Family


class CircuitError(ValueError):
    """The layers do not form a smooth and decomposable circuit; the text names the node and its scopes."""


class InputLayer(NamedTuple):
    """Fully factorised distributions: the `num_inputs` nodes of group g cover `variables[g]` (G, S).

    `family` is a name of `families.FAMILIES`, `num_values` the number of values of a categorical one. Parameters have
    shape (P, nodes, S), node g · num_inputs + m being the m-th of its group.
    """

    variables: Ints
    num_inputs: int
    family: str = "categorical"
    num_values: int = 2

    @property
    def num_nodes(self) -> int:
        """How many leaves there are."""
        return len(self.variables) * self.num_inputs

    @property
    def distribution(self) -> Family:
        """What its leaves have in common: how they are evaluated, drawn and fitted."""
        return FAMILIES[self.family](self.num_values)

    @property
    def node_variables(self) -> Ints:
        """The variables of each node, (nodes, S)."""
        return np.repeat(self.variables, self.num_inputs, axis=0)


class ProductLayer(NamedTuple):
    """Products; `children` (M, A) are node numbers."""

    children: Ints

    @property
    def num_nodes(self) -> int:
        """M."""
        return len(self.children)


class SumLayer(NamedTuple):
    """Sums; group g has `num_sums` sums over the same `children[g]` (G, A). Weights have shape (G, num_sums, A)."""

    children: Ints
    num_sums: int

    @property
    def num_nodes(self) -> int:
        """Groups times sums per group."""
        return len(self.children) * self.num_sums


Layer = InputLayer | ProductLayer | SumLayer


@dataclass(frozen=True, eq=False)
class Circuit:
    """Layers in order of evaluation, the input layers first; checked when made (CircuitError)."""

    num_variables: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _ = self.scopes

    @cached_property
    def scopes(self) -> Bools:
        """Which variables each node covers, (nodes, D)."""
        return _checked_scopes(self.num_variables, self.layers)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Number of the first node of each layer, and last the number of nodes."""
        return tuple(int(n) for n in np.cumsum([0, *(layer.num_nodes for layer in self.layers)]))

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """The numbers of each layer's nodes."""
        return tuple(map(slice, self.offsets, self.offsets[1:]))

    @cached_property
    def num_inputs(self) -> int:
        """How many input nodes there are; they come first."""
        return self.offsets[len(self.input_layers)]

    @cached_property
    def input_layers(self) -> tuple[InputLayer, ...]:
        """The layers of distributions, in order."""
        return tuple(layer for layer in self.layers if isinstance(layer, InputLayer))

    @cached_property
    def sum_layers(self) -> tuple[SumLayer, ...]:
        """The layers of sums, in order."""
        return tuple(layer for layer in self.layers if isinstance(layer, SumLayer))

    @cached_property
    def inner(self) -> tuple[tuple[ProductLayer | SumLayer, slice], ...]:
        """The layers of products and sums, in order, with the numbers of their nodes."""
        layers = zip(self.layers, self.spans, strict=True)
        return tuple((layer, own) for layer, own in layers if not isinstance(layer, InputLayer))

    @cached_property
    def edge_spans(self) -> tuple[slice, ...]:
        """The numbers of the weighted edges of each layer of sums, (G, num_sums, A) raveled."""
        ends = np.cumsum([0, *(layer.children.size * layer.num_sums for layer in self.sum_layers)]).tolist()
        return tuple(map(slice, ends, ends[1:]))

    @property
    def num_nodes(self) -> int:
        """How many nodes there are, inputs included."""
        return self.offsets[-1]

    @property
    def num_edges(self) -> int:
        """E, how many weighted edges there are: the weights of all sums."""
        return sum(own.stop - own.start for own in self.edge_spans)

    @cached_property
    def is_mixture(self) -> bool:
        """Whether one group of leaves stands under one sum, and nothing else."""
        first, *above = self.layers
        alone = isinstance(first, InputLayer) and len(first.variables) == 1
        return alone and [type(layer) for layer in above] == [SumLayer]

    @cached_property
    def uses(self) -> Ints:
        """How many parents' lists each node stands in, (nodes,); a group of sums counts once."""
        uses = np.zeros(self.num_nodes, dtype=int)
        for layer, _ in self.inner:
            np.add.at(uses, layer.children, 1)
        return uses


def mixture(num_components: int, num_variables: int) -> Circuit:
    """K fully factorised components of 0/1 variables under one sum, to which consecutive sum layers collapse."""
    inputs = InputLayer(np.arange(num_variables)[None, :], num_components)
    return Circuit(num_variables, (inputs, SumLayer(np.arange(num_components)[None, :], 1)))


def _checked_scopes(num_variables: int, layers: tuple[Layer, ...]) -> Bools:
    """The scope of every node, (nodes, D); CircuitError where the layers are no smooth and decomposable circuit."""
    if not layers or not isinstance(layers[0], InputLayer):
        raise CircuitError("layer 0: an input layer must come first")
    scopes, inner = np.zeros((0, num_variables), dtype=bool), False
    for number, layer in enumerate(layers):
        if isinstance(layer, InputLayer):
            if inner:
                raise CircuitError(f"layer {number}: input layers must come before all sums and products")
            scopes = np.concatenate([scopes, _input_scopes(number, layer, num_variables)])
            continue
        inner = True
        if layer.children.size == 0 or layer.children.min() < 0 or layer.children.max() >= len(scopes):
            raise CircuitError(f"layer {number}: children must be nodes 0 to {len(scopes) - 1} of earlier layers")
        own = _product_scopes(layer, scopes) if isinstance(layer, ProductLayer) else _sum_scopes(layer, scopes)
        scopes = np.concatenate([scopes, own])
    if layers[-1].num_nodes != 1:
        raise CircuitError(f"the last layer must hold one node, the root; it has {layers[-1].num_nodes}")
    if not scopes[-1].all():
        left = np.flatnonzero(~scopes[-1]).tolist()
        raise CircuitError(f"root node {len(scopes) - 1}: variables {left} are in no scope below it; cover every one")
    return scopes


def _input_scopes(number: int, layer: InputLayer, num_variables: int) -> Bools:
    if layer.family not in FAMILIES or layer.num_values < 2 or layer.num_inputs < 1:
        raise CircuitError(
            f"layer {number}: {layer.num_inputs} inputs of family {ascii(layer.family)[:40]} with "
            f"{layer.num_values} values; allowed: at least 1, one of {', '.join(FAMILIES)}, at least 2"
        )
    variables = layer.variables
    if variables.ndim != 2 or not variables.size or variables.min() < 0 or variables.max() >= num_variables:
        raise CircuitError(
            f"layer {number}: variables must be numbers 0 to {num_variables - 1} of shape (groups, variables), "
            f"got shape {variables.shape}"
        )
    scopes = np.zeros((len(variables), num_variables), dtype=bool)
    np.put_along_axis(scopes, variables, True, axis=1)
    twice = scopes.sum(axis=1) < variables.shape[1]
    if twice.any():
        group = int(np.argmax(twice))
        raise CircuitError(f"layer {number}: group {group} names a variable twice, {variables[group].tolist()}")
    return np.repeat(scopes, layer.num_inputs, axis=0)


def _product_scopes(layer: ProductLayer, scopes: Bools) -> Bools:
    below = scopes[layer.children]  # (M, A, D)
    overlap = below.sum(axis=1) > 1
    if overlap.any():
        node, variable = (int(i) for i in np.argwhere(overlap)[0])
        holders = [int(child) for child in layer.children[node] if scopes[child, variable]][:2]
        one, other = (np.flatnonzero(scopes[child]).tolist() for child in holders)
        raise CircuitError(
            f"product node {len(scopes) + node} is not decomposable: variable {variable} is in the scope of more than "
            f"one of its children {layer.children[node].tolist()}: child {holders[0]} has scope {one}, "
            f"child {holders[1]} has scope {other}"
        )
    covered: Bools = np.logical_or.reduce(below, axis=1)
    return covered


def _sum_scopes(layer: SumLayer, scopes: Bools) -> Bools:
    below = scopes[layer.children]  # (G, A, D)
    unequal = (below != below[:, :1]).any(axis=2)
    if unequal.any():
        group, child = (int(i) for i in np.argwhere(unequal)[0])
        one, other = (np.flatnonzero(below[group, c]).tolist() for c in (0, child))
        raise CircuitError(
            f"sum node {len(scopes) + group * layer.num_sums} is not smooth: "
            f"child {layer.children[group, 0]} has scope {one}, child {layer.children[group, child]} has scope {other}"
        )
    return np.repeat(below[:, 0], layer.num_sums, axis=0)
