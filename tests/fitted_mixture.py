"""EM for a mixture of factorised components, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spncore import Dataset
from spncore.arrays import Floats
from spncore.circuits.circuit import mixture
from spncore.learning import em


class Mixture(NamedTuple):
    """`weights` (K,) adding to 1; `probabilities` (K, D) of a 1; `llh` nats per row at these parameters."""

    weights: Floats
    probabilities: Floats
    llh: float


def fit_mixture(dataset: Dataset, num_components: int, rng: np.random.Generator, iterations: int = 200) -> Mixture:
    """`em.fit` for K factorised components."""
    found = em.fit(mixture(num_components, dataset.num_variables), dataset, rng, iterations)
    (weights,), (leaf_weights,) = found.model.parameters
    return Mixture(weights[0, 0], leaf_weights[1], found.llh)
