"""Sum-product networks as layers of folded nodes, checked for smoothness and decomposability, evaluated in log-domain.

Nodes are numbered layer by layer; the root is the last. A sum layer holds G groups; the M sums of a group share A
children, so a group is one matrix product with one shift per row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.leaves import Design

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_LOWEST = -1e300  # stands for log 0 as a shift, so that no −inf − −inf arises
_SMALLEST = 1e-300  # divisor for a row of probability zero, whose flow is then exactly zero


class CircuitError(ValueError):
    """The layers do not form a smooth and decomposable circuit; the text names the node and its scopes."""


class InputLayer(NamedTuple):
    """Fully factorised distributions; `scopes` (M, D) says which variables each node covers."""

    scopes: NDArray[np.bool_]

    @property
    def num_nodes(self) -> int:
        return len(self.scopes)


class ProductLayer(NamedTuple):
    """Products; `children` (M, A) are node numbers."""

    children: Ints

    @property
    def num_nodes(self) -> int:
        return len(self.children)


class SumLayer(NamedTuple):
    """Sums; group g has `num_sums` sums over the same `children[g]` (G, A). Weights have shape (G, num_sums, A)."""

    children: Ints
    num_sums: int

    @property
    def num_nodes(self) -> int:
        return len(self.children) * self.num_sums


Layer = InputLayer | ProductLayer | SumLayer
SumWeights = tuple[Floats | None, ...]


@dataclass(frozen=True, eq=False)
class Circuit:
    """Layers in order of evaluation, the input layer first; checked when made (CircuitError)."""

    num_variables: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Number of the first node of each layer, and last the number of nodes."""
        return tuple(int(n) for n in np.cumsum([0, *(layer.num_nodes for layer in self.layers)]))

    @cached_property
    def child_ranges(self) -> tuple[slice | None, ...]:
        """Per layer: its children as one slice, where they are a range of nodes that nobody else uses."""
        uses = np.zeros(self.offsets[-1], dtype=np.int64)
        for layer in self.layers[1:]:
            np.add.at(uses, layer.children, 1)  # type: ignore[union-attr]
        return tuple(None if isinstance(layer, InputLayer) else _range(layer, uses) for layer in self.layers)

    @cached_property
    def shared_nodes(self) -> Ints:
        """Nodes outside every such slice, the root apart: their flows are gathered from several parents."""
        outside = np.ones(self.offsets[-1], dtype=bool)
        for span in self.child_ranges:
            if span is not None:
                outside[span] = False
        outside[-1] = False
        return np.flatnonzero(outside)


def _range(layer: ProductLayer | SumLayer, uses: Ints) -> slice | None:
    flat = layer.children.ravel()
    consecutive = bool((np.diff(flat) == 1).all()) and bool((uses[flat] == 1).all())
    return slice(int(flat[0]), int(flat[-1]) + 1) if consecutive else None


def mixture(num_components: int, num_variables: int) -> Circuit:
    """K fully factorised components under one sum: consecutive sum layers collapse to this for evaluation."""
    inputs = InputLayer(np.ones((num_components, num_variables), dtype=bool))
    return Circuit(num_variables, (inputs, SumLayer(np.arange(num_components)[None, :], 1)))


def _check(circuit: Circuit) -> None:
    if not circuit.layers or not isinstance(circuit.layers[0], InputLayer):
        raise CircuitError("layer 0: an input layer must come first")
    scopes = circuit.layers[0].scopes
    if scopes.ndim != 2 or scopes.shape[1] != circuit.num_variables:
        raise CircuitError(f"layer 0: scopes must have shape (nodes, {circuit.num_variables}), got {scopes.shape}")
    for number, layer in enumerate(circuit.layers[1:], start=1):
        if isinstance(layer, InputLayer):
            raise CircuitError(f"layer {number}: only layer 0 may be an input layer")
        if layer.children.size == 0 or layer.children.min() < 0 or layer.children.max() >= len(scopes):
            raise CircuitError(f"layer {number}: children must be nodes 0 to {len(scopes) - 1} of earlier layers")
        scopes = np.concatenate([scopes, _layer_scopes(layer, scopes)])
    if circuit.layers[-1].num_nodes != 1:
        raise CircuitError(f"the last layer must hold one node, the root; it has {circuit.layers[-1].num_nodes}")


def _layer_scopes(layer: ProductLayer | SumLayer, scopes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    below = scopes[layer.children]  # (nodes or groups, A, D)
    first = len(scopes)
    if isinstance(layer, ProductLayer):
        overlap = below.sum(axis=1) > 1
        if overlap.any():
            node, variable = (int(i) for i in np.argwhere(overlap)[0])
            raise CircuitError(
                f"product node {first + node} is not decomposable: variable {variable} is in the scope of "
                f"more than one of its children {layer.children[node].tolist()}"
            )
        covered: NDArray[np.bool_] = np.logical_or.reduce(below, axis=1)
        return covered
    unequal = (below != below[:, :1]).any(axis=2)
    if unequal.any():
        group, child = (int(i) for i in np.argwhere(unequal)[0])
        one, other = (np.flatnonzero(below[group, c]).tolist() for c in (0, child))
        raise CircuitError(
            f"sum node {first + group * layer.num_sums} is not smooth: "
            f"child {layer.children[group, 0]} has scope {one}, child {layer.children[group, child]} has scope {other}"
        )
    return np.repeat(below[:, 0], layer.num_sums, axis=0)


class LayerArrays(NamedTuple):
    """Prepared arrays of one sum or product layer, most of them views of `Workspace.values`.

    `gather` (groups, A): node numbers, or None where `children` (groups, A, B) is a view of them in place;
    `nodes`: the layer's own rows, (M, B) or (G, M, B). Of a sum layer also `scaled` (G, A, B), exp(child − shift),
    kept in place of the children's values where nobody else needs those; `totals` (G, M, B), its weighted sums;
    `shift` (G, B); `unit_weights` (1, 1, A).
    """

    gather: Ints | None
    children: Floats | None
    nodes: Floats
    on_inputs: bool
    unit_weights: Floats
    scaled: Floats | None = None
    totals: Floats | None = None
    shift: Floats | None = None


class Workspace:
    """Preallocated arrays for evaluating one circuit on one design of B rows.

    `values` (nodes, B) holds log-values on the way up and flows on the way down; `inputs` are its rows of the input
    layer, `layers` the prepared arrays of the others.
    """

    def __init__(self, circuit: Circuit, num_rows: int) -> None:
        self.values = np.empty((circuit.offsets[-1], num_rows))
        self.inputs = self.values[: circuit.offsets[1]]
        self.layers = [self._prepare(circuit, number, num_rows) for number in range(1, len(circuit.layers))]

    def _prepare(self, circuit: Circuit, number: int, num_rows: int) -> LayerArrays:
        layer, span = circuit.layers[number], circuit.child_ranges[number]
        assert not isinstance(layer, InputLayer)
        nodes = self.values[circuit.offsets[number] : circuit.offsets[number + 1]]
        shape = (*layer.children.shape, num_rows)
        children = None if span is None else self.values[span].reshape(shape)
        gather = layer.children if span is None else None
        on_inputs = bool((layer.children < circuit.offsets[1]).all())
        unit_weights = np.ones((1, 1, shape[1]))
        if isinstance(layer, ProductLayer):
            return LayerArrays(gather, children, nodes, on_inputs, unit_weights)
        totals = np.empty((len(layer.children), layer.num_sums, num_rows))
        scaled = np.empty(shape) if children is None else children
        shift = np.empty((len(layer.children), num_rows))
        return LayerArrays(
            gather, children, nodes.reshape(totals.shape), on_inputs, unit_weights, scaled, totals, shift
        )


def log_sum_exp(
    children: Floats, weights: Floats, shift: Floats | None, scaled: Floats, totals: Floats, out: Floats
) -> None:
    """out = log Σ_a weights·exp(children) per group and row; children (G, A, B), weights (G, M, A), out (G, M, B).

    Leaves scaled = exp(children − shift) (G, A, B; may be `children` itself) and totals = Σ weights·scaled (G, M, B)
    for the backward pass. The shift is each row's maximum, written to `shift` (G, B), or 0 if that is None, for
    children known to be far from overflow.
    """
    if shift is None:
        np.exp(children, out=scaled)
        np.matmul(weights, scaled, out=totals)
        np.log(totals, out=out)
        return
    np.maximum.reduce(children, axis=1, out=shift)
    np.maximum(shift, _LOWEST, out=shift)
    np.subtract(children, shift[:, None, :], out=scaled)
    np.exp(scaled, out=scaled)
    np.matmul(weights, scaled, out=totals)
    np.log(totals, out=out)
    np.add(out, shift[:, None, :], out=out)
    np.maximum(totals, _SMALLEST, out=totals)


def forward(input_coefficients: Floats, sum_weights: SumWeights, rows: Design, work: Workspace) -> Floats:
    """Log-value of the root on every row, (B,), a view into `work`; −inf where a row has probability zero.

    `input_coefficients` (M, F) from `leaves.coefficients`; `sum_weights` one array (G, num_sums, A) per sum layer,
    or None for a layer of one sum per group whose weights its children have absorbed into their own values. The caller
    silences NumPy's divide warning if zeros can occur.
    """
    np.matmul(input_coefficients, rows.features, out=work.inputs)
    bound = np.maximum.reduce(np.add.reduce(np.abs(input_coefficients), axis=1))  # of every input's |log-value|
    weights = iter(sum_weights)
    for layer in work.layers:
        children = work.values[layer.gather] if layer.children is None else layer.children
        if layer.totals is None or layer.scaled is None:
            np.add.reduce(children, axis=1, out=layer.nodes)
            continue
        weight = next(weights)
        # a sum over one child is shifted all the same: its posterior is then exactly 1
        shift = None if layer.on_inputs and bound < 600.0 and children.shape[1] > 1 else layer.shift
        log_sum_exp(
            children,
            layer.unit_weights if weight is None else weight,
            shift,
            layer.scaled,
            layer.totals,
            layer.nodes,
        )
    root: Floats = work.values[-1]
    return root
