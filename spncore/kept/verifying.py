"""Runs of many files are verified together: equal studies are trained once, all files' numbers compared with that.

What the same arithmetic and the same release made has to come back bit for bit. Elsewhere the last bits of a step are
others, and a run enlarges them: over OpenBLAS kernels and SIMD levels the default run's median arrives after 350 to 363
updates on NLTCS; on the synthetic twin, whose seeds are further apart, after 358 or, by one seed of six, not at all. So
a run that says that it was made elsewhere has to be near: of its medians and those that are trained here, one lies in
the exact interval of the other, with room for `UPDATES` and `END` where all seeds are alike. All runs of the lessons on
five kernels and SIMD levels do, each beside each; the medians alone would not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from spncore.data.dataset import Dataset
from spncore.files.provenance import ENGINE
from spncore.kept.runs import Again, Holding, again, compared, target_of
from spncore.studies import history
from spncore.studies.target import Fixed
from spncore.sweep import Reporter, quiet

UPDATES = 0.05  # of a number of updates
END = 0.02  # nats per row at the end
LEVEL = 1e-3  # nats per row of what curves are compared at


class Verdict(NamedTuple):
    """Whether a run's numbers came back, `bits`, are `near`, or neither, and that in a sentence."""

    agrees: Literal["bits", "near", "no"]
    sentence: str


def verified(asked: Sequence[tuple[Dataset, Sequence[Holding]]], report: Reporter = quiet) -> list[list[Verdict]]:
    """Train the study of each group once and compare all that was kept of it; `report` counts curves."""
    curves = [len(history.study_of(group[0].entry.settings).experiments()) for _, group in asked]
    found = []
    for (dataset, group), before in zip(asked, itertools.accumulate(curves, initial=0), strict=False):
        now = again(group[0].entry, dataset, _counting(report, before, sum(curves)))
        found.append([judged(each, now) for each in group])
    return found


def _counting(report: Reporter, before: int, total: int) -> Reporter:
    return lambda done, _: report(before + done, total)


def judged(stored: Holding, now: Again) -> Verdict:
    """What is kept of a run beside the run trained again."""
    proof = compared(stored, now)
    if proof.same:
        return Verdict("bits", proof.sentences[0])
    elsewhere = _elsewhere(stored)
    if not elsewhere:
        return Verdict("no", " ".join(proof.sentences))
    apart = _apart(stored, now)
    if apart:
        return Verdict("no", f"{apart} {' '.join(proof.sentences)}")
    return Verdict(
        "near",
        f"Made elsewhere ({'; '.join(elsewhere)}): not every bit came back, but medians and their exact intervals are "
        f"those of here, as near as computers agree ({UPDATES:.0%} of the updates, {END:g} nats per row at the end).",
    )


def _elsewhere(stored: Holding) -> list[str]:
    """In what it was made otherwise than here."""
    made_by = stored.rows[0]["versions"] if stored.rows else {}
    now = history.explained(made_by)
    said = [f"{name} {made_by.get(name, 'unknown')} then, {here} here" for name, here in now.items()]
    engine = stored.entry.engine
    return [*said, *([f"engine {engine} then, {ENGINE} here"] if engine != ENGINE else [])]


def _apart(stored: Holding, now: Again) -> str:
    """The first thing that is further apart than two computers may be, in a sentence; empty if nothing is."""
    entry, study = stored.entry, history.study_of(stored.entry.settings)
    target = target_of(entry.summary)
    if not study.deep and not _is_target(target, now.target):
        return "What its curves are compared at is not the target that its settings and rows give."
    fresh, end = history.summary(study, now.curves, target)["curves"], study.experiment.iterations
    for one, other in zip(entry.summary["curves"], fresh, strict=True):
        if (one["end"] is None) != (other["end"] is None) or one["stopped"] != other["stopped"]:
            return f"{one['name']} ends otherwise than here."
        if one["end"] is not None and not _is_near(one["end"], other["end"], lambda _: END):
            return f"The median end of {one['name']} is {one['end'][0]:.3f}, here {other['end'][0]:.3f} nats per row."
        if "span" in one and not _is_near(_updates(one, end), _updates(other, end), _room):
            return f"The median updates of {one['name']} are {one['updates']}, here {other['updates']}."
    return ""


def _updates(said: Mapping[str, Any], iterations: int) -> list[float]:
    """The median number of updates and its interval; what never came there is just beyond the last."""
    return [iterations + 1 if each is None else each for each in (said["updates"], *said["span"][:2])]


def _room(updates: float) -> float:
    return max(1.0, UPDATES * updates)


def _is_near(one: Sequence[float], other: Sequence[float], room: Callable[[float], float]) -> bool:
    """Whether the median of one (median, low, high) lies in the interval of the other, with some room."""

    def holds(median: float, low: float, high: float) -> bool:
        return low - room(low) <= median <= high + room(high)

    return holds(one[0], *other[1:3]) or holds(other[0], *one[1:3])


def _is_target(one: Fixed | None, other: Fixed | None) -> bool:
    if one is None or other is None:
        return one is other
    near = all(math.isclose(*pair, rel_tol=0.0, abs_tol=LEVEL) for pair in zip(one.levels, other.levels, strict=True))
    return one.rule == other.rule and near
