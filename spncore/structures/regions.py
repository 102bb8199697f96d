"""Random region graphs: every region of variables is halved at random, several times over; all regions have K nodes.

Peharz et al., Random sum-product networks (RAT-SPN), UAI 2019. Sums over all products of left and right nodes are that
paper's outer products; element-wise products are the CP layers of Loconte et al., What is the relationship between
tensor factorizations and circuits, 2024. Like the mixing layer of Peharz et al., Einsum networks, ICML 2020, the sum
over repetitions of the outer-product network is a sum of its own, on one sum per repetition.

Halving a random order of the variables by turns, region i of level l is every 2^l-th variable from the i-th: its halves
are i and i + 2^l. Hence all left halves of a level come first, in the order of the regions above, and each layer finds
its children in one row.
"""

from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np

from spncore.arrays import Generator, Ints
from spncore.circuits.circuit import Circuit, InputLayer, Layer, ProductLayer, SumLayer
from spncore.structures.nodes import check_size

Kind = Literal["pairs", "elementwise"]


class Regions(NamedTuple):
    """The region graph of one repetition: sizes follow from the number of variables, only the order is random."""

    num_variables: int
    depth: int

    @property
    def last_level(self) -> int:
        """The level of the deepest leaves; below ⌈log₂ D⌉ every region would have one variable."""
        return min(self.depth, (self.num_variables - 1).bit_length())

    def num_split(self, level: int) -> int:
        """How many regions of the level are halved: the first ones, which have two variables or more."""
        return min(max(self.num_variables - 2**level, 0), 2**level) if level < self.last_level else 0

    def indices(self, level: int) -> list[int]:
        """The regions of a level, left halves first."""
        if level == 0:
            return [0]
        above = range(self.num_split(level - 1))
        return [*above, *(index + 2 ** (level - 1) for index in above)]

    def leaves(self, level: int) -> list[int]:
        """The regions of a level that are not halved."""
        return self.indices(level)[self.num_split(level) :]


def rat(
    num_variables: int, depth: int, num_repetitions: int, num_components: int, kind: Kind, rng: Generator
) -> Circuit:
    """A RAT-SPN over 0/1 variables with K inputs per leaf region and K sums per inner region.

    `kind`: "pairs" multiplies every node of the left half with every one of the right, "elementwise" the k-th with the
    k-th. Regions of one variable are not halved. CircuitError, before anything is built, if it would be too large.
    """
    regions = Regions(num_variables, depth)
    check_size(*size(regions, num_repetitions, num_components, kind))
    num_products = _num_products(num_components, kind)
    orders = rng.permuted(np.tile(np.arange(num_variables), (num_repetitions, 1)), axis=1)
    layers, nodes = _inputs(regions, orders, num_components)
    below = nodes[regions.last_level]
    num_nodes = sum(layer.num_nodes for layer in layers)
    for level in reversed(range(regions.last_level)):
        left, right = below.reshape(2, -1, num_components)  # (groups, K) each
        layers.append(ProductLayer(_multiplied(left, right, kind)))
        products = num_nodes + np.arange(len(left) * num_products).reshape(len(left), -1)
        num_nodes += products.size
        if level == 0:
            return Circuit(num_variables, (*layers, *_root(products, num_nodes, kind)))
        layers.append(SumLayer(products, num_components))
        sums = num_nodes + np.arange(len(left) * num_components).reshape(-1, num_repetitions, num_components)
        num_nodes += sums.size
        below = np.concatenate([sums, nodes[level]]) if level in nodes else sums
    return Circuit(num_variables, (*layers, SumLayer(below.reshape(1, -1), 1)))


def size(regions: Regions, num_repetitions: int, num_components: int, kind: Kind) -> tuple[int, int]:
    """Nodes and weighted edges of such a network."""
    num_products = _num_products(num_components, kind)
    leaves = num_repetitions * sum(len(regions.leaves(level)) for level in range(regions.last_level + 1))
    inner = num_repetitions * sum(regions.num_split(level) for level in range(1, regions.last_level))
    top = num_repetitions if regions.last_level else 0
    mixed = top if kind == "pairs" and top > 1 else 0  # sums between the root and its products
    num_nodes = leaves * num_components + inner * (num_products + num_components) + top * num_products + mixed + 1
    under_root = num_repetitions * (num_products if top else num_components)
    return num_nodes, inner * num_products * num_components + under_root + mixed


def _num_products(num_components: int, kind: Kind) -> int:
    return num_components**2 if kind == "pairs" else num_components


def _inputs(regions: Regions, orders: Ints, num_components: int) -> tuple[list[Layer], dict[int, Ints]]:
    """One input layer per run of equal sizes, deepest leaves first; node numbers (regions, R, K) by level."""
    scopes: list[Ints] = []
    nodes: dict[int, Ints] = {}
    for level in reversed(range(regions.last_level + 1)):
        found = [order[index :: 2**level] for index in regions.leaves(level) for order in orders]
        if found:
            first = len(scopes) * num_components
            numbers = first + np.arange(len(found) * num_components)
            nodes[level] = numbers.reshape(-1, len(orders), num_components)
            scopes += found
    layers: list[Layer] = [InputLayer(np.stack(list(run)), num_components) for _, run in groupby(scopes, len)]
    return layers, nodes


def _multiplied(left: Ints, right: Ints, kind: Kind) -> Ints:
    """Children (products, 2) of the products of each pair of halves, the right half's nodes running faster."""
    if kind == "pairs":
        num_components = left.shape[1]
        left, right = np.repeat(left, num_components, axis=1), np.tile(right, (1, num_components))
    return np.stack([left.ravel(), right.ravel()], axis=1)


def _root(products: Ints, first: int, kind: Kind) -> tuple[Layer, ...]:
    """One sum over the products (R, A) of all repetitions; of pairs, first one per repetition."""
    if kind == "elementwise" or len(products) == 1:
        return (SumLayer(products.reshape(1, -1), 1),)
    return SumLayer(products, 1), SumLayer(first + np.arange(len(products))[None, :], 1)
