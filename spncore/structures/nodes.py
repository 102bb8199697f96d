"""Networks as plain nodes, and how they become layers: for structures that have no regular form.

A learner writes down leaves, products and sums; `layered` folds nodes of equal form and height into layers. A node
object that stands under several parents is one node of the circuit.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, Layer, ProductLayer, SumLayer
from spncore.circuits.model import Model, model
from spncore.limits import LIMITS

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)


class Column(NamedTuple):
    """The family of one variable's leaves (`families.FAMILIES`) and, if categorical, its number of values."""

    family: str = "categorical"
    num_values: int = 2


class Leaf(NamedTuple):
    """A factorised distribution of `variables` (S), all of one family; `parameters` (P, S)."""

    variables: tuple[int, ...]
    parameters: Floats
    column: Column = Column()


class Product(NamedTuple):
    """A product over children with disjoint variables."""

    children: tuple[Node, ...]


class Sum(NamedTuple):
    """A weighted sum over children with the same variables; `weights` (A,)."""

    children: tuple[Node, ...]
    weights: Floats


Node = Leaf | Product | Sum


def check_size(num_nodes: int, num_edges: int) -> None:
    """CircuitError if a circuit of this size is more than the lab builds; asked before anything is built."""
    if num_nodes > LIMITS.circuit_nodes or num_edges > LIMITS.circuit_edges:
        raise CircuitError(
            f"the circuit would have {num_nodes:,} nodes and {num_edges:,} weighted edges, the lab builds at most "
            f"{LIMITS.circuit_nodes:,} and {LIMITS.circuit_edges:,}; choose less depth, fewer components or "
            "repetitions, or larger min_rows"
        )


def layered(num_variables: int, root: Node) -> Model:
    """The network as a circuit with its parameters: one layer per height and form, the heights ascending.

    Sums over the same children become one group, leaves of the same variables share their features. CircuitError if
    the network is not smooth and decomposable, or too large.
    """
    heights = _heights(root)
    nodes = [node for node, _ in heights.values()]
    check_size(len(nodes), sum(len(node.children) for node in nodes if isinstance(node, Sum)))
    numbers: dict[int, int] = {}
    layers: list[Layer] = []
    inputs: list[Floats] = []
    sums: list[Floats] = []
    for leaves in _folded_leaves([node for node in nodes if isinstance(node, Leaf)]):
        layers.append(_input_layer(leaves))
        inputs.append(np.stack([leaf.parameters for group in leaves for leaf in group], axis=1))
        _number(numbers, (leaf for group in leaves for leaf in group))
    by_height = grouped((height, node) for node, height in heights.values() if height)
    for _, level in sorted(by_height.items()):
        for products in grouped((len(p.children), p) for p in level if isinstance(p, Product)).values():
            layers.append(ProductLayer(_children(products, numbers)))
            _number(numbers, products)
        for groups in _folded_sums([node for node in level if isinstance(node, Sum)]):
            layers.append(SumLayer(_children([group[0] for group in groups], numbers), len(groups[0])))
            sums.append(np.array([[node.weights for node in group] for group in groups], dtype=float))
            _number(numbers, (node for group in groups for node in group))
    return model(Circuit(num_variables, tuple(layers)), tuple(sums), tuple(inputs))


def _heights(root: Node) -> dict[int, tuple[Node, int]]:
    """Every node under the root by its identity, children first, with its height: 0 for leaves."""
    found: dict[int, tuple[Node, int]] = {}
    waiting = [root]
    while waiting:
        node = waiting[-1]
        below = () if isinstance(node, Leaf) else node.children
        missing = [child for child in reversed(below) if id(child) not in found]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        found[id(node)] = node, 1 + max((found[id(child)][1] for child in below), default=-1)
    return found


def grouped(pairs: Iterable[tuple[Key, T]]) -> dict[Key, list[T]]:
    """The values of each key, in order."""
    groups: dict[Key, list[T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _folded_leaves(leaves: list[Leaf]) -> list[list[list[Leaf]]]:
    """Layers of groups of leaves: a group shares its variables, the groups of a layer have equal size."""
    same = grouped(((leaf.variables, leaf.column), leaf) for leaf in leaves)
    by_form = grouped(((len(variables), column), group) for (variables, column), group in same.items())
    return [layer for groups in by_form.values() for layer in _equal_sizes(groups)]


def _equal_sizes(groups: list[list[Leaf]]) -> list[list[list[Leaf]]]:
    """The groups by size, cut into sizes 2^i where that makes fewer layers.

    A layer keeps the features of its variables once per group, so these are not kept once per leaf.
    """
    as_they_are = grouped((len(group), group) for group in groups)
    cut = grouped((len(part), part) for group in groups for part in _powers_of_two(group))
    return list((cut if len(cut) < len(as_they_are) else as_they_are).values())


def _powers_of_two(members: list[Leaf]) -> Iterator[list[Leaf]]:
    begin = 0
    while begin < len(members):
        size = 1 << ((len(members) - begin).bit_length() - 1)
        yield members[begin : begin + size]
        begin += size


def _input_layer(groups: list[list[Leaf]]) -> InputLayer:
    variables = np.array([group[0].variables for group in groups], dtype=int)
    return InputLayer(variables, len(groups[0]), *groups[0][0].column)


def _folded_sums(sums: list[Sum]) -> list[list[list[Sum]]]:
    """Layers of groups of sums: a group shares its children, the groups of a layer have equal sizes and arities."""
    same = grouped((tuple(map(id, node.children)), node) for node in sums).values()
    return list(grouped(((len(group), len(group[0].children)), group) for group in same).values())


def _children(nodes: Iterable[Product | Sum], numbers: dict[int, int]) -> Ints:
    return np.array([[numbers[id(child)] for child in node.children] for node in nodes], dtype=int)


def _number(numbers: dict[int, int], nodes: Iterable[Node]) -> None:
    for node in nodes:
        numbers[id(node)] = len(numbers)
