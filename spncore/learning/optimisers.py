"""Learners as (init, update) pairs over arrays; they know nothing of circuits, weights or floors.

`update(gradient, state) -> (increment, state)`; the increment is added to the parameters. Leading axes (seeds) are
treated alike, so a batch of runs gives the same numbers as the runs one by one. Every state is a tuple of arrays with
the same leading axes. All take a learning rate η and a momentum coefficient μ; those without a momentum ignore μ.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats

OptimiserState = tuple[Floats, ...]
Update = tuple[Floats, OptimiserState]

_FIRST_DECAY, _SECOND_DECAY = 0.9, 0.999  # β₁ and β₂ of Adam, as its authors recommend
_SMALL = 1e-8  # ε, added to a root mean square so that a gradient of zero gives no step


class Optimiser(NamedTuple):
    """`init(parameters)` gives the state that `update` carries from step to step."""

    init: Callable[[Floats], OptimiserState]
    update: Callable[[Floats, OptimiserState], Update]


def _at_rest(parameters: Floats) -> OptimiserState:
    return (np.zeros_like(parameters),)


def _unmoved(parameters: Floats) -> OptimiserState:
    return *_at_rest(parameters), *_at_rest(parameters), np.zeros((*parameters.shape[:-1], 1))


def gradient_ascent(learning_rate: float, momentum: float, gradient: Floats, state: OptimiserState) -> Update:
    """Increment = η · gradient; no state."""
    return learning_rate * gradient, state


def heavy_ball(learning_rate: float, momentum: float, gradient: Floats, state: OptimiserState) -> Update:
    """Velocity v ← μ v + η · gradient, which is the increment; Polyak (1964). μ = 0 is gradient ascent."""
    velocity = momentum * state[0] + learning_rate * gradient
    return velocity, (velocity,)


def nesterov(learning_rate: float, momentum: float, gradient: Floats, state: OptimiserState) -> Update:
    """v ← μ v + η · gradient, increment = μ v + η · gradient: the gradient is taken where the velocity leads.

    Nesterov (1983) as in Sutskever, Martens, Dahl & Hinton (2013), with the shift of variables of Bengio,
    Boulanger-Lewandowski & Pascanu (2013): the parameters are the point looked ahead to.
    """
    step = learning_rate * gradient
    velocity = momentum * state[0] + step
    return momentum * velocity + step, (velocity,)


def adagrad(learning_rate: float, momentum: float, gradient: Floats, state: OptimiserState) -> Update:
    """Increment = η · gradient / (ε + √Σ gradient²), the sum over all steps so far; Duchi, Hazan & Singer (2011)."""
    squares = state[0] + gradient * gradient
    return learning_rate * gradient / (_SMALL + np.sqrt(squares)), (squares,)


def adam(learning_rate: float, momentum: float, gradient: Floats, state: OptimiserState) -> Update:
    """Increment = η m̂ / (√v̂ + ε), m̂ and v̂ running means of gradient and gradient², freed from their zero start.

    Kingma & Ba (2015), Algorithm 1. The state is m, v (..., P) and the number of steps (..., 1).
    """
    first = _FIRST_DECAY * state[0] + (1.0 - _FIRST_DECAY) * gradient
    second = _SECOND_DECAY * state[1] + (1.0 - _SECOND_DECAY) * (gradient * gradient)
    count = state[2] + 1.0
    mean, square = first / (1.0 - _FIRST_DECAY**count), second / (1.0 - _SECOND_DECAY**count)
    return learning_rate * mean / (np.sqrt(square) + _SMALL), (first, second, count)


def _made(
    update: Callable[[float, float, Floats, OptimiserState], Update],
    init: Callable[[Floats], OptimiserState] = _at_rest,
) -> Callable[[float, float], Optimiser]:
    return lambda learning_rate, momentum: Optimiser(init, partial(update, learning_rate, momentum))


# Each is made from η and μ.
OPTIMISERS: Mapping[str, Callable[[float, float], Optimiser]] = {
    "gradient_ascent": _made(gradient_ascent, lambda parameters: ()),
    "momentum": _made(heavy_ball),
    "nesterov": _made(nesterov),
    "adagrad": _made(adagrad),
    "adam": _made(adam, _unmoved),
}
