"""One seed of one depth as recorded, and the views that describe a single iteration of it."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.live.run import LiveRun
from app.live.views.query import BadQueryError, below, count_of
from spncore import Experiment, Problem, Trainer, TrainState
from spncore.arrays import Floats, Ints
from spncore.circuits.overparam import SumStack, effective_weights, layer_flows, split_layers
from spncore.dynamics import steps as dynamics
from spncore.runs.training import learner_of

FACTORS = (1e-3, 1e3)
NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?")
View = tuple[dict[str, Any], Floats]
MAX_CELLS = 200  # of a heat map, along an axis
RATES_PER_DECADE, DECADES_BELOW, DECADES_ABOVE = 6, 5, 1.5
FITTED = (1e-5, 1e-3)  # largest relative layer step of the learning rates that a slope is fitted to


@dataclass(frozen=True, eq=False)
class Steps:
    """What is recorded of one seed of one depth, as a query asks for it.

    `weights` (T, n), `flow` (T, K), `at_floor` (T,); `curve` and `seed` are places among the run's curves and seeds.
    """

    run: LiveRun
    query: Mapping[str, str]
    curve: int
    seed: int
    component: int
    experiment: Experiment
    weights: Floats
    flow: Floats
    at_floor: NDArray[Any]
    state: TrainState | None

    @property
    def problem(self) -> Problem:
        """What is learned."""
        return self.run.computation.problems[self.curve]

    @property
    def at(self) -> int:
        """The updates made that are asked for, or the last state's."""
        return min(count_of(self.query, "t", self.length - 1), self.length - 1)

    @property
    def length(self) -> int:
        """T, the number of states."""
        return len(self.weights)

    def after(self, at: Ints) -> Floats:
        """Layer weights one update after these (…, n); NaN after the last one, and where one is set by hand."""
        known = (at + 1 < self.length) & ~np.isin(at + 1, self.set_at)
        return np.where(known[..., None], self.weights[np.minimum(at + 1, self.length - 1)], np.nan)

    @property
    def linear(self) -> bool:
        """Whether steps are taken on the weights themselves, and the floor may act."""
        return self.experiment.parametrisation == "linear"

    @property
    def sums(self) -> SumStack:
        """The stack of sum layers."""
        return self.problem.sums

    @cached_property
    def set_at(self) -> list[int]:
        """Of the states, in order, those in which a weight of this depth was set by hand: no step led there."""
        return sorted({each.at for each in self.experiment.acting if not each.of_rate and each.at < self.length})

    def spans(self) -> list[slice]:
        """The states from the start, and from each that was set by hand, to the next such one."""
        ends = [*(at for at in self.set_at if at > 0), self.length]
        return [slice(*pair) for pair in pairwise([0, *ends])]

    @property
    def now(self) -> tuple[Floats, Floats, SumStack]:
        """Weights (n,) and flow (K,) at the iteration that is asked for, and the stack, as `dynamics` takes them."""
        return self.weights[self.at], self.flow[self.at], self.sums

    @property
    def rates(self) -> tuple[dynamics.Rate, str]:
        """η of all steps and the parametrisation, as the functions of `dynamics` take them."""
        return self.experiment.rates_at(slice(self.length))

    @property
    def rates_now(self) -> tuple[dynamics.Rate, str]:
        """The same at the iteration that is asked for."""
        return self.experiment.rates_at(self.at)

    @cached_property
    def rho(self) -> Floats:
        """ρ_k (T,) of the component."""
        return dynamics.adaptive_rate(self.weights, self.sums, *self.rates)[:, self.component]

    @cached_property
    def lam(self) -> Floats:
        """λ_k (T,) of the component."""
        return dynamics.multiplicative_term(self.weights, self.flow, self.sums, *self.rates)[:, self.component]

    @cached_property
    def weight(self) -> Floats:
        """w_k (T,) of the component."""
        return effective_weights(self.weights, self.sums)[:, self.component]

    @cached_property
    def gradient(self) -> Floats:
        """∇_{w_k} (T,) of the component."""
        gradient: Floats = self.flow[:, self.component] / self.weight
        return gradient

    @cached_property
    def layers_at_floor(self) -> Floats:
        """How many weights of every layer sit at the floor (T, L); none in log-weights, which have no floor."""
        held = (self.weights == self.experiment.floor) & self.linear
        return np.stack([layer.sum(axis=1) for layer in split_layers(held.astype(float), self.sums)], axis=1)


def steps_of(run: LiveRun, query: Mapping[str, str]) -> Steps:
    """What is recorded so far of the depth and seed that a query names, and its component."""
    depths = run.study.depths
    depth = count_of(query, "depth", depths[-1])
    if depth not in depths:
        raise BadQueryError(f"depth: {depth} is not in this run; it has {', '.join(map(str, depths))}.")
    curve, seed = depths.index(depth), below(query, "seed", run.study.experiment.num_seeds)
    component = below(query, "k", run.computation.problems[curve].sums.num_components)
    asked = run, query, curve, seed, component, run.study.experiments()[curve]
    if not run.recorders:
        nothing = np.empty((0, 0))
        return Steps(*asked, nothing, nothing, nothing, None)
    recorder = run.recorders[curve]
    here = seed, slice(min(recorder.length, run.length))
    return Steps(*asked, recorder.weights[here], recorder.flow[here], recorder.at_floor[here], recorder.state)


def first_cuts(weights: Floats, flow: Floats, experiment: Experiment, sums: SumStack) -> list[int | None]:
    """Per layer the first iteration (from 0) whose step the floor cut short; None where it never did.

    `weights` (T, n) and `flow` (T, K) of one seed.
    """
    cut = cut_layers(weights, flow, experiment, sums)[:-1]  # what the last step did is not recorded
    return [int(np.argmax(layer)) if layer.any() else None for layer in cut.T]


def cut_layers(weights: Floats, flow: Floats, experiment: Experiment, sums: SumStack) -> NDArray[np.bool_]:
    """Whether the floor cut the step from iteration t short, for any weight of a layer: (T, L)."""
    if experiment.parametrisation != "linear":
        return np.zeros((len(weights), sums.depth), dtype=bool)
    with np.errstate(all="ignore"):
        rate, _ = experiment.rates_at(slice(len(weights)))
        below = weights + rate * layer_flows(flow, sums) / weights < experiment.floor
    return np.stack([layer.any(axis=1) for layer in split_layers(below.astype(float), sums)], axis=1)


def step_terms(steps: Steps, at: Ints) -> Floats:
    """The columns of the series `step` at the given iterations (len(at), 12 + 4 L)."""
    weights, flow, k, sums = steps.weights[at], steps.flow[at], steps.component, steps.sums
    rates = steps.experiment.rates_at(at)
    here, now = replace(steps, weights=weights, flow=flow), (weights, flow, sums, *rates)
    weight, gradient = here.weight, here.gradient
    rho = dynamics.adaptive_rate(weights, sums, *rates)[:, k]
    lam = dynamics.multiplicative_term(*now)[:, k]
    printed = dynamics.adaptive_rate_as_printed(weights, sums, rates[0])[:, k]
    relative = dynamics.relative_steps(*now)[..., k]
    second = dynamics.second_order_term(*now)[:, k]
    exact = weight * dynamics.exact_factors(*now)[:, k]
    own, pull = rho * gradient, lam * weight
    path = sums.paths[:, k]
    next_weights = steps.after(at)[:, path]
    following = np.prod(next_weights, axis=1)
    cut = (next_weights == steps.experiment.floor) & (weights[:, path] * (1.0 + relative) < steps.experiment.floor)
    terms = (weight, gradient, rho, printed if steps.linear else np.full_like(rho, np.nan), lam, own, pull, second)
    lifted = np.where(cut.any(axis=1) & steps.linear, following - exact, 0.0)  # else nothing but rounding
    rest = (exact - (weight + own + pull + second), lifted, following, following - weight)
    flows = layer_flows(flow, sums)[:, path]
    return np.column_stack([*terms, *rest, weights[:, path], flows, relative, cut & steps.linear])


def residual(steps: Steps) -> View:
    """What first order leaves of a step of size η from this point, relative to w_k: rows η, with ρ, with ρ as printed.

    The learning rates reach from where first order is all there is to where a layer's step is as large as its weight.
    """
    rate, parametrisation = steps.rates_now
    now = float(rate)
    unit = dynamics.relative_steps(*steps.now, 1.0, parametrisation)[:, steps.component]
    largest = float(np.abs(unit).max())
    if not 0 < largest < math.inf:
        return {"now": now, "limit": None, "slopes": [None, None], "at_now": [None, None]}, np.empty(0)
    limit = 1.0 / largest  # the η at which the largest relative layer step is 1
    low, high = min(limit * 10.0**-DECADES_BELOW, now / 3), max(limit * 10.0**DECADES_ABOVE, now * 3)
    number = min(MAX_CELLS, int(RATES_PER_DECADE * math.log10(high / low)) + 2)
    rates = np.geomspace(low, high, number)
    rows = np.array([residuals_at(steps, float(rate)) for rate in rates]).T
    inside = (rates * largest >= FITTED[0]) & (rates * largest <= FITTED[1])
    slopes = [_slope(rates[inside], row[inside]) for row in rows]
    at_now = [finite(value) for value in residuals_at(steps, now)]
    return {"now": now, "limit": finite(limit), "slopes": slopes, "at_now": at_now}, np.vstack([rates, rows])


def residuals_at(steps: Steps, rate: float) -> tuple[float, float]:
    """|residual| of component k with the product form of ρ, and with ρ as printed (NaN in log-weights)."""
    k = steps.component
    left = dynamics.first_order_residual(*steps.now, rate, steps.experiment.parametrisation)[k]
    printed = dynamics.residual_as_printed(*steps.now, rate)[k] if steps.linear else math.nan
    return abs(float(left)), abs(float(printed))


def _slope(rates: Floats, residuals: Floats) -> float | None:
    """Slope of log residual against log η; None if there is no residual beyond rounding."""
    sound = np.isfinite(residuals) & (residuals > 1e-15)
    if sound.sum() < 3:
        return None
    return float(np.polyfit(np.log(rates[sound]), np.log(residuals[sound]), 1)[0])


def row(steps: Steps) -> View:
    """μ(t, τ) of the component for all τ < t, and λ(t): the memory of one step."""
    return {"lam": finite(steps.lam[steps.at])}, _remembered(steps, steps.at)


def _remembered(steps: Steps, t: int) -> Floats:
    """μ(t,τ) (t,): nothing of what was before a weight was set by hand."""
    begin = max(span.start for span in steps.spans() if span.start <= t)
    here = slice(begin, None)
    return np.concatenate([np.zeros(begin), dynamics.momentum_row(steps.rho[here], steps.lam[here], t - begin)])


def kernel(steps: Steps) -> View:
    """μ of the component at up to 200 × 200 iterations spread over what is recorded; 0 for τ ≥ t."""
    at = np.unique(np.linspace(0, steps.length - 1, min(MAX_CELLS, steps.length)).round().astype(int))
    cells = np.zeros((len(at), len(at)))
    for i, t in enumerate(at):
        cells[i, :i] = _remembered(steps, int(t))[at[:i]]
    return {"at": steps.length - 1, "iterations": at.tolist()}, cells


def matrix(steps: Steps) -> View:
    """M(t) row by row; its eigenvalues, largest first, and the directions of the largest and the smallest."""
    matrix = dynamics.preconditioner(steps.weights[steps.at], steps.sums, steps.experiment.parametrisation)
    if not np.isfinite(matrix).all():
        return {"eigenvalues": [], "largest": [], "smallest": []}, matrix
    values, vectors = np.linalg.eigh(matrix)
    ends = [
        (vector * np.sign(vector[np.argmax(np.abs(vector))])).tolist() for vector in (vectors[:, -1], vectors[:, 0])
    ]
    return {"eigenvalues": values[::-1].tolist(), "largest": ends[0], "smallest": ends[1]}, matrix


def scale(steps: Steps) -> View:
    """Every sum weight times a factor: rows are the relative layer steps of the component before and after.

    The header's `check` is measured: the last trained state is evaluated with and without the factor.
    """
    text, (low, high), (weights, flow, sums) = steps.query.get("c", "1"), FACTORS, steps.now
    if not NUMBER.fullmatch(text) or not low <= float(text) <= high:
        raise BadQueryError(f"c: give a number from {low:g} to {high:g}.")
    factor = float(text)
    both = (dynamics.relative_steps(each, flow, sums, *steps.rates_now) for each in (weights, factor * weights))
    rows = [relative[:, steps.component] for relative in both]
    return {"c": factor, "check": _measured(steps, factor)}, np.array(rows)


def _measured(steps: Steps, factor: float) -> dict[str, Any] | None:
    if steps.state is None:
        return None
    trainer = Trainer(steps.problem, learner_of(steps.experiment))
    parameters = steps.state.parameters[steps.seed : steps.seed + 1]
    weights, leaf_weights = steps.problem.split(trainer.weights(parameters))
    rates = steps.experiment.rates_at(steps.state.iteration)
    relative, llh = [], []
    for layers in (weights, factor * weights):
        seen = trainer.evaluator(effective_weights(layers, steps.sums), leaf_weights)
        relative.append(dynamics.relative_steps(layers, seen.flow, steps.sums, *rates)[0])
        llh.append(float(seen.llh[0]))
    sizable = np.abs(relative[0]) > 1e-6 * np.abs(relative[0]).max()
    ratio = float(np.median(relative[1][sizable] / relative[0][sizable])) if sizable.any() else math.nan
    return {"iteration": steps.state.iteration, "llh": [finite(value) for value in llh], "ratio": finite(ratio)}


def finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


POINTS: Mapping[str, Callable[[Steps], View]] = {
    "residual": residual,
    "row": row,
    "matrix": matrix,
    "kernel": kernel,
    "scale": scale,
}
