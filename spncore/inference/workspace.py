"""Preallocated arrays for evaluating one circuit on a block of rows, and how each step reaches its children in them.

What costs time is decided here, once: children that lie in a row are read as a view, and what goes down to them is
written in place when nobody else has them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.circuit import Circuit, SumLayer
from spncore.inference.schedule import (
    Inputs,
    LooseProducts,
    LooseSums,
    Pairs,
    Products,
    Schedule,
    Step,
    Sums,
    WideLeaves,
    schedule,
)

CACHE_BYTES = 500_000  # of what is formed and used again at once
Empty = Callable[..., Any]  # as np.empty


class Edges(NamedTuple):
    """A list of children among the nodes (nodes, B): `places` is a slice where they lie in a row.

    `owned`: no other list has them. `spread` (children, edges) adds up what goes to children that stand in the list
    several times, whose numbers are then `targets`.
    """

    places: slice | Ints
    owned: bool
    spread: csr_array | None
    targets: Ints

    def read(self, values: Floats, out: Floats) -> Floats:
        """The children's rows of `values`: a view where they lie in a row, else copied to `out` (edges, B)."""
        if isinstance(self.places, slice):
            return values[self.places]
        return np.take(values, self.places, axis=0, out=out, mode="clip")

    def send(self, slopes: Floats, sent: Floats) -> None:
        """Pass `sent` (edges, B) on to the children in `slopes` (nodes, B)."""
        if self.owned:
            slopes[self.places] = sent
        elif self.spread is None:
            slopes[self.places] += sent
        else:
            slopes[self.targets] += self.spread @ sent


class InputArrays(NamedTuple):
    """`values` and `slopes` (G, K, B) of an input layer or of wide leaves; `sizes` (G, 1): over how many variables.

    `share` (G,): with what weight a group's largest log-value counts in the scale of a row, 0 for all of one leaf.
    """

    block: Inputs
    values: Floats
    slopes: Floats
    sizes: Floats
    share: Floats
    largest: Floats
    shift: Floats


class ProductArrays(NamedTuple):
    """Products of two at `values` and `slopes` (M, B); `edges`: first and second child; `read` and `sent` (M, B) are
    places that all steps share.
    """

    edges: tuple[Edges, Edges]
    values: Floats
    slopes: Floats
    read: tuple[Floats, Floats]
    sent: Floats


class LooseProductArrays(NamedTuple):
    """Loose products at `values` and `slopes` (M, B), the step at `place`; `sizes` (M, 1): how many variables the
    leaves among their children cover; `read` and `sent` (edges, B) are shared places.
    """

    place: int
    step: LooseProducts
    edges: Edges
    values: Floats
    slopes: Floats
    sizes: Floats
    read: Floats
    sent: Floats


class SumArrays(NamedTuple):
    """A layer of sums, `values` and `slopes` (G, M, B); `children` (G, A, B), a copy where they do not lie in a row.

    `sent` (G, A, B): what goes down, in place or shared.
    """

    step: Sums
    edges: Edges
    children: Floats
    values: Floats
    slopes: Floats
    unit_weights: Floats
    sent: Floats


class LooseSumArrays(NamedTuple):
    """Loose sums at `values` and `slopes` (M, B) over `children` (C, B), each once; `edges` reach those.

    `parts`: how many weighted edges each layer has; `columns` (e,), `starts` (M + 1,): the child of each and where a
    sum's begin, as of a sparse matrix; `sent` (e, B) is a shared place.
    """

    step: LooseSums
    edges: Edges
    parts: tuple[int, ...]
    columns: Ints
    starts: Ints
    values: Floats
    slopes: Floats
    children: Floats
    sent: Floats


class PairArrays(NamedTuple):
    """A layer of sums over all pairs of two groups, fused with its products: (G, I) left and (G, J) right children.

    `pairs` (G, I·J, B) holds the products; `sides` (G, I, B) and (G, J, B) the children, copied where they do not lie
    in a row; `sent`, of the shapes of `sides`, is what goes down on either side. `above` (G', I·J, B) is what goes down
    to the pairs of one of `parts`, runs of groups whose pairs fit the processor's cache.
    """

    step: Pairs
    edges: tuple[Edges, Edges]
    sides: tuple[Floats, Floats]
    pairs: Floats
    pair_slopes: Floats
    values: Floats
    slopes: Floats
    sent: tuple[Floats, Floats]
    above: Floats
    parts: tuple[slice, ...]


StepArrays = ProductArrays | LooseProductArrays | SumArrays | LooseSumArrays | PairArrays


class Workspace:
    """`values` (nodes, B) over exp(`scale`), and on the way down `slopes`: how steeply the objective climbs with each.

    Nodes are values of the circuit in the linear domain, divided by exp(scale · share of their scope) (see `forward`).
    `gathered` are the nodes whose slopes are added up from several lists, or that no list has, but for the root. Its
    dtype is the precision of all work; `empty` makes its arrays.
    """

    def __init__(self, circuit: Circuit, num_rows: int, dtype: type = np.float64, empty: Empty = np.empty) -> None:
        self.circuit, self.plan, self._empty, self._dtype = circuit, schedule(circuit), empty, dtype
        self.num_rows = num_rows
        self.values, self.slopes = (self._new(circuit.num_nodes) for _ in range(2))
        self.scale, self.share_of_variable = self._new(), self._new()
        largest = max((_scratch(step) for step in self.plan.steps), default=0)
        self._shared = [self._new(largest) for _ in range(3)]
        self.inputs = self._inputs(self.plan)
        self.scaled = any(one.share.any() for one in self.inputs)
        self.steps = [self._step(place, step) for place, step in enumerate(self.plan.steps)]
        self.copies = [copy for step in self.steps for copy in _copies(step, self.values)]
        self.gathered = self._gathered()
        self.certain, self.certain_edges = self._certain()
        self.outside: Ints = np.zeros(0, dtype=int)
        self.rescued: Floats = np.zeros((0, 0))

    def _new(self, *shape: int) -> Floats:
        made: Floats = self._empty((*shape, self.num_rows), self._dtype)
        return made

    def _inputs(self, plan: Schedule) -> list[InputArrays]:
        widths = [_width(self.circuit, block) for block in plan.inputs]
        scopes = [self.circuit.scopes[block.own][::width] for block, width in zip(plan.inputs, widths, strict=True)]
        covered = sum(
            (scope.sum(axis=0) for scope, width in zip(scopes, widths, strict=True) if width > 1), np.zeros(1)
        )
        found = []
        for block, width, scope in zip(plan.inputs, widths, scopes, strict=True):
            sizes = scope.sum(axis=1).astype(self._dtype)
            share = (scope / np.maximum(covered, 1)).sum(axis=1) / sizes if width > 1 else np.zeros(len(scope))
            groups = (len(scope), width, self.num_rows)
            views = (array[block.own].reshape(groups) for array in (self.values, self.slopes))
            scratch = self._new(len(scope)), self._new(len(scope))
            found.append(InputArrays(block, *views, sizes[:, None], share.astype(self._dtype), *scratch))
        return found

    def _step(self, place: int, step: Step) -> StepArrays:
        values, slopes = self.values[step.own], self.slopes[step.own]
        if isinstance(step, Products):
            first, second = (_edges(column, self.circuit) for column in step.children.T)
            one, other, sent = (shared[: len(values)] for shared in self._shared)
            return ProductArrays((first, second), values, slopes, (one, other), sent)
        if isinstance(step, LooseProducts):
            edges = _edges(step.edges[1], self.circuit)
            covered = np.zeros((len(values), self.circuit.num_variables), dtype=bool)
            np.logical_or.at(covered, step.leaves[0], self.circuit.scopes[step.leaves[1]])
            sizes = covered.sum(axis=1, keepdims=True).astype(self._dtype)
            read, sent = (shared[: step.edges.shape[1]] for shared in self._shared[:2])
            return LooseProductArrays(place, step, edges, values, slopes, sizes, read, sent)
        if isinstance(step, LooseSums):
            return self._loose_sums(step, values, slopes)
        groups = (-1, step.num_sums, self.num_rows)
        values, slopes = values.reshape(groups), slopes.reshape(groups)
        return self._pairs(step, values, slopes) if isinstance(step, Pairs) else self._sums(step, values, slopes)

    def _loose_sums(self, step: LooseSums, values: Floats, slopes: Floats) -> LooseSumArrays:
        targets, columns = np.unique(step.edges[1], return_inverse=True)
        starts = np.searchsorted(step.edges[0], np.arange(len(values) + 1))
        uses = np.bincount(columns)
        edges = _edges(targets, self.circuit, uses)
        children = self._children(edges, (len(targets),))
        parts = tuple(self.circuit.sum_layers[number].children.size for number in step.numbers)
        sent = self._shared[0][: step.edges.shape[1]]
        return LooseSumArrays(step, edges, parts, columns, starts, values, slopes, children, sent)

    def _sums(self, step: Sums, values: Floats, slopes: Floats) -> SumArrays:
        edges, shape = _edges(step.children.ravel(), self.circuit), step.children.shape
        sent = self._sent(edges, shape, self._shared[0])
        unit_weights = np.ones((1, 1, shape[1]), self._dtype)
        return SumArrays(step, edges, self._children(edges, shape), values, slopes, unit_weights, sent)

    def _pairs(self, step: Pairs, values: Floats, slopes: Floats) -> PairArrays:
        uses = step.right.shape[1], step.left.shape[1]  # each left child stands in a pair with every right one
        sides = (step.left, step.right)
        edges = tuple(_edges(side.ravel(), self.circuit, use) for side, use in zip(sides, uses, strict=True))
        children = tuple(self._children(*pair) for pair in zip(edges, (side.shape for side in sides), strict=True))
        shared = zip(edges, (side.shape for side in sides), self._shared, strict=False)
        sent = tuple(self._sent(one, shape, place) for one, shape, place in shared)
        groups = len(step.left), -1, self.num_rows
        pairs, pair_slopes = (array[step.products].reshape(groups) for array in (self.values, self.slopes))
        size = max(1, CACHE_BYTES // max(pairs[:1].nbytes, 1))
        parts = tuple(slice(begin, begin + size) for begin in range(0, len(pairs), size))
        above = self._shared[2][: min(size, len(pairs)) * pairs.shape[1]].reshape(-1, *pairs.shape[1:])
        return PairArrays(step, edges, children, pairs, pair_slopes, values, slopes, sent, above, parts)  # type: ignore[arg-type]

    def _children(self, edges: Edges, shape: tuple[int, ...]) -> Floats:
        whole = (*shape, self.num_rows)
        return self.values[edges.places].reshape(whole) if isinstance(edges.places, slice) else self._new(*shape)

    def _sent(self, edges: Edges, shape: tuple[int, ...], shared: Floats) -> Floats:
        whole = (*shape, self.num_rows)
        if isinstance(edges.places, slice) and edges.owned:
            return self.slopes[edges.places].reshape(whole)
        return shared[: int(np.prod(shape))].reshape(whole)

    def _certain(self) -> tuple[Ints, list[tuple[int, Bools]]]:
        """Nodes whose slopes end as flows and that every induced tree has, and such edges by layer (G, M, 1)."""
        loose = [step.own for step in self.plan.steps if isinstance(step, LooseProducts)]
        flows = np.zeros(self.circuit.num_nodes, dtype=bool)
        for own in (*loose, *(block.own for block in self.plan.inputs)):
            flows[own] = self.plan.certain[own]
        layers = (one for one in self.circuit.inner if isinstance(one[0], SumLayer))
        certain = [self.plan.certain[own].reshape(-1, layer.num_sums, 1) for layer, own in layers]
        alone = [layer.children.shape[1] == 1 for layer in self.circuit.sum_layers]
        edges = [(number, one) for number, one in enumerate(certain) if alone[number] and one.any()]
        return np.flatnonzero(flows), edges

    def _gathered(self) -> Ints:
        needs = self.circuit.uses == 0
        for edges in (one for step in self.steps for one in _all_edges(step) if not one.owned):
            needs[edges.targets] = True
        needs[-1] = False  # the root is given its slope
        return np.flatnonzero(needs)


def _all_edges(step: StepArrays) -> tuple[Edges, ...]:
    return step.edges if isinstance(step, (ProductArrays, PairArrays)) else (step.edges,)


def _copies(step: StepArrays, values: Floats) -> list[Floats]:
    """A step's own copies of its children's values."""
    if isinstance(step, PairArrays):
        children = list(step.sides)
    else:
        children = [step.children] if isinstance(step, (SumArrays, LooseSumArrays)) else []
    return [copy for copy in children if not np.may_share_memory(copy, values)]


def _width(circuit: Circuit, block: Inputs) -> int:
    return block.width if isinstance(block, WideLeaves) else circuit.input_layers[block.number].num_inputs


def _scratch(step: Step) -> int:
    """How many rows a step needs of a shared place."""
    if isinstance(step, Products):
        return len(step.children)
    if isinstance(step, (LooseProducts, LooseSums)):
        return step.edges.shape[1]
    if isinstance(step, Sums):
        return step.children.size
    return max(step.products.stop - step.products.start, step.left.size, step.right.size)


def _edges(children: Ints, circuit: Circuit, uses_each: int | Ints = 1) -> Edges:
    """How to reach these children; `uses_each` is how often one place of the list is meant by the circuit's layers."""
    steps = np.diff(children)
    step = int(steps[0]) if len(steps) else 1
    places: slice | Ints = children
    if len(children) and step > 0 and (steps == step).all():
        places = slice(int(children[0]), int(children[-1]) + 1, step)
    targets, inverse = np.unique(children, return_inverse=True)
    once = len(targets) == len(children)
    owned: bool = once and bool((circuit.uses[children] == uses_each).all())
    if once:
        return Edges(places, owned, None, targets)
    count = np.arange(len(children))
    spread = csr_array((np.ones(len(children)), (inverse, count)), shape=(len(targets), len(children)))
    return Edges(places, False, spread, targets)
