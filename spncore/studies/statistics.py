"""Who was faster, by how much, and how sure that is: statistics over the updates that runs with the same seeds needed.

Updates count from 0, the start; None means that a run never got there, which is later than any number. One rule says
what is settled, everywhere: the exact interval of Clopper and Pearson (1934) of the share of wins, over pairs of runs
with the same seed that have a winner, leaves out one half. Medians carry intervals from order statistics: no assumption
about how updates are spread, and none is hidden when seeds are few, since their coverage is printed. Seeds are
restarts on one data set, so none of this speaks of other data.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.words import DASH, JOINED, counted, of_seeds, signed

Iterations = Sequence[int | None]
Verdict = Literal["ahead", "behind", "level", "open"]
LEVEL = 0.95
SAME = 5e-4  # nats per row that make no difference in the three digits shown
FEW = 6  # with fewer pairs even a clean sweep leaves one half inside the interval, and no interval covers a median
VERDICTS = {"ahead": "ahead", "behind": "behind", "open": "not settled", "level": "level"}


class Interval(NamedTuple):
    """Bounds of a median over seeds, None where beyond the end; `coverage` is the probability that they hold it."""

    low: int | None
    high: int | None
    coverage: float


class Wins(NamedTuple):
    """Pairs of runs with the same seed: in how many the first was earlier, later, or neither."""

    ahead: int
    behind: int
    level: int

    @property
    def decided(self) -> int:
        """Pairs with a winner."""
        return self.ahead + self.behind

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.decided + self.level

    @property
    def counts(self) -> str:
        """Ahead, behind, level, in a table cell."""
        return f"{self.ahead}, {self.behind}, {self.level}"

    @property
    def turned(self) -> Wins:
        """The same pairs, seen from the second."""
        return Wins(self.behind, self.ahead, self.level)

    @property
    def share(self) -> tuple[float, float]:
        """Exact 95 % interval of the probability that the first wins a decided pair."""
        return exact_interval(self.ahead, self.decided)

    @property
    def verdict(self) -> Verdict:
        """Ahead or behind only when the interval of the share leaves out one half; level when nothing was decided."""
        low, high = self.share
        if not self.decided:
            return "level"
        return "ahead" if low > 0.5 else "behind" if high < 0.5 else "open"

    @property
    def settled(self) -> bool:
        """Whether it is known who is ahead."""
        return self.verdict in ("ahead", "behind")


class Effect(NamedTuple):
    """The median over pairs of how much the first was earlier, or higher, and its interval.

    Runs that never got there leave a difference known from one side only, so the median lies between `least` and
    `most`, which are equal where all is known.
    """

    low: float
    least: float
    most: float
    high: float
    coverage: float


@cache
def exact_interval(successes: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a binomial probability; (0, 1) without trials."""
    from scipy.stats import binomtest  # takes half a second

    if not trials:
        return 0.0, 1.0
    found = binomtest(successes, trials).proportion_ci(LEVEL, "exact")
    return float(found.low), float(found.high)


def median(iterations: Iterations) -> float | None:
    """The middle of the runs; None when the middle run, or one of the two middle ones, never got there."""
    middle = statistics.median(_ranked(iterations))
    return None if math.isinf(middle) else middle


def median_interval(iterations: Iterations) -> Interval:
    """The narrowest pair of order statistics that holds the true median with probability LEVEL.

    Where no pair does, because seeds are few, the range of all runs with the probability it has: 0, 50, 75, 87.5 and
    93.75 % for one to five seeds.
    """
    ranked = _ranked(iterations)
    low, high, coverage = _ranks(len(ranked))
    return Interval(_finite(ranked[low]), _finite(ranked[high]), coverage)


def spread(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Median of numbers, of which −∞ is none, the bounds of its interval, and the probability that these hold it."""
    ranked = sorted(values)
    low, high, coverage = _ranks(len(ranked))
    return statistics.median(ranked), ranked[low], ranked[high], coverage


def lead(first: Iterations, second: Iterations, end: int) -> Effect:
    """By how many updates the first was earlier, seed by seed; of runs that made `end` updates."""
    return middle_between([_known(*pair, end) for pair in zip(_numbers(first), _numbers(second), strict=True)])


def higher(first: Sequence[float], second: Sequence[float]) -> Effect:
    """By how many nats per row the first is higher, seed by seed."""
    return middle_between([(one - other, one - other) for one, other in zip(first, second, strict=True)])


def paired_wins(first: Iterations, second: Iterations) -> Wins:
    """Compare runs seed by seed; two runs that never got there are level."""
    return _tally(zip(_numbers(first), _numbers(second), strict=True))


def paired_scores(first: Sequence[float], second: Sequence[float]) -> Wins:
    """Compare scores in nats per row seed by seed; the higher one wins, if by more than the digits shown hide."""
    return _tally(zip(second, first, strict=True), SAME)


def first_of_each(curves: Sequence[Floats]) -> list[int]:
    """The places of the seeds that are runs of their own: of curves (S, T) each, not bit for bit an earlier seed's."""
    number = len(curves[0]) if curves else 0
    ends = {tuple(float(curve[place, -1]) for curve in curves) for place in range(number)}
    if len(ends) == number:  # the rule, and soon seen
        return list(range(number))
    known: dict[bytes, int] = {}
    for place in range(number):
        known.setdefault(b"".join(np.ascontiguousarray(curve[place]).tobytes() for curve in curves), place)
    return list(known.values())


def better_of_two(iterations: Iterations) -> list[int | None]:
    """What every pair of runs scores when the better one counts: the earlier of the two, for all pairs of seeds."""
    return [_finite(min(pair)) for pair in combinations(_numbers(iterations), 2)]


def never(iterations: Iterations) -> int:
    """How many runs never got there."""
    return sum(value is None for value in iterations)


def span(iterations: Iterations, end: int) -> str:
    """Median and interval in a table cell: `342 [335, 368]`; a bound that was never reached is `> end`.

    An interval that covers less than it should, because seeds are few, says what it covers: `342 [335, 368; 87.5 %]`.
    """
    interval = median_interval(iterations)
    return bracketed(middle(iterations, end), bound(interval.low, end), bound(interval.high, end), interval.coverage)


def bracketed(middle: str, low: str, high: str, coverage: float) -> str:
    """A median with its interval, as `span` writes it."""
    covers = f"; {covered(coverage)}" if coverage < LEVEL else ""
    return f"{middle} [{low}, {high}{covers}]"


def of_several(middle: str, low: str, high: str, coverage: float) -> str:
    """The same of several runs; of one alone, which has no interval, its number."""
    return bracketed(middle, low, high, coverage) if coverage else middle


def score_span(scores: Sequence[float]) -> str:
    """`span` of scores: `−6.501 [−6.512, −6.490]`; what is no score is `none`."""
    *numbers, coverage = spread(scores)
    middle, low, high = ("none" if math.isinf(each) else signed(each) for each in numbers)
    return bracketed(middle, low, high, coverage)


def covered(coverage: float) -> str:
    """What an interval covers, in per cent: what was asked for, or the true share where seeds are too few for it."""
    return f"{100.0 * min(coverage, LEVEL):g}{JOINED}%"


def compared(deep: str, shallow: str, first: Iterations, second: Iterations, end: int) -> str:
    """What the pairs support, in a clause without a full stop: who was ahead, in how many seeds, by how much."""
    wins = paired_wins(first, second)
    if wins.verdict == "level":
        if never(first) == wins.pairs:
            return f"neither {deep} nor {shallow} got there in {counted(end, 'update')}"
        return f"{deep} and {shallow} needed the same updates in {of_seeds(wins.pairs, wins.pairs)}"
    if _turned(wins, lead(first, second, end)):
        deep, shallow, first, second, wins = shallow, deep, second, first, wins.turned
    medians = f"median {middle(first, end)} against {middle(second, end)} updates"
    said = f"{deep} ahead of {shallow} in {won(wins)}, {medians}, earlier by {by(lead(first, second, end))}"
    return said + (_factor(first, second) if wins.settled else f"; {_open(wins)}")


def scored(deep: str, shallow: str, first: Sequence[float], second: Sequence[float]) -> str:
    """What paired scores support, in a clause without a full stop."""
    wins = paired_scores(first, second)
    if wins.verdict == "level":
        return f"{deep} and {shallow} level in {of_seeds(wins.pairs, wins.pairs)}"
    if _turned(wins, higher(first, second)):
        deep, shallow, first, second, wins = shallow, deep, second, first, wins.turned
    said = f"{deep} higher than {shallow} in {won(wins)}, by {by(higher(first, second), 'nat', '.3f')}"
    return said if wins.settled else f"{said}; {_open(wins)}"


def by(effect: Effect, unit: str = "update", form: str = "g") -> str:
    """The size of an effect with its interval: `173 updates (95 %: 157 to 190)`; one-sided where runs never arrived."""
    low, least, most, high = (signed(value, form) for value in effect[:4])
    known = least if math.isfinite(effect.least) else most
    units = unit + "s" * (known != "1")
    if effect.least == effect.most:
        size = f"{known} {units}"
    elif math.isinf(effect.least) and math.isinf(effect.most):
        size = f"an unknown number of {unit}s"
    else:
        size = f"{'less' if math.isinf(effect.least) else 'more'} than {known} {units}"
    if math.isinf(effect.low):
        limits = "no bound" if math.isinf(effect.high) else f"{high} or less"
    else:
        limits = f"{low} or more" if math.isinf(effect.high) else f"{low} to {high}"
    return f"{size} ({covered(effect.coverage)}: {limits})"


def chance(wins: Wins) -> str:
    """The interval behind a verdict, in words, for a table."""
    low, high = wins.share
    return f"{low:.0%} to {high:.0%}" if wins.decided else DASH


def won(wins: Wins) -> str:
    """In how many seeds the first was ahead, and in how many nobody: `5 of 6 seeds, level in 1`."""
    return of_seeds(wins.ahead, wins.pairs) + (f", level in {wins.level}" if wins.level else "")


def bound(value: float | None, end: int) -> str:
    """A number of updates in words; beyond the end where it was never reached."""
    return f"> {end}" if value is None else f"{value:g}"


def middle(iterations: Iterations, end: int) -> str:
    """The median in words."""
    return bound(median(iterations), end)


def row(first: Iterations, second: Iterations, end: int) -> list[str]:
    """A comparison in table cells: counts, the share of wins, and both medians with their intervals."""
    wins = paired_wins(first, second)
    return [wins.counts, chance(wins), span(first, end), span(second, end)]


def _tally(pairs: Iterable[tuple[float, float]], margin: float = 0.0) -> Wins:
    """Pairs in which the first is the smaller one by more than a margin, in which the second is, and the others."""
    signs = [(low + margin < high) - (high + margin < low) for low, high in pairs]
    return Wins(signs.count(1), signs.count(-1), signs.count(0))


def _turned(wins: Wins, effect: Effect) -> bool:
    """Whether the second is to be named first: it won more pairs, or as many and by more."""
    return wins.behind > wins.ahead or (wins.behind == wins.ahead and effect.most < 0)


def _open(wins: Wins) -> str:
    low, high = wins.share
    reason = f"the share may lie anywhere from {low:.0%} to {high:.0%}"
    if wins.behind == 0 and wins.decided < FEW:
        return f"too few decided seeds to rule out chance ({reason})"
    return f"these seeds do not settle it ({reason})"


def _factor(first: Iterations, second: Iterations) -> str:
    fast, slow = median(first), median(second)
    if not fast or slow is None:
        return ""
    ratio = slow / fast
    return f", {ratio:.2g} times as fast" if ratio >= 1.05 else ""


@cache
def _ranks(n: int) -> tuple[int, int, float]:
    """Places among n sorted values of the bounds of their median, and the probability that these hold it."""
    from scipy.stats import binom, quantile_test  # takes half a second

    found = quantile_test(np.arange(n)).confidence_interval(LEVEL)
    low, high = (0, n - 1) if math.isnan(found.low + found.high) else (int(found.low), int(found.high))
    return low, high, float(binom.cdf(high, n, 0.5) - binom.cdf(low, n, 0.5))


def _known(first: float, second: float, end: int) -> tuple[float, float]:
    """Between what `second − first` lies, an infinite one being somewhere beyond the end."""
    if math.isinf(first):
        return -math.inf, math.inf if math.isinf(second) else second - end
    return (end - first, math.inf) if math.isinf(second) else (second - first, second - first)


def middle_between(known: Sequence[tuple[float, float]]) -> Effect:
    """The median of numbers of which bounds are known, and its interval, which holds wherever within them they are."""
    below, above = (sorted(side) for side in zip(*known, strict=True))
    low, high, coverage = _ranks(len(known))
    return Effect(below[low], statistics.median(below), statistics.median(above), above[high], coverage)


def _numbers(iterations: Iterations) -> list[float]:
    return [math.inf if value is None else float(value) for value in iterations]


def _ranked(iterations: Iterations) -> list[float]:
    if not iterations:
        raise ValueError("no runs to compare: give at least one seed")
    return sorted(_numbers(iterations))


def _finite(value: float) -> int | None:
    return None if math.isinf(value) else int(value)
