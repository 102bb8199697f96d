"""The learners to compare by name: a geometry of the weights, an optimiser, and the flows they need."""

import math
from collections.abc import Callable, Mapping, Sequence
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


class LearnerSettings(NamedTuple):
    """How to learn: names of LEARNERS and PARAMETRISATIONS, and their numbers; `batch_size` 0 means all rows."""

    optimiser: str = "gradient_ascent"
    parametrisation: str = "linear"
    floor: float = 1e-4
    learning_rate: float = 0.01
    momentum: float = 0.9
    batch_size: int = 0
    train_components: bool = True
    seeds: range = range(1)


def joined(settings: Sequence[LearnerSettings]) -> LearnerSettings:
    """Settings of one seed each as those of all: numbers that differ stand in columns (S, 1)."""
    names = "floor", "learning_rate", "momentum"
    columns = {name: np.array([[getattr(each, name)] for each in settings]) for name in names}
    alike = {name: column[0, 0].item() if (column == column[0]).all() else column for name, column in columns.items()}
    return settings[0]._replace(**alike)  # type: ignore[arg-type]  # the optimisers take either


def prepare(settings: LearnerSettings, groups: Groups) -> tuple[Parametrisation, Optimiser]:
    """The two halves of a learner, ready to step; ValueError if it cannot take steps of this learning rate."""
    learner, rate = LEARNERS[settings.optimiser], settings.learning_rate
    if np.max(rate) > learner.largest_rate:
        raise ValueError(
            f"learning rate: {settings.optimiser} takes steps of at most {learner.largest_rate:g}, got {rate:g}; "
            "choose less"
        )
    rate = rate if learner.fixed_rate is None else learner.fixed_rate
    geometry = learner.geometry or PARAMETRISATIONS[settings.parametrisation]
    return geometry(settings.floor, groups), OPTIMISERS[learner.optimiser](rate, settings.momentum)


def weights_of(name: str, parametrisation: str, parameters: Floats, num_trained: int) -> Floats:
    """The weights that a learner's saved parameters (..., P) stand for; the trained ones come first."""
    geometry = LEARNERS[name].geometry
    if geometry is exponentiated:  # weights that are held stand as they are
        return np.concatenate([np.exp(parameters[..., :num_trained]), parameters[..., num_trained:]], axis=-1)
    return np.exp(parameters) if geometry is None and parametrisation == "log" else parameters
