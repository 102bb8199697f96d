"""Overparametrised linear regression: section 2.1 of the paper, after Arora, Cohen and Hazan (2018).

A linear network computes x ↦ w·x with w = W_L ⋯ W_1. Hidden width 1 is the paper's w = w₁w₂: a vector times
scalars, for any number of layers. Nothing new can be represented, yet one gradient step on the factors moves
w by an adaptive rate ρ and a multiplicative term λ. Shapes: N rows, D variables, L layers, H width, T steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.limits import LIMITS
from spncore.loop import until, updates

LOSS_EXPONENTS = (2, 4)
DIVERGED = 1e6  # times the loss at the start
_RANGES: dict[str, tuple[float, float]] = {
    "dimension": (1, 64),
    "condition": (1, 1e6),
    "num_layers": (1, LIMITS.depth),
    "width": (1, 64),
    "learning_rate": (LIMITS.smallest_rate, LIMITS.largest_rate),
    "iterations": (1, 100_000),
    "init_scale": (0, 1000),
    "seed": (0, LIMITS.seed),
    "num_rows": (1, 1000),
}


@dataclass(frozen=True)
class LinearExperiment:
    """One run on ℓ_p regression; num_layers = 1 is the plain model, width = 1 a vector times scalars.

    condition is the ratio of the largest to the smallest eigenvalue of XᵀX. `iterations` counts updates. ValueError
    outside the ranges.
    """

    p: int = 4
    dimension: int = 2
    condition: float = 10.0
    num_layers: int = 2
    width: int = 1
    learning_rate: float = 0.1
    iterations: int = 1000
    init_scale: float = 0.3
    seed: int = 0
    num_rows: int = 2

    def __post_init__(self) -> None:
        if self.p not in LOSS_EXPONENTS:
            raise ValueError(f"p: expected 2 or 4, got {self.p!r}")
        for name, (low, high) in _RANGES.items():
            value, whole = getattr(self, name), type(getattr(type(self), name)) is int
            kinds, what = ((int,), "a whole number") if whole else ((int, float), "a number")
            if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
                raise ValueError(f"{name}: expected {what} from {low:g} to {high:g}, got {value!r}")
        if self.num_rows < self.dimension:
            raise ValueError(f"num_rows: expected at least dimension={self.dimension}, got {self.num_rows}")
        if self.init_scale == 0 and self.num_layers > 1:
            raise ValueError("init_scale: 0 is a saddle that no gradient leaves; use more than 0, or num_layers=1")


class LinearProblem(NamedTuple):
    """Rows to fit: inputs (N, D), targets (N,)."""

    inputs: Floats
    targets: Floats


class LinearState(NamedTuple):
    """What the next step needs: layers W_1 (H, D), …, W_L (1, H), lowest first; one layer alone is (1, D).

    `iteration` updates are done.
    """

    iteration: int
    layers: tuple[Floats, ...]


class LinearInfo(NamedTuple):
    """What is seen at a state; `stopped` is empty, or says why no update follows."""

    loss: float
    weights: Floats  # (D,) end to end
    gradient: Floats  # (D,) of the loss in the end-to-end weights
    rho: float
    lam: float
    stopped: str = ""


class LinearTrace(NamedTuple):
    """Entry t is the state after t updates, T = `iterations`; shorter only if `stopped` says why."""

    loss: Floats  # (T + 1,)
    weights: Floats  # (T + 1, D)
    gradient: Floats  # (T + 1, D)
    rho: Floats  # (T + 1,)
    lam: Floats  # (T + 1,)
    stopped: str


def regression_problem(experiment: LinearExperiment) -> LinearProblem:
    """Rows that w_i = λ_i^(−½) fits exactly; λ_i, the eigenvalues of XᵀX, run from 1 in equal ratios.

    With N = D the rows lie on the axes and every target is 1; with N > D axes are drawn at random.
    """
    scales = np.sqrt(np.geomspace(1.0, experiment.condition, experiment.dimension))  # (D,)
    axes = np.eye(experiment.dimension)
    if experiment.num_rows > experiment.dimension:
        generator = np.random.default_rng([experiment.seed, 0])
        axes = np.linalg.qr(generator.standard_normal((experiment.num_rows, experiment.dimension)))[0]
    return LinearProblem(axes * scales, axes.sum(axis=1))


def init(experiment: LinearExperiment) -> LinearState:
    """Every weight at init_scale for width 1; normal weights of that size, over √H, for wider networks."""
    sizes = [experiment.dimension] + [experiment.width] * (experiment.num_layers - 1) + [1]
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    if experiment.width == 1 or experiment.num_layers == 1:
        return LinearState(0, tuple(np.full(shape, experiment.init_scale) for shape in shapes))
    generator = np.random.default_rng([experiment.seed, 1])
    scale = experiment.init_scale / np.sqrt(experiment.width)
    return LinearState(0, tuple(scale * generator.standard_normal(shape) for shape in shapes))


def loss_and_gradient(problem: LinearProblem, p: int, weights: Floats) -> tuple[float, Floats]:
    """ℓ_p loss (1/p) Σ_n (w·x_n − y_n)^p for even p, and its gradient (D,)."""
    residual = problem.inputs @ weights - problem.targets  # (N,)
    slope: Floats = residual ** (p - 1)
    return float(slope @ residual) / p, slope @ problem.inputs


class Products(NamedTuple):
    """For each layer the product of those `above`, a row (n_l,), and of those `below`, a matrix (n_{l−1}, D)."""

    above: list[Floats]
    below: list[Floats]


def products(layers: tuple[Floats, ...]) -> Products:
    """The products around every layer, lowest first."""
    above, below = [np.ones(1)], [np.eye(layers[0].shape[1])]
    for layer in layers[:0:-1]:
        above.append(above[-1] @ layer)
    for layer in layers[:-1]:
        below.append(layer @ below[-1])
    return Products(above[::-1], below)


def end_to_end(layers: tuple[Floats, ...]) -> Floats:
    """The product W_L ⋯ W_1 as a vector (D,)."""
    return products(layers).above[0] @ layers[0]


def layer_gradients(around: Products, gradient: Floats) -> tuple[Floats, ...]:
    """∂loss/∂W_l = A_lᵀ ∇ B_lᵀ, with A_l the product of the layers above l and B_l of those below."""
    return tuple(A[:, None] * (B @ gradient) for A, B in zip(*around, strict=True))


def adaptive_terms(around: Products, weights: Floats, gradient: Floats, learning_rate: float) -> tuple[float, float]:
    """ρ = η‖W_L ⋯ W_2‖² and λ, the part along w (D,) of what the layers above the first add to a step.

    wᵀ of a layer's term is ‖A‖² (B∇)·(Bw). For w = w₁w₂ these are ρ = η w₂² and λ = η ∇w₂ / w₂ (Trapp et al. 2019,
    section 2.1). λ is 0 where w = 0.
    """
    upper = zip(around.above[1:], around.below[1:], strict=True)
    added = sum(float(A @ A) * float((B @ gradient) @ (B @ weights)) for A, B in upper)
    lam = added / float(weights @ weights) if weights.any() else 0.0
    return learning_rate * float(around.above[0] @ around.above[0]), learning_rate * lam


@np.errstate(over="ignore", invalid="ignore")  # run looks at the result before it hands it on
def step(problem: LinearProblem, p: int, learning_rate: float, state: LinearState) -> tuple[LinearState, LinearInfo]:
    """One gradient step on every layer at once; the info describes the state before it."""
    around = products(state.layers)
    weights = around.above[0] @ state.layers[0]
    loss, gradient = loss_and_gradient(problem, p, weights)
    rho, lam = adaptive_terms(around, weights, gradient, learning_rate)
    moved = zip(state.layers, layer_gradients(around, gradient), strict=True)
    layers = tuple(w - learning_rate * g for w, g in moved)
    return LinearState(state.iteration + 1, layers), LinearInfo(loss, weights, gradient, rho, lam)


def run(experiment: LinearExperiment) -> Iterator[tuple[LinearState, LinearInfo]]:
    """A state and what is seen at it: first the start, then one after every update.

    Ends early, with the reason in the last item, before an update that would lift the loss past DIVERGED times its
    start. So no item ever holds an infinite value or NaN.
    """
    state, limit, rate = init(experiment), np.nan, experiment.learning_rate
    stepped = partial(step, regression_problem(experiment), experiment.p, rate)
    for (following, info), (_, ahead) in pairwise(until(stepped, state, updates(experiment.iterations + 1))):
        limit = limit if state.iteration else DIVERGED * info.loss
        if not (ahead.loss <= limit and np.isfinite([ahead.rho, ahead.lam]).all()):
            stopped = (
                f"learning_rate {rate:g}: update {state.iteration + 1} would lift the loss past "
                f"{DIVERGED:g} times its start; use a smaller learning_rate"
            )
            yield state, info._replace(stopped=stopped)
            return
        yield state, info
        state = following
    yield state, ahead


def fit(experiment: LinearExperiment) -> LinearTrace:
    """Drain `run` into arrays."""
    return traced([info for _, info in run(experiment)])


def traced(infos: Sequence[LinearInfo]) -> LinearTrace:
    """What was seen at the states of a run, as arrays."""
    loss, weights, gradient, rho, lam = (np.array(column) for column in list(zip(*infos, strict=True))[:-1])
    return LinearTrace(loss, weights, gradient, rho, lam, infos[-1].stopped)
