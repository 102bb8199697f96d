"""Chow–Liu trees as circuits: the tree of pairwise dependencies that is nearest to the data."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Floats
from spncore.circuits.circuit import CircuitError
from spncore.circuits.leaves import is_missing
from spncore.circuits.model import Model
from spncore.structures.nodes import Column, Leaf, Node, Product, Sum, layered
from spncore.structures.tables import PairTables, mutual_information, pair_tables

SMOOTHING = 0.01  # Laplace: added to every cell of a conditional table, in rows


class Tree(NamedTuple):
    """`order`: variables, parents first; `parents` (D,), −1 for the root; `conditionals[v]` (V_parent, V_v)."""

    order: list[int]
    parents: list[int]
    conditionals: list[Floats]


def chow_liu(rows: Array, counts: Array, num_values: Sequence[int]) -> Model:
    """The maximum-likelihood tree of the rows (N, D), its conditional tables smoothed by `SMOOTHING`.

    Chow & Liu, Approximating discrete probability distributions with dependence trees, IEEE Trans. IT 14, 1968: the
    spanning tree of largest total mutual information. For every variable and value of its parent there is a sum over
    products of an indicator and the sums of its own children. CircuitError for missing or impossible values.
    """
    tree = fit_tree(rows, counts, num_values)
    below: list[list[tuple[Node, ...]]] = [
        [] for _ in num_values
    ]  # sums of the children, one per value of the variable
    sums: tuple[Node, ...] = ()
    for v in reversed(tree.order):
        choices = tuple(_choice(v, value, num_values[v], below[v]) for value in range(num_values[v]))
        sums = tuple(Sum(choices, weights) for weights in tree.conditionals[v])
        if tree.parents[v] >= 0:
            below[tree.parents[v]].append(sums)
    return layered(len(num_values), sums[0])


def _choice(variable: int, value: int, num_values: int, below: list[tuple[Node, ...]]) -> Node:
    """The indicator of one value, times the sums of all children given that value."""
    indicator = Leaf((variable,), np.eye(num_values)[:, [value]], Column("categorical", num_values))
    return Product((indicator, *(sums[value] for sums in below))) if below else indicator


def fit_tree(rows: Array, counts: Array, num_values: Sequence[int]) -> Tree:
    """The tree itself, rooted in its centre, so that the circuit is shallow; the root's table has one row."""
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree, shortest_path  # takes 50 ms

    sizes = np.array(num_values, dtype=int)
    wrong = is_missing(rows) | (rows != np.floor(rows)) | (rows >= sizes)
    if wrong.any():
        row, variable = (int(i) for i in np.argwhere(wrong)[0])
        raise CircuitError(
            f"row {row + 1}, variable {variable}: a Chow–Liu tree needs whole numbers from 0 to {sizes[variable] - 1} "
            f"and none missing, got {rows[row, variable]}"
        )
    tables = pair_tables(rows.astype(int), counts, sizes)
    # The search for a minimum takes an entry of 0 for a missing edge: hence the 1, the same for every edge.
    spanning = minimum_spanning_tree(-1.0 - mutual_information(tables))
    steps = shortest_path(abs(spanning), directed=False, unweighted=True)
    order, parents = breadth_first_order(spanning, int(np.argmin(steps.max(axis=1))), directed=False)
    above = [-1 if parent < 0 else int(parent) for parent in parents]
    return Tree(order.tolist(), above, [_conditional(tables, v, parent) for v, parent in enumerate(above)])


def _conditional(tables: PairTables, variable: int, parent: int) -> Floats:
    table = tables.table(variable, variable).sum(axis=0, keepdims=True)
    table = SMOOTHING + (table if parent < 0 else tables.table(parent, variable))
    return np.asarray(table / table.sum(axis=1, keepdims=True))
