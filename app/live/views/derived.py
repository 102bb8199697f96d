"""What the Dynamics page shows of a recorded run: one view of one seed of one depth, computed when it is asked for.

Every number comes from `spncore.dynamics` on the recorded arrays. A *series* has one row per frame and is fetched
from a cursor on, as the run's own frames are; a *point* describes one iteration (counted from 0) and is never out of
date.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from app.live.run import LiveRun
from app.live.views import frames, points, trees
from app.live.views.points import POINTS, Steps, View, steps_of
from app.live.views.query import count_of
from app.live.views.replays import replay
from spncore.arrays import Floats, Ints
from spncore.dynamics import steps as dynamics

Columns = tuple[list[str], Floats]
STEP = "w gradient rho rho_printed lam own pull second higher floor next change".split()
SCALED = "unnormalised"  # the objective that changes with the scale of the weights
EIGENVALUES_AT_ONCE = 4_000  # divided by K: iterations of one answer, some ten milliseconds


def answer(run: LiveRun, view: str, query: Mapping[str, str]) -> View:
    """Header and numbers of a view; BadQueryError says what is wrong with a query."""
    steps = steps_of(run, query)
    depth, seed = steps.experiment.depth, steps.seed
    common = {"v": frames.VERSION, "state": run.state, "depth": depth, "seed": seed, "k": steps.component}
    if view == "replay":
        header, values = replay(run, depth, seed)
    elif view in SERIES:
        header, values = _series(steps, view)
    elif steps.length:
        with np.errstate(all="ignore"):
            header, values = {**POINTS, **trees.VIEWS}[view](steps)
        header = {"at": steps.at, **header}
    else:
        header, values = {"at": None, "from": 0, "frames": 0, "length": 0, "fields": []}, np.empty(0)
    return {**common, **header}, values


def views(deep: bool) -> tuple[str, ...]:
    """The names of all views of a run, of a deep circuit or not."""
    return (*SERIES, *POINTS, "replay", *(trees.VIEWS if deep else ()))


def float32(values: Floats) -> frames.Floats32:
    """As it is sent; what lies beyond float32 is inf, which the page shows as a gap."""
    with np.errstate(all="ignore"):
        return values.astype("<f4")


def _series(steps: Steps, view: str) -> View:
    """The rows of a series from the frame on that is asked for; a depth that diverged is NaN afterwards."""
    run, start = steps.run, count_of(steps.query, "from")
    numbers = frames.iterations_from(run, start)
    header = {"from": start, "frames": 0, "length": start + len(numbers), "fields": []}
    if view == "step" and not run.ended:
        numbers = numbers[numbers + 1 < steps.length]  # a step is known when the next weight is
    if not steps.length:
        return header, np.empty(0)
    numbers = numbers[: _at_once(steps, view)]
    known = numbers[numbers < steps.length]
    with np.errstate(all="ignore"):
        fields, found = SERIES[view](steps, known)
    header |= {"frames": len(numbers), "fields": fields, **_constants(steps)}
    return header, frames.padded(found, len(numbers))


def _at_once(steps: Steps, view: str) -> int:
    """Rows of one answer: what is sent stays small, and so does the time to compute it."""
    K, L, n = steps.experiment.num_components, steps.sums.depth, steps.sums.num_weights
    if view == "eigenvalues":
        return max(1, EIGENVALUES_AT_ONCE // K)
    return max(1, frames.ANSWER_NUMBERS // (n + L * K if view == "step" else n if view == "balance" else 4 * L + 3))


def _constants(steps: Steps) -> dict[str, Any]:
    sums, settings = steps.sums, steps.experiment
    # Squared norms obey the exact law, Σ A_l = Σ a_k = 0 in all layers, as paths cross every layer once, where the
    # objective does not change when a layer is scaled, and plain steps are taken on the weights themselves.
    keeps_norms = steps.linear and settings.objective != SCALED and settings.optimiser == frames.RATES_OF
    return {
        "sizes": sums.sizes.tolist(),
        "leaves": 2 * settings.num_components * steps.problem.circuit.num_variables if settings.train_components else 0,
        "exact": list(range(sums.depth)) if keeps_norms else [],
        "cuts": points.first_cuts(steps.weights, steps.flow, settings, sums),
    }


def _by_layer(steps: Steps, *names: str) -> list[str]:
    return [f"{name}_{layer}" for name in names for layer in range(steps.sums.depth)]


def _step(steps: Steps, known: Ints) -> Columns:
    """The step of the effective weight of one component taken apart; `next` is what was recorded one iteration on.

    next = w + own + pull + second + higher + floor, where `own` is ρ∇, `pull` is λw and `floor` what clipping added.
    """
    return [*STEP, *_by_layer(steps, "weight", "flow", "step", "cut")], points.step_terms(steps, known)


def _memory(steps: Steps, known: Ints) -> Columns:
    """First-order w_k(t) unrolled from the start: the start's part, the gradients' part, and the recorded weight."""
    rho, lam, gradient, weight = steps.rho, steps.lam, steps.gradient, steps.weight
    parts = []
    for span in steps.spans():
        first, told = float(weight[span][0]), slice(span.start, span.stop - 1)
        start = dynamics.start_term(first, lam[told])
        parts.append((start, dynamics.unrolled_weight(first, rho[told], gradient[told], lam[told]) - start))
    start, gathered = (np.concatenate(part) for part in zip(*parts, strict=True))
    return ["start", "sum", "w"], np.stack([start, gathered, weight], axis=1)[known]


def _norms(steps: Steps, known: Ints) -> Columns:
    """‖w^[l]‖² of every layer, what the exact law adds up to, and how exact it was step by step.

    `off` is its largest relative error so far over the steps that the floor did not cut, `cuts` how many it did.
    """
    norms = dynamics.layer_norms(steps.weights, steps.sums)
    growth = dynamics.norm_growth(steps.weights, steps.flow, steps.sums, steps.rates[0])
    by_hand = [at - 1 for at in steps.set_at if at > 0]
    growth[by_hand] = np.diff(norms, axis=0)[by_hand]  # no step led there
    law = norms[:1] + np.concatenate([np.zeros_like(norms[:1]), np.add.accumulate(growth[:-1])])
    cut = points.cut_layers(steps.weights, steps.flow, steps.experiment, steps.sums)[:-1]
    errors = np.where(cut, 0.0, np.abs((norms[:-1] + growth[:-1]) / norms[1:] - 1.0))
    sofar = [np.maximum.accumulate(errors), np.add.accumulate(cut.astype(float))]
    rows = np.concatenate([norms, law, *(np.concatenate([np.zeros_like(norms[:1]), part]) for part in sofar)], axis=1)
    return _by_layer(steps, "norm", "law", "off", "cuts"), rows[known]


def _balance(steps: Steps, known: Ints) -> Columns:
    """How far u² − Σ v² of every inner weight has drifted from its start, or from where a weight was set by hand."""
    starts = np.array([span.start for span in steps.spans()])
    start = dynamics.balancedness(steps.weights[starts], steps.sums)[np.searchsorted(starts, known, "right") - 1]
    fields = [f"{layer}.{node}" for layer, size in enumerate(steps.sums.sizes[:-1]) for node in range(size)]
    return fields, dynamics.balancedness(steps.weights[known], steps.sums) - start


def _eigenvalues(steps: Steps, known: Ints) -> Columns:
    """Eigenvalues of M, largest first."""
    settings, sums = steps.experiment, steps.sums
    values = dynamics.preconditioner_eigenvalues(steps.weights[known], sums, settings.parametrisation)
    return [str(i) for i in range(sums.num_components)], values[:, ::-1]


def _floor(steps: Steps, known: Ints) -> Columns:
    """How many weights of every layer, and of the leaves, sit at the floor."""
    layers = steps.layers_at_floor
    rows = np.concatenate([layers, steps.at_floor[:, None] - layers.sum(axis=1, keepdims=True)], axis=1)
    return [*_by_layer(steps, "layer"), "leaves"], rows[known]


SERIES: Mapping[str, Callable[[Steps, Ints], Columns]] = {
    "step": _step,
    "memory": _memory,
    "norms": _norms,
    "balance": _balance,
    "eigenvalues": _eigenvalues,
    "floor": _floor,
}
