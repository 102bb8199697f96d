"""From free parameters to positive weights, and flows pulled back to gradients of the parameters.

A backward pass yields one flow per weight, flow = weight · ∂𝓛/∂weight. Its gradient in the parameter is flow/weight
for `linear` (parameter = weight, kept above a floor) and the flow itself for `log` (weight = exp(parameter)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Parametrisation(NamedTuple):
    """Four elementwise maps between parameters and weights; arrays keep their shape. `floor` is the least weight."""

    floor: float
    parameters: Callable[[Floats], Floats]  # weights -> parameters
    weights: Callable[[Floats], Floats]  # parameters -> weights
    gradient: Callable[[Floats, Floats], Floats]  # weights, flows -> gradient in the parameters
    project: Callable[[Floats], Floats]  # after a step: back into the allowed set


def linear(floor: float) -> Parametrisation:
    """Parameters are the weights; after a step every one is lifted to at least `floor`, as the released script does."""
    return Parametrisation(
        floor=floor,
        parameters=np.copy,
        weights=lambda parameters: parameters,
        gradient=lambda weights, flows: flows / weights,
        project=lambda parameters: np.maximum(parameters, floor),
    )


def log(floor: float) -> Parametrisation:
    """Parameters are log-weights; the gradient is the flow: a step multiplies by exp(η · flow). There is no floor."""
    return Parametrisation(
        floor=0.0,
        parameters=np.log,
        weights=np.exp,
        gradient=lambda weights, flows: flows,
        project=lambda parameters: parameters,
    )


PARAMETRISATIONS: Mapping[str, Callable[[float], Parametrisation]] = {"linear": linear, "log": log}
