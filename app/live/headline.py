"""What the runs on screen show, in one generated sentence: who reached the target when, and in how many seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spncore import Dataset, Trace
from spncore.arrays import Floats
from spncore.data.library import product_of_marginals_llh

PUBLISHED_TARGET = -7.2  # nats per row on NLTCS, where Figure 3 of Trapp et al. (2019) shows the depths well apart
PUBLISHED_ON = ("nltcs", "nltcs-twin")
PART_OF_GAIN = 0.9  # elsewhere the target is this part of the way from the start to the best median
FEW_RIVALS = 2  # of more, a headline leaves out in how many seeds each was ahead
Curve = tuple[Trace, Floats]  # and its median over the seeds
LEVEL = 5e-4  # nats per row that make no difference in the three digits shown


@dataclass(frozen=True)
class Headline:
    """The sentence and what it was made from, each per depth: iterations (from 1) of the median to the target, or None.

    `ahead` of `num_seeds`: in how many seeds the leader reached the target before the depth it is compared with.
    `rivals_reached` and `rivals_ahead` are of the rivals, in their order: iterations, and in how many seeds each was
    there before the deepest network.
    """

    text: str
    depths: tuple[int, ...] = ()
    target: float | None = None
    reached: tuple[int | None, ...] = ()
    leader: int | None = None
    compared_with: int | None = None
    ahead: int = 0
    num_seeds: int = 0
    rivals_reached: tuple[int | None, ...] = ()
    rivals_ahead: tuple[int, ...] = ()


def headline(
    traces: Sequence[Trace],
    dataset: Dataset,
    ended: bool = True,
    medians: Sequence[Floats] | None = None,
    num_rivals: int = 0,
) -> Headline:
    """The headline of traces of the same experiment at several depths, complete or not, in any order.

    The last `num_rivals` traces are of other learners on the plain network. `medians` over the seeds, if they are known
    already, one (T,) per trace.
    Before the end, and where no target was reached, it says who leads; depths that diverged are named.
    """
    if medians is None:
        medians = [np.median(trace.llh, axis=0) for trace in traces]
    pairs = list(zip(traces, medians, strict=True))
    known = sorted(pairs[: len(pairs) - num_rivals], key=lambda pair: pair[0].experiment.depth)
    rivals = [pair for pair in pairs[len(pairs) - num_rivals :] if pair[1].size]
    known = [pair for pair in known if pair[1].size]
    if not known:
        return Headline("Nothing trained yet." if ended else "Training starts.")
    names = [f"L={trace.experiment.depth}" for trace, _ in known] + [_rival_name(trace) for trace, _ in rivals]
    diverged = [
        f"{name} diverged after {_iterations(median.size)}"
        for name, (trace, median) in zip(names, known + rivals, strict=True)
        if trace.stopped
    ]
    sound, rivals = ([pair for pair in group if not pair[0].stopped] for group in (known, rivals))
    said = _of_sound(sound, rivals, dataset, ended) if sound else None
    if said is not None and rivals:
        said = _with_rivals(said, sound[-1], rivals, ended)
    text = "; ".join(([said.text] if said else []) + diverged) + "."
    return Headline(text) if said is None else Headline(**{**vars(said), "text": text})


def _of_sound(sound: Sequence[Curve], rivals: Sequence[Curve], dataset: Dataset, ended: bool) -> Headline:
    """What is said of the depths; the target is chosen with the rivals in view."""
    traces, medians = [trace for trace, _ in sound], [median for _, median in sound]
    depths = tuple(trace.experiment.depth for trace in traces)
    if len(traces) > 1 and _level(medians):
        return _level_headline(depths, medians, dataset, ended)
    target = _target([*medians, *(median for _, median in rivals)], traces[0].experiment.dataset, ended)
    if target is None:
        return _lead(traces, medians, depths, ended)
    reached = tuple(_first(median >= target) for median in medians)
    leader = min(range(len(traces)), key=lambda index: (reached[index] or np.inf, -medians[index][-1]))
    if reached[leader] is None:  # only a rival was there
        when = f"within {_iterations(medians[leader].size)}" if ended else "yet"
        words = f"{_listed(depths)} did not reach {_short(target)} {when}"
        return Headline(words, depths, target, reached, num_seeds=len(traces[0].llh))
    words = f"L={depths[leader]} reached {_short(target)} after {_iterations(reached[leader])}"
    if len(traces) == 1:
        return Headline(words, depths, target, reached, depths[0], None, 0, len(traces[0].llh))
    other = 0 if leader else len(traces) - 1
    words += f", L={depths[other]} " + _later(reached[other], reached[leader], medians[other].size, ended)
    ahead = _seeds_ahead(traces[leader], traces[other], target)
    num_seeds = len(traces[leader].llh)
    words += f"; ahead in {ahead} of {num_seeds} {_plural('seed', num_seeds)}"
    return Headline(words, depths, target, reached, depths[leader], depths[other], ahead, num_seeds)


def _with_rivals(said: Headline, deepest: Curve, rivals: Sequence[Curve], ended: bool) -> Headline:
    """The same headline and what the rivals did: of a few, in how many seeds each was before the deepest network."""
    against = [_against(rival, deepest, said.target, ended) for rival in rivals]
    depth, num_seeds = deepest[0].experiment.depth, len(deepest[0].llh)
    seeds = f"of {num_seeds} {_plural('seed', num_seeds)}"
    if len(rivals) <= FEW_RIVALS:
        parts = [
            f"{_rival_name(rival)} {words}, ahead of L={depth} in {ahead} {seeds}"
            for (rival, _), (words, _, ahead) in zip(rivals, against, strict=True)
        ]
    else:
        titles = [rival.experiment.learner_title for rival, _ in rivals]
        parts = [
            "at L=1, " + ", ".join(f"{title} {words}" for title, (words, _, _) in zip(titles, against, strict=True))
        ]
    both = {"rivals_reached": tuple(one[1] for one in against), "rivals_ahead": tuple(one[2] for one in against)}
    return Headline(**{**vars(said), "text": "; ".join([said.text, *parts]), **both})


def _against(rival: Curve, deepest: Curve, target: float | None, ended: bool) -> tuple[str, int | None, int]:
    """Words, iterations to the target, and in how many seeds a rival was before the deepest; else where it is."""
    (trace, median), (deep, its_median) = rival, deepest
    if target is None:
        last = min(median.size, its_median.size) - 1
        return f"is at {_number(median[last])}", None, int((trace.llh[:, last] > deep.llh[:, last]).sum())
    reached = _first(median >= target)
    return _later(reached, None, median.size, ended), reached, _seeds_ahead(trace, deep, target)


def _rival_name(trace: Trace) -> str:
    return f"L=1 · {trace.experiment.learner_title}"


def _target(medians: Sequence[Floats], dataset: str, ended: bool) -> float | None:
    """The LLH to compare at, or None where there is none (yet): the published one if it was passed on the way."""
    start, best = max(median[0] for median in medians), max(median[-1] for median in medians)
    if dataset in PUBLISHED_ON and start < PUBLISHED_TARGET:
        if any((median >= PUBLISHED_TARGET).any() for median in medians):
            return PUBLISHED_TARGET
    if not ended or best - start <= LEVEL:
        return None
    decimals = int(np.clip(1 - np.floor(np.log10(best - start)), 1, 4))
    target = float(np.round(start + PART_OF_GAIN * (best - start), decimals))
    return target if start < target <= best else float(start + PART_OF_GAIN * (best - start))


def _lead(traces: Sequence[Trace], medians: Sequence[Floats], depths: tuple[int, ...], ended: bool) -> Headline:
    last = min(median.size for median in medians) - 1
    total, num_seeds = traces[0].experiment.iterations, len(traces[0].llh)
    leader = max(range(len(traces)), key=lambda index: medians[index][last])
    when = _iterations(last + 1) + ("" if last + 1 == total else f" of {total}")
    words = f"After {when}, L={depths[leader]} " + ("is at" if len(traces) == 1 else "leads with")
    words += f" {_number(medians[leader][last])}"
    if len(traces) == 1:
        return Headline(words, depths, leader=depths[0], num_seeds=num_seeds)
    other = 0 if leader else len(traces) - 1
    ahead = int((traces[leader].llh[:, last] > traces[other].llh[:, last]).sum())
    words += f", L={depths[other]} is at {_number(medians[other][last])}"
    words += f"; ahead in {ahead} of {num_seeds} {_plural('seed', num_seeds)}"
    return Headline(words, depths, None, (), depths[leader], depths[other], ahead, num_seeds)


def _level(medians: Sequence[Floats]) -> bool:
    """Whether the curves cannot be told apart."""
    last = min(median.size for median in medians)
    together = np.stack([median[:last] for median in medians])
    return bool(np.ptp(together, axis=0).max() < LEVEL)


def _level_headline(depths: tuple[int, ...], medians: Sequence[Floats], dataset: Dataset, ended: bool) -> Headline:
    end = medians[0][-1]
    words = f"{_listed(depths)} coincide: all {'ended' if ended else 'are'} at {_number(end)}"
    words += f" after {_iterations(min(median.size for median in medians))}"
    if ended and abs(end - product_of_marginals_llh(dataset)) < LEVEL:
        words += ", the level of independent variables"
    return Headline(words, depths)


def _listed(depths: Sequence[int]) -> str:
    names = [f"L={depth}" for depth in depths]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"


def _seeds_ahead(leader: Trace, other: Trace, target: float) -> int:
    pairs = zip(leader.iterations_to(target), other.iterations_to(target), strict=True)
    return sum(own is not None and (theirs is None or own < theirs) for own, theirs in pairs)


def _later(reached: int | None, by_leader: int | None, length: int, ended: bool) -> str:
    if reached is None:
        return f"not within {_iterations(length)}" if ended else "not yet"
    return "as early" if reached == by_leader else f"after {reached}"


def _first(reached: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(reached)) + 1 if reached.any() else None


def _iterations(count: int | None) -> str:
    return f"{count} {_plural('iteration', count or 0)}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def _number(value: float) -> str:
    """Three digits after the point, with a real minus sign."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def _short(value: float) -> str:
    """A target, which was rounded when it was chosen."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")
