"""The shallow network driven by a deep run's recorded rates: the same curve, so depth is a rule for step sizes.

Trapp et al. (2019), Observation 1. With the recorded ρ(t) and λ(t) the curves agree up to O(η²) per step; with the
exact factors ∏_l (1 + s_l) they agree to rounding, as long as no weight sits at the floor.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.dynamics import steps
from spncore.runs.trace import Trace
from spncore.runs.training import Trainer


def replay(trace: Trace, form: Literal["first_order", "exact"], dataset: Dataset | None = None) -> Floats:
    """LLH (S, T) of the shallow network whose weights step by recorded rates and whose leaves train as the deep run's.

    `first_order`: w ← w + ρ∇w + λw with its own gradient; `exact`: w ← w ∏_l (1 + s_l). Weights stay positive: one that
    a first-order step would carry below zero is held at a thousandth of its value. Where steps are so large that the
    replay leaves the finite numbers, its curve is NaN from there on.
    """
    trainer = Trainer(trace.experiment, dataset)
    state = trainer.init()
    factors = _exact_factors(trace) if form == "exact" else None
    weights = trace.effective_weights[:, 0].copy()
    parameters = state.parameters  # of the sums, too: those are not used
    llh = np.full_like(trace.llh, np.nan)
    with np.errstate(all="ignore"):
        for t in range(llh.shape[1]):
            row = trainer.weights(parameters)
            _, inputs = trainer.split(row)
            seen = trainer.evaluator(weights, inputs)
            if not np.isfinite(seen.llh).all():
                break
            llh[:, t] = seen.llh
            if factors is not None:
                stepped = weights * factors[:, t]
            else:
                stepped = steps.first_order_step(weights, seen.flow / weights, trace.rho[:, t], trace.lam[:, t])
            weights = np.maximum(stepped, 1e-3 * weights)
            if trace.experiment.train_components:
                gradient = trainer.gradient(row, trainer.flows(seen, inputs))
                parameters = trainer.moved(parameters, trace.experiment.learning_rate * gradient)
    return llh


def _exact_factors(trace: Trace) -> Floats:
    settings = trace.experiment
    return steps.exact_factors(trace.weights, trace.flow, trace.sums, settings.learning_rate, settings.parametrisation)
