"""Equal components are evaluated once, so that exact symmetry holds by construction, whatever BLAS rounds.

Gradient training amplifies rounding: two components whose flows differ in the last bit separate within a few hundred
steps. Matrix products may round equal rows differently. Here components with bitwise equal leaf coefficients are
merged into one of weight W = Σ w_k, as rows with equal values are merged into one with a count, and each gets the share
w_k / W of its flow. Guaranteed, for every K and topology:

- components with equal leaf weights and equal effective weights get bitwise equal flows;
- if all components are equal, the one merged posterior is exactly 1 on every row, its flow exactly 0 (sums of whole
  numbers), so no sum weight ever moves and all components stay bitwise equal for ever.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Merged(NamedTuple):
    """Distinct components: `first` (K',) a member of each; `of` (K,) the class of each component; `share` (K,) w_k/W;
    `weights` (K',) W.
    """

    first: NDArray[np.int64]
    of: NDArray[np.int64]
    share: Floats
    weights: Floats


def merge_equal(coefficients: Floats, weights: Floats) -> Merged | None:
    """Classes of bitwise equal rows of `coefficients` (K, F+1) under weights (K,); None if all rows differ."""
    keys = [row.tobytes() for row in coefficients]
    if len(set(keys)) == len(keys) > 1:
        return None
    numbers: dict[bytes, int] = {}
    of = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    first = np.array([keys.index(key) for key in numbers])
    totals = np.zeros(len(first))
    np.add.at(totals, of, weights)
    return Merged(first, of, weights / totals[of], totals)
