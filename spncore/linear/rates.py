"""How many updates a linear network needs at each learning rate, all rates in lockstep; and which rate is its best.

Models are compared fairly at each one's own best rate, so the search must be quick enough to sit behind a page.
Layers of width 1 are a vector times equal scalars, and then all rates fit into one array.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.linear.network import DIVERGED, LinearExperiment, LinearInfo, regression_problem, run

TARGET = 1e-6  # times the loss at the start
FOLLOWED = 100  # updates beyond twice those that reached the target: is it kept?
NOT_YET = -1  # in place of a number of updates
PER_DECADE = 192  # rates that may be tried, about 1 % apart
COARSE, FINE = 16, 4  # every so many of them: everywhere, where the target is reached or lost
NEAR = 4  # so many to either side, 5 %, are the neighbours of a rate
ALIKE = 0.2  # counts of neighbours that differ by less, or by one update, are about the same


class RateOutcome(NamedTuple):
    """Updates until the target at one learning rate; None when it was not reached, `diverged` says which way.

    `lost`: it is lost again within as many updates and FOLLOWED more.
    """

    learning_rate: float
    updates: int | None
    diverged: bool = False
    lost: bool = False


class BestRate(NamedTuple):
    """The rate that needs the fewest updates; `fewest` and `most` are those of its neighbours and itself.

    `interior` says that it is no end of the rates that were tried.
    """

    learning_rate: float
    updates: int
    fewest: int
    most: int
    interior: bool


class Search(NamedTuple):
    """All rates tried, rising, and the best of them; None where no rate is steady."""

    outcomes: tuple[RateOutcome, ...]
    best: BestRate | None


def grid(low: float, high: float) -> list[float]:
    """The rates that may be tried, in equal ratios, to six digits; the ends are among them."""
    points = round(float(np.log10(high / low)) * PER_DECADE) + 1
    return [float(f"{rate:.6g}") for rate in np.geomspace(low, high, max(points, 2))]


class Course(NamedTuple):
    """A run to the target and on: what is seen at its states, the updates that reach the target, and that lose it."""

    infos: list[LinearInfo]
    needed: int | None
    lost: int | None


def follow(experiment: LinearExperiment, target: float = TARGET) -> Course:
    """Run until the loss is at most `target` times its start, within the experiment's updates, and as long again."""
    needed, end, infos = None, experiment.iterations, list[LinearInfo]()
    for state, info in run(replace(experiment, iterations=2 * end + FOLLOWED)):
        infos.append(info)
        if needed is None and info.loss <= target * infos[0].loss:
            needed, end = state.iteration, 2 * state.iteration + FOLLOWED
        if needed is not None and info.loss > target * infos[0].loss:
            return Course(infos, needed, state.iteration)
        if state.iteration == end:
            break
    thrown = needed is not None and infos[-1].stopped
    return Course(infos, needed, len(infos) if thrown else None)


def updates_to(experiment: LinearExperiment, target: float = TARGET) -> RateOutcome:
    """Updates until the loss is at most `target` times its start, at the experiment's own rate and any width."""
    infos, needed, lost = follow(experiment, target)
    diverged = needed is None and bool(infos[-1].stopped)
    return RateOutcome(experiment.learning_rate, needed, diverged, lost is not None)


def outcomes_by_rate(
    experiment: LinearExperiment, learning_rates: Sequence[float], target: float = TARGET
) -> list[RateOutcome]:
    """The outcome at each rate, in the order given; the experiment's own rate does not matter."""
    if experiment.width > 1 and experiment.num_layers > 1:
        return [updates_to(replace(experiment, learning_rate=rate), target) for rate in learning_rates]
    return _in_lockstep(experiment, np.array(learning_rates), target)


def search(experiment: LinearExperiment, low: float, high: float, target: float = TARGET) -> Search:
    """Try rates from `low` to `high`, more where the target is reached or lost, all around the best; and judge them.

    The best is the *steady* rate that needs the fewest updates, the larger of equals. At a steady rate the target is
    kept, and so it is at all neighbours, which need about as many updates: a huge step that lands beside the solution
    is luck, and at the edge of stability a count can hang on the order of arithmetic.
    """
    rates, found = grid(low, high), dict[int, RateOutcome]()

    def try_at(places: Iterable[int]) -> None:
        new = [place for place in places if place not in found]
        outcomes = outcomes_by_rate(experiment, [rates[place] for place in new], target) if new else []
        found.update(zip(new, outcomes, strict=True))

    try_at({*range(0, len(rates), COARSE), len(rates) - 1})
    try_at([at for a, b in pairwise(sorted(found)) if _telling(found[a], found[b]) for at in range(a, b, FINE)])
    while (place := _candidate(found, len(rates))) is not None:
        near = _near(place, len(rates))
        if found.keys() >= set(near):
            counts = [found[each].updates or 0 for each in near]
            interior = len(near) == 2 * NEAR + 1
            best = BestRate(rates[place], found[place].updates or 0, min(counts), max(counts), interior)
            return Search(tuple(sorted(found.values())), best)
        try_at(_near(place, len(rates), 2 * NEAR))
    return Search(tuple(sorted(found.values())), None)


def _candidate(found: Mapping[int, RateOutcome], num_rates: int) -> int | None:
    """The place with the fewest updates that is steady as far as its neighbours were tried."""
    reached = [(each.updates, -place) for place, each in found.items() if each.updates is not None]
    for _, place in sorted(reached):
        if all(_alike(found[each], found[-place]) for each in _near(-place, num_rates) if each in found):
            return -place
    return None


def _near(place: int, num_rates: int, width: int = NEAR) -> range:
    return range(max(place - width, 0), min(place + width + 1, num_rates))


def _alike(each: RateOutcome, at: RateOutcome) -> bool:
    """Whether a rate reaches and keeps the target with about as many updates."""
    if each.updates is None or at.updates is None or each.lost:
        return False
    return abs(each.updates - at.updates) <= max(1.0, ALIKE * at.updates)


def _telling(first: RateOutcome, second: RateOutcome) -> bool:
    """Whether more is to be learned between two rates: one reaches the target, or one alone diverges."""
    reached = first.updates is not None or second.updates is not None
    return reached or first.diverged != second.diverged


def _in_lockstep(experiment: LinearExperiment, rates: Floats, target: float) -> list[RateOutcome]:
    """Gradient descent on w = w₁ s^(L−1) at R rates at once; the scalars start equal, so they stay equal."""
    inputs, targets = regression_problem(experiment)
    p, scalars = experiment.p, experiment.num_layers - 1
    first = np.full((len(rates), experiment.dimension), experiment.init_scale)  # (R, D)
    scalar = np.full((len(rates), 1), experiment.init_scale)
    alive, eta = np.arange(len(rates)), rates[:, None]
    arrived, end = np.full(len(rates), NOT_YET), np.full(len(rates), experiment.iterations)
    found = [RateOutcome(rate, None) for rate in rates.tolist()]
    goal = limit = np.nan
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that overflows is dropped in the same pass
        for done in range(2 * experiment.iterations + FOLLOWED + 1):
            above = scalar**scalars
            residual = (above * first) @ inputs.T - targets  # (R, N)
            slope = residual if p == 2 else residual**3
            loss = np.add.reduce(slope * residual, axis=1) / p
            if done == 0:
                goal, limit = target * loss[0], DIVERGED * loss[0]
            there, inside = loss <= goal, loss <= limit  # false for NaN
            new = there & (arrived == NOT_YET)
            arrived[new], end[new] = done, 2 * done + FOLLOWED
            going = inside & (there | (arrived == NOT_YET)) & (done < end)
            if not going.all():
                for place in np.flatnonzero(~going):
                    updates = None if arrived[place] == NOT_YET else int(arrived[place])
                    thrown = not inside[place] and updates is None
                    lost = updates is not None and not there[place]
                    found[alive[place]] = RateOutcome(float(eta[place, 0]), updates, thrown, lost)
                alive, eta, first, scalar = alive[going], eta[going], first[going], scalar[going]
                arrived, end, slope, above = arrived[going], end[going], slope[going], above[going]
            if not len(alive):
                break
            gradient = slope @ inputs  # (R, D)
            before, first = first, first - (eta * above if scalars else eta) * gradient
            if scalars:
                along = np.add.reduce(before * gradient, axis=1, keepdims=True)
                scalar = scalar - eta * scalar ** (scalars - 1) * along
    return found
