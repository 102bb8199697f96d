"""The shallow network driven by a deep run's recorded rates: the same curve, so depth is a rule for step sizes.

Trapp et al. (2019), Observation 1. With the recorded ρ(t) and λ(t) the curves agree up to O(η²) per step; with the
exact factors ∏_l (1 + s_l) they agree to rounding, as long as no weight sits at the floor.
"""

from collections.abc import Callable
from itertools import islice
from typing import Literal

import numpy as np

from spncore.arrays import Floats
from spncore.dynamics import steps
from spncore.learning.trainer import Trainer
from spncore.loop import until, when
from spncore.runs.trace import Trace
from spncore.runs.training import learner_of

_State = tuple[int, Floats, Floats]  # t; weights (S, K); parameters (S, P), of which only the leaves' are used


def replay(
    trace: Trace, form: Literal["first_order", "exact"], report: Callable[[int, int], object] = lambda done, total: None
) -> Floats:
    """LLH (S, T) of the shallow network whose weights step by recorded rates and whose leaves train as the deep run's.

    `first_order`: w ← w + ρ∇w + λw with its own gradient; `exact`: w ← w ∏_l (1 + s_l). Weights stay positive: one that
    a first-order step would carry below zero is held at a thousandth of its value. Where steps are so large that the
    replay leaves the finite numbers, its curve is NaN from there on. `report(done, total)` is told of every step, and
    may raise.
    """
    trainer, settings = Trainer(trace.problem, learner_of(trace.experiment)), trace.experiment

    def step(state: _State) -> tuple[_State, Floats]:
        t, weights, parameters = state
        row = trainer.weights(parameters)
        _, inputs = trace.problem.split(row)
        seen = trainer.evaluator(weights, inputs)
        if form == "exact":
            recorded = trace.weights[:, t], trace.flow[:, t], trace.sums
            stepped = weights * steps.exact_factors(*recorded, *settings.rates_at(t))
        else:
            stepped = steps.first_order_step(weights, seen.flow / weights, trace.rho[:, t], trace.lam[:, t])
        if settings.train_components:
            gradient = trainer.gradient(row, trainer.flows(seen.flow, seen.moments, inputs))
            parameters = trainer.moved(parameters, settings.rates_at(t)[0] * gradient)
        return (t + 1, np.maximum(stepped, 1e-3 * weights), parameters), seen.llh

    llh = np.full_like(trace.llh, np.nan)
    start = 0, trace.effective_weights[:, 0].copy(), trainer.init().parameters
    with np.errstate(all="ignore"):
        steps_taken = islice(until(step, start, when(lambda seen: not np.isfinite(seen).all())), llh.shape[1])
        for t, (_, seen) in enumerate(steps_taken):
            llh[:, t] = seen if np.isfinite(seen).all() else np.nan
            report(t + 1, llh.shape[1])
    return llh
