"""Bags of evidence: distinct rows once, and what each item of the data adds to them.

An item is a distinct row of the data, or its occurrences with a known class; a mini-batch is so many of each. Each adds
to a few rows, so that a mini-batch costs what is in it, whatever the size of the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Array, Floats, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer
from spncore.circuits.evidence import Evidence, turned
from spncore.circuits.leaves import Design


class Term(NamedTuple):
    """What each item adds to one row: `factor` times its number, a number or one for each item, to `rows` (I,)."""

    rows: Ints
    factor: float | Floats

    def of(self, items: Ints) -> Term:
        """The same for some of the items."""
        return Term(self.rows[items], _of(self.factor, items))


def _of(factor: float | Floats, items: Ints) -> float | Floats:
    """The factor of some items; a number is that of all."""
    return factor[items] if isinstance(factor, np.ndarray) else factor


class MiniBatch(NamedTuple):
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

    def whole(self) -> MiniBatch:
        """All rows."""
        return MiniBatch(None, self.weights, self.counts / self.num_rows, self.num_rows)

    def batch(self, chosen: Array) -> MiniBatch:
        """The part of the bag that these items make, in any order, some of them several times; costs what they are."""
        items, times = np.unique(chosen, return_counts=True)
        rows, weights, counts = (self._own_rows if self._is_data else self._all_rows)(items, times)
        weights[-1] += np.sum(_of(self.partition, items) * times)
        return MiniBatch(rows, weights, counts / len(chosen), len(chosen))

    def _own_rows(self, items: Ints, times: Ints) -> tuple[Ints, Floats, Floats]:
        rows = np.append(items, len(self.rows) - 1)
        weights, counts = np.zeros((2, len(rows)))
        for out, term in ((weights, self.terms[0]), (counts, self.observed)):
            np.multiply(_of(term.factor, items), times, out=out[:-1])
        return rows, weights, counts

    def _all_rows(self, items: Ints, times: Ints) -> tuple[Ints, Floats, Floats]:
        """The rows that items add something to, and the last one; what is added as weights, and as counts."""
        terms = [term.of(items) for term in (*self.terms, self.observed)]
        last = [len(self.rows) - 1]
        rows, places = np.unique(np.concatenate([*(term.rows for term in terms), last]), return_inverse=True)
        own = np.split(places[:-1], len(terms))
        terms = [term._replace(rows=where) for term, where in zip(terms, own, strict=True)]
        weights, counts = (_added(some, times, len(rows)) for some in (terms[:-1], terms[-1:]))
        needed = (weights != 0.0) | (counts != 0.0)
        needed[-1] = True
        return rows[needed], weights[needed], counts[needed]

    @cached_property
    def _is_data(self) -> bool:
        """Whether items are rows, in order, and only the last row is none of them."""
        rows = [term.rows for term in (*self.terms, self.observed)]
        plain = len(rows) == 2 and rows[0] is rows[1] and len(rows[0]) == len(self.rows) - 1
        return plain and bool((rows[0] == np.arange(len(rows[0]))).all())

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
