"""The second line: sizes with their intervals, and all that a headline of one breath has to leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from app.live.headline.first_line import PLAIN, Case, counted_updates, names_of
from app.live.headline.standing import Curve, Race
from spncore.studies.statistics import FEW, SAME, Wins, by, higher, never, won
from spncore.words import counted, listed, of_seeds, signed

FEW_RIVALS = 2  # of more, in how many seeds each was ahead is left out


def pairs_line(case: Case) -> Iterator[str]:
    """The leader against the plain network and against the last, and neighbours that seeds do not tell apart."""
    race, order = case.race, [curve for curve in case.race.order if not curve.off]
    if case.alike and race.by_target:
        yield f"All were at {case.target} after {counted_updates(order[0].arrival)}{case.in_median}"
    if len(order) < 2 or case.alike:
        return
    lead, last = order[0], order[-1]
    others = [curve for curve in order[1:] if curve.name == PLAIN or curve is last]
    yield from (compared(case, lead, other) for other in others)
    if case.runs < FEW:
        yield from [f"Fewer than {FEW} seeds settle nothing"] * (case.runs > 1)
        return
    for one, other in pairwise(order):
        if (one, other) not in [(lead, each) for each in others] and race.wins(one, other).verdict == "open":
            yield f"{_ahead(race, one, other)}: not settled"


def compared(case: Case, one: Curve, other: Curve) -> str:
    """One pair: in how many seeds the first is ahead, by how much, and whether that is settled."""
    race = case.race
    wins = race.wins(one, other)
    if not wins.decided:
        return f"{one.name} and {other.name} are level in {of_seeds(wins.pairs, wins.pairs)}"
    unit, effect = ("update", "g") if race.by_target else ("nat", ".3f"), race.effect(one, other)
    size = f"{'yet the median lead is' if effect.most < 0 else 'by'} {by(effect, *unit)}"
    return f"{_ahead(race, one, other)}, {size}{_sure(case, wins)}"


def counts_line(case: Case) -> Iterator[str]:
    """Seeds that never arrived, that lost what they had reached, and that were thrown off, by depth."""
    some = any(curve.in_seeds for curve in case.race.curves)
    missing = [_seeds_of(curve, never(curve.passed)) for curve in case.race.curves if some]
    lost = [_seeds_of(curve, curve.lost) for curve in (*case.race.curves, *case.rivals)]
    thrown = [_seeds_of(curve, int(curve.thrown.sum())) for curve in (*case.race.curves, *case.rivals)]
    for title, found in (
        ("Never there" if case.ended else "Not there yet", missing),
        ("Reached and lost again", lost),
        ("Thrown off, below the start" if case.ended else "Below the start now", thrown),
    ):
        if any(found):
            yield f"{title}: {listed([*filter(None, found)])}"


def ends_line(case: Case) -> Iterator[str]:
    """Where the first to arrive is not the best now, and which depths are level now."""
    sound = [curve for curve in case.race.curves if not curve.off]
    if not case.race.by_target or len(sound) < 2 or case.alike:
        return
    now = Race(tuple(sound), by_target=False)
    best, first = now.order[0], case.race.order[0]
    gap = higher(best.last.tolist(), first.last.tolist())
    if best is not first and gap.least >= SAME:
        wins, size = now.wins(best, first), by(gap, "nat", ".3f")
        seeds = f"{won(wins)}{_sure(case, wins)}"
        yield f"{first.name} is first, but at {case.updates} behind {best.name} by {size}, in {seeds}"
    level = [names_of(group) for group in now.groups if len(group) > 1]
    if level:
        yield f"Level at {case.updates}, within {SAME:g} nats: {'; '.join(level)}"


def rivals_line(case: Case) -> Iterator[str]:
    """Where each rival is, and of a few in how many seeds it was before the first of the depths."""
    if not case.rivals:
        return
    race = Race((case.race.order[0], *case.rivals), case.race.by_target or any(c.arrival for c in case.rivals))
    first = race.curves[0]
    said = []
    for curve in case.rivals:
        words = f"{curve.name} {_where(case, race, curve)}"
        if len(case.rivals) <= FEW_RIVALS and not curve.off:
            wins = race.wins(curve, first)
            words += f", {'before' if race.by_target else 'above'} {first.name} in {won(wins)}"
        said.append(words)
    yield f"At {PLAIN}, {'; '.join(said)}"


def _sure(case: Case, wins: Wins) -> str:
    """Whether a pair is settled; of few seeds it is said once for all."""
    return "" if case.runs < FEW else ": settled" if wins.verdict == "ahead" else ": not settled"


def _where(case: Case, race: Race, curve: Curve) -> str:
    if curve.off:
        return f"was thrown off to {signed(curve.middle)}"
    if not race.by_target:
        return f"is at {signed(curve.middle)}"
    if curve.arrival is not None:
        return f"arrived after {curve.arrival:g}"
    if curve.in_most:
        return "was there, but thrown off"
    return f"not within {counted(case.updates, 'update', '')}" if case.ended else "not yet"


def _ahead(race: Race, one: Curve, other: Curve) -> str:
    return f"{one.name} {'before' if race.by_target else 'above'} {other.name} in {won(race.wins(one, other))}"


def _seeds_of(curve: Curve, number: int) -> str:
    return f"{curve.name} in {of_seeds(number, len(curve.values))}" if number else ""


LINES: tuple[Callable[[Case], Iterator[str]], ...] = (pairs_line, ends_line, counts_line, rivals_line)
