"""Contingency tables of all pairs of variables at once: mutual information and the G-test of independence."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, xlogy

from spncore.arrays import Array, Bools, Floats, Ints
from spncore.circuits.leaves import is_missing
from spncore.structures.nodes import Column

NUM_BINS = 4  # of the quantiles that real and count columns are cut into
BLOCK_ROWS = 4096


class PairTables(NamedTuple):
    """`counts` (ΣV, ΣV): how many rows hold value a of variable i and b of j; `starts` (D,): the first of each."""

    counts: Floats
    starts: Ints

    def table(self, one: int, other: int) -> Floats:
        """The contingency table (V_i, V_j) of two variables."""
        ends = [*self.starts[1:], len(self.counts)]
        return self.counts[self.starts[one] : ends[one], self.starts[other] : ends[other]]


def pair_tables(codes: Ints, counts: Array, num_codes: Ints) -> PairTables:
    """Count pairs of values; codes (N, D) run from 0 to V_d − 1, or are −1 where a row says nothing of a variable."""
    starts = np.concatenate([[0], np.cumsum(num_codes)[:-1]])
    values = np.arange(num_codes.sum()) - np.repeat(starts, num_codes)
    owners = np.repeat(np.arange(len(num_codes)), num_codes)
    total = np.zeros((len(values), len(values)))
    for begin in range(0, len(codes), BLOCK_ROWS):
        part = slice(begin, begin + BLOCK_ROWS)
        hits = (codes[part][:, owners] == values).astype(float)  # (rows, ΣV)
        total += (hits * counts[part, None]).T @ hits
    return PairTables(total, starts)


def g_statistics(tables: PairTables) -> tuple[Floats, Ints]:
    """G = 2 Σ n_ab log(n_ab n / (n_a n_b)) in nats and its degrees of freedom, (D, D) each.

    G is 2 n times the mutual information; n counts the rows where both are known. Values that never occur together
    with the other variable are left out of the degrees of freedom.
    """
    starts = tables.starts
    margins = np.add.reduceat(tables.counts, starts, axis=1)  # (ΣV, D): n_a
    totals = np.add.reduceat(margins, starts, axis=0)
    cells = np.add.reduceat(np.add.reduceat(xlogy(tables.counts, tables.counts), starts, axis=0), starts, axis=1)
    ones = np.add.reduceat(xlogy(margins, margins), starts, axis=0)
    seen = np.add.reduceat((margins > 0).astype(int), starts, axis=0)
    statistic = 2.0 * (cells - ones - ones.T + xlogy(totals, totals))
    return np.maximum(statistic, 0.0), np.maximum((seen - 1) * (seen.T - 1), 1)


def mutual_information(tables: PairTables) -> Floats:
    """Of every pair, in nats per row, (D, D); every row must be complete."""
    statistic, _ = g_statistics(tables)
    return np.asarray(statistic / (2.0 * tables.table(0, 0).sum()))


def dependent(tables: PairTables, significance: float) -> Bools:
    """Which pairs the G-test finds dependent, with this probability of finding it where there is none, (D, D)."""
    statistic, freedom = g_statistics(tables)
    return np.asarray(chdtrc(freedom, statistic) < significance)


def coded(rows: Array, counts: Array, columns: Sequence[Column]) -> tuple[Ints, Ints]:
    """Rows (N, D) as codes, −1 where missing, and how many codes each variable has: values, or quantiles' numbers."""
    codes = np.where(is_missing(rows), -1, 0).astype(int)
    known = codes == 0
    sizes = np.array([column.num_values if column.family == "categorical" else NUM_BINS for column in columns])
    for d, column in enumerate(columns):
        here, values = known[:, d], rows[known[:, d], d]
        codes[here, d] = values if column.family == "categorical" else _bins(values, counts[here])
    return codes, sizes


def _bins(values: Array, counts: Array) -> Ints:
    """The quantile bin of each value; equal values share a bin."""
    if not len(values):
        return np.zeros(0, dtype=int)
    _, places = np.unique(values, return_inverse=True)
    weight = np.bincount(places, counts)
    middle = (np.cumsum(weight) - 0.5 * weight) / weight.sum()
    return np.asarray((middle * NUM_BINS).astype(int)[places])
