"""The learning rate that gets a run to its target in the fewest updates: a coarse grid, then finer ones.

A count at a best rate is only as sure as the rates that were tried. Between two of them another may be better, and at
the end of what was tried the best may lie beyond: both are kept with the best, so that no grid is taken for a result.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from spncore.limits import LIMITS
from spncore.studies.cells import tidied
from spncore.studies.statistics import median
from spncore.sweep import Outcome, SeedOutcome

NEAR = 1.1  # beside the best rate, rates are at most so many times apart
DIGITS = 12  # of a rate, so that rates which correspond are equal to all that matters
KEPT = 0.9  # of the gain of the best run of all rates
Outcomes = Mapping[float, Outcome]  # by rate


class Best(NamedTuple):
    """A best rate, whether slower ones were found on both sides, and `slack`: updates that the grid may have cost.

    `rate` is None where no rate gets there.
    """

    rate: float | None
    inside: bool
    slack: float


def best(outcomes: Outcomes) -> Best:
    """The rate with the smallest median of updates to the target, the smaller one of two.

    Slack is what a rate between it and its neighbours could save, were updates as the inverse of the rate; more where
    both neighbours are slower than that, for such a rate has been lucky.
    """
    rates, updates = sorted(outcomes), lasting(outcomes)
    rate = _fastest(updates)
    if rate is None:
        return Best(None, False, math.inf)
    place, needed = rates.index(rate), updates[rate]
    beside = [rates[each] for each in (place - 1, place + 1) if 0 <= each < len(rates)]
    apart = max((max(rate, other) / min(rate, other) for other in beside), default=math.inf)
    slower = min(updates[other] - needed for other in beside) if beside else math.inf
    return Best(rate, min(updates[rates[0]], updates[rates[-1]]) > needed, max(needed - needed / apart, slower))


def to_try(outcomes: Outcomes) -> list[float]:
    """The rates to try next: in the middle to neighbours of the best that are not near, and beyond an end as fast."""
    rates, updates = sorted(outcomes), lasting(outcomes)
    rate = _fastest(updates)
    if rate is None:
        return []
    apart = [(low, high) for low, high in pairwise(rates) if rate in (low, high) and high > NEAR * low]
    middles = [tidied(math.sqrt(low * high), DIGITS) for low, high in apart]
    ends = ((rates[0], max(rates[0] / 2, LIMITS.smallest_rate)), (rates[-1], min(2 * rates[-1], LIMITS.largest_rate)))
    return middles + [beyond for end, beyond in ends if updates[end] == updates[rate] and beyond != end]


def lasting(outcomes: Outcomes) -> dict[float, float]:
    """By rate the median of updates to the target, infinite where it is not reached.

    A run counts only if it keeps what it won: it ends within a tenth of the gain of its seed's best end at any rate.
    """
    ends: dict[int, float] = {}
    for outcome in outcomes.values():
        for seed in outcome.seeds:
            if seed.final_llh is not None:
                ends[seed.seed] = max(seed.final_llh, ends.get(seed.seed, seed.final_llh))
    found = {rate: median([_lasting(seed, ends) for seed in outcome.seeds]) for rate, outcome in outcomes.items()}
    return {rate: math.inf if updates is None else updates for rate, updates in found.items()}


def _fastest(updates: Mapping[float, float]) -> float | None:
    rate = min(updates, key=lambda each: (updates[each], each))
    return rate if math.isfinite(updates[rate]) else None


def _lasting(seed: SeedOutcome, ends: Mapping[int, float]) -> int | None:
    """Updates to the target, None for a run that ends low or diverges."""
    if seed.first_llh is None or seed.final_llh is None or seed.stopped is not None:
        return None
    enough = seed.final_llh >= seed.first_llh + KEPT * (ends[seed.seed] - seed.first_llh)
    return seed.reached[0] if enough else None
