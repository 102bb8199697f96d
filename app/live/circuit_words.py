"""What the runs of a deep circuit show, in one generated sentence: equal at the start, and who is ahead since."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.live.headline import Headline
from spncore import Trace
from spncore.arrays import Floats
from spncore.limits import LIMITS
from spncore.trees.induced import written

TIE = 5e-4  # nats per row that make no difference in the three digits shown


def circuit_headline(
    traces: Sequence[Trace], ended: bool, shallow: bool, medians: Sequence[Floats] | None = None
) -> Headline:
    """The headline of a circuit at several depths and, if `shallow`, last the mixture of its trees.

    Compared with the mixture is the first depth, from whose start it was made; else the last depth with the first.
    """
    if not traces or not traces[0].llh.shape[1]:
        return Headline("Nothing trained yet." if ended else "Training starts.")
    medians = [np.median(trace.llh, axis=0) for trace in traces] if medians is None else medians
    depths = tuple(trace.experiment.depth for trace in (traces[:-1] if shallow else traces))
    names = [f"the circuit with L={depth}" if len(depths) > 1 else "the circuit" for depth in depths]
    names += ["the mixture of its trees"] if shallow else []
    diverged = [f"{name} {trace.stopped}" for name, trace in zip(names, traces, strict=True) if trace.stopped]
    one, other = (0, len(traces) - 1) if shallow else (len(traces) - 1, 0)
    said = _compared(traces[one], traces[other], names[one], names[other], shallow) if one != other else ""
    if not said:
        length = medians[one].size
        said = f"After {_steps(length)}, {names[one]} is at {_nats(float(medians[one][-1]))} nats"
    return Headline("; ".join([said, *diverged]) + ".", depths, num_seeds=len(traces[0].llh))


def _compared(one: Trace, other: Trace, name: str, other_name: str, same_start: bool) -> str:
    length = min(one.llh.shape[1], other.llh.shape[1])
    if not length:
        return ""
    lead = one.llh[:, length - 1] - other.llh[:, length - 1]
    start = float(np.abs(one.llh[:, 0] - other.llh[:, 0]).max())
    begin = f"Same function at the start (difference {start:.1g} nats); after" if same_start else "After"
    middle = float(np.median(lead))
    if abs(middle) < TIE:
        return f"{begin} {_steps(length)}, {name} and {other_name} are level"
    ahead, leader, left = (lead > 0, name, other_name) if middle > 0 else (lead < 0, other_name, name)
    seeds = f"{int(ahead.sum())} of {len(lead)} {'seed' if len(lead) == 1 else 'seeds'}"
    return f"{begin} {_steps(length)}, {leader} is ahead of {left} by {abs(middle):.3f} nats, in {seeds}"


def trees_sentence(num: int) -> str:
    """κ in words, and what follows from it."""
    exact = f"{num:,}" if num < 10**15 else f"{written(num)}"
    if num == 1:
        return "κ = 1: this circuit is one induced tree, so there is nothing to mix."
    if num > LIMITS.live_trees:
        return f"κ = {exact} induced trees: too many to train side by side; limit {LIMITS.live_trees:,}."
    return f"κ = {exact} induced trees: their mixture is trained beside the circuit, from the same start."


def _steps(count: int) -> str:
    return f"{count:,} {'step' if count == 1 else 'steps'}"


def _nats(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")
