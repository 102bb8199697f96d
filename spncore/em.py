"""Expectation maximisation for mixtures of factorised 0/1 distributions: normalise the data flows, and repeat."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.datasets import Dataset
from spncore.mixture import Evaluator
from spncore.objectives import Bag, Objective, data_and_partition

Floats = NDArray[np.float64]
_SMALLEST = 1e-4  # probabilities stay this far from 0 and 1, and weights above it times 1/K


class Mixture(NamedTuple):
    """`weights` (K,) adding to 1; `probabilities` (K, D) of a 1; `llh` nats per row at these parameters."""

    weights: Floats
    probabilities: Floats
    llh: float


def _data_alone(bag: Bag, log_partition: float) -> Floats:
    return np.maximum(bag.weights, 0.0)


DATA_FLOW = Objective(data_and_partition, _data_alone)


def fit_mixture(dataset: Dataset, num_components: int, rng: np.random.Generator, iterations: int = 200) -> Mixture:
    """EM from random probabilities around the data's marginals; stops early when a step gains under 1e-7 nats per row.

    Dempster, Laird & Rubin (1977). Every flow is a posterior mean; weights and probabilities become flows, normalised.
    """
    marginals = dataset.counts @ dataset.rows / dataset.num_rows
    spread = rng.uniform(-0.25, 0.25, (num_components, dataset.num_variables))
    probabilities = np.clip(marginals + spread, 0.05, 0.95)
    weights = np.full(num_components, 1.0 / num_components)
    evaluator = Evaluator(data_and_partition(dataset), DATA_FLOW)
    previous = -np.inf
    for iteration in range(iterations + 1):
        seen = evaluator(weights[None], np.stack([1.0 - probabilities, probabilities])[None])
        llh = float(seen.llh[0])
        if llh - previous < 1e-7 or iteration == iterations:
            break
        previous = llh
        weights = np.maximum(seen.flow[0], _SMALLEST / num_components)
        weights /= weights.sum()
        zeros, ones = seen.leaf_flow[0]
        probabilities = np.clip(ones / np.maximum(ones + zeros, 1e-300), _SMALLEST, 1.0 - _SMALLEST)
    return Mixture(weights, probabilities, llh)
