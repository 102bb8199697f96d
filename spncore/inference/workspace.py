"""Preallocated arrays for evaluating one circuit on a block of rows, and how each step reaches its children in them.

What costs time is decided here, once: children that lie in a row are read as a view, and what goes down to them is
written in place when nobody else has them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.inference.edges import Edges
from spncore.inference.schedule import schedule
from spncore.inference.steps import Groups, Inputs, LooseProducts, LooseSums, Pairs, Products, Step, Sums

CACHE_BYTES = 500_000  # of what is formed and used again at once
Empty = Callable[..., Any]  # as np.empty


class InputArrays(NamedTuple):
    """`values` and `slopes` (G, K, B) of an input layer or of wide leaves; `largest` log-values and `shift`, (G, B)."""

    block: Inputs
    groups: Groups
    values: Floats
    slopes: Floats
    largest: Floats
    shift: Floats


class ProductArrays(NamedTuple):
    """Products of two at `values` and `slopes` (M, B); `read` and `sent` (M, B) are places that all steps share."""

    step: Products
    values: Floats
    slopes: Floats
    read: tuple[Floats, Floats]
    sent: Floats


class LooseProductArrays(NamedTuple):
    """Loose products at `values` and `slopes` (M, B), the step at `place`; `read` and `sent` (e, B) are shared."""

    place: int
    step: LooseProducts
    values: Floats
    slopes: Floats
    read: Floats
    sent: Floats


class SumArrays(NamedTuple):
    """A layer of sums, `values` and `slopes` (G, M, B); `children` (G, A, B), a copy where they do not lie in a row.

    `sent` (G, A, B): what goes down, `direct`ly in place or shared; `flow` (G, M, A): of the weights.
    """

    step: Sums
    children: Floats
    values: Floats
    slopes: Floats
    unit_weights: Floats
    sent: Floats
    direct: bool
    flow: Floats


class LooseSumArrays(NamedTuple):
    """Loose sums at `values` and `slopes` (M, B) over `children` (C, B), each once; `sent` (e, B) is shared."""

    step: LooseSums
    children: Floats
    values: Floats
    slopes: Floats
    sent: Floats


class PairArrays(NamedTuple):
    """A layer of sums over all pairs of two groups, fused with its products: (G, I) left and (G, J) right children.

    `sides` (G, I, B) and (G, J, B) are the children, copied where they do not lie in a row; `sent`, of their shapes, is
    what goes down on either side. Of the products only those of one of `parts`, runs of groups that fit the processor's
    cache, are formed at once: `pairs` and what goes down to them, `above`, (G', I·J, B). Where they are asked for,
    `pair_values` and `pair_slopes` (G, I·J, B) are their places among all nodes.
    """

    step: Pairs
    sides: tuple[Floats, Floats]
    pairs: Floats
    above: Floats
    pair_values: Floats
    pair_slopes: Floats
    values: Floats
    slopes: Floats
    sent: tuple[Floats, Floats]
    flow: Floats
    parts: tuple[slice, ...]


StepArrays = ProductArrays | LooseProductArrays | SumArrays | LooseSumArrays | PairArrays


class Workspace:
    """Arrays for `num_rows` rows of a circuit: `values` (nodes, B), and on the way down `slopes`, how steeply the
    objective climbs with each.

    A node's value is that of the circuit over exp(`scale` · share of its scope) (see `forward`). `copies` are what
    steps have copied of the values. The rows `outside` have log-values `rescued` (nodes, b) and values of 0. `entering`
    (B,) is what flows into the root. Its dtype is the precision of all work; `empty` makes its arrays.
    """

    def __init__(self, circuit: Circuit, num_rows: int, dtype: type = np.float64, empty: Empty = np.empty) -> None:
        self.circuit, self.plan, self.num_rows = circuit, schedule(circuit), num_rows
        self._empty, self._dtype = empty, dtype
        self.values, self.slopes = self._new(circuit.num_nodes), self._new(circuit.num_nodes)
        self.scale, self.share_of_variable, self.strain, self.entering = self._new(4)
        row_bytes = num_rows * np.dtype(dtype).itemsize
        largest = max((_scratch(step, row_bytes) for step in self.plan.steps), default=0)
        self._shared = self._new(4, largest)
        self.inputs = [self._input(*pair) for pair in zip(self.plan.inputs, self.plan.groups, strict=True)]
        self.steps = [self._step(place, step) for place, step in enumerate(self.plan.steps)]
        self.loose = [step for step in self.steps if isinstance(step, LooseProductArrays)]
        self.copies = [copy for step in self.steps for copy in _copies(step)]
        self.outside: Ints = np.zeros(0, dtype=int)
        self.rescued: Floats = np.zeros((0, 0))

    def _new(self, *shape: int) -> Floats:
        made: Floats = self._empty((*shape, self.num_rows), self._dtype)
        return made

    def _input(self, block: Inputs, groups: Groups) -> InputArrays:
        shape = (groups.num_groups, groups.width, self.num_rows)
        values, slopes = self.values[block.own].reshape(shape), self.slopes[block.own].reshape(shape)
        return InputArrays(block, groups, values, slopes, *self._new(2, groups.num_groups))

    def _step(self, place: int, step: Step) -> StepArrays:
        values, slopes = self.values[step.own], self.slopes[step.own]
        if isinstance(step, Products):
            one, other, sent = (shared[: len(values)] for shared in self._shared[:3])
            return ProductArrays(step, values, slopes, (one, other), sent)
        if isinstance(step, LooseProducts):
            read, sent = (shared[: len(step.products)] for shared in self._shared[:2])
            return LooseProductArrays(place, step, values, slopes, read, sent)
        if isinstance(step, LooseSums):
            children = self._children(step.edges, (len(step.edges.targets),))
            return LooseSumArrays(step, children, values, slopes, self._shared[0][: len(step.sums)])
        groups = (-1, step.num_sums, self.num_rows)
        values, slopes = values.reshape(groups), slopes.reshape(groups)
        if isinstance(step, Pairs):
            return self._pairs(step, values, slopes)
        shape = step.children.shape
        unit_weights: Floats = np.ones((1, 1, shape[1]), self._dtype)
        sent = self._sent(step.edges, shape, self._shared[0])
        flow: Floats = self._empty((shape[0], step.num_sums, shape[1]), self._dtype)
        children, direct = self._children(step.edges, shape), in_place(step.edges)
        return SumArrays(step, children, values, slopes, unit_weights, sent, direct, flow)

    def _pairs(self, step: Pairs, values: Floats, slopes: Floats) -> PairArrays:
        shapes = step.left.shape, step.right.shape
        left, right = (self._children(*pair) for pair in zip(step.edges, shapes, strict=True))
        one, other = (self._sent(*each) for each in zip(step.edges, shapes, self._shared[:2], strict=True))
        groups = len(step.left), -1, self.num_rows
        pair_values, pair_slopes = (array[step.products].reshape(groups) for array in (self.values, self.slopes))
        size = _groups_at_once(pair_values[:1].nbytes)
        parts = tuple(slice(begin, begin + size) for begin in range(0, len(step.left), size))
        pairs, above = (
            shared[: min(size, len(step.left)) * pair_values.shape[1]].reshape(-1, *pair_values.shape[1:])
            for shared in self._shared[2:]
        )
        sides, sent = (left, right), (one, other)
        flow: Floats = self._empty((*values.shape[:2], pair_values.shape[1]), self._dtype)
        return PairArrays(step, sides, pairs, above, pair_values, pair_slopes, values, slopes, sent, flow, parts)

    def _children(self, edges: Edges, shape: tuple[int, ...]) -> Floats:
        whole = (*shape, self.num_rows)
        return self.values[edges.places].reshape(whole) if isinstance(edges.places, slice) else self._new(*shape)

    def _sent(self, edges: Edges, shape: tuple[int, ...], shared: Floats) -> Floats:
        whole = (*shape, self.num_rows)
        if in_place(edges):
            return self.slopes[edges.places].reshape(whole)
        return shared[: int(np.prod(shape))].reshape(whole)


def in_place(edges: Edges) -> bool:
    """Whether what goes down to children can be written where it belongs."""
    return isinstance(edges.places, slice) and edges.owned


def _copies(step: StepArrays) -> list[Floats]:
    """A step's own copies of its children's values."""
    if isinstance(step, (ProductArrays, LooseProductArrays)):
        return []
    sides = (
        zip(step.step.edges, step.sides, strict=True)
        if isinstance(step, PairArrays)
        else [(step.step.edges, step.children)]
    )
    return [children for edges, children in sides if not isinstance(edges.places, slice)]


def _scratch(step: Step, row_bytes: int) -> int:
    """How many rows a step needs of a shared place."""
    if isinstance(step, Pairs):
        (num_groups, num_left), num_right = step.left.shape, step.right.shape[1]
        at_once = min(_groups_at_once(num_left * num_right * row_bytes), num_groups)
        return int(max(num_left * num_right * at_once, num_groups * num_left, num_groups * num_right))
    if isinstance(step, (Sums, Products)):
        return len(step.children.ravel())
    edges: Ints = step.products if isinstance(step, LooseProducts) else step.sums
    return len(edges)


def _groups_at_once(group_bytes: int) -> int:
    return max(1, CACHE_BYTES // max(group_bytes, 1))
