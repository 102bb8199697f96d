"""A mixture on rows of a few 0/1 columns by two tables: every row is a pattern of some columns and one of the others.

A component's value is the product of what its two halves are worth, so exponentials are of distinct half rows, of which
there are far fewer than rows: NLTCS has 2,671 distinct rows of 16 columns, and 168 + 192 distinct halves. All sums over
components are one matrix product of the two tables, of which the entries of the rows are taken. Flows go back by sparse
products to the halves and from there to the columns. Both values of a column have halves of their own, so that no flow
is a difference.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.leaves import Design
from spncore.inference.dense import Weighted
from spncore.inference.log_domain import safe_log

MAX_COLUMNS = 24  # the halves of more columns are hardly fewer than the rows
SEARCHED_ROWS = 4096  # evenly spaced ones decide where more columns go
# What a table's entry, a half row and a row cost for each component, a dense row and each of its features, and a call:
# nanoseconds on one core, measured with 2,672 rows of 16 columns.
ENTRY, HALF, ROW, DENSE_ROW, DENSE_FEATURE, CALL = 0.05, 3.5, 1.1, 2.2, 0.045, 10_000.0
COMPONENTS = 8  # for which the way is chosen
WORTH_IT = 0.8  # of what the dense way costs, at most


class Split(NamedTuple):
    """The columns of either half, and per row (B,) the number of its pattern in either half.

    Patterns of the first half are numbered from the most frequent to the empty row's. Those from `frequent` on meet
    only the first `met` patterns of the second half, so that the table needs no more of it.
    """

    columns: tuple[Ints, Ints]
    patterns: tuple[Ints, Ints]
    sizes: tuple[int, int]
    frequent: int
    met: int

    @property
    def num_entries(self) -> int:
        """How many entries the table has."""
        return self.frequent * self.sizes[1] + (self.sizes[0] - self.frequent) * self.met


def split(rows: Weighted) -> Split | None:
    """Columns in two halves of few patterns; None where tables would not clearly pay.

    They are for 0/1 columns without missing values. Columns are dealt out in turn, each time the one that adds the
    fewest patterns; then every pair of columns is exchanged, once, if that makes the tables cheaper.
    """
    design, num_rows = rows.design, len(rows.weights)
    num_columns = design.layer.variables.shape[1]
    if not (is_binary(design) and 2 <= num_columns <= MAX_COLUMNS):
        return None
    worth = WORTH_IT * COMPONENTS * num_rows * (DENSE_ROW + DENSE_FEATURE * (design.num_summed + len(design.bound)))
    spared = worth - CALL - COMPONENTS * num_rows * ROW
    if spared < 0.0:
        return None
    bits = binary_columns(design).astype(np.int64)
    searched = bits[:, :: -(-num_rows // SEARCHED_ROWS)]
    found = _split(bits, _exchanged(searched, _dealt(searched)))
    return found if COMPONENTS * _cost(found.num_entries, sum(found.sizes)) < spared else None


def _split(bits: Ints, halves: tuple[list[int], list[int]]) -> Split:
    first, second = (_numbered(_codes(bits, half)) for half in halves)
    sizes = int(first[-1]) + 1, int(second.max()) + 1
    last = np.zeros(sizes[1], dtype=np.int64)  # for each pattern of the second half the last that it meets
    np.maximum.at(last, second, first)
    meeting = np.cumsum(np.bincount(last)[::-1])[::-1]  # how many meet this one or one after it
    places = np.arange(sizes[0])
    frequent = int(np.argmin(places * sizes[1] + (sizes[0] - places) * meeting))
    second = np.argsort(np.argsort(-last, kind="stable"))[second]
    columns = np.array(halves[0]), np.array(halves[1])
    return Split(columns, (first, second), sizes, frequent, int(meeting[frequent]))


def _cost(entries: int, halves: int) -> float:
    return ENTRY * entries + HALF * halves


def _codes(bits: Ints, columns: Ints | list[int]) -> Ints:
    """The number that a row's 0/1 values in these columns spell, the first the lowest: (B,)."""
    codes: Ints = (1 << np.arange(len(columns))) @ bits[columns]
    return codes


def _distinct(codes: Ints) -> int:
    return int(np.count_nonzero(np.bincount(codes)))


def _numbered(codes: Ints) -> Ints:
    """Patterns numbered from the most frequent on; one more row, at the end, has a pattern of its own, the last."""
    numbers, counts = np.unique(codes, return_inverse=True, return_counts=True)[1:]
    return np.append(np.argsort(np.argsort(-counts, kind="stable"))[numbers], len(counts))


def _dealt(bits: Ints) -> tuple[list[int], list[int]]:
    halves: tuple[list[int], list[int]] = ([], [])
    codes, left = [np.zeros_like(bits[0])] * 2, list(range(len(bits)))
    for turn in range(len(bits)):
        side = turn % 2
        _, column = min((_distinct(2 * codes[side] + bits[column]), column) for column in left)
        codes[side] = 2 * codes[side] + bits[column]
        halves[side].append(column)
        left.remove(column)
    return halves


def _exchanged(bits: Ints, halves: tuple[list[int], list[int]]) -> tuple[list[int], list[int]]:
    first, second = halves
    codes = _codes(bits, first), _codes(bits, second)
    cost = _cost_of(codes)
    for i, j in product(range(len(first)), range(len(second))):
        change = bits[second[j]] - bits[first[i]]
        others = codes[0] + (change << i), codes[1] - (change << j)
        new = _cost_of(others)
        if new < cost:
            cost, codes = new, others
            first[i], second[j] = second[j], first[i]
    return first, second


def _cost_of(codes: tuple[Ints, Ints]) -> float:
    first, second = map(_distinct, codes)
    return _cost(first * second, first + second)


class _Work(NamedTuple):
    """What depends on K: of the patterns of both halves H = A + B the values and the flows that are `sent`, (H, K).

    The other arrays are parts of these but for `across` (K, B), the second half's values once more, in columns.
    """

    values: Floats
    first: Floats
    second: Floats
    frequent: Floats
    others: Floats
    across: Floats
    met: Floats
    sent: Floats
    sent_first: Floats
    sent_second: Floats


class HalfPatterns:
    """The row-sized work by a table of what the patterns of two halves are worth together; rows are sorted by them."""

    def __init__(self, rows: Weighted, halves: Split) -> None:
        first, second = halves.patterns
        self._limit, self._order = safe_log(rows.dtype), np.lexsort((second, first))  # the empty row stays the last
        first, second = first[self._order], second[self._order]
        self.halves = halves
        self._rows = rows._replace(weights=rows.weights[self._order], shares=rows.shares[self._order])
        self._summed = _summed_of_halves(rows, halves)
        self._features = np.ascontiguousarray(self._summed[:, -len(rows.design.bound) :])
        self._table: Floats = np.empty(halves.num_entries, rows.dtype)
        cut = halves.frequent * halves.sizes[1]
        self._upper = self._table[:cut].reshape(-1, halves.sizes[1])
        self._lower = self._table[cut:].reshape(-1, halves.met)
        of_lower = cut + (first - halves.frequent) * halves.met
        self._places = np.where(first < halves.frequent, first * halves.sizes[1], of_lower) + second
        self._totals: Floats = np.empty(len(first), rows.dtype)
        self._log_values = np.empty(len(first))
        self._ratio: Floats = np.empty(len(first), rows.dtype)
        starts = np.searchsorted(first, np.arange(halves.sizes[0] + 1))
        self._to_first = csr_array((self._ratio, second, starts), shape=halves.sizes)
        self._to_second = csc_array((self._ratio, second, starts), shape=halves.sizes[::-1])
        self._to_first.data = self._to_second.data = self._ratio  # both read what is written there
        self._works: dict[int, _Work] = {}

    def __call__(self, coefficients: Floats, moments: Floats) -> tuple[float, float] | None:
        """LLH and log Z at coefficients (K, F); writes the flows times N, (K, A + F).

        None if the value of a half or of a row could leave the number range.
        """
        if not np.maximum.reduce(np.abs(coefficients).dot(self._rows.design.bound)) < self._limit:
            return None
        work = self._work(len(coefficients))
        self._up(coefficients, work)
        log_values = np.log(self._totals, out=self._log_values)
        log_partition = float(log_values[-1])
        if self._rows.log_values is not None:
            self._rows.log_values[self._order] = log_values
        np.divide(self._rows.weights_at(log_partition), self._totals, out=self._ratio)
        self._down(work, moments)
        return float(self._rows.shares.dot(log_values)) - log_partition, log_partition

    def _up(self, coefficients: Floats, work: _Work) -> None:
        np.matmul(self._features, coefficients.T.astype(self._rows.dtype, "C"), out=work.values)
        np.exp(work.values, out=work.values)
        np.copyto(work.across, work.second.T)
        np.matmul(work.frequent, work.across, out=self._upper)
        np.matmul(work.others, work.met, out=self._lower)
        self._table.take(self._places, out=self._totals, mode="clip")

    def _down(self, work: _Work, moments: Floats) -> None:
        np.multiply(self._to_first @ work.second, work.first, out=work.sent_first)
        np.multiply(self._to_second @ work.first, work.second, out=work.sent_second)
        np.matmul(work.sent.T, self._summed, out=moments)

    def _work(self, num_components: int) -> _Work:
        if num_components not in self._works:
            self._works[num_components] = _work(self.halves, num_components, self._rows.dtype)
        return self._works[num_components]


def _work(halves: Split, num_components: int, dtype: type) -> _Work:
    num_first, num_second = halves.sizes
    values: Floats = np.empty((num_first + num_second, num_components), dtype)
    sent = np.empty_like(values)
    across: Floats = np.empty((num_components, num_second), dtype)
    first, frequent, others = values[:num_first], values[: halves.frequent], values[halves.frequent : num_first]
    parts = across[:, : halves.met], sent, sent[:num_first], sent[num_first:]
    return _Work(values, first, values[num_first:], frequent, others, across, *parts)


def _summed_of_halves(rows: Weighted, halves: Split) -> Floats:
    """What flows are summed over, of all patterns (H, A + F): either half has its own columns, the first the flags."""
    num_columns, parts = rows.design.layer.variables.shape[1], []
    for others, patterns in zip(halves.columns[::-1], halves.patterns, strict=True):
        part = rows.design.take(np.unique(patterns, return_index=True)[1]).summed[0].T.astype(rows.dtype)
        part[:, others] = part[:, others + num_columns] = 0.0
        parts.append(part)
    parts[1][:, 2 * num_columns :] = 0.0
    return np.concatenate(parts)


def is_binary(design: Design) -> bool:
    """Whether all rows but the empty one are of known zeros and ones."""
    layer = design.layer
    return (
        layer.family == "categorical"
        and layer.num_values == 2
        and len(layer.variables) == 1
        and not len(design.partial)
    )


def binary_columns(design: Design) -> Ints:
    """The columns (D, B - 1) of these rows, small whole numbers."""
    bits: Ints = design.values(slice(0, design.num_rows - 1))[0]
    return bits
