"""Preallocated arrays for evaluating one circuit on a block of rows, and how each layer reaches its children in them.

What costs time is decided here, once: children that lie in a row are read as a view and overwritten in place when
nobody else needs them; a sum layer over all pairs of two groups (an outer product) is fused with its products, so that
only the two groups are exponentiated, not their pairs (Peharz et al., Einsum networks, 2020).
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer

CACHE_BYTES = 500_000  # of what is formed and used again at once


class Edges(NamedTuple):
    """A list of children among the node values (nodes, B): `places` is a slice where they lie in a row.

    `owned`: no other list has them. `spread` (children, edges) adds up the flows of children that stand in the list
    several times, whose numbers are then `targets`.
    """

    places: slice | Ints
    owned: bool
    spread: csr_array | None
    targets: Ints

    def send(self, flows: Floats, sent: Floats) -> None:
        """Pass `sent` (edges, B) on to the children in `flows` (nodes, B)."""
        if self.owned:
            flows[self.places] = sent
        elif self.spread is None:
            flows[self.places] += sent
        else:
            flows[self.targets] += self.spread @ sent


class ProductArrays(NamedTuple):
    """`edges[a]`: the a-th child of every product; `nodes` (M, B), the layer's own values."""

    edges: tuple[Edges, ...]
    nodes: Floats


class SumArrays(NamedTuple):
    """`children` (G, A, B) where they are a view, else None; `nodes` (G, M, B).

    `scaled` (G, A, B) holds exp(child − shift), in place of the children's values where nobody else needs those;
    `totals` (G, M, B) its weighted sums, flow over sum on the way down; `above` (G, A, B) the flow above each child
    over its value, in a place that all layers share; `shift` (G, B); `unit_weights` (1, 1, A).
    """

    edges: tuple[Edges]
    children: Floats | None
    nodes: Floats
    on_inputs: bool
    unit_weights: Floats
    scaled: Floats
    totals: Floats
    above: Floats
    shift: Floats


class PairArrays(NamedTuple):
    """A sum layer over all pairs of two groups, fused with its products: (G, I) left and (G, J) right children.

    `pairs` (G, I·J, B) holds products of scaled values in the products' place; `shifts` (2, G, B); `sent`, of the
    shapes of `scaled`, is what goes down on either side, in a place that all layers share. `parts` are runs of groups
    whose pairs fit the processor's cache.
    """

    edges: tuple[Edges, Edges]
    scaled: tuple[Floats, Floats]
    pairs: Floats
    nodes: Floats
    totals: Floats
    sent: tuple[Floats, Floats]
    shifts: Floats
    parts: tuple[slice, ...]


LayerArrays = ProductArrays | SumArrays | PairArrays


def by_group(circuit: Circuit, values: Floats) -> list[Floats]:
    """The rows of the input layers among the values (nodes, B) of all nodes, each as (G, I, B)."""
    layers = zip(circuit.spans, circuit.input_layers, strict=False)
    return [values[own].reshape(len(layer.variables), -1, values.shape[1]) for own, layer in layers]


class Workspace:
    """`values` (nodes, B) holds log-values on the way up and flows on the way down.

    `inputs` are its rows of each input layer as (G, M, B), `layers` the arrays of the other layers in order.
    `gathered` are the nodes whose flows are added up from several lists, or that no list has, but for the root. Its
    dtype is the precision of all work.
    """

    def __init__(self, circuit: Circuit, num_rows: int, dtype: type = np.float64) -> None:
        self.values: Floats = np.empty((circuit.num_nodes, num_rows), dtype)
        self.inputs = by_group(circuit, self.values)
        first, last = len(circuit.input_layers), len(circuit.layers)
        largest = max((layer.children.size for layer in circuit.sum_layers), default=0)
        self._shared: Floats = np.empty(largest * num_rows, dtype)  # untouched, and so no memory, where nobody needs it
        fused = {number: sides for number in range(first + 1, last) if (sides := _pairs(circuit, number))}
        self.layers = [
            self._prepare(circuit, number, fused.get(number))
            for number in range(first, last)
            if number + 1 not in fused
        ]
        self.gathered = self._gathered(circuit)

    def _prepare(self, circuit: Circuit, number: int, sides: tuple[Ints, Ints] | None) -> LayerArrays:
        layer, num_rows = circuit.layers[number], self.values.shape[1]
        assert not isinstance(layer, InputLayer)
        nodes = self.values[circuit.spans[number]]
        if isinstance(layer, ProductLayer):
            return ProductArrays(tuple(_edges(column, circuit) for column in layer.children.T), nodes)
        groups, dtype = len(layer.children), self.values.dtype
        nodes = nodes.reshape(groups, layer.num_sums, num_rows)
        totals = np.empty(nodes.shape, dtype)
        if sides is not None:
            left, right = (np.empty((*side.shape, num_rows), dtype) for side in sides)
            pairs = self.values[circuit.spans[number - 1]].reshape(groups, -1, num_rows)
            uses = right.shape[1], left.shape[1]  # each left child stands in a pair with every right one
            half = self._shared[left.size :][: right.size]
            sent = self._shared[: left.size].reshape(left.shape), half.reshape(right.shape)
            size = max(1, CACHE_BYTES // max(pairs[:1].nbytes, 1))
            return PairArrays(
                (_edges(sides[0].ravel(), circuit, uses[0]), _edges(sides[1].ravel(), circuit, uses[1])),
                (left, right),
                pairs,
                nodes,
                totals,
                sent,
                np.empty((2, groups, num_rows), dtype),
                tuple(slice(begin, begin + size) for begin in range(0, groups, size)),
            )
        return self._sums(circuit, layer, nodes, totals)

    def _sums(self, circuit: Circuit, layer: SumLayer, nodes: Floats, totals: Floats) -> SumArrays:
        edges, shape = _edges(layer.children.ravel(), circuit), (*layer.children.shape, self.values.shape[1])
        children = self.values[edges.places].reshape(shape) if isinstance(edges.places, slice) else None
        return SumArrays(
            (edges,),
            children,
            nodes,
            on_inputs=bool((layer.children < circuit.num_inputs).all()),
            unit_weights=np.ones((1, 1, shape[1]), self.values.dtype),
            scaled=children if children is not None and edges.owned else np.empty(shape, self.values.dtype),
            totals=totals,
            above=self._shared[: math.prod(shape)].reshape(shape),
            shift=np.empty((shape[0], shape[2]), self.values.dtype),
        )

    def _gathered(self, circuit: Circuit) -> Ints:
        needs = circuit.uses == 0
        for edges in (one for layer in self.layers for one in layer.edges if not one.owned):
            needs[edges.targets] = True
        needs[-1] = False  # the root is given its flow
        return np.flatnonzero(needs)


def _edges(children: Ints, circuit: Circuit, uses_each: int = 1) -> Edges:
    """How to reach these children; `uses_each` is how often one place of the list is meant by the circuit's layers."""
    steps = np.diff(children)
    step = int(steps[0]) if len(steps) else 1
    places: slice | Ints = children
    if step > 0 and (steps == step).all():
        places = slice(int(children[0]), int(children[-1]) + 1, step)
    targets, inverse = np.unique(children, return_inverse=True)
    once = len(targets) == len(children)
    owned = once and bool((circuit.uses[children] == uses_each).all())
    if once:
        return Edges(places, owned, None, targets)
    count = np.arange(len(children))
    spread = csr_array((np.ones(len(children)), (inverse, count)), shape=(len(targets), len(children)))
    return Edges(places, False, spread, targets)


def _pairs(circuit: Circuit, number: int) -> tuple[Ints, Ints] | None:
    """Left (G, I) and right (G, J) children, if a layer sums over all products of those and owns the products."""
    layer, below = circuit.layers[number], circuit.layers[number - 1]
    if not isinstance(layer, SumLayer) or not isinstance(below, ProductLayer) or below.children.shape[1] != 2:
        return None
    own = np.arange(circuit.offsets[number - 1], circuit.offsets[number])
    if not np.array_equal(layer.children.ravel(), own) or (circuit.uses[own] != 1).any():
        return None
    left, right = np.moveaxis(below.children.reshape(*layer.children.shape, 2), -1, 0)  # (G, A) each
    num_right = int(np.argmax(left[0] != left[0, 0])) or left.shape[1]
    if left.shape[1] % num_right or num_right == left.shape[1] or num_right == 1:
        return None
    lefts, rights = left[:, ::num_right], right[:, :num_right]
    same = np.array_equal(left, np.repeat(lefts, num_right, axis=1))
    return (lefts, rights) if same and np.array_equal(right, np.tile(rights, (1, lefts.shape[1]))) else None
