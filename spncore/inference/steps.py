"""What a circuit's schedule is made of: inputs and steps, each one call for many nodes."""

from typing import NamedTuple

from spncore.arrays import Floats, Ints
from spncore.inference.edges import Edges


class Leaves(NamedTuple):
    """An input layer by its `number` that is evaluated as it is, at the nodes `own`."""

    number: int
    own: slice


class WideLeaves(NamedTuple):
    """A layer of products of leaves at the nodes `own`, in groups of `width` that cover the same variables.

    `children` (G, A): the groups of leaves under each group of products, as places in `groups`, (layer, group) each.
    """

    own: slice
    width: int
    children: Ints
    groups: Ints


class Products(NamedTuple):
    """A layer of products of two at the nodes `own`; `children` (M, 2), and how to reach the first and the second."""

    own: slice
    children: Ints
    edges: tuple[Edges, Edges]


class LooseProducts(NamedTuple):
    """Products of any arity at the nodes `own`, of leaves and other nodes.

    `leaves` (2, n): product, counted from the first, and leaf; `sizes` (M, 1): over how many variables those are.
    `products` (e,) of all other children, ascending, and `edges` to those; `columns`: the same child by child,
    (products, children) of all that have so many.
    """

    own: slice
    leaves: Ints
    sizes: Floats
    products: Ints
    edges: Edges
    columns: tuple[tuple[Ints, Ints], ...]


class Sums(NamedTuple):
    """A layer of sums by its `number` among those, at the nodes `own`; `children` (G, A), and `edges` to all."""

    number: int
    own: slice
    children: Ints
    edges: Edges
    num_sums: int


class LooseSums(NamedTuple):
    """Sums of any arity at the nodes `own`, layers `numbers`, which have so many weighted edges as `parts` say.

    `edges` reach the children, each once. `sums` (e,) and `columns` (e,): of each weighted edge, in the order of the
    layers' weights, the sum, counted from the first, and the child's place; `starts` (M + 1,): where a sum's begin.
    """

    numbers: tuple[int, ...]
    own: slice
    parts: tuple[int, ...]
    edges: Edges
    sums: Ints
    columns: Ints
    starts: Ints


class Pairs(NamedTuple):
    """A layer of sums over all pairs of `left` (G, I) and `right` (G, J), which are the nodes `products`; `edges` reach
    those on either side.
    """

    number: int
    own: slice
    products: slice
    left: Ints
    right: Ints
    num_sums: int
    edges: tuple[Edges, Edges]


class Groups(NamedTuple):
    """An input's `num_groups` groups of `width` leaves; `sizes` (G, 1): over how many variables.

    `share` (G,): with what weight a group's largest log-value counts in the scale of a row, 0 for all of one leaf.
    """

    num_groups: int
    width: int
    sizes: Floats
    share: Floats


Inputs = Leaves | WideLeaves
Step = Products | LooseProducts | Sums | LooseSums | Pairs
