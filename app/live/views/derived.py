"""What the Dynamics page shows of a recorded run: one view of one seed of one depth, computed when it is asked for.

Every number comes from `spncore.dynamics` on the recorded arrays. A *series* has one row per frame and is fetched
from a cursor on, as the run's own frames are; a *point* describes one iteration (counted from 0) and is never out of
date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.live.runs import LiveRun
from app.live.views import frames, points
from app.live.views.points import BadQueryError, Steps, View
from app.live.views.replays import replay
from spncore.arrays import Floats, Ints
from spncore.dynamics import steps as dynamics

Columns = tuple[list[str], Floats]
ANSWER_NUMBERS = 100_000  # of one answer of a series; the page asks again for the rest
EIGENVALUES_AT_ONCE = 4_000  # divided by K: iterations of one answer, some ten milliseconds
COUNT = re.compile(r"[0-9]{1,9}")
FACTORS = (1e-3, 1e3)
NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?")


def answer(run: LiveRun, view: str, query: Mapping[str, str]) -> View:
    """Header and numbers of a view; BadQueryError says what is wrong with a query."""
    steps = steps_of(run, query)
    depth, seed = steps.experiment.depth, steps.seed
    common = {"v": frames.VERSION, "state": run.state, "depth": depth, "seed": seed, "k": steps.component}
    if view == "replay":
        header, values = replay(run, depth, seed)
    elif view in SERIES:
        header, values = _series(run, steps, view, count_of(query, "from"))
    else:
        header, values = _point(steps, view, query)
    return {**common, **header}, values


def views() -> tuple[str, ...]:
    """The names of all views."""
    return (*SERIES, *points.POINTS, "kernel", "scale", "replay")


def float32(values: Floats) -> frames.Floats32:
    """As it is sent; what lies beyond float32 is inf, which the page shows as a gap."""
    with np.errstate(all="ignore"):
        return values.astype("<f4")


def steps_of(run: LiveRun, query: Mapping[str, str]) -> Steps:
    """What is recorded so far of the depth and seed that a query names, and its component."""
    experiment, depths = run.study.experiment, run.study.depths
    depth = count_of(query, "depth", depths[-1])
    if depth not in depths:
        raise BadQueryError(f"depth: {depth} is not in this run; it has {', '.join(map(str, depths))}.")
    seed = below(query, "seed", experiment.num_seeds)
    curve = depths.index(depth)
    shown, problem = run.study.experiments()[curve], run.computation.problems[curve]
    component = below(query, "k", problem.sums.num_components)
    if not run.recorders:
        nothing = np.empty((0, 0))
        return Steps(shown, problem, nothing, nothing, nothing, component, seed=seed)
    recorder = run.recorders[curve]
    length = min(recorder.length, run.length)
    here = seed, slice(length)
    weights, flow, at_floor = recorder.weights[here], recorder.flow[here], recorder.at_floor[here]
    return Steps(shown, problem, weights, flow, at_floor, component, recorder.state, seed)


def _point(steps: Steps, view: str, query: Mapping[str, str]) -> View:
    if not steps.length:
        return {"at": None}, np.empty(0)
    if view == "kernel":
        return points.kernel(steps)
    at = min(count_of(query, "t", steps.length - 1), steps.length - 1)
    with np.errstate(all="ignore"):
        if view == "scale":
            header, values = points.scale(steps, at, _factor(query))
        else:
            header, values = points.POINTS[view](steps, at)
    return {"at": at, **header}, values


def _series(run: LiveRun, steps: Steps, view: str, start: int) -> View:
    """The rows of a series from frame `start` on; a depth that diverged is NaN afterwards."""
    available = frames.num_frames(run)
    if start > available:
        raise BadQueryError(f"from: {start} lies beyond the {available} frames there are.")
    stride = frames.stride_of(run.study.experiment)
    numbers = np.minimum(np.arange(start, available) * stride, max(run.length - 1, 0))
    if view == "step" and run.state in ("queued", "running"):
        numbers = numbers[numbers + 1 < steps.length]  # a step is known when the next weight is
    if not steps.length:
        return {"from": start, "frames": 0, "length": available, "fields": []}, np.empty(0)
    with np.errstate(all="ignore"):
        fields, rows = SERIES[view](steps, numbers[: _at_once(steps, view)])
    header = {"from": start, "frames": len(rows), "length": available, "fields": fields}
    return {**header, **_constants(steps)}, rows


def _at_once(steps: Steps, view: str) -> int:
    """Rows of one answer: what is sent stays small, and so does the time to compute it."""
    K, L, n = steps.experiment.num_components, steps.sums.depth, steps.sums.num_weights
    if view == "eigenvalues":
        return max(1, EIGENVALUES_AT_ONCE // K)
    return max(1, ANSWER_NUMBERS // (n + L * K if view == "step" else n if view == "balance" else 4 * L + 3))


def _constants(steps: Steps) -> dict[str, Any]:
    sums, settings = steps.sums, steps.experiment
    return {
        "sizes": sums.sizes.tolist(),
        "leaves": 2 * settings.num_components * steps.problem.circuit.num_variables if settings.train_components else 0,
        "exact": _orthogonal_layers(steps),
        "cuts": points.first_cuts(steps.weights, steps.flow, settings, sums),
    }


def _orthogonal_layers(steps: Steps) -> list[int]:
    """Layers whose squared norm obeys the exact law: Σ A_l = Σ a_k = 0 in all, as every path crosses every layer once.

    It takes an objective that does not change when a layer is scaled, and steps on the weights themselves.
    """
    lawful = steps.linear and steps.experiment.objective == "generative"
    return list(range(steps.sums.depth)) if lawful else []


def _filled(numbers: Ints, length: int, rows_of: Callable[[Ints], Floats]) -> Floats:
    """Rows at the given iterations, NaN beyond what is recorded."""
    known = numbers[numbers < length]
    rows = np.atleast_2d(rows_of(known))
    result = np.full((len(numbers), rows.shape[1]), np.nan)
    result[: len(known)] = rows
    return result


def _step(steps: Steps, numbers: Ints) -> Columns:
    """The step of the effective weight of one component taken apart; `next` is what was recorded one iteration on.

    next = w + own + pull + second + higher + floor, where `own` is ρ∇, `pull` is λw and `floor` what clipping added.
    """
    layers = range(steps.sums.depth)
    fields = [
        "w",
        "gradient",
        "rho",
        "rho_printed",
        "lam",
        "own",
        "pull",
        "second",
        "higher",
        "floor",
        "next",
        "change",
    ]
    fields += [f"{name}_{layer}" for name in ("weight", "flow", "step", "cut") for layer in layers]
    return fields, _filled(numbers, steps.length, lambda known: points.step_terms(steps, known))


def _memory(steps: Steps, numbers: Ints) -> Columns:
    """First-order w_k(t) unrolled from the start: the start's part, the gradients' part, and the recorded weight."""
    rho, lam, gradient, weight = steps.rho, steps.lam, steps.gradient, steps.weight
    start = dynamics.start_term(float(weight[0]), lam[:-1])
    unrolled = dynamics.unrolled_weight(float(weight[0]), rho[:-1], gradient[:-1], lam[:-1])
    rows = np.stack([start, unrolled - start, weight], axis=1)
    return ["start", "sum", "w"], _filled(numbers, steps.length, lambda known: rows[known])


def _norms(steps: Steps, numbers: Ints) -> Columns:
    """‖w^[l]‖² of every layer, what the exact law adds up to, and how exact it was step by step.

    `off` is its largest relative error so far over the steps that the floor did not cut, `cuts` how many it did.
    """
    norms = dynamics.layer_norms(steps.weights, steps.sums)
    growth = dynamics.norm_growth(steps.weights, steps.flow, steps.sums, steps.experiment.learning_rate)
    law = norms[:1] + np.concatenate([np.zeros_like(norms[:1]), np.add.accumulate(growth[:-1])])
    cut = points.cut_layers(steps.weights, steps.flow, steps.experiment, steps.sums)[:-1]
    errors = np.where(cut, 0.0, np.abs((norms[:-1] + growth[:-1]) / norms[1:] - 1.0))
    sofar = [np.maximum.accumulate(errors), np.add.accumulate(cut.astype(float))]
    rows = np.concatenate([norms, law, *(np.concatenate([np.zeros_like(norms[:1]), part]) for part in sofar)], axis=1)
    fields = [f"{name}_{layer}" for name in ("norm", "law", "off", "cuts") for layer in range(steps.sums.depth)]
    return fields, _filled(numbers, steps.length, lambda known: rows[known])


def _balance(steps: Steps, numbers: Ints) -> Columns:
    """How far u² − Σ v² of every inner weight has drifted from its start."""
    start = dynamics.balancedness(steps.weights[:1], steps.sums)
    fields = [f"{layer}.{node}" for layer, size in enumerate(steps.sums.sizes[:-1]) for node in range(size)]
    return fields, _filled(
        numbers, steps.length, lambda known: dynamics.balancedness(steps.weights[known], steps.sums) - start
    )


def _eigenvalues(steps: Steps, numbers: Ints) -> Columns:
    """Eigenvalues of M, largest first."""
    settings = steps.experiment

    def rows(known: Ints) -> Floats:
        weights = steps.weights[known]
        return dynamics.preconditioner_eigenvalues(weights, steps.sums, settings.parametrisation)[:, ::-1]

    return [str(i) for i in range(steps.sums.num_components)], _filled(numbers, steps.length, rows)


def _floor(steps: Steps, numbers: Ints) -> Columns:
    """How many weights of every layer, and of the leaves, sit at the floor."""
    layers = steps.layers_at_floor
    rows = np.concatenate([layers, steps.at_floor[:, None] - layers.sum(axis=1, keepdims=True)], axis=1)
    fields = [*(f"layer_{layer}" for layer in range(steps.sums.depth)), "leaves"]
    return fields, _filled(numbers, steps.length, lambda known: rows[known])


SERIES: Mapping[str, Callable[[Steps, Ints], Columns]] = {
    "step": _step,
    "memory": _memory,
    "norms": _norms,
    "balance": _balance,
    "eigenvalues": _eigenvalues,
    "floor": _floor,
}


def _factor(query: Mapping[str, str]) -> float:
    text, (low, high) = query.get("c", "1"), FACTORS
    if not NUMBER.fullmatch(text) or not low <= float(text) <= high:
        raise BadQueryError(f"c: give a number from {low:g} to {high:g}.")
    return float(text)


def below(query: Mapping[str, str], name: str, number: int) -> int:
    value = count_of(query, name)
    if value >= number:
        raise BadQueryError(f"{name}: {value} is out of range; this run has 0 to {number - 1}.")
    return value


def count_of(query: Mapping[str, str], name: str, default: int = 0) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not COUNT.fullmatch(text):
        raise BadQueryError(f"{name}: give one whole number, 0 or more.")
    return int(text)
