"""What a seat trains, and what a room keeps of it.

Seat k = 1, 2, … trains the room's study with the one seed `study.experiment.seed + k − 1`. So the first n seats are,
bit for bit, the seeds of the same study with `num_seeds=n`: a class trains in parts what one computer could train
alone, and a seat that nobody has taken can be trained by anyone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from spncore.data.dataset import is_upload
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.runs.trace import Trace, first_at
from spncore.studies.cells import thinned
from spncore.studies.target import Fixed

POINTS = 32  # of a curve that are kept


class Curve(NamedTuple):
    """One curve of a seat, in nats per row: its end, after how many updates it was at its level first, and its LLH
    after the updates of `points_of`.

    A run that went beyond all numbers has −∞ from there on, which is below every number; `reached` is None for one that
    never was at its level, or has none.
    """

    end: float
    reached: int | None
    line: tuple[float, ...]


class Result(NamedTuple):
    """What a seat has trained, a curve per depth and rival; `target` is the level's title, None where there is none.

    `seq` is the number of the event that brought it.
    """

    seat: int
    target: str | None
    curves: tuple[Curve, ...]
    seq: int


def shared(study: Study, members: int) -> Study:
    """A study as a room has it, without seeds of its own; ExperimentError where its seats would differ in more than
    their seeds, or the seeds of so many members pass the largest."""
    experiment = study.experiment
    if is_upload(experiment.dataset):
        raise ExperimentError("dataset: a room takes data that every phone can open; choose one of the lab's own")
    if study.deep:
        raise ExperimentError(
            "structure: another seed would draw another circuit, and the class is to share one; choose one mixture"
        )
    if experiment.objective != "generative":
        raise ExperimentError("objective: a room compares the LLH that is trained; choose the generative one")
    if experiment.seed + members - 1 > LIMITS.seed:
        raise ExperimentError(f"seed: with {members} seats it passes the largest, {LIMITS.seed}; lower it")
    return replace(study, experiment=experiment.replace(num_seeds=1), shallow=False)


def seat_study(study: Study, seat: int) -> Study:
    """What a seat trains of a room's study."""
    return replace(study, experiment=study.experiment.replace(seed=study.experiment.seed + seat - 1, num_seeds=1))


def points_of(study: Study) -> list[int]:
    """After which updates a room keeps a curve."""
    return thinned(study.experiment.iterations + 1, POINTS)


def packed(study: Study, number: int, seat: int, traces: Sequence[Trace], target: Fixed | None) -> dict[str, Any]:
    """A seat's finished run of the room's study of this number as an event's payload: exact numbers, None for −∞."""
    at = points_of(study)
    return {
        "study": number,
        "seat": seat,
        "target": None if target is None else target.title,
        "curves": [_curve(trace, at, target) for trace in traces],
    }


def unpacked(payload: Mapping[str, Any], seq: int) -> Result:
    """What `packed` made."""
    curves = [
        Curve(_number(each["end"]), each["reached"], tuple(map(_number, each["line"]))) for each in payload["curves"]
    ]
    return Result(payload["seat"], payload["target"], tuple(curves), seq)


def _curve(trace: Trace, at: Sequence[int], target: Fixed | None) -> dict[str, Any]:
    """Of a trace of one seed."""
    llh = trace.llh[0]
    ended = trace.stopped is not None or not len(llh)
    reached = None if target is None else first_at(trace.llh, np.array(target.levels)[:, None])[0]
    return {
        "end": None if ended else _plain(float(llh[-1])),
        "reached": reached,
        "line": [_plain(float(llh[t])) if t < len(llh) else None for t in at],
    }


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return -math.inf if value is None else float(value)
