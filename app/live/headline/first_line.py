"""The first line: the order of all depths, or the best, the worst and the plain one, and whether seeds settle it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from app.live.headline.standing import Curve, Race
from spncore.studies.statistics import SAME
from spncore.words import counted, listed, of_seeds, signed

MOST_WORDS = 25
MOST_NAMED = 4  # depths; of more, a headline names the first, the last and the plain one
PLAIN = "L=1"


class Case(NamedTuple):
    """All that a headline speaks of: depths that go on and the others, rivals, the target's name, and the seeds.

    `runs` counts seeds that are runs of their own; `ended` says whether nothing will be added, `total` the updates
    there will be; `objective` names what is trained where it is not the log-likelihood, of which `independent` is the
    level of independent variables. `alike` says whether no depth can be told from another, `unmixed` why there is
    nothing to mix.
    """

    race: Race
    diverged: Sequence[str]
    rivals: Sequence[Curve]
    target: str | None
    seeds: int
    runs: int
    ended: bool
    total: int
    objective: str = ""
    alike: bool = False
    unmixed: str = ""
    independent: float | None = None

    @property
    def updates(self) -> int:
        """Updates that all curves have behind them."""
        return self.race.curves[0].updates

    @property
    def when(self) -> str:
        """The moment of which it speaks."""
        of = f" of {self.total}" * (not self.ended and self.updates != self.total)
        return f"after {self.updates}{of} update" + "s" * (bool(of) or self.updates != 1)

    @property
    def in_median(self) -> str:
        """What follows a number that stands for several seeds."""
        return " (median)" * (self.runs > 1)

    def label(self, curve: Curve) -> str:
        """Where a curve is, or after how many updates it arrived."""
        if curve.off:
            return "thrown off" if self.ended else "below its start"
        if not self.race.by_target:
            return signed(curve.middle)
        at = curve.arrival
        if at is not None:
            return f"{at:g}"
        if curve.in_most:
            return "not kept"
        return f"not within {self.updates}" if self.ended else "not yet"


def first_line(case: Case) -> str:
    """The fullest of several sayings that has at most MOST_WORDS words."""
    sayings = list(_sayings(case))
    return next((text for text in sayings if len(text.split()) <= MOST_WORDS), sayings[-1])


def names_of(curves: Sequence[Curve], most: int = MOST_NAMED) -> str:
    """Names in a list; of more than so many the first, and how many others."""
    names = sorted(curve.name for curve in curves)
    return listed(names) if len(names) <= most else f"{names[0]} and {len(names) - 1} others"


def settled(race: Race) -> str:
    """`settled`, `partly settled` or `not settled`: whether seeds support the order that is told; empty if level."""
    neighbours = [race.wins(*pair) for pair in pairwise(race.order)]
    if not any(wins.decided for wins in neighbours):
        return ""
    if all(wins.verdict in ("ahead", "level") for wins in neighbours):
        return "settled"
    found = any(race.wins(*pair).settled for pair in combinations(race.order, 2))
    return "partly settled" if found else "not settled"


def _sayings(case: Case) -> Iterator[str]:
    """Sayings of one thing, the fullest first."""
    begin = f"{case.unmixed}: nothing to mix. " * bool(case.unmixed)
    yield from (f"{begin}{head}{tail}{_seeds(case)}." for head in _heads(case) for tail in _rivals_ahead(case))


def _heads(case: Case) -> list[str]:
    """What is said of the depths, the fullest saying first."""
    if all(curve.off for curve in case.race.curves):
        return [_all_off(case)]
    if len(case.race.curves) == 1:
        return _alone(case)
    if case.alike:
        return [_coincident(case)]
    sayings = _arrived if case.race.by_target else _standing
    return [text for brief in range(3 if _many(case) else 1) for text in sayings(case, brief)]


def _arrived(case: Case, brief: int) -> list[str]:
    """Who was at the target first, and then the others."""
    lead, *rest = case.race.groups
    which = "first" if rest or case.diverged else "level"
    of = " of the depths" * bool(case.rivals)
    when = "median " * (case.runs > 1) + counted_updates(lead[0].arrival)
    begin = f"{_of_many(case, brief)}{_names(case, lead)} {'are' if len(lead) > 1 else 'is'} {which}{of} at"
    order = _rest(case, rest, brief)
    return [f"{begin} {title} ({when}){order}" for title in (case.target, "the target")]


def _standing(case: Case, brief: int) -> list[str]:
    """Who leads where all curves are, and then the others."""
    lead, *rest = case.race.groups
    leads = "leads" if len(lead) == 1 else "lead" if rest else "are level"
    at = f"{_names(case, lead)} {leads} with {signed(lead[0].middle)}{case.objective}"
    order, several = _rest(case, rest, brief), _of_many(case, brief).lower().replace("depths", "depths,")
    when = f"{several}{case.when}"
    standing = f"{when[0].upper()}{when[1:]} {at}{case.in_median}{order}"
    if case.target is None or not case.ended or any(curve.in_most for curve in case.race.curves):
        return [standing]
    within = "in most seeds " * any(curve.in_seeds for curve in case.race.curves) + _within(case)
    short = [f"No depth reached {title} {within}; {at}{order}" for title in (case.target, "the target")]
    return [*short, standing]


def _rest(case: Case, groups: Sequence[Sequence[Curve]], brief: int) -> str:
    """The others in order, each with where it is; of many the plain one and the last."""
    parts = [_placed(case, group) for group in groups]
    parts[:1] = [f"then {part}" for part in parts[:1]]
    if _many(case) and groups:
        plain = [[curve] for group in groups[:-1] for curve in group if curve.name == PLAIN and brief < 2]
        word = "plain " * (brief == 0)
        parts = [f"{word}{_placed(case, group)}" for group in plain] + [f"last {_placed(case, groups[-1])}"]
    parts += [f"{listed(case.diverged)} (diverged)"] * (bool(case.diverged) and brief < 2)
    return "".join(f", {part}" for part in parts)


def _placed(case: Case, group: Sequence[Curve]) -> str:
    return f"{_names(case, group)} ({case.label(group[0])})"


def _names(case: Case, group: Sequence[Curve]) -> str:
    return names_of(group, 2 if _many(case) else MOST_NAMED)


def _many(case: Case) -> bool:
    """Whether there are too many depths to name them all."""
    return len(case.race.curves) > MOST_NAMED


def _of_many(case: Case, brief: int) -> str:
    return f"Of {len(case.race.curves)} depths " if _many(case) and not brief else ""


def _alone(case: Case) -> list[str]:
    """One depth, compared with nobody."""
    (curve,) = case.race.curves
    if case.race.by_target:
        return [f"{curve.name} reached {case.target} after {counted_updates(curve.arrival)}{case.in_median}"]
    at = f"is at {signed(curve.middle)}{case.objective}{case.in_median}"
    if case.target is None or not case.ended:
        return [f"{case.when[0].upper()}{case.when[1:]} {curve.name} {at}"]
    some = f" in {of_seeds(curve.in_seeds, case.runs)}" if curve.in_seeds else ""
    reached = f"{curve.name} {'reached' if some else 'did not reach'}"
    return [f"{reached} {title}{some} {_within(case)}; it {at}" for title in (case.target, "the target")]


def _within(case: Case) -> str:
    return f"within {counted(case.updates, 'update', '')}"


def _coincident(case: Case) -> str:
    """Depths that no update tells apart."""
    curves, end = case.race.curves, case.race.curves[0].middle
    all_of_them = f"all {len(curves)} depths" if _many(case) else names_of(curves)
    level = case.independent is not None and case.ended and abs(end - case.independent) < SAME
    said = f"{all_of_them} coincide at {signed(end)}{case.objective} {case.when}"
    return f"{said[0].upper()}{said[1:]}" + ", the level of independent variables" * level


def _all_off(case: Case) -> str:
    curves, when = case.race.curves, case.when
    several = len(curves) > 1
    end = "thrown off, below" if case.ended else "below"
    said = f"{names_of(curves)} {'are' if several else 'is'} {end} {'their' if several else 'its'} start"
    return f"{when[0].upper()}{when[1:]} {said}" + ": nobody leads" * several


def _rivals_ahead(case: Case) -> list[str]:
    """Which rivals were before the first of the depths; the second saying is shorter."""
    first = case.race.groups[0][0]
    arrived = [curve for curve in case.rivals if is_before(curve.arrival, first.arrival)]
    if case.race.by_target or arrived:
        word = "still earlier" if case.race.by_target else "at the target"
        said = [f"{curve.name} ({curve.arrival:g})" for curve in arrived]
    else:
        higher = [curve for curve in case.rivals if not curve.off and curve.middle >= first.middle + SAME]
        word, said = "still higher", [f"{curve.name} ({signed(curve.middle)})" for curve in higher]
    if not said:
        return [""]
    return [f"; {word}: {listed(said)}", f"; {counted(len(said), 'rival')} {word}"]


def is_before(one: float | None, other: float | None) -> bool:
    """Whether a median arrival is earlier than another; None is never."""
    return one is not None and (other is None or one < other)


def _seeds(case: Case) -> str:
    """How many seeds, and whether they settle the order."""
    if case.seeds > 1 and case.runs == 1:
        return f"; {case.seeds} seeds are one run"
    who = counted(case.seeds, "seed") if case.runs == case.seeds else f"{case.runs} different runs"
    if len(case.race.curves) == 1 or case.alike or all(curve.off for curve in case.race.curves):
        return f"; {who}"
    if case.seeds == 1:
        return "; one seed settles nothing"
    verdict = settled(case.race)
    return f"; {verdict} by {who}" if verdict else f"; level in {who}"


def counted_updates(number: float | None) -> str:
    """A median of updates, which may lie half between two."""
    return f"{number:g} update" + "s" * (number != 1)
