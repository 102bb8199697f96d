"""The learners to compare by name: a geometry of the weights, an optimiser, and the flows they need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.learning.optimisers import OPTIMISERS, Optimiser
from spncore.learning.parametrisation import PARAMETRISATIONS, Parametrisation, expectation, exponentiated, projected
from spncore.learning.simplex import Groups


class Learner(NamedTuple):
    """How a learner turns flows into a step.

    `geometry` is its own way from parameters to weights, None for the user's parametrisation; `optimiser` a name of
    OPTIMISERS; `data_flow_only` whether it takes the data's flows without the partition function's; `fixed_rate` the
    learning rate it insists on, None for the user's, which may not exceed `largest_rate`.
    """

    geometry: Callable[[float, Groups], Parametrisation] | None
    optimiser: str
    data_flow_only: bool = False
    fixed_rate: float | None = None
    largest_rate: float = math.inf


LEARNERS: Mapping[str, Learner] = {
    **{name: Learner(None, name) for name in OPTIMISERS},
    "exponentiated_gradient": Learner(exponentiated, "gradient_ascent"),
    "projected_gradient": Learner(projected, "gradient_ascent"),
    "em": Learner(expectation, "gradient_ascent", data_flow_only=True, fixed_rate=1.0),
    "online_em": Learner(expectation, "gradient_ascent", data_flow_only=True, largest_rate=1.0),
}


TITLES: Mapping[str, str] = {
    "gradient_ascent": "gradient ascent",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "adam": "Adam",
    "exponentiated_gradient": "exponentiated gradient",
    "projected_gradient": "projected gradient",
    "em": "EM",
    "online_em": "online EM",
}
TAKES_MOMENTUM = ("momentum", "nesterov")


def title(name: str, momentum: float) -> str:
    """What a learner is called, with its momentum where it has one: `momentum 0.9`."""
    return f"{TITLES[name]} {momentum:g}" if name in TAKES_MOMENTUM else TITLES[name]


def prepare(
    name: str, parametrisation: str, groups: Groups, floor: float, learning_rate: float, momentum: float
) -> tuple[Parametrisation, Optimiser]:
    """The two halves of a learner, ready to step; ValueError if it cannot take steps of this learning rate."""
    learner = LEARNERS[name]
    if learning_rate > learner.largest_rate:
        raise ValueError(
            f"learning rate: {name} takes steps of at most {learner.largest_rate:g}, got {learning_rate:g}; choose less"
        )
    rate = learning_rate if learner.fixed_rate is None else learner.fixed_rate
    geometry = learner.geometry or PARAMETRISATIONS[parametrisation]
    return geometry(floor, groups), OPTIMISERS[learner.optimiser](rate, momentum)


def weights_of(name: str, parametrisation: str, parameters: Floats, num_trained: int) -> Floats:
    """The weights that a learner's saved parameters (..., P) stand for; the trained ones come first."""
    geometry = LEARNERS[name].geometry
    if geometry is exponentiated:  # weights that are held stand as they are
        return np.concatenate([np.exp(parameters[..., :num_trained]), parameters[..., num_trained:]], axis=-1)
    return np.exp(parameters) if geometry is None and parametrisation == "log" else parameters
