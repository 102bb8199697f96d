"""Objectives as weighted bags of partially observed rows: 𝓛 = (1/N) Σ_i c_i g(log f(e_i)), eq. (1) generalised.

`rows` use 0 and 1 for observed values and MARGINALISED where a variable is summed out. Positive terms take log f.
The partition function's term takes log f too, or f itself in the authors' later script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.datasets import Dataset

Floats = NDArray[np.float64]
MARGINALISED = -1


class Bag(NamedTuple):
    """Distinct evidence rows and their integer-valued weights.

    `rows` (B, D) of 0, 1, MARGINALISED; `weights` (B,): counts, or minus the number of rows for the partition function;
    `num_rows` N, the divisor. Whole numbers keep sums exact: a posterior of exactly one has a flow of exactly zero.
    """

    rows: NDArray[np.int8]
    weights: Floats
    num_rows: int


class Objective(NamedTuple):
    """`bag(dataset)` builds the evidence; `row_weights(bag, log_partition)` (B,) is ∂(N𝓛)/∂ log f(e_i) of every row."""

    bag: Callable[[Dataset], Bag]
    row_weights: Callable[[Bag, float], Floats]


def data_and_partition(dataset: Dataset) -> Bag:
    """The distinct rows with their counts, and last the empty evidence (its value is Z) with weight −N."""
    empty = np.full((1, dataset.num_variables), MARGINALISED, dtype=np.int8)
    rows = np.concatenate([dataset.rows.astype(np.int8), empty])
    weights = np.append(dataset.counts.astype(np.float64), -float(dataset.num_rows))
    return Bag(rows=rows, weights=weights, num_rows=dataset.num_rows)


def _log_of_all(bag: Bag, log_partition: float) -> Floats:
    return bag.weights


def _partition_itself(bag: Bag, log_partition: float) -> Floats:
    """∂Z/∂log Z = Z: the last row's weight −N becomes −N·Z."""
    weights = bag.weights.copy()
    weights[-1] *= np.exp(log_partition)
    return weights


OBJECTIVES: Mapping[str, Objective] = {
    "generative": Objective(data_and_partition, _log_of_all),  # mean log f − log Z, Trapp et al. (2019), eq. (1)
    "unnormalised": Objective(data_and_partition, _partition_itself),  # mean log f − Z, the authors' later script
}
