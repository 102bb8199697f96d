"""Who was faster, and how sure that is: statistics over the iterations that runs with the same seeds needed.

Iterations count from 1; None means that a run never got there, which is later than any number. Medians carry
intervals from order statistics, wins the exact binomial interval of Clopper and Pearson (1934): no assumption about
how iterations are spread, and none is hidden when seeds are few.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from scipy.special import betaincinv

from spncore.words import DASH, JOINED, counted, of_seeds

Iterations = Sequence[int | None]
Verdict = Literal["ahead", "behind", "level", "open"]
LEVEL = 0.95
SAME = 1e-3  # nats per row that make no difference
FEW = 6  # with fewer pairs even a clean sweep leaves one half inside the interval
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


def exact_interval(successes: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a binomial probability; (0, 1) without trials."""
    tail = (1.0 - LEVEL) / 2.0
    low = betaincinv(successes, trials - successes + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, trials - successes, 1.0 - tail) if successes < trials else 1.0
    return float(low), float(high)


def median(iterations: Iterations) -> float | None:
    """The middle of the runs; None when the middle run, or one of the two middle ones, never got there."""
    middle = statistics.median(_ranked(iterations))
    return None if math.isinf(middle) else middle


def median_interval(iterations: Iterations) -> Interval:
    """The narrowest pair of order statistics that holds the true median with probability LEVEL.

    Where no pair does, because seeds are few, the range of all runs with the probability it has.
    """
    ranked = _ranked(iterations)
    n = len(ranked)
    cut = max((d for d in range(1, n // 2 + 1) if _coverage(n, d) >= LEVEL), default=1)
    low, high = ranked[cut - 1], ranked[n - cut]
    return Interval(_finite(low), _finite(high), _coverage(n, cut))


def paired_wins(first: Iterations, second: Iterations) -> Wins:
    """Compare runs seed by seed; two runs that never got there are level."""
    return _tally(zip(_numbers(first), _numbers(second), strict=True))


def paired_scores(first: Sequence[float], second: Sequence[float]) -> Wins:
    """Compare scores in nats per row seed by seed; the higher one wins, if only by more than a thousandth."""
    return _tally(zip(second, first, strict=True), SAME)


def better_of_two(iterations: Iterations) -> list[int | None]:
    """What every pair of runs scores when the better one counts: the earlier of the two, for all pairs of seeds."""
    return [_finite(min(pair)) for pair in combinations(_numbers(iterations), 2)]


def never(iterations: Iterations) -> int:
    """How many runs never got there."""
    return sum(value is None for value in iterations)


def span(iterations: Iterations, end: int) -> str:
    """Median and interval in a table cell: `342 [335, 368]`; a bound that was never reached is `> end`."""
    interval = median_interval(iterations)
    return f"{middle(iterations, end)} [{bound(interval.low, end)}, {bound(interval.high, end)}]"


def covered(coverage: float) -> str:
    """What an interval covers, in per cent: what was asked for, or the true share where seeds are too few for it."""
    return f"{100.0 * min(coverage, LEVEL):g}{JOINED}%"


def compared(deep: str, shallow: str, first: Iterations, second: Iterations, end: int) -> str:
    """What the pairs support, in a clause without a full stop: who was ahead, in how many seeds, by how much."""
    wins = paired_wins(first, second)
    if wins.verdict == "level":
        if never(first) == wins.pairs:
            return f"neither {deep} nor {shallow} got there in {counted(end, 'iteration')}"
        return f"{deep} and {shallow} needed the same iterations in {of_seeds(wins.pairs, wins.pairs)}"
    if wins.behind > wins.ahead:
        deep, shallow, first, second, wins = shallow, deep, second, first, wins.turned
    medians = f"median {middle(first, end)} against {middle(second, end)} iterations"
    said = f"{deep} ahead of {shallow} in {_won(wins)}, {medians}"
    return said + (_factor(first, second) if wins.verdict == "ahead" else f"; {_open(wins)}")


def scored(deep: str, shallow: str, first: Sequence[float], second: Sequence[float]) -> str:
    """What paired scores support, in a clause without a full stop."""
    wins = paired_scores(first, second)
    if wins.behind > wins.ahead:
        deep, shallow, wins = shallow, deep, wins.turned
    said = f"{deep} higher than {shallow} in {_won(wins)}"
    return said if wins.verdict in ("ahead", "level") else f"{said}; {_open(wins)}"


def chance(wins: Wins) -> str:
    """The interval behind a verdict, in words, for a table."""
    low, high = wins.share
    return f"{low:.0%} to {high:.0%}" if wins.decided else DASH


def _tally(pairs: Iterable[tuple[float, float]], margin: float = 0.0) -> Wins:
    """Pairs in which the first is the smaller one by more than a margin, in which the second is, and the others."""
    signs = [(low + margin < high) - (high + margin < low) for low, high in pairs]
    return Wins(signs.count(1), signs.count(-1), signs.count(0))


def _open(wins: Wins) -> str:
    low, high = wins.share
    reason = f"the share may lie anywhere from {low:.0%} to {high:.0%}"
    if wins.behind == 0 and wins.decided < FEW:
        return f"too few decided seeds to rule out chance ({reason})"
    return f"these seeds do not settle it ({reason})"


def _won(wins: Wins) -> str:
    return of_seeds(wins.ahead, wins.pairs) + (f", level in {wins.level}" if wins.level else "")


def _factor(first: Iterations, second: Iterations) -> str:
    fast, slow = median(first), median(second)
    if not fast or slow is None:
        return ""
    ratio = slow / fast
    return f", {ratio:.2g} times as fast" if ratio >= 1.05 else ", by a few per cent" if ratio > 1.0 else ""


def bound(value: float | None, end: int) -> str:
    """A number of iterations in words; beyond the end where it was never reached."""
    return f"> {end}" if value is None else f"{value:g}"


def middle(iterations: Iterations, end: int) -> str:
    """The median in words."""
    return bound(median(iterations), end)


def row(first: Iterations, second: Iterations, end: int) -> list[str]:
    """A comparison in table cells: counts, the share of wins, and both medians with their intervals."""
    wins = paired_wins(first, second)
    return [wins.counts, chance(wins), span(first, end), span(second, end)]


def _coverage(n: int, cut: int) -> float:
    """Probability that the cut-th smallest and cut-th largest of n values hold the median between them."""
    outside = sum(math.comb(n, i) for i in range(cut))
    return 1.0 - 2.0 * outside / 2.0**n


def _numbers(iterations: Iterations) -> list[float]:
    return [math.inf if value is None else float(value) for value in iterations]


def _ranked(iterations: Iterations) -> list[float]:
    if not iterations:
        raise ValueError("no runs to compare: give at least one seed")
    return sorted(_numbers(iterations))


def _finite(value: float) -> int | None:
    return None if math.isinf(value) else int(value)
