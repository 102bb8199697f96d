"""Objectives as weighted bags of partially observed rows: 𝓛 = (1/N) Σ_i c_i g(log f(e_i)), eq. (1) generalised.

`rows` use 0 and 1 for observed values and MARGINALISED where a variable is summed out. Positive terms take log f.
The partition function's term takes log f too, or f itself in the authors' later script. With a class variable y,
(x, ·) being a row whose class is summed out (THEORY §2):

generative       log f(x, y) − log Z
discriminative   log f(x, y) − log f(x, ·)
hybrid           the mix of both, `mix` of the generative one
semi_supervised  log f(x, y) − log Z where the class is known, log f(x, ·) − log Z where it is not
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Array, Floats, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer
from spncore.circuits.evidence import Evidence, row_parts, turned
from spncore.circuits.leaves import Design
from spncore.data.dataset import Dataset, distinct_places
from spncore.words import MINUS

MARGINALISED = -1


class Term(NamedTuple):
    """What each item adds to one row: `factor` times its number, a number or one for each item, to `rows` (I,)."""

    rows: Ints
    factor: float | Floats

    def of(self, items: Ints) -> Term:
        """The same for some of the items."""
        return Term(self.rows[items], self.factor[items] if isinstance(self.factor, np.ndarray) else self.factor)


class Batch(NamedTuple):
    """Part of a bag: `rows` are its places in the bag (None: all), the empty row last; `weights` c of each.

    `shares`: how often each is data, over the number of rows N.
    """

    rows: Ints | None
    weights: Floats
    shares: Floats
    num_rows: int


@dataclass(frozen=True, eq=False)
class Bag:
    """Distinct evidence rows (B, D), whole numbers with −1 or reals with NaN where a value is missing, the last one
    empty: its value is Z. All else follows from

    how often each item of the data occurs, `items` (I,): the rows' weights c are what `terms` add to them, and
    `partition` (the same as a factor) to the last one; their counts as data, for the LLH, are what `observed` adds.
    Whole numbers keep sums exact: a posterior of exactly one has a flow of exactly zero. `partner` (B,): the row
    without its class, −1 where there is none; None where no class is asked for.
    """

    rows: Array
    items: Ints
    terms: tuple[Term, ...]
    observed: Term
    partition: float | Floats = 0.0
    partner: Ints | None = None

    @cached_property
    def evidence(self) -> Evidence:
        """The rows as input layers take them."""
        return Evidence(turned(self.rows))

    def design(self, layer: InputLayer) -> Design:
        """The rows prepared for an input layer; of equal layers once, for as long as the bag lives."""
        key = layer.variables.tobytes(), layer.variables.shape, layer.family, layer.num_values
        if key not in self._designs:
            self._designs[key] = leaves.design(layer, self.evidence)
        return self._designs[key]

    @cached_property
    def _designs(self) -> dict[tuple[bytes, tuple[int, ...], str, int], Design]:
        return {}

    @cached_property
    def num_rows(self) -> int:
        """N, the divisor."""
        return int(self.items.sum())

    @cached_property
    def weights(self) -> Floats:
        """c (B,) of all items."""
        weights = _added(self.terms, self.items, len(self.rows))
        weights[-1] += np.sum(self.partition * self.items)
        return weights

    @cached_property
    def counts(self) -> Floats:
        """How often each row is data (B,)."""
        return _added([self.observed], self.items, len(self.rows))

    def whole(self) -> Batch:
        """All rows."""
        return Batch(None, self.weights, self.counts / self.num_rows, self.num_rows)

    def batch(self, chosen: Ints) -> Batch:
        """The part of the bag that these items make, in any order, some of them several times; costs what they are."""
        items, times = np.unique(chosen, return_counts=True)
        terms = [term.of(items) for term in (*self.terms, self.observed)]
        last = len(self.rows) - 1
        rows, places = np.unique(np.concatenate([*(term.rows for term in terms), [last]]), return_inverse=True)
        parts = [term._replace(rows=own) for term, own in zip(terms, np.split(places[:-1], len(terms)), strict=True)]
        weights, counts = (_added(some, times, len(rows)) for some in (parts[:-1], parts[-1:]))
        weights[-1] += np.sum(Term(items, self.partition).of(items).factor * times)
        needed = (weights != 0.0) | (counts != 0.0)
        needed[-1] = True
        return Batch(rows[needed], weights[needed], counts[needed] / len(chosen), len(chosen))

    def order(self, seed: int, epoch: int) -> NDArray[np.int32]:
        """The items of all rows in the order of one epoch: without replacement, decided by seed and epoch."""
        items = np.arange(len(self.items), dtype=np.int32)
        if self.num_rows > len(items) or not self.items.all():
            items = np.repeat(items, self.items)
        np.random.default_rng([seed, epoch]).shuffle(items)
        return items


def _added(terms: Iterable[Term], items: Ints, num_rows: int) -> Floats:
    """What so many of each item (I,) add to the rows (num_rows,)."""
    result = np.zeros(num_rows)
    for term in terms:
        result += np.bincount(term.rows, weights=term.factor * items, minlength=num_rows)
    return result


class Labels(NamedTuple):
    """What an objective with classes needs: the class's column, the mix of a hybrid one, the share of known classes.

    `seed` decides which rows' classes are known.
    """

    class_variable: int
    mix: float = 0.5
    labelled: float = 1.0
    seed: int = 0


class Objective(NamedTuple):
    """`bag(dataset, labels)` builds the evidence; `row_weights(c, log Z)` (B,) is ∂(N𝓛)/∂ log f(e_i) of every row.

    `value(c, log-values, N)` is the objective, None where it is the LLH; `needs_class` says whether labels count;
    `title` is what it is called, in nats per row.
    """

    title: str
    bag: Callable[[Dataset, Labels], Bag]
    value: Callable[[Floats, Floats, int], float] | None = None
    needs_class: bool = False
    row_weights: Callable[[Floats, float], Floats] = lambda weights, log_partition: weights


def data_and_partition(dataset: Dataset, labels: Labels | None = None) -> Bag:
    """The distinct rows with their counts, and last the empty evidence with weight −N."""
    own = Term(np.arange(dataset.num_distinct), 1.0)
    return Bag(_evidence([dataset.rows]), dataset.counts, (own,), own, -1.0)


def _evidence(parts: Sequence[Array]) -> NDArray[np.int8]:
    """Rows of several arrays (B', D) of small numbers, then an empty one, whose columns lie side by side."""
    ends = np.cumsum([0, *map(len, parts)])
    columns = np.full((parts[0].shape[1], ends[-1] + 1), MARGINALISED, dtype=np.int8)
    for begin, part in zip(ends, parts, strict=False):
        for rows in row_parts(len(part)):
            columns[:, begin + rows.start : begin + rows.stop] = part[rows].T
    return columns.T


def _with_classes(dataset: Dataset, labels: Labels) -> tuple[NDArray[np.int8], Ints, Ints]:
    """The rows (x, y), then the distinct rows (x, ·), last the empty one; for each of the former, its own place and
    that of its row without the class.
    """
    hidden = dataset.rows.copy()
    hidden[:, labels.class_variable] = 0
    first, place = distinct_places(hidden)
    without = dataset.rows[first].astype(np.int8)
    without[:, labels.class_variable] = MARGINALISED
    return _evidence([dataset.rows, without]), np.arange(len(hidden)), place + len(hidden)


def _partners(own: Ints, without: Ints, num_rows: int) -> Ints:
    result = np.full(num_rows, -1)
    result[own] = without
    return result


def hybrid(dataset: Dataset, labels: Labels) -> Bag:
    """log f(x, y) − (1 − mix) log f(x, ·) − mix log Z for every row."""
    rows, own, without = _with_classes(dataset, labels)
    terms = Term(own, 1.0), Term(without, labels.mix - 1.0)
    return Bag(rows, dataset.counts, terms, terms[0], -labels.mix, _partners(own, without, len(rows)))


def discriminative(dataset: Dataset, labels: Labels) -> Bag:
    """log f(x, y) − log f(x, ·) for every row: what a hybrid of nothing generative is."""
    return hybrid(dataset, labels._replace(mix=0.0))


def semi_supervised(dataset: Dataset, labels: Labels) -> Bag:
    """Items are the labelled and the unlabelled occurrences of every distinct row; log Z is subtracted for each."""
    rows, own, without = _with_classes(dataset, labels)
    known = np.random.default_rng(labels.seed).binomial(dataset.counts, labels.labelled)
    items = np.concatenate([known, dataset.counts - known])
    term, data = Term(np.concatenate([own, without]), 1.0), Term(np.tile(own, 2), 1.0)
    return Bag(rows, items, (term,), data, -1.0, _partners(own, without, len(rows)))


def _partition_itself(weights: Floats, log_partition: float) -> Floats:
    """∂Z/∂log Z = Z: the last row's weight −N becomes −N·Z."""
    weights = weights.copy()
    weights[-1] *= np.exp(log_partition)
    return weights


def _data_alone(weights: Floats, log_partition: float) -> Floats:
    """The weights without those that are subtracted: what EM takes, whose weights are normalised by themselves."""
    return np.maximum(weights, 0.0)


def _weighted_sum(weights: Floats, log_values: Floats, num_rows: int) -> float:
    asked = weights != 0.0
    return float(weights[asked] @ log_values[asked]) / num_rows


def _minus_partition(weights: Floats, log_values: Floats, num_rows: int) -> float:
    return float(weights[:-1] @ log_values[:-1]) / num_rows - float(np.exp(log_values[-1]))


OBJECTIVES: Mapping[str, Objective] = {
    "generative": Objective("LLH", data_and_partition),  # mean log f − log Z, Trapp et al. (2019), eq. (1)
    # mean log f − Z, their later one
    "unnormalised": Objective(f"log f {MINUS} Z", data_and_partition, _minus_partition, row_weights=_partition_itself),
    "discriminative": Objective("log p(y | x)", discriminative, _weighted_sum, needs_class=True),
    "hybrid": Objective("mix of LLH and log p(y | x)", hybrid, _weighted_sum, needs_class=True),
    "semi_supervised": Objective("LLH, without y where it is hidden", semi_supervised, _weighted_sum, needs_class=True),
}
DATA_FLOW = Objective("LLH", data_and_partition, row_weights=_data_alone)


def accuracy(bag: Bag, log_values: Floats) -> float:
    """Share of the data whose own class is more probable than the other, given the rest; 1/2 for a tie."""
    assert bag.partner is not None
    rows = np.flatnonzero(bag.partner >= 0)
    margin = log_values[rows] - log_values[bag.partner[rows]] + np.log(2.0)
    counts = bag.counts[rows]
    return float(counts @ (0.5 * (1.0 + np.sign(margin)))) / bag.num_rows
