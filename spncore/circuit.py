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
        """Per layer: its children as one slice where each node of a range is used exactly once and by this layer only."""
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
        return below.any(axis=1)
    unequal = (below != below[:, :1]).any(axis=2)
    if unequal.any():
        group, child = (int(i) for i in np.argwhere(unequal)[0])
        one, other = (np.flatnonzero(below[group, c]).tolist() for c in (0, child))
        raise CircuitError(
            f"sum node {first + group * layer.num_sums} is not smooth: child {layer.children[group, 0]} has scope {one}, "
            f"child {layer.children[group, child]} has scope {other}"
        )
    return np.repeat(below[:, 0], layer.num_sums, axis=0)


class Workspace:
    """Preallocated arrays for evaluating one circuit on one design of B rows.

    `values` (nodes, B) holds log-values on the way up and flows on the way down. Per sum layer: `scaled` (G, A, B),
    exp(child − shift), kept in place of the children's values where nobody else needs them; `totals` (G, M, B), their
    weighted sums; `shifts` (G, B).
    """

    def __init__(self, circuit: Circuit, num_rows: int) -> None:
        self.values = np.empty((circuit.offsets[-1], num_rows))
        self.scaled: list[Floats] = []
        self.totals: list[Floats] = []
        self.shifts: list[Floats] = []
        for layer, span in zip(circuit.layers, circuit.child_ranges, strict=True):
            if isinstance(layer, SumLayer):
                shape = (*layer.children.shape, num_rows)
                self.scaled.append(np.empty(shape) if span is None else self.values[span].reshape(shape))
                self.totals.append(np.empty((len(layer.children), layer.num_sums, num_rows)))
                self.shifts.append(np.empty((len(layer.children), num_rows)))


def log_sum_exp(children: Floats, weights: Floats | None, shift: Floats, scaled: Floats, totals: Floats) -> None:
    """Σ_a weights·exp(children) per group and row, with one shift: log of it is log(totals) + shift.

    children (G, A, B), weights (G, M, A) -> shift (G, B), scaled = exp(children − shift) (G, A, B; may be `children`
    itself), totals = Σ weights·scaled (G, M, B). Weights None stands for one sum per group with unit weights.
    """
    np.maximum.reduce(children, axis=1, out=shift)
    np.maximum(shift, _LOWEST, out=shift)
    np.subtract(children, shift[:, None, :], out=scaled)
    np.exp(scaled, out=scaled)
    if weights is None:
        np.add.reduce(scaled, axis=1, out=totals[:, 0])
    else:
        np.matmul(weights, scaled, out=totals)


def forward(
    circuit: Circuit, input_coefficients: Floats, sum_weights: SumWeights, rows: Design, work: Workspace
) -> Floats:
    """Log-value of the root on every row, (B,), a view into `work`; −inf where a row has probability zero.

    `input_coefficients` (M, F+1) from `leaves.coefficients`; `sum_weights` one array (G, num_sums, A) per sum layer,
    or None for a layer of one sum per group whose weights are 1 (absorbed by its children). The caller silences NumPy's
    divide warning if zeros can occur.
    """
    values = work.values
    inputs = values[: circuit.offsets[1]]
    np.matmul(input_coefficients[:, :-1], rows.features, out=inputs)
    inputs[:, rows.empty] = input_coefficients[:, -1:]
    seen = 0
    for number, layer in enumerate(circuit.layers[1:], start=1):
        target = values[circuit.offsets[number] : circuit.offsets[number + 1]]
        span = circuit.child_ranges[number]
        assert not isinstance(layer, InputLayer)
        children = values[layer.children] if span is None else values[span].reshape(*layer.children.shape, -1)
        if isinstance(layer, ProductLayer):
            np.add.reduce(children, axis=1, out=target)
            continue
        totals, shifts = work.totals[seen], work.shifts[seen]
        log_sum_exp(children, sum_weights[seen], shifts, work.scaled[seen], totals)
        log_totals = target.reshape(totals.shape)
        np.log(totals, out=log_totals)
        np.add(log_totals, shifts[:, None, :], out=log_totals)
        np.maximum(totals, _SMALLEST, out=totals)
        seen += 1
    return values[-1]
