"""How the curves of a study stand to each other: the numbers behind a headline, before any words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spncore import Trace
from spncore.arrays import Bools, Floats
from spncore.runs.trace import first_at
from spncore.studies.statistics import (
    SAME,
    Effect,
    Iterations,
    Wins,
    first_of_each,
    higher,
    lead,
    median,
    never,
    paired_scores,
    paired_wins,
)


def trained(trace: Trace) -> Floats:
    """The objective that is trained (S, T), which is what curves are compared by."""
    return trace.value


@dataclass(frozen=True, eq=False)
class Curve:
    """One depth or rival: the trained objective (S, T) after 0, 1, … updates, and the level it is to reach (S,)."""

    name: str
    values: Floats
    levels: Floats | None = None

    @property
    def updates(self) -> int:
        """Updates behind it."""
        return int(self.values.shape[1]) - 1

    @cached_property
    def thrown(self) -> Bools:
        """Which seeds are below their start: these lead nothing."""
        return np.asarray(self.last < self.values[:, 0] - SAME)

    @property
    def last(self) -> Floats:
        """Where every seed is (S,)."""
        return self.values[:, -1]

    @property
    def middle(self) -> float:
        """Where the median over the seeds is."""
        return float(np.median(self.last))

    @cached_property
    def arrivals(self) -> Iterations:
        """After how many updates every seed was at its level first; None for one that never was, or was thrown off."""
        return [None if lost else at for at, lost in zip(self.passed, self.thrown, strict=True)]

    @property
    def arrival(self) -> float | None:
        """The median of the arrivals; None where that run never got there."""
        return median(self.arrivals)

    @property
    def in_seeds(self) -> int:
        """In how many seeds the level was reached, kept or not."""
        return len(self.passed) - never(self.passed)

    @property
    def in_most(self) -> bool:
        """Whether the level was reached in most seeds, kept or not."""
        return median(self.passed) is not None

    @property
    def lost(self) -> int:
        """How many seeds reached their level and are below it again, though not below their start."""
        if self.levels is None:
            return 0
        pairs = zip(self.arrivals, self.last < self.levels, strict=True)
        return sum(at is not None and bool(again) for at, again in pairs)

    @property
    def off(self) -> bool:
        """Whether most of its seeds were thrown off."""
        return bool(2 * self.thrown.sum() > len(self.thrown))

    @cached_property
    def passed(self) -> Iterations:
        """After how many updates every seed was at its level first, thrown off later or not."""
        if self.levels is None:
            return [None] * len(self.values)
        return first_at(self.values, self.levels[:, None])


@dataclass(frozen=True, eq=False)
class Race:
    """Curves over the same updates and seeds; `by_target` says whether arrivals are compared, or where curves are."""

    curves: tuple[Curve, ...]
    by_target: bool

    def wins(self, one: Curve, other: Curve) -> Wins:
        """Who was earlier, or is higher, seed by seed; a seed that was thrown off is neither."""
        if self.by_target:
            return paired_wins(one.arrivals, other.arrivals)
        scores = (np.where(curve.thrown, -np.inf, curve.last).tolist() for curve in (one, other))
        return paired_scores(*scores)

    def effect(self, one: Curve, other: Curve) -> Effect:
        """By how much the first was earlier in updates, or is higher in nats."""
        if self.by_target:
            return lead(one.arrivals, other.arrivals, one.updates)
        return higher(one.last.tolist(), other.last.tolist())

    @cached_property
    def groups(self) -> list[list[Curve]]:
        """The curves in order, those together that are level; last those that never got there or were thrown off."""
        groups: list[list[Curve]] = []
        for curve in sorted(self.curves, key=self._rank):
            if groups and self._level(groups[-1][0], curve):
                groups[-1].append(curve)
            else:
                groups.append([curve])
        return groups

    @property
    def order(self) -> list[Curve]:
        """The curves in order."""
        return [curve for group in self.groups for curve in group]

    def _rank(self, curve: Curve) -> tuple[bool, float, float]:
        at = curve.arrival if self.by_target else None
        return curve.off, np.inf if at is None else at, -curve.middle

    def _level(self, one: Curve, other: Curve) -> bool:
        if one.off or other.off:
            return one.off and other.off
        if self.by_target:
            return one.arrival == other.arrival
        return one.middle - other.middle < SAME


def own_runs(values: Sequence[Floats]) -> list[int]:
    """The places of the seeds that count: each run once, where nothing random tells two of them apart."""
    length = min(array.shape[1] for array in values)
    return first_of_each([array[:, :length] for array in values])


def coincide(curves: Sequence[Curve]) -> bool:
    """Whether no seed's curves can be told apart at any update."""
    now = np.stack([curve.last for curve in curves])
    if np.ptp(now, axis=0).max() >= SAME:
        return False
    return bool(np.ptp(np.stack([curve.values for curve in curves]), axis=0).max() < SAME)
