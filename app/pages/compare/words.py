"""What a comparison of runs says, in sentences made from their curves by the lab's one rule; runs go by letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from app.kit.stored import Stored
from app.live.headline.standing import Curve
from spncore.arrays import Floats
from spncore.studies import statistics
from spncore.studies.statistics import of_several
from spncore.words import DASH, counted, listed, percent, signed

LETTERS = "ABCDEF"
DASHED = ("solid", "dashed", "dotted", "dashes and dots", "long dashes", "dashes and two dots")


class Pair(NamedTuple):
    """A curve that two runs have, over the seeds that both have, each run once, as far as both go.

    `target` is what both are compared at, empty where they have none or another; `why` then says so. `seeds` are those
    that both have, `runs` those that are runs of their own.
    """

    one: Curve
    other: Curve
    seeds: tuple[int, ...]
    runs: int
    target: str
    why: str

    @property
    def by_target(self) -> bool:
        """Whether updates to the target are compared; else it is where both are."""
        return bool(self.target) and any(curve.arrival is not None for curve in (self.one, self.other))


def pairs(base: Stored, other: Stored, letters: tuple[str, str]) -> list[Pair]:
    """The curves that both runs have and that came to their end, seed by seed; none of runs on other rows."""
    if base.entry.data_sha256 != other.entry.data_sha256:
        return []
    seeds = shared_seeds(base, other)
    names = {name: place for place, name in enumerate(other.study.names())}
    found = []
    for place, name in enumerate(base.study.names()):
        if seeds and name in names and not (base.stopped[place] or other.stopped[names[name]]):
            found.append(_pair(base, other, place, names[name], name, seeds, letters))
    return found


def shared_seeds(base: Stored, other: Stored) -> tuple[int, ...]:
    """The seeds that both runs have."""
    theirs = {*other.study.experiment.seeds}
    return tuple(seed for seed in base.study.experiment.seeds if seed in theirs)


def _pair(
    base: Stored, other: Stored, at: int, there: int, name: str, seeds: tuple[int, ...], letters: tuple[str, str]
) -> Pair:
    length = min(base.llh[at].shape[1], other.llh[there].shape[1])
    values = [_of_seeds(run, curve, seeds)[:, :length] for run, curve in ((base, at), (other, there))]
    own = statistics.first_of_each(values)
    levels, title, why = _levels(base, other, seeds)
    curves = [
        Curve(f"{letter} {name}", each[own], None if levels is None else levels[own])
        for letter, each in zip(letters, values, strict=True)
    ]
    return Pair(curves[0], curves[1], seeds, len(own), title, why)


def _of_seeds(run: Stored, curve: int, seeds: Sequence[int]) -> Floats:
    place = {seed: at for at, seed in enumerate(run.study.experiment.seeds)}
    return run.llh[curve][[place[seed] for seed in seeds]]


def _levels(base: Stored, other: Stored, seeds: Sequence[int]) -> tuple[Floats | None, str, str]:
    """The level of each seed, where both runs have the same; else why there is none."""
    one, two = base.target, other.target
    if one is None or two is None:
        return None, "", "not both have a target"
    levels, others = (
        np.array([dict(zip(run.study.experiment.seeds, target.levels, strict=True))[seed] for seed in seeds])
        for run, target in ((base, one), (other, two))
    )
    if not np.array_equal(levels, others):
        return None, "", "their targets are not at the same levels"
    return levels, one.title, ""


def verdict(pair: Pair) -> str:
    """Who is ahead at the target, and where both end: in how many pairs, by how much, and whether that is settled."""
    end = pair.one.updates
    ends = statistics.scored(pair.other.name, pair.one.name, pair.other.last.tolist(), pair.one.last.tolist())
    said = f"After {counted(end, 'update')}: {ends}."
    if pair.by_target:
        first = statistics.compared(pair.other.name, pair.one.name, pair.other.arrivals, pair.one.arrivals, end)
        said = f"At {pair.target}: {first}. {said}"
    elif pair.target:
        said = f"Neither kept {pair.target} in most seeds. {said}"
    thrown = [f"{curve.name} in {int(curve.thrown.sum())}" for curve in (pair.one, pair.other) if curve.thrown.any()]
    return said + f" Thrown off, below the start: {listed(thrown)} of {counted(pair.runs, 'seed')}." * bool(thrown)


def pairing(base: Stored, other: Stored, letters: tuple[str, str]) -> str:
    """Which seeds pair between two runs, and at what they can be compared."""
    one, two = letters
    if base.entry.data_sha256 != other.entry.data_sha256:
        return (
            f"{two} was trained on other rows than {one}: their log-likelihoods are not on one scale and their seeds "
            "do not pair, so nothing is said of who is ahead."
        )
    seeds, found = shared_seeds(base, other), pairs(base, other, letters)
    if not seeds:
        return f"{one} and {two} have no seed in common, so none pair: what sets them apart may be chance alone."
    said = [f"{counted(len(seeds), 'seed')} {'pair' if len(seeds) > 1 else 'pairs'} between {one} and {two}"]
    if not found:
        return f"{said[0]}, but they have no curve in common that came to its end."
    if found[0].runs < len(seeds):
        said.append(f"they are {counted(found[0].runs, 'different run')}, each counted once")
    if found[0].why:
        said.append(f"{found[0].why}, so only where they stand is compared")
    lengths = {run.study.experiment.iterations for run in (base, other)}
    if len(lengths) > 1:
        said.append(f"compared after {counted(min(lengths), 'update')}, where the shorter ends")
    return f"{'; '.join(said)}."


def verdicts(base: Stored, others: Mapping[str, Stored], letter: str) -> Iterator[tuple[str, list[str]]]:
    """By run which seeds pair with the baseline's, and a sentence for each curve that both have."""
    for name, run in others.items():
        found = pairs(base, run, (letter, name))
        yield pairing(base, run, (letter, name)), [verdict(pair) for pair in found]


def caution(number: int) -> str:
    """What so many verdicts do not show."""
    share, pairs_of = percent(1.0 - statistics.LEVEL), f"{counted(number, 'pair')} of curves"
    return (
        f"{pairs_of} {'are' if number != 1 else 'is'} compared here; where runs do not differ, up to {share} of such "
        "verdicts are settled by chance."
    )


def dashed(place: int) -> str:
    """How the lines of a run are drawn, in words."""
    return DASHED[place]


def chart(sides: Mapping[str, Stored], depth: int) -> str:
    """Where the curves on show end."""
    return "; ".join(
        f"{letter}: " + ", ".join(f"{name} {ended(llh, why)}" for name, llh, why in _of_depth(run, depth))
        for letter, run in sides.items()
    )


def _of_depth(run: Stored, depth: int) -> Iterator[tuple[str, Floats, str | None]]:
    """The name, LLH (S, T) and end of every curve of a depth; 0 is all."""
    for name, experiment, llh, why in zip(
        run.study.names(), run.study.experiments(), run.llh, run.stopped, strict=True
    ):
        if depth in (0, experiment.depth):
            yield name, llh, why


def columns(letter: str) -> tuple[str, ...]:
    """What stands in the table of numbers."""
    return "run", "curve", "median end", f"higher than {letter}", "updates", f"earlier than {letter}"


def rows(sides: Mapping[str, Stored], letter: str) -> list[list[str]]:
    """A row for each curve of each run: its median end and updates, and how far it is from the baseline's, seed by
    seed."""
    base, found = sides[letter], []
    for name, run in sides.items():
        against = {pair.other.name: pair for pair in pairs(base, run, (letter, name))} if name != letter else {}
        for curve, llh, why in zip(run.study.names(), run.llh, run.stopped, strict=True):
            pair = against.get(f"{name} {curve}")
            found.append([name, curve, ended(llh, why), _higher(pair), reached(run, llh), _earlier(pair)])
    return found


def ended(llh: Floats, why: str | None) -> str:
    """A curve's median end with its interval, or why it has none."""
    if why or not llh.shape[1]:
        return why or DASH
    middle, low, high, coverage = statistics.spread(llh[:, -1].tolist())
    return of_several(signed(middle), signed(low), signed(high), coverage)


def reached(run: Stored, llh: Floats) -> str:
    """After how many updates a curve was at its run's own target."""
    target = run.target
    if target is None or not llh.shape[1]:
        return DASH
    curve = Curve("", llh, np.array(target.levels))
    of = statistics.span if len(llh) > 1 else statistics.middle
    said = of(curve.arrivals, curve.updates)
    return f"{said} to {target.title}"


def _higher(pair: Pair | None) -> str:
    if pair is None:
        return DASH
    return statistics.by(statistics.higher(pair.other.last.tolist(), pair.one.last.tolist()), "nat", ".3f")


def _earlier(pair: Pair | None) -> str:
    if pair is None or not pair.by_target:
        return DASH
    return statistics.by(statistics.lead(pair.other.arrivals, pair.one.arrivals, pair.one.updates))
