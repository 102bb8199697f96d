"""Induced trees of a circuit: Trapp et al. (2019), Definition 1. Counted exactly, numbered, and listed when few.

An induced tree holds the root, one child of each of its sums and all children of each of its products. In a
decomposable circuit it meets every node at most once, so it is a set of weighted edges and of input nodes, and
f = Σ_T w_T ∏_{inputs of T}, w_T the product of its edges' weights. The E weighted edges are numbered in the order of
the sum layers, each (G, num_sums, A) raveled. Trees are numbered in the order of the choices met when going down from
the root, the first child first: a tree has its number without any other being listed.
"""

from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spncore.arrays import Array, Floats, Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.limits import LIMITS

Counts = NDArray[np.object_]  # Python's integers, which do not overflow
Pair = tuple[Ints, Ints] | Ints  # in which trees, and what
Numbers = Array  # Ints while all counts fit, else Counts
_FITS = 2**62


class TreeError(ValueError):
    """Trees that do not exist, or too many of them; the text names how many there are."""


class Trees(NamedTuple):
    """`edges` (T, E) and `inputs` (T, input nodes): sparse rows of ones at what each of T trees holds."""

    edges: csr_array
    inputs: csr_array

    @property
    def num_trees(self) -> int:
        """T, how many trees are listed."""
        return int(self.edges.shape[0])

    def over(self, combine: np.ufunc, values: Floats) -> Floats:
        """Sum or product of an edge's quantity over each tree, (..., E) -> (..., T); without edges its identity."""
        if self.edges.nnz == 0:  # a circuit without sums that matter has one tree, and else every tree has an edge
            return np.full((*values.shape[:-1], self.num_trees), float(combine.identity))
        return combine.reduceat(values[..., self.edges.indices], self.edges.indptr[:-1], axis=-1)

    def through(self, flow: Floats) -> Floats:
        """Flow of every edge, (..., E): it is given as such."""
        return flow


class InducedTree(NamedTuple):
    """One tree, for drawing: the numbers of its edges, of its input nodes and of all its nodes, ascending."""

    edges: Ints
    inputs: Ints
    nodes: Ints


class _Visits(NamedTuple):
    """What going down met, in any order: `tree`, `node`, and the `edge` taken at a sum, −1 at other nodes."""

    tree: Ints
    node: Ints
    edge: Ints


def edge_ends(circuit: Circuit) -> Ints:
    """The sum and the child that each edge joins, (E, 2)."""
    ends = [np.zeros((0, 2), dtype=int)]
    for layer, own in circuit.inner:
        if isinstance(layer, SumLayer):
            parents = np.repeat(np.arange(own.start, own.stop), layer.children.shape[1])
            ends.append(np.stack([parents, np.repeat(layer.children, layer.num_sums, axis=0).ravel()], axis=1))
    return np.concatenate(ends)


def num_trees(circuit: Circuit) -> int:
    """κ, the number of induced trees, exactly."""
    return int(node_trees(circuit)[-1])


def node_trees(circuit: Circuit) -> Counts:
    """κ of every node, (nodes,) of Python integers: 1 of an input, a product's is the product, a sum's the sum."""
    counts = np.ones(circuit.num_nodes, dtype=object)
    for layer, own in circuit.inner:
        if isinstance(layer, ProductLayer):
            counts[own] = np.multiply.reduce(counts[layer.children], axis=1)
        else:
            counts[own] = np.repeat(np.add.reduce(counts[layer.children], axis=1), layer.num_sums)
    return counts


def edge_trees(circuit: Circuit) -> Counts:
    """How many induced trees go through each edge, exactly: (E,) of Python integers, 0 at edges out of reach.

    The derivative of κ: what is above a sum times what is below the edge.
    """
    below, above = node_trees(circuit), np.zeros(circuit.num_nodes, dtype=object)
    above[-1] = 1
    through = [np.zeros(0, dtype=object)]
    for layer, span in reversed(circuit.inner):
        if isinstance(layer, ProductLayer):
            others = below[span, None] // below[layer.children]
            np.add.at(above, layer.children, above[span, None] * others)
        else:
            own = above[span].reshape(-1, layer.num_sums)
            through.append((own[:, :, None] * below[layer.children][:, None]).ravel())
            np.add.at(above, layer.children, np.add.reduce(own, axis=1)[:, None])
    return np.concatenate(through[::-1])


def enumerate_trees(circuit: Circuit, limit: int = LIMITS.trees) -> Trees:
    """All induced trees in the order of their numbers; TreeError says how many there are if more than `limit`."""
    count = num_trees(circuit)
    if count > limit:
        raise TreeError(
            f"this circuit has {written(count)} induced trees, at most {limit:,} are listed; sample some instead"
        )
    visits = _unranked(circuit, np.arange(count))
    weighted, leaves = visits.edge >= 0, visits.node < circuit.num_inputs
    edges, inputs = (visits.tree[weighted], visits.edge[weighted]), (visits.tree[leaves], visits.node[leaves])
    return trees_of(circuit, count, edges, inputs)


def tree(circuit: Circuit, number: int) -> InducedTree:
    """The induced tree with this number, from 0 to κ − 1 however many there are; TreeError if there is none."""
    count = num_trees(circuit)
    if not 0 <= number < count:
        raise TreeError(f"tree {number}: this circuit's induced trees have the numbers 0 to {written(count - 1)}")
    visits = _unranked(circuit, np.array([number], dtype=int if count < _FITS else object))
    nodes = np.sort(visits.node)
    inputs = nodes[nodes < circuit.num_inputs]
    return InducedTree(np.sort(visits.edge[visits.edge >= 0]), inputs, nodes)


def written(count: int) -> str:
    """A count for a sentence: in full up to a million, then rounded, as in 1.3e+62."""
    return f"{count:,}" if count <= 1_000_000 else f"{Decimal(count):.1e}"


def trees_of(circuit: Circuit, num: int, edges: Pair, inputs: Pair) -> Trees:
    """`num` trees from two arrays each: in which trees which edges are, and in which trees which input nodes."""
    return Trees(_incidence(edges, num, circuit.num_edges), _incidence(inputs, num, circuit.num_inputs))


def _incidence(pairs: Pair, *shape: int) -> csr_array:
    rows, columns = pairs
    incidence = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    incidence.sort_indices()
    return incidence


def _unranked(circuit: Circuit, numbers: Numbers) -> _Visits:
    """Follow the trees with these numbers from the root to the inputs, all at once, layer by layer."""
    exact = node_trees(circuit)
    counts: Numbers = exact if exact.max() >= _FITS else exact.astype(int)
    tree, node, number = np.arange(len(numbers)), np.full(len(numbers), circuit.num_nodes - 1), numbers
    number = number.astype(counts.dtype)
    edges = reversed(circuit.edge_spans)
    done: list[_Visits] = []
    for layer, first in zip(reversed(circuit.layers), circuit.offsets[-2::-1], strict=True):
        here = node >= first
        at, local = tree[here], node[here] - first
        edge = np.full(len(at), -1)
        if isinstance(layer, InputLayer):
            below = at[:0], at[:0], number[:0]
        elif isinstance(layer, ProductLayer):
            children = layer.children[local]
            below = np.repeat(at, children.shape[1]), children.ravel(), _digits(number[here], counts[children]).ravel()
        else:
            group = local // layer.num_sums
            place, left = _places(number[here], group, counts[layer.children])
            edge = next(edges).start + local * layer.children.shape[1] + place
            below = at, layer.children[group, place], left
        done.append(_Visits(at, first + local, edge))
        tree, node, number = (
            np.concatenate([kept[~here], new]) for kept, new in zip((tree, node, number), below, strict=True)
        )
    return _Visits(*(np.concatenate(parts) for parts in zip(*done, strict=True)))


def _digits(numbers: Numbers, counts: Numbers) -> Numbers:
    """Numbers (n,) at products as those of their children (n, A), the first child's being the highest digit."""
    digits = np.empty(counts.shape, numbers.dtype)
    for column in reversed(range(counts.shape[1])):
        digits[:, column], numbers = numbers % counts[:, column], numbers // counts[:, column]
    return digits


def _places(numbers: Numbers, groups: Ints, counts: Numbers) -> tuple[Ints, Numbers]:
    """Which child a number (n,) falls to at sums of these groups, and its number there; counts (G, A)."""
    places, left = np.zeros(len(groups), dtype=int), numbers.copy()
    order = np.argsort(groups, kind="stable")
    for chosen in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1) if len(order) else ():
        ends = np.add.accumulate(counts[groups[chosen[0]]])
        places[chosen] = np.searchsorted(ends, numbers[chosen], side="right")
        left[chosen] -= np.concatenate([[0], ends])[places[chosen]]
    return places, left
