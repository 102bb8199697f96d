"""Explicit replays of finished runs, made one after the other beside the pages and kept as long as their run.

A replay trains the shallow network once per form with a deep run's recorded rates, for one seed.
"""

import threading
from collections import deque
from dataclasses import replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np

from app.live.computation import Computation
from app.live.run import LiveRun, part_of
from app.live.views.points import first_cuts
from spncore import Trace
from spncore.arrays import Floats
from spncore.runs import replay as engine

Form = Literal["first_order", "exact"]
FORMS: tuple[Form, ...] = ("first_order", "exact")
MAX_SECONDS = 30.0  # of one form; what takes longer is not begun
MAX_WAITING = 40


class Replay:
    """One depth and seed: LLH of the deep run and of every form that is done, (T,) each."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.curves: list[Floats] = []
        self.failed = False

    @property
    def state(self) -> str:
        """Where it stands."""
        return "failed" if self.failed else "done" if len(self.curves) == len(FORMS) else "running"

    def make(self) -> None:
        """Train the forms; beyond the finite numbers a curve ends in NaN."""
        try:
            for form in FORMS:
                self.curves.append(engine.replay(self.trace, form)[0])
        except ArithmeticError:
            self.failed = True


class Replays:
    """One thread, first come first served; it starts with the first replay and ends when none is left."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Computation, dict[tuple[int, int, int], Replay]] = WeakKeyDictionary()
        self._waiting: deque[Replay] = deque()
        self._thread: threading.Thread | None = None

    def get(self, run: LiveRun, depth: int, seed: int) -> Replay | None:
        """The replay of a finished run, begun if nobody asked for it before; None if too many wait."""
        with self._lock:
            kept = self._kept.setdefault(run.computation, {})
            key = depth, seed, run.length
            if key not in kept:
                if len(self._waiting) >= MAX_WAITING:
                    return None
                kept[key] = Replay(one_seed(run.traces()[run.study.depths.index(depth)], seed))
                self._waiting.append(kept[key])
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="spnlab-replay", daemon=True)
                    self._thread.start()
            return kept[key]

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                replay = self._waiting.popleft()
            replay.make()


REPLAYS = Replays()


def one_seed(trace: Trace, seed: int) -> Trace:
    """The same trace as if only this seed had been run."""
    experiment = trace.experiment.replace(num_seeds=1, seed=trace.experiment.seeds[seed])
    return replace(part_of(trace, slice(seed, seed + 1)), experiment=experiment)


def replay(run: LiveRun, depth: int, seed: int) -> tuple[dict[str, Any], Floats]:
    """Rows LLH deep, first order, exact of every iteration, then their errors; `replay` in the header: how far it is.

    It is `waiting` for the run's end, `too_long` to be made, `busy` while too many others wait, `running` or `done`.
    """
    state, found = _asked_for(run, depth, seed)
    if found is None:
        return {"replay": state, "done": 0}, np.empty(0)
    curves = found.curves[:]
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
    if run.computation.seconds / (run.study.experiment.num_seeds * len(run.study.experiments())) > MAX_SECONDS:
        return "too_long", None
    found = REPLAYS.get(run, depth, seed)
    return (found.state, found) if found else ("busy", None)
