"""LearnSPN: split the variables where they are independent, else the rows where they cluster, and start again."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Floats, Generator, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import CircuitError, InputLayer
from spncore.circuits.model import Model
from spncore.structures.factorised import by_column, factorised_leaves, two_clusters
from spncore.structures.nodes import Column, Node, Product, Sum, layered
from spncore.structures.tables import coded, dependent, pair_tables

MAX_LEVELS = 64  # of splits below each other; then what is left is taken for independent


class LearnSettings(NamedTuple):
    """`significance` of the G-test; no further splits of rows below `min_rows`; `smoothing` of leaves, in rows."""

    significance: float = 0.001
    min_rows: float = 20.0
    smoothing: float = 0.1


class _Learner(NamedTuple):
    columns: Sequence[Column]
    settings: LearnSettings
    rng: Generator


def learn_spn(
    rows: Array,
    counts: Array,
    columns: Sequence[Column],
    rng: Generator,
    settings: LearnSettings = LearnSettings(),  # noqa: B008 (a tuple cannot change)
) -> Model:
    """Learn structure and parameters from rows (N, D) with counts (N,).

    Gens & Domingos, Learning the structure of sum-product networks, ICML 2013. Variables are split into the connected
    parts of the graph of pairs that a G-test finds dependent (real and count columns by their quantiles); rows into two
    clusters by EM for a mixture of two factorised distributions, as in Vergari, Di Mauro & Esposito, ECML 2015. Sums
    directly under sums are merged; the root is a sum, if need be over one child. A missing value (negative whole
    number, NaN) is left out of every count. CircuitError names the first value that its column's family refuses.

    >>> rows = np.array([[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]])  # two that agree, and one by itself
    >>> model = learn_spn(rows, np.full(4, 100), [Column()] * 3, np.random.default_rng(0))
    >>> model.circuit.num_variables, [weights.shape for weights in model.parameters.sums]  # (groups, sums, children)
    (3, [(1, 1, 2), (1, 1, 1)])
    """
    if len(columns) != rows.shape[1]:
        raise CircuitError(f"{rows.shape[1]} variables need as many columns' families, got {len(columns)}")
    for column, places in by_column(columns).items():
        leaves.design(InputLayer(np.array([places]), 1, *column), rows)
    learner = _Learner(columns, settings, rng)
    root = _learn(rows, counts.astype(float), np.arange(rows.shape[1]), learner, 0)
    return layered(rows.shape[1], root if isinstance(root, Sum) else Sum((root,), np.ones(1)))


def _learn(rows: Array, counts: Floats, variables: Ints, learner: _Learner, level: int) -> Node:
    """A node for these variables (S,); rows (N, S) hold no others."""
    from scipy.sparse.csgraph import connected_components  # takes 50 ms

    columns = [learner.columns[v] for v in variables]
    if len(variables) == 1 or level >= MAX_LEVELS or counts.sum() < learner.settings.min_rows:
        return _factorised(rows, counts, variables, learner)
    codes, num_codes = coded(rows, counts, columns)
    tables = pair_tables(codes, counts, num_codes)
    num_parts, part_of = connected_components(dependent(tables, learner.settings.significance), directed=False)
    if num_parts == len(variables):
        return _factorised(rows, counts, variables, learner)
    if num_parts > 1:
        parts = [np.flatnonzero(part_of == part) for part in range(num_parts)]
        return Product(tuple(_learn(rows[:, p], counts, variables[p], learner, level + 1) for p in parts))
    second = two_clusters(rows, counts, columns, learner.rng)
    if second.all() or not second.any():
        return _factorised(rows, counts, variables, learner)
    return _merged(
        [_learn(rows[these], counts[these], variables, learner, level + 1) for these in (~second, second)],
        np.array([counts[~second].sum(), counts[second].sum()]) / counts.sum(),
    )


def _factorised(rows: Array, counts: Floats, variables: Ints, learner: _Learner) -> Node:
    columns = [learner.columns[v] for v in variables]
    fitted = factorised_leaves(rows, counts, variables, columns, learner.settings.smoothing)
    return fitted[0] if len(fitted) == 1 else Product(fitted)


def _merged(nodes: list[Node], weights: Floats) -> Sum:
    """Their sum, in which sums are replaced by what they sum over."""
    children: list[Node] = []
    shares: list[Floats] = []
    for node, weight in zip(nodes, weights, strict=True):
        children += node.children if isinstance(node, Sum) else (node,)
        shares.append(weight * (node.weights if isinstance(node, Sum) else np.ones(1)))
    return Sum(tuple(children), np.concatenate(shares))
