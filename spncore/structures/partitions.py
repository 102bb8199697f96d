"""Recursive random partitions: the naturally deep networks of the paper's released experiment."""

from itertools import count

import numpy as np

from spncore.arrays import Generator
from spncore.circuits.circuit import Circuit
from spncore.structures.nodes import Leaf, Node, Product, Sum, check_size, layered

NUM_CHILDREN = 2  # products under every sum but the root, as in the released script
NUM_PARTS = 2  # parts of every split


class _Builder:
    """Draws one network of 0/1 variables from the root down, refusing it as soon as it is too large."""

    def __init__(self, depth: int, rng: Generator) -> None:
        self.depth, self.rng = depth, rng
        self._made = count(1)

    def leaf(self, variables: tuple[int, ...]) -> Leaf:
        check_size(next(self._made), 0)
        return Leaf(variables, np.full((2, len(variables)), 0.5))

    def sum_of(self, num_children: int, variables: tuple[int, ...], level: int) -> Sum:
        children = tuple(self.product(variables, level) for _ in range(num_children))
        return Sum(children, np.full(num_children, 1.0 / num_children))

    def product(self, variables: tuple[int, ...], level: int) -> Node:
        """A random split below which sums follow; fully factorised at the last level."""
        if level == self.depth or len(variables) == 1:
            return self.leaf(variables)
        parts = self._split(variables)
        return Product(
            tuple(self.leaf(part) if len(part) == 1 else self.sum_of(NUM_CHILDREN, part, level + 1) for part in parts)
        )

    def _split(self, variables: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Every variable in a part of its own choice, drawn until no part is empty."""
        while True:
            chosen = self.rng.integers(0, NUM_PARTS, len(variables))
            parts = [
                tuple(v for v, at in zip(variables, chosen, strict=True) if at == part) for part in range(NUM_PARTS)
            ]
            if all(parts):
                return parts


def random_partitions(num_variables: int, depth: int, num_components: int, rng: Generator) -> Circuit:
    """A root sum over K products that split the variables at random, sums over two such products, … `depth` times.

    Trapp, Peharz & Pernkopf (2019), Definition 1, as their released experiment builds it (`build_product`): every
    variable joins either part with probability ½; products at level `depth` are fully factorised, so that depth 1 is
    the mixture; a part of one variable is a leaf. CircuitError if the network grows beyond the limits.
    """
    check_size(num_components, num_components)
    builder = _Builder(depth, rng)
    root = builder.sum_of(num_components, tuple(range(num_variables)), 1)
    return layered(num_variables, root).circuit
