"""Explicit replays of finished runs, which are jobs, kept as long as their run.

A replay trains the shallow network once per form with a deep run's recorded rates, for one seed.
"""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from app.live.computation import Computation
from app.live.jobs import JOBS, JobBoard, JobRefused
from app.live.lane import Job
from app.live.run import LiveRun, part_of
from app.live.views.points import first_cuts
from spncore import Trace
from spncore.arrays import Floats
from spncore.runs import replay as engine

Form = Literal["first_order", "exact"]
FORMS: tuple[Form, ...] = ("first_order", "exact")
MAX_SECONDS = 30.0  # of one form; what takes longer is not begun
QUICK_SECONDS = 0.5


class Replay(NamedTuple):
    """One depth and seed of a run, and the job of every form."""

    trace: Trace
    jobs: Sequence[Job]

    @property
    def curves(self) -> list[Floats]:
        """LLH (T,) of every form that is done; beyond the finite numbers a curve ends in NaN."""
        return [job.result[0] for job in takewhile(lambda job: job.state == "done", self.jobs)]

    @property
    def state(self) -> str:
        """Where it stands."""
        states = {job.state for job in self.jobs}
        return "done" if states == {"done"} else "failed" if states & {"failed", "cancelled"} else "running"


class Replays:
    """What was asked for, as long as its run is kept."""

    def __init__(self, board: JobBoard) -> None:
        self._board, self._lock = board, threading.Lock()
        self._kept: WeakKeyDictionary[Computation, dict[tuple[int, int, int], Replay]] = WeakKeyDictionary()

    def get(self, run: LiveRun, depth: int, seed: int, seconds: float) -> Replay | None:
        """The replay of a finished run, begun if nobody asked for it before; None if too many wait."""
        with self._lock:
            kept = self._kept.setdefault(run.computation, {})
            key = depth, seed, run.length
            if key not in kept:
                trace, name = one_seed(run.traces()[run.study.depths.index(depth)], seed), secrets.token_hex(8)
                try:
                    jobs = [
                        self._board.start(
                            f"{name} {form}", run.id, engine.replay, trace, form, quick=seconds < QUICK_SECONDS
                        )
                        for form in FORMS
                    ]
                except JobRefused:
                    return None
                kept[key] = Replay(trace, jobs)
            return kept[key]


REPLAYS = Replays(JOBS)


def one_seed(trace: Trace, seed: int) -> Trace:
    """The same trace as if only this seed had been run."""
    experiment = trace.experiment.replace(num_seeds=1, seed=trace.experiment.seeds[seed])
    return replace(part_of(trace, slice(seed, seed + 1)), experiment=experiment)


def replay(run: LiveRun, depth: int, seed: int) -> tuple[dict[str, Any], Floats]:
    """Rows LLH deep, first order, exact of every iteration, then their errors; `replay` in the header: how far it is.

    It is `waiting` for the run's end, `too_long` to be made, `by_hand` where a weight was set on the way, `busy` while
    too many others wait, `running` or `done`.
    """
    state, found = _asked_for(run, depth, seed)
    if found is None:
        return {"replay": state, "done": 0}, np.empty(0)
    curves = found.curves
    header: dict[str, Any] = {"replay": state, "done": len(curves), "forms": list(FORMS[: len(curves)])}
    cuts = first_cuts(found.trace.weights[0], found.trace.flow[0], found.trace.experiment, found.trace.sums)
    header["cut"] = min((cut for cut in cuts if cut is not None), default=None)
    deep = found.trace.llh[0]
    return header, np.stack([deep, *curves, *(np.abs(curve - deep) for curve in curves)])


def _asked_for(run: LiveRun, depth: int, seed: int) -> tuple[str, Replay | None]:
    if not run.ended:
        return "waiting", None
    if not run.recorders or not run.length:
        return "failed", None
    acting = run.study.experiment.replace(depth=depth).acting
    if any(0 < each.at < run.length for each in acting if not each.of_rate):
        return "by_hand", None
    seconds = run.computation.seconds / (run.study.experiment.num_seeds * len(run.study.experiments()))
    if seconds > MAX_SECONDS:
        return "too_long", None
    found = REPLAYS.get(run, depth, seed, seconds)
    return (found.state, found) if found else ("busy", None)
