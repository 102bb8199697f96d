"""The class is the confidence interval: what the starts that have arrived say of all starts on one data set.

Every seat is a start drawn like any other, so that the exact interval of order statistics holds for the median over
starts. It holds for starts that were fixed beforehand: the first n seats, with n announced before the first result.
Two others do not have its coverage and are easily taken for it: that of the starts which have arrived so far, looked at
again and again while it narrows (of 30 starts, watched from the sixth on, it misses the median at some moment in 13
classes of 100); and that of the n fastest. So besides the one so far, which is for watching, there is
the one at the announced end with what is missing left open: order statistics with every missing start on either side.
It contains the final interval from the first result on, whatever comes, and so covers at every moment at once.

Starts that are the same run, bit for bit, are one start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.studies import statistics
from spncore.studies.classroom.seats import Result
from spncore.studies.statistics import LEVEL, Effect, Wins
from spncore.words import counted, listed, signed


class Band(NamedTuple):
    """A median and the bounds of its interval (T,), in nats per row, and the probability that these hold it."""

    median: list[float]
    low: list[float]
    high: list[float]
    coverage: float


def band(curves: Floats) -> Band:
    """Of curves (n, T) at each place; −∞ is below every number."""
    found = [statistics.spread(column.tolist()) for column in curves.T]
    median, low, high, coverage = zip(*found, strict=True)
    return Band([*median], [*low], [*high], coverage[0])


class Arrived:
    """The starts of a room's study that have arrived: `names` of its curves, `number` that was announced, if any.

    `results` by seat; seats beyond the announced ones are drawn and do not count.
    """

    def __init__(self, names: Sequence[str], updates: int, number: int | None, results: Mapping[int, Result]) -> None:
        self.names, self.updates, self.number = tuple(names), updates, number
        self.counted = [results[seat] for seat in sorted(results) if number is None or seat <= number]
        self.beyond = len(results) - len(self.counted)

    @cached_property
    def own(self) -> list[Result]:
        """Those of the counted ones that are runs of their own."""
        lines = [self._lines(self.counted, curve) for curve in range(len(self.names))]
        return [self.counted[place] for place in statistics.first_of_each(lines)]

    @property
    def whole(self) -> bool:
        """Whether all that were announced have arrived."""
        return self.number is not None and len(self.counted) == self.number

    def ends(self, curve: int) -> list[float]:
        """Where each run of its own ended, in nats per row."""
        return [each.curves[curve].end for each in self.own]

    def band(self, curve: int) -> Band:
        """The median and its interval over those that have arrived, at the updates that a room keeps."""
        return band(self._lines(self.own, curve))

    def at_end(self, curve: int) -> Effect | None:
        """The median end of all announced starts and its interval, which hold whatever the missing ones bring.

        None where no number was announced. What is not known yet is infinite.
        """
        if self.number is None:
            return None
        known = [(end, end) for end in self.ends(curve)]
        return statistics.middle_between([*known, *[(-math.inf, math.inf)] * self.missing])

    @property
    def missing(self) -> int:
        """How many of the announced starts have not arrived."""
        return 0 if self.number is None else self.number - len(self.counted)

    def wins(self, curve: int) -> Wins:
        """Start by start, in how many this curve was ahead of the first: at the level sooner, or higher in the end."""
        if self.target is not None:
            return statistics.paired_wins(self._reached(curve), self._reached(0))
        return statistics.paired_scores(self.ends(curve), self.ends(0))

    def settled(self, curve: int) -> bool:
        """Whether who is ahead is settled for all announced starts, wherever the missing ones go."""
        wins = self.wins(curve)
        least = wins if wins.ahead > wins.behind else wins.turned
        return self.number is not None and least._replace(behind=least.behind + self.missing).verdict == "ahead"

    @cached_property
    def target(self) -> str | None:
        """The level that curves are compared at, else they are at their ends: as the first to arrive had it, so that
        the rule does not change with those who come later."""
        return min(self.counted, key=lambda each: each.seq).target

    def compared(self, curve: int) -> str:
        """What the pairs support, in a clause: a curve beside the first, by the rule of all pages."""
        first, second = self.names[curve], self.names[0]
        if self.target is not None:
            reached = self._reached(curve), self._reached(0)
            return f"to {self.target}: {statistics.compared(first, second, reached[0], reached[1], self.updates)}"
        ends, others = self.ends(curve), self.ends(0)
        if not all(map(math.isfinite, [*ends, *others])):
            return f"{first} and {second} are not compared, since runs went beyond all numbers"
        return statistics.scored(first, second, ends, others)

    def _reached(self, curve: int) -> list[int | None]:
        """After how many updates each was at the level; one that has no such level to reach is there from the start."""
        return [each.curves[curve].reached if each.target == self.target else 0 for each in self.own]

    @staticmethod
    def _lines(results: Sequence[Result], curve: int) -> Floats:
        return np.array([each.curves[curve].line for each in results])


def arrival(found: Arrived) -> str:
    """How many have arrived, in a sentence."""
    beyond = f"; {found.beyond} beyond them are drawn and do not count" if found.beyond else ""
    if found.number is None:
        return f"{counted(len(found.counted), 'start')} arrived."
    if found.whole:
        return f"All {counted(found.number, 'announced start')} have arrived{beyond}."
    return f"{len(found.counted)} of {counted(found.number, 'announced start')} have arrived{beyond}."


def said(found: Arrived, curve: int) -> list[str]:
    """What a curve's ends say of all starts, in sentences: so far, and at the announced end."""
    if not found.counted:
        return []
    if len(found.own) < min(2, len(found.counted)):
        return ["They are the same run, bit for bit: this study draws nothing, so there is nothing to be sure of."]
    sentences, name = [], found.names[curve]
    if not found.whole:
        sentences.append(
            f"{name}, so far: median end {statistics.score_span(found.ends(curve))} nats per row. "
            f"This one is watched while it grows, so that it does not hold with {statistics.covered(LEVEL)}."
        )
    end = found.at_end(curve)
    if end is None:
        sentences.append("No interval holds: nobody said before the first result how many starts will count.")
    elif found.whole:
        sentences.append(
            f"{name}: median end {statistics.score_span(found.ends(curve))} nats per row, over starts on this one data "
            "set; it says nothing of other data."
        )
    else:
        sentences.append(
            f"Of all {found.number}, whatever the {found.missing} that are missing bring: {_bounds(end)} "
            f"({statistics.covered(end.coverage)})."
        )
    return sentences


def comparison(found: Arrived) -> str:
    """Every other depth beside the first, start by start, in a sentence; empty where there is nothing to compare."""
    if len(found.names) < 2 or len(found.own) < 2:
        return ""
    clauses = [found.compared(curve) for curve in range(1, len(found.names))]
    text = "; ".join(clauses)
    if found.whole:
        return f"{text}."
    sure = [found.names[curve] for curve in range(1, len(found.names)) if found.settled(curve)]
    stays = f" Whatever is missing, it stays so for {listed(sure)}." if sure else ""
    return f"So far: {text}.{stays}"


def _bounds(effect: Effect) -> str:
    """An interval in words, where a bound may not be known yet."""
    low, high = ("" if math.isinf(each) else signed(each) for each in (effect.low, effect.high))
    if low and high:
        return f"the median lies between {low} and {high}"
    if low or high:
        return f"the median lies {'above' if low else 'below'} {low or high}"
    return "nothing is known of the median yet"
