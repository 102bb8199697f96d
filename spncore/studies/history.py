"""Runs as a store has them: a study with its results becomes rows under its content's name, and rows become a study.

Since a run follows from its settings, its rows and the engine alone, stored numbers can be proved: `retrained`
trains the study again and `check` says whether every one of them came back.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.files.provenance import ENGINE, arithmetic, versions
from spncore.learning.trainer import Trainer
from spncore.runs.experiment import Experiment
from spncore.runs.problem import problem_of, trees_problem
from spncore.runs.study import Study
from spncore.runs.trace import Trace, first_at
from spncore.runs.training import learner_of, traced
from spncore.store.rows import Finished, Result
from spncore.studies import statistics
from spncore.studies.cells import thinned
from spncore.studies.target import Fixed
from spncore.threads import on_one_thread
from spncore.words import counted

POINTS = 32  # of the line in a list
DIGITS = 6  # of its numbers


def settings_of(study: Study) -> dict[str, Any]:
    """A study as plain values; `study_of` reads them in every later release."""
    own = {"depths": list(study.depths), "rivals": list(study.rivals), "shallow": study.shallow}
    return {"experiment": study.experiment.to_dict(), **own}


def study_of(settings: Mapping[str, Any]) -> Study:
    """The study of stored settings; ExperimentError where a release that knew more has written them."""
    experiment = Experiment.from_dict(settings["experiment"])
    return Study(experiment, tuple(settings["depths"]), tuple(settings["rivals"]), settings["shallow"])


def key_of(study: Study, data_sha256: str, engine: int = ENGINE) -> str:
    """A study's name: SHA-256 of all that decides its numbers, the engine's included.

    Whether a mixture of trees stands beside follows from the rest.
    """
    settings = json.dumps(settings_of(replace(study, shallow=False)), sort_keys=True, allow_nan=False)
    return hashlib.sha256(f"study\n{engine}\n{data_sha256}\n{settings}".encode()).hexdigest()


def fold_of(study: Study, data_sha256: str, engine: int = ENGINE) -> str:
    """What a study and the same one with other seeds have in common."""
    return key_of(replace(study, experiment=study.experiment.replace(seed=0, num_seeds=1)), data_sha256, engine)


def finished(
    study: Study, dataset: Dataset, traces: Sequence[Trace], target: Fixed | None = None, seconds: float = 0.0
) -> Finished:
    """A trained study as rows: `traces` one per curve of it, `target` what its runs are compared at."""
    return Finished(
        key_of(study, dataset.sha256),
        fold_of(study, dataset.sha256),
        settings_of(study),
        summary(study, traces, target),
        study.experiment.dataset,
        dataset.title,
        dataset.sha256,
        dataset.num_rows,
        dataset.num_variables,
        ENGINE,
        seconds,
        versions(),
        results(study, traces, target),
    )


def results(study: Study, traces: Sequence[Curve], target: Fixed | None) -> list[Result]:
    """Every curve of every seed, with the level at which it is compared."""
    levels = levels_of(study, target)
    return [
        Result(curve, seed, of.experiment.depth, of.experiment.optimiser, of.stopped, of.llh[place], levels.get(seed))
        for curve, of in enumerate(traces)
        for place, seed in enumerate(of.experiment.seeds)
    ]


def levels_of(study: Study, target: Fixed | None) -> dict[int, float]:
    """The level of each seed; none without a target."""
    return {} if target is None else dict(zip(study.experiment.seeds, target.levels, strict=True))


class Curve(Protocol):
    """What a summary is made of: a trace, or what a store or a file has of it; `llh` (S, T) in nats per row."""

    @property
    def experiment(self) -> Experiment:
        """What was trained."""

    @property
    def llh(self) -> Floats:
        """LLH of every seed after 0, 1, … updates."""

    @property
    def stopped(self) -> str | None:
        """Why it ended early, if it did."""


def summary(study: Study, traces: Sequence[Curve], target: Fixed | None) -> dict[str, Any]:
    """What a list shows of a study: every curve's median end and updates to the target, with exact intervals.

    `end` is the highest median end among the curves, in nats per row, None where no curve has one; `line` the median
    of the deepest one's LLH at some updates.
    """
    names = study.names() if len(traces) == len(study.names()) else [f"L={each.experiment.depth}" for each in traces]
    curves = [_curve(name, trace, target) for name, trace in zip(names, traces, strict=True)]
    ends = [each["end"][0] for each in curves if each["end"] is not None]
    deepest = traces[len(study.depths) - 1].llh
    at = thinned(deepest.shape[1], POINTS) if deepest.shape[1] else []
    line = [_rounded(float(value)) for value in np.median(deepest[:, at], axis=0)] if at else []
    said = None if target is None else {"title": target.title, "reason": target.reason, **target._asdict()}
    return {"curves": curves, "end": max(ends, default=None), "target": said, "at": at, "line": line}


def _curve(name: str, trace: Curve, target: Fixed | None) -> dict[str, Any]:
    ends = trace.llh[:, -1].tolist() if trace.llh.shape[1] else []
    end = statistics.spread(ends) if ends and all(map(math.isfinite, ends)) else None
    found: dict[str, Any] = {"name": name, "stopped": trace.stopped, "end": None if end is None else [*end]}
    if target is not None:
        reached = first_at(trace.llh, np.array(target.levels)[:, None])
        found |= {"updates": statistics.median(reached), "span": [*statistics.median_interval(reached)]}
        found["never"] = statistics.never(reached)
    return found


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def retrained(study: Study, dataset: Dataset) -> Iterator[Trace]:
    """Train a study, curve by curve on one BLAS thread, with the bits that all curves side by side have."""
    return on_one_thread(_retrained(study, dataset))


def _retrained(study: Study, dataset: Dataset) -> Iterator[Trace]:
    first: Trainer | None = None
    for curve, experiment in enumerate(study.experiments()):
        if study.is_shallow(curve) and first is not None:
            problem = trees_problem(first, first.init())
        else:
            problem = problem_of(experiment, dataset)
        trainer = Trainer(problem, learner_of(experiment))
        first = first or trainer
        yield traced(trainer, experiment)


class Check(NamedTuple):
    """How stored numbers compare with new ones: of `numbers` so many `differ`, the first of them at (curve, seed, t).

    `stored` and `now` are the first that differ, in nats per row; `largest` is the largest difference, infinite where
    one is missing.
    """

    numbers: int
    differ: int
    largest: float = 0.0
    first: tuple[int, int, int] | None = None
    stored: float = math.nan
    now: float = math.nan

    @property
    def same(self) -> bool:
        """Whether every number came back bit for bit."""
        return not self.differ


def check(stored: Mapping[tuple[int, int], Floats], traces: Sequence[Curve]) -> Check:
    """Compare stored LLHs, by curve and seed, with those of traces, bit for bit."""
    fresh = {
        (curve, seed): trace.llh[place]
        for curve, trace in enumerate(traces)
        for place, seed in enumerate(trace.experiment.seeds)
    }
    found = Check(0, 0)
    for key in sorted({*stored, *fresh}):
        found = _more(found, key, stored.get(key, np.zeros(0)), fresh.get(key, np.zeros(0)))
    return found


def _more(found: Check, key: tuple[int, int], before: Floats, now: Floats) -> Check:
    """A check with one more curve of a seed compared."""
    length = max(len(before), len(now))
    one, other = (np.concatenate([each, np.full(length - len(each), np.nan)]) for each in (before, now))
    differs = one.view(np.int64) != other.view(np.int64)
    found = found._replace(numbers=found.numbers + length)
    if not differs.any():
        return found
    gaps = np.abs(one[differs] - other[differs])
    largest = float(np.where(np.isnan(gaps), np.inf, gaps).max())
    at = int(np.argmax(differs))
    first = found.first is None
    return found._replace(
        differ=found.differ + int(differs.sum()),
        largest=max(found.largest, largest),
        first=(*key, at) if first else found.first,
        stored=float(one[at]) if first else found.stored,
        now=float(other[at]) if first else found.now,
    )


def in_words(found: Check, names: Sequence[str], made_by: Mapping[str, str]) -> str:
    """What a check says: whether all came back, and what explains it where not; `made_by` are the stored versions."""
    if found.same:
        return f"All {found.numbers:,} stored numbers came back bit for bit."
    assert found.first is not None
    curve, seed, at = found.first
    where = f"{names[curve] if curve < len(names) else f'curve {curve}'}, seed {seed}, after {counted(at, 'update')}"
    values = f"stored {found.stored!r}, now {found.now!r} nats per row"
    size = "some are missing" if math.isinf(found.largest) else f"by at most {found.largest:.2g} nats per row"
    said = f"{found.differ:,} of {found.numbers:,} stored numbers differ, {size}; the first: {where}, {values}."
    other = [f"{name} {made_by.get(name, 'unknown')} then, {now} now" for name, now in explained(made_by).items()]
    if other:
        return f"{said} Made elsewhere: {'; '.join(other)}. Last bits depend on that, and a run enlarges them."
    return f"{said} Nothing that decides the last bits is different here: the stored number is not what was computed."


def explained(made_by: Mapping[str, str]) -> dict[str, str]:
    """What of this computer's arithmetic and versions is another than where numbers were made, as it is here."""
    now = {**arithmetic(), **{name: versions()[name] for name in ("spnlab", "numpy")}}
    return {name: value for name, value in now.items() if made_by.get(name) != value}
