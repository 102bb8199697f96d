"""From free parameters to positive weights, and flows pulled back to gradients of the parameters.

A backward pass yields one flow per weight, flow = weight · ∂𝓛/∂weight. Its gradient in the parameter is flow/weight
for `linear` (parameter = weight, kept above a floor) and the flow itself for `log` (weight = exp(parameter)).
The other three keep the weights of every group adding to one, and start from the given weights, normalised.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.learning import simplex
from spncore.learning.simplex import Groups
from spncore.plan import whole

_ROUNDING = 1e-15  # w + (floor − w) misses the floor by this much, and held weights are counted by equality


def _same(values: Floats) -> Floats:
    return values


def _derivative(weights: Floats, flows: Floats) -> Floats:
    return flows / weights


class Parametrisation(NamedTuple):
    """Four maps between parameters and weights; arrays keep their shape (..., P). `floor` is the least weight.

    On a simplex the floor is lower in large groups: see `simplex.Groups.bounds`. `project` may be used on a start, too.
    A weight that starts at 0 is structure: its parameter is `zero` and stays, and none of the maps is asked about it.
    """

    floor: float
    parameters: Callable[[Floats], Floats]  # weights -> parameters
    project: Callable[[Floats], Floats]  # after a step: back into the allowed set
    weights: Callable[[Floats], Floats] = _same  # parameters -> weights
    gradient: Callable[[Floats, Floats], Floats] = _derivative  # weights, flows -> gradient in the parameters
    zero: float = 0.0  # the parameter of a weight of 0


def linear(floor: float, groups: Groups | None) -> Parametrisation:
    """Parameters are the weights; after a step every one is lifted to at least `floor`, as the released script does."""
    return Parametrisation(
        floor=floor,
        parameters=np.copy,
        project=lambda parameters: np.maximum(parameters, floor),
    )


def log(floor: float, groups: Groups | None) -> Parametrisation:
    """Parameters are log-weights; the gradient is the flow: a step multiplies by exp(η · flow). There is no floor."""
    return Parametrisation(
        floor=0.0,
        parameters=np.log,
        weights=np.exp,
        gradient=lambda weights, flows: flows,
        project=_same,
        zero=-np.inf,
    )


def exponentiated(floor: float, groups: Groups) -> Parametrisation:
    """Log-weights moved by ∂𝓛/∂w, then normalised: a step is w ← w exp(η ∂𝓛/∂w) / sum, nothing under the floor (> 0).

    Exponentiated gradient: Kivinen & Warmuth (1997), for mixtures Helmbold, Schapire, Singer & Warmuth (1997). The step
    exp(η · flow), which is sometimes called by this name, is not it: that is gradient ascent in log-weights, `log`, and
    what a scale that is on no simplex takes here.
    """
    log_bounds = np.log(groups.bounds(floor))

    def project(parameters: Floats) -> Floats:
        below = parameters - simplex.spread(simplex.largest(parameters, groups), groups, 0.0)
        weights = np.exp(np.where(groups.of < 0, 0.0, below))  # at most 1: no overflow
        on_simplex = np.log(simplex.normalise(weights, groups, floor))
        return np.where(groups.of < 0, np.maximum(parameters, log_bounds), on_simplex)

    return Parametrisation(
        floor=float(np.exp(np.log(floor))),  # as a weight held at the floor reads, to the last bit
        parameters=lambda weights: np.log(_normalised(weights, groups, floor)),
        weights=np.exp,
        gradient=lambda weights, flows: np.where(groups.of < 0, flows, flows / weights),
        project=project,
        zero=-np.inf,
    )


def projected(floor: float, groups: Groups) -> Parametrisation:
    """Parameters are the weights; after a step each group goes to the nearest point of its simplex above the floor.

    Projected gradient, with the projection of Duchi, Shalev-Shwartz, Singer & Chandra (2008).
    """
    bounds = groups.bounds(floor)
    return Parametrisation(
        floor=floor,
        parameters=lambda weights: _normalised(weights, groups, floor),
        project=lambda parameters: np.maximum(simplex.project(parameters, groups, floor), bounds),
    )


def expectation(floor: float, groups: Groups) -> Parametrisation:
    """Parameters are the weights; the direction leads to the normalised flows: a step of 1 is EM, less is online EM.

    The flows must be those of the data alone (posterior means, ≥ 0). Dempster, Laird & Rubin (1977); Cappé & Moulines
    (2009), for circuits Peharz et al. (2020). A group that no flow reached, and a weight in no group, stay as they are.
    What lies between two points of the simplex is on it, so that nothing is normalised again.
    """
    bounds = groups.bounds(floor)
    nearly = bounds + _ROUNDING

    def gradient(weights: Floats, flows: Floats) -> Floats:
        target = simplex.normalise(flows, groups, floor, weights)
        if not simplex.all_in_groups(groups):
            target = np.where(groups.of < 0, weights, target)
        return target - weights

    @whole
    def project(parameters: Floats) -> Floats:
        return np.where(parameters <= nearly, bounds, parameters)

    return Parametrisation(
        floor=floor,
        parameters=lambda weights: _normalised(weights, groups, floor),
        gradient=gradient,
        project=project,
    )


def _normalised(weights: Floats, groups: Groups, floor: float) -> Floats:
    """Groups normalised; a weight in no group at least the floor."""
    return np.maximum(simplex.normalise(weights, groups, floor), groups.bounds(floor))


PARAMETRISATIONS: Mapping[str, Callable[[float, Groups | None], Parametrisation]] = {"linear": linear, "log": log}
