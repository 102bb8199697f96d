"""What the runs on screen show, in one generated sentence: who reached the target when, and in how many seeds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spncore import Dataset, Trace
from spncore.arrays import Floats
from spncore.data.library import product_of_marginals_llh
from spncore.limits import LIMITS
from spncore.trees.induced import written
from spncore.words import counted, listed, of_seeds, signed

PUBLISHED_TARGET = -7.2  # nats per row on NLTCS, where Figure 3 of Trapp et al. (2019) shows the depths well apart
PUBLISHED_ON = ("nltcs", "nltcs-twin")
PART_OF_GAIN = 0.9  # elsewhere the target is this part of the way from the start to the best median
FEW_RIVALS = 2  # of more, a headline leaves out in how many seeds each was ahead
Curve = tuple[Trace, Floats]  # and its median over the seeds
LEVEL = 5e-4  # nats per row that make no difference in the three digits shown


def headline(
    traces: Sequence[Trace],
    dataset: Dataset,
    ended: bool = True,
    medians: Sequence[Floats] | None = None,
    num_rivals: int = 0,
) -> str:
    """The headline of traces of the same experiment at several depths, complete or not, in any order.

    The last `num_rivals` traces are of other learners on the plain network. `medians` over the seeds, if they are known
    already, one (T,) per trace.
    Before the end, and where no target was reached, it says who leads; depths that diverged are named.
    """
    if medians is None:
        medians = [np.median(trace.llh, axis=0) for trace in traces]
    pairs, first_rival = list(zip(traces, medians, strict=True)), len(traces) - num_rivals
    known = sorted(pairs[:first_rival], key=lambda pair: pair[0].experiment.depth)
    known, rivals = ([pair for pair in group if pair[1].size] for group in (known, pairs[first_rival:]))
    if not known:
        return _untrained(ended)
    diverged = [
        f"{name(trace)} diverged after {_iterations(median.size - 1)}"
        for name, group in ((_name, known), (_rival_name, rivals))
        for trace, median in group
        if trace.stopped
    ]
    sound, rivals = ([pair for pair in group if not pair[0].stopped] for group in (known, rivals))
    said: list[str] = []
    if sound:
        words, target = _of_sound(sound, rivals, dataset, ended)
        said = [words, *_of_rivals(rivals, sound[-1], target, ended)]
    return "; ".join([*said, *diverged]) + "."


def circuit_headline(traces: Sequence[Trace], ended: bool, shallow: bool) -> str:
    """The headline of a circuit at several depths and, if `shallow`, last the mixture of its trees.

    Compared with the mixture is the first depth, from whose start it was made; else the last depth with the first.
    """
    if not traces or not traces[0].llh.shape[1]:
        return _untrained(ended)
    depths = tuple(trace.experiment.depth for trace in (traces[:-1] if shallow else traces))
    names = [f"the circuit with L={depth}" if len(depths) > 1 else "the circuit" for depth in depths]
    names += ["the mixture of its trees"] * shallow
    diverged = [f"{name} {trace.stopped}" for name, trace in zip(names, traces, strict=True) if trace.stopped]
    one, other = (0, len(traces) - 1) if shallow else (len(traces) - 1, 0)
    said = _apart(traces[one], traces[other], names[one], names[other], shallow) if one != other else ""
    if not said:
        llh = traces[one].llh
        median = signed(float(np.median(llh[:, -1])))
        said = f"After {counted(llh.shape[1] - 1, 'update')}, {names[one]} is at {median} nats"
    return "; ".join([said, *diverged]) + "."


def trees_sentence(num: int) -> str:
    """κ in words, and what follows from it."""
    exact = f"{num:,}" if num < 10**15 else written(num)
    if num == 1:
        return "κ = 1: this circuit is one induced tree, so there is nothing to mix."
    if num > LIMITS.live_trees:
        return f"κ = {exact} induced trees: too many to train side by side; limit {LIMITS.live_trees:,}."
    return f"κ = {exact} induced trees: their mixture is trained beside the circuit, from the same start."


def _apart(one: Trace, other: Trace, name: str, other_name: str, same_start: bool) -> str:
    length = min(one.llh.shape[1], other.llh.shape[1])
    if not length:
        return ""
    lead = one.llh[:, length - 1] - other.llh[:, length - 1]
    start = float(np.abs(one.llh[:, 0] - other.llh[:, 0]).max())
    begin = f"Same function at the start (difference {start:.1g} nats); after" if same_start else "After"
    begin += f" {counted(length - 1, 'update')},"
    middle = float(np.median(lead))
    if abs(middle) < LEVEL:
        return f"{begin} {name} and {other_name} are level"
    if middle < 0:
        name, other_name, lead = other_name, name, -lead
    ahead = of_seeds(int((lead > 0).sum()), len(lead))
    return f"{begin} {name} is ahead of {other_name} by {abs(middle):.3f} nats, in {ahead}"


def _untrained(ended: bool) -> str:
    return "Nothing trained yet." if ended else "Training starts."


def _of_sound(
    sound: Sequence[Curve], rivals: Sequence[Curve], dataset: Dataset, ended: bool
) -> tuple[str, float | None]:
    """What is said of the depths, and the target, if there is one; it is chosen with the rivals in view."""
    medians, names = [median for _, median in sound], listed([_name(trace) for trace, _ in sound])
    if len(sound) > 1 and _level(medians):
        return _level_words(names, medians, dataset, ended), None
    target = _target([median for _, median in (*sound, *rivals)], sound[0][0].experiment.dataset, ended)
    if target is None:
        return _lead(sound, medians), None
    reached = [_first(median >= target) for median in medians]
    leader = min(
        range(len(sound)), key=lambda index: (np.inf if reached[index] is None else reached[index], -medians[index][-1])
    )
    if reached[leader] is None:  # only a rival was there
        when = f"within {_iterations(medians[leader].size - 1)}" if ended else "yet"
        return f"{names} did not reach {signed(target, '.6g')} {when}", target
    words = f"reached {signed(target, '.6g')} after {_iterations(reached[leader] or 0)}"
    later = [_later(at, reached[leader], median.size, ended) for at, median in zip(reached, medians, strict=True)]
    return _led(words, later, sound, leader, target), target


def _lead(sound: Sequence[Curve], medians: Sequence[Floats]) -> str:
    """Who is ahead at the last iteration that all have."""
    last = min(median.size for median in medians) - 1
    total = sound[0][0].experiment.iterations
    leader = max(range(len(sound)), key=lambda index: medians[index][last])
    when = f"After {_iterations(last)}" + f" of {total}" * (last != total)
    at = [f"is at {signed(median[last])}" for median in medians]
    words = at[0] if len(sound) == 1 else f"leads with {signed(medians[leader][last])}"
    return f"{when}, {_led(words, at, sound, leader, None)}"


def _led(leads: str, others: Sequence[str], sound: Sequence[Curve], leader: int, target: float | None) -> str:
    """What the leader did and, unless it is alone, the depth it is compared with: the shallowest, or the deepest."""
    other = 0 if leader else len(sound) - 1
    (one, _), (behind, _) = sound[leader], sound[other]
    text = f"{_name(one)} {leads}"
    if len(sound) == 1:
        return text
    return f"{text}, {_name(behind)} {others[other]}; ahead in {_ahead(one, behind, target)}"


def _of_rivals(rivals: Sequence[Curve], deepest: Curve, target: float | None, ended: bool) -> list[str]:
    """What the rivals did: of a few, in how many seeds each was before the deepest network."""
    deep, deep_median = deepest
    words = [
        f"is at {signed(median[min(median.size, deep_median.size) - 1])}"
        if target is None
        else _later(_first(median >= target), None, median.size, ended)
        for _, median in rivals
    ]
    said = [(trace, each) for (trace, _), each in zip(rivals, words, strict=True)]
    if len(rivals) > FEW_RIVALS:
        return ["at L=1, " + ", ".join(f"{trace.experiment.learner_title} {each}" for trace, each in said)]
    return [
        f"{_rival_name(trace)} {each}, ahead of {_name(deep)} in {_ahead(trace, deep, target)}" for trace, each in said
    ]


def _name(trace: Trace) -> str:
    return f"L={trace.experiment.depth}"


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
    target = float(start + PART_OF_GAIN * (best - start))
    rounded = float(np.round(target, decimals))
    return rounded if start < rounded <= best else target


def _level(medians: Sequence[Floats]) -> bool:
    """Whether the curves cannot be told apart."""
    last = min(median.size for median in medians)
    together = np.stack([median[:last] for median in medians])
    return bool(np.ptp(together, axis=0).max() < LEVEL)


def _level_words(names: str, medians: Sequence[Floats], dataset: Dataset, ended: bool) -> str:
    end = medians[0][-1]
    words = f"{names} coincide: all {'ended' if ended else 'are'} at {signed(end)}"
    words += f" after {_iterations(min(median.size for median in medians) - 1)}"
    if ended and abs(end - product_of_marginals_llh(dataset)) < LEVEL:
        words += ", the level of independent variables"
    return words


def _ahead(one: Trace, other: Trace, target: float | None) -> str:
    """In how many seeds the first was at the target before the other; without a target, ends higher."""
    if target is None:
        last = min(one.llh.shape[1], other.llh.shape[1]) - 1
        return of_seeds(int((one.llh[:, last] > other.llh[:, last]).sum()), len(one.llh))
    pairs = zip(one.updates_to(target), other.updates_to(target), strict=True)
    return of_seeds(sum(own is not None and (theirs is None or own < theirs) for own, theirs in pairs), len(one.llh))


def _later(reached: int | None, by_leader: int | None, length: int, ended: bool) -> str:
    if reached is None:
        return f"not within {_iterations(length - 1)}" if ended else "not yet"
    return "as early" if reached == by_leader else f"after {reached}"


def _first(reached: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(reached)) if reached.any() else None


def _iterations(count: int) -> str:
    return counted(count, "update", "")
