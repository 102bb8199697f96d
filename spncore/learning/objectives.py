"""Objectives as weighted bags of partially observed rows: 𝓛 = (1/N) Σ_i c_i g(log f(e_i)), eq. (1) generalised.

`rows` use 0 and 1 for observed values and MARGINALISED where a variable is summed out. Positive terms take log f.
The partition function's term takes log f too, or f itself in the authors' later script. With a class variable y,
(x, ·) being a row whose class is summed out (THEORY §2):

generative       log f(x, y) − log Z
discriminative   log f(x, y) − log f(x, ·)
hybrid           the mix of both, `mix` of the generative one
semi_supervised  log f(x, y) − log Z where the class is known, log f(x, ·) − log Z where it is not
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from spncore.arrays import Array, Floats, Ints
from spncore.data.dataset import Dataset
from spncore.words import MINUS

MARGINALISED = -1


class Bag(NamedTuple):
    """Distinct evidence rows (B, D), whole numbers with −1 or reals with NaN where a value is missing, the last one
    empty: its value is Z. All else follows from

    how often each item of the data occurs, `items` (I,): the rows' weights c = `spread` @ items and their counts as
    data, for the LLH, `observed` @ items. Whole numbers keep sums exact: a posterior of exactly one has a flow of
    exactly zero. `partner` (B,): the row without its class, −1 where there is none; None where no class is asked for.
    """

    rows: Array
    items: Ints
    spread: csr_array
    observed: csr_array
    partner: Ints | None = None

    @property
    def num_rows(self) -> int:
        """N, the divisor."""
        return int(self.items.sum())

    @property
    def weights(self) -> Floats:
        """c (B,) of all items."""
        weights: Floats = self.spread @ self.items
        return weights

    @property
    def counts(self) -> Floats:
        """How often each row is data (B,)."""
        counts: Floats = self.observed @ self.items
        return counts


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
    place = np.arange(dataset.num_distinct)
    return _bag(dataset.rows.astype(np.int8), dataset.counts, [(place, place, 1.0)], place, 1.0)


Term = tuple[Ints, Ints, float | Floats]  # row, item and coefficient of entries


def entries(terms: Sequence[Term], num_rows: int, num_items: int) -> csr_array:
    """The matrix (rows, items) that holds these and is zero elsewhere."""
    alike = (np.broadcast_arrays(*term) for term in terms)
    row, item, value = (np.concatenate(part) for part in zip(*alike, strict=True))
    return csr_array((value, (row, item)), shape=(num_rows, num_items))


def _bag(
    rows: NDArray[np.int8], items: Ints, terms: list[Term], source: Ints, share: float, partner: Ints | None = None
) -> Bag:
    """`source` (I,): the data row of each item; `share` of −log Z per item; `partner` of the first rows."""
    numbers, shape = np.arange(len(items)), (len(rows) + 1, len(items))
    if share:
        terms = [*terms, (np.array(len(rows)), numbers, -share)]
    if partner is not None:
        partner = np.concatenate([partner, np.full(shape[0] - len(partner), -1)])
    rows = np.concatenate([rows, np.full((1, rows.shape[1]), MARGINALISED, dtype=np.int8)])
    return Bag(rows, items, entries(terms, *shape), entries([(source, numbers, 1.0)], *shape), partner)


def _with_classes(dataset: Dataset, labels: Labels) -> tuple[NDArray[np.int8], Ints]:
    """The distinct rows (x, y), then the distinct rows (x, ·); for each of the former its place among the latter."""
    full = dataset.rows.astype(np.int8)
    hidden = np.delete(dataset.rows, labels.class_variable, axis=1)
    unique, partner = np.unique(hidden, axis=0, return_inverse=True)
    without = np.insert(unique.astype(np.int8), labels.class_variable, MARGINALISED, axis=1)
    return np.concatenate([full, without]), partner + len(full)


def hybrid(dataset: Dataset, labels: Labels) -> Bag:
    """log f(x, y) − (1 − mix) log f(x, ·) − mix log Z for every row."""
    rows, partner = _with_classes(dataset, labels)
    place = np.arange(dataset.num_distinct)
    terms: list[Term] = [(place, place, 1.0), (partner, place, labels.mix - 1.0)]
    return _bag(rows, dataset.counts, terms, place, labels.mix, partner)


def discriminative(dataset: Dataset, labels: Labels) -> Bag:
    """log f(x, y) − log f(x, ·) for every row: what a hybrid of nothing generative is."""
    return hybrid(dataset, labels._replace(mix=0.0))


def semi_supervised(dataset: Dataset, labels: Labels) -> Bag:
    """Items are the labelled and the unlabelled occurrences of every distinct row; log Z is subtracted for each."""
    rows, partner = _with_classes(dataset, labels)
    known = np.random.default_rng(labels.seed).binomial(dataset.counts, labels.labelled)
    place, num_distinct = np.arange(dataset.num_distinct), dataset.num_distinct
    terms: list[Term] = [(place, place, 1.0), (partner, num_distinct + place, 1.0)]
    items = np.concatenate([known, dataset.counts - known])
    return _bag(rows, items, terms, np.tile(place, 2), 1.0, partner)


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
