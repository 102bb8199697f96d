"""How many steps a linear network needs at each learning rate of a grid, all rates in lockstep.

Models are compared fairly at each one's own best rate, so the search must be quick enough to sit behind a page.
Layers of width 1 are a vector times equal scalars, and then every rate of a grid fits into one array.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.linear.network import DIVERGED, LinearExperiment, regression_problem, run

TARGET = 1e-6  # times the loss at the start
WAIT_FOR = 4  # rates that must have reached the target before patience runs


class RateOutcome(NamedTuple):
    """Updates until the target at one learning rate; None when it was not reached, `diverged` says which way."""

    learning_rate: float
    iterations: int | None
    diverged: bool = False


def iterations_to(experiment: LinearExperiment, target: float = TARGET) -> RateOutcome:
    """Updates until the loss is at most `target` times its start, at the experiment's own rate and any width."""
    goal = -1.0
    for iteration, (_, info) in enumerate(run(experiment)):
        goal = target * info.loss if iteration == 0 else goal
        if info.loss <= goal:
            return RateOutcome(experiment.learning_rate, iteration)
    return RateOutcome(experiment.learning_rate, None, bool(info.stopped))


def outcomes_by_rate(
    experiment: LinearExperiment, learning_rates: Sequence[float], target: float = TARGET, patience: float = np.inf
) -> list[RateOutcome]:
    """The outcome at each rate of the grid, in the order given; the experiment's own rate does not matter.

    Stops once the slowest has had `patience` times the updates of the fourth that reached the target: the first few
    may be luck.
    """
    if experiment.width > 1 and experiment.num_layers > 1:
        return [iterations_to(replace(experiment, learning_rate=rate), target) for rate in learning_rates]
    return _in_lockstep(experiment, np.array(learning_rates), target, patience)


def best_rate(
    experiment: LinearExperiment, outcomes: Sequence[RateOutcome], target: float = TARGET
) -> RateOutcome | None:
    """The rate that needs the fewest updates, the larger of equals; None if no rate reaches the target.

    Luck is passed over. A huge step may land beside the solution: the next smaller rate of the grid must need at most
    three times as many. And at the edge of stability a count can hang on the order of arithmetic: each candidate is
    run once more by itself, and its count must not change by more than a tenth.
    """
    ordered = sorted(outcomes)
    reached = [
        outcome
        for smaller, outcome in zip([ordered[0], *ordered], ordered, strict=False)
        if outcome.iterations is not None and not _lucky(outcome.iterations, smaller, experiment.iterations)
    ]
    for first in sorted(reached, key=lambda outcome: (outcome.iterations, -outcome.learning_rate)):
        expected = first.iterations or 0
        budget = min(experiment.iterations, 1 + expected + max(2, expected // 10))
        again = iterations_to(replace(experiment, learning_rate=first.learning_rate, iterations=budget), target)
        if again.iterations is not None and 10 * again.iterations >= 9 * expected:
            return again
    return None


def _lucky(iterations: int, smaller: RateOutcome, budget: int) -> bool:
    """Whether the next smaller rate needs over three times as many; where the budget ends before, nobody knows."""
    if smaller.iterations is None:
        return smaller.diverged or 3 * iterations <= budget
    return smaller.iterations > 3 * iterations


def _in_lockstep(experiment: LinearExperiment, rates: Floats, target: float, patience: float) -> list[RateOutcome]:
    """Gradient descent on w = w₁ s^(L−1) at R rates at once; the scalars start equal, so they stay equal."""
    inputs, targets = regression_problem(experiment)
    p, scalars = experiment.p, experiment.num_layers - 1
    first = np.full((len(rates), experiment.dimension), experiment.init_scale)  # (R, D)
    scalar = np.full((len(rates), 1), experiment.init_scale)
    alive, eta, last = np.arange(len(rates)), rates[:, None], experiment.iterations
    found = [RateOutcome(rate, None) for rate in rates.tolist()]
    goal = limit = np.nan
    num_reached = 0
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that overflows is dropped in the same pass
        for iteration in range(experiment.iterations):
            above = scalar**scalars
            residual = (above * first) @ inputs.T - targets  # (R, N)
            slope = residual if p == 2 else residual**3
            loss = np.add.reduce(slope * residual, axis=1) / p
            if iteration == 0:
                goal, limit = target * loss[0], DIVERGED * loss[0]
            going = (loss > goal) & (loss <= limit)  # false for NaN
            if not going.all():
                for place in np.flatnonzero(~going):
                    reached = bool(loss[place] <= goal)
                    rate = float(eta[place, 0])
                    found[alive[place]] = RateOutcome(rate, iteration if reached else None, not reached)
                    num_reached += reached
                    if num_reached == WAIT_FOR and patience < np.inf:
                        last = min(last, int(patience * iteration))
                alive, eta, first, scalar = alive[going], eta[going], first[going], scalar[going]
                slope, above = slope[going], above[going]
            if iteration >= last or not len(alive):
                break
            gradient = slope @ inputs  # (R, D)
            before, first = first, first - (eta * above if scalars else eta) * gradient
            if scalars:
                along = np.add.reduce(before * gradient, axis=1, keepdims=True)
                scalar = scalar - eta * scalar ** (scalars - 1) * along
    return found
