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

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Array, Floats, Ints
from spncore.circuits.evidence import row_parts
from spncore.data.dataset import Dataset, distinct_without
from spncore.learning.bag import Bag, Term
from spncore.words import MINUS

MARGINALISED = -1


class Labels(NamedTuple):
    """What an objective with classes needs: the class's column, the mix of a hybrid one, the share of known classes.

    `seed` decides which rows' classes are known.
    """

    class_variable: int
    mix: float = 0.5
    labelled: float = 1.0
    seed: int = 0


def _of_the_data(weights: Floats, log_partition: float) -> Floats:
    """Weights of the rows as they are; a function by name, for a problem goes to other processes."""
    return weights


class Objective(NamedTuple):
    """`bag(dataset, labels)` builds the evidence; `row_weights(c, log Z)` (B,) is ∂(N𝓛)/∂ log f(e_i) of every row.

    `value(c, log-values, N)` is the objective, None where it is the LLH; `needs_class` says whether labels count;
    `title` is what it is called, in nats per row.
    """

    title: str
    bag: Callable[[Dataset, Labels], Bag]
    value: Callable[[Floats, Floats, int], float] | None = None
    needs_class: bool = False
    row_weights: Callable[[Floats, float], Floats] = _of_the_data


def data_and_partition(dataset: Dataset, labels: Labels | None = None) -> Bag:
    """The distinct rows with their counts, and last the empty evidence with weight −N."""
    own = Term(np.arange(dataset.num_distinct), 1.0)
    return Bag(_evidence(dataset.rows, np.empty(0, dtype=int)), dataset.counts, (own,), own, -1.0)


def _evidence(rows: Array, others: Ints) -> NDArray[np.int8]:
    """Rows (N, D) of small numbers, others of them once more, then an empty one; columns lie in one piece."""
    places = np.concatenate([np.arange(len(rows)), others])
    columns = np.full((rows.shape[1], len(places) + 1), MARGINALISED, dtype=np.int8)
    for part in row_parts(len(places)):
        columns[:, part] = rows[places[part]].T
    return columns.T


def _with_classes(dataset: Dataset, labels: Labels) -> tuple[NDArray[np.int8], Ints, Ints]:
    """The rows (x, y), then the distinct rows (x, ·), last the empty one; for each of the former, its own place and
    that of its row without the class.
    """
    first, place = distinct_without(dataset.rows, labels.class_variable)
    rows, num_distinct = _evidence(dataset.rows, first), dataset.num_distinct
    rows[num_distinct:, labels.class_variable] = MARGINALISED
    return rows, np.arange(num_distinct), place + num_distinct


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


_IN_USE: WeakValueDictionary[tuple[Hashable, ...], Bag] = WeakValueDictionary()


def bag_of(objective: Objective, dataset: Dataset, labels: Labels) -> Bag:
    """The evidence of an objective; what is equal is one bag, and so prepared once, for as long as somebody has it."""
    key = dataset.sha256, dataset.num_distinct, objective.bag, labels if objective.needs_class else None
    bag = _IN_USE.get(key)
    if bag is None:
        bag = _IN_USE[key] = objective.bag(dataset, labels)
    return bag


def accuracy(bag: Bag, log_values: Floats) -> float:
    """Share of the data whose own class is more probable than the other, given the rest; 1/2 for a tie."""
    assert bag.partner is not None
    rows = np.flatnonzero(bag.partner >= 0)
    margin = log_values[rows] - log_values[bag.partner[rows]] + np.log(2.0)
    counts = bag.counts[rows]
    return float(counts @ (0.5 * (1.0 + np.sign(margin)))) / bag.num_rows
