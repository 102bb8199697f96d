"""Equal components are evaluated once, so that exact symmetry holds by construction, whatever BLAS rounds.

Gradient training amplifies rounding: two components whose flows differ in the last bit separate within a few hundred
steps, and matrix products may round equal rows differently. So components with bitwise equal leaf coefficients and
weights are evaluated as one with a count, as equal rows of the data are, and each gets an equal share of its flow.
Guaranteed, for every K and topology:

- components with equal leaf weights and equal effective weights get bitwise equal flows;
- if all components are equal, the posterior is exactly 1 on every row, its flow exactly 0 (sums of whole numbers), so
  no sum weight ever moves and all components stay bitwise equal for ever.
"""

from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Ints


class Merged(NamedTuple):
    """Distinct components: `first` (K',) a member of each; `of` (K,) the class of each component; `size` (K',)."""

    first: Ints
    of: Ints
    size: Floats


def merge_equal(coefficients: Floats) -> Merged | None:
    """Classes of bitwise equal rows of `coefficients` (K, F), weights included; None if all rows differ."""
    if len(set(coefficients[:, -2].tolist())) == len(coefficients):
        return None  # all constants differ: a quick answer for the usual case
    keys = [row.tobytes() for row in coefficients]
    if len(set(keys)) == len(keys):
        return None
    numbers: dict[bytes, int] = {}
    of = np.array([numbers.setdefault(key, len(numbers)) for key in keys])
    first = np.array([keys.index(key) for key in numbers])
    return Merged(first, of, np.bincount(of).astype(float))
