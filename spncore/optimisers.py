"""Learners as (init, update) pairs over arrays; they know nothing of circuits, weights or floors.

`update(gradient, state) -> (increment, state)`; the increment is added to the parameters. Leading axes (seeds) are
treated alike, so a batch of runs gives the same numbers as the runs one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
OptimiserState = tuple[Floats, ...]


class Optimiser(NamedTuple):
    """`init(parameters)` gives the state that `update` carries from step to step."""

    init: Callable[[Floats], OptimiserState]
    update: Callable[[Floats, OptimiserState], tuple[Floats, OptimiserState]]


def gradient_ascent(learning_rate: float) -> Optimiser:
    """Increment = η · gradient; no state."""

    def update(gradient: Floats, state: OptimiserState) -> tuple[Floats, OptimiserState]:
        return learning_rate * gradient, state

    return Optimiser(init=lambda parameters: (), update=update)


OPTIMISERS: Mapping[str, Callable[[float], Optimiser]] = {"gradient_ascent": gradient_ascent}
