"""One step of a linear network taken apart: section 2.1 of the paper, to all orders and with what remains."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.linear.network import (
    LinearExperiment,
    LinearInfo,
    adaptive_terms,
    end_to_end,
    layer_gradients,
    products,
    run,
)


class StepTerms(NamedTuple):
    """What moved the end-to-end weights in each of T steps; arrays (T, D), `scalars` (T + 1, L − 1)."""

    before: Floats  # w(t)
    adaptive: Floats  # −ρ∇
    multiplicative: Floats  # −λw
    higher: Floats  # +η² ∇w₁ ∇w₂, and all further orders of more than two layers
    after: Floats  # w(t+1), as the run has it
    scalars: Floats  # the layers above the first, at the start and after every step

    @property
    def predicted(self) -> Floats:
        """The right-hand side: w − ρ∇ − λw + η² ∇w₁ ∇w₂, or its form for more layers."""
        return self.before + self.adaptive + self.multiplicative + self.higher

    @property
    def largest(self) -> Floats:
        """The largest of all numbers in each step, (T,): what rounding is measured by."""
        terms = self.before, self.adaptive, self.multiplicative, self.higher, self.after
        return np.asarray(np.max([np.abs(term).max(axis=1) for term in terms], axis=0))

    @property
    def residual(self) -> float:
        """Largest |run − right-hand side| of all steps, relative to the largest number in its step; 0 of no step."""
        return relative(self.after - self.predicted, self.largest)

    @property
    def missing(self) -> float:
        """What `residual` would be without the terms of higher order."""
        return relative(self.after - self.predicted + self.higher, self.largest)


def relative(rest: Floats, size: Floats) -> float:
    """The largest |rest| (T, D) over its step's size (T,); 0 where there is no step, or nothing but zeros."""
    rest = np.abs(rest).max(axis=1, initial=0.0)
    return float((rest / np.where(size > 0.0, size, 1.0)).max(initial=0.0))


def step_terms(experiment: LinearExperiment, num_steps: int) -> StepTerms:
    """The first steps of a width-1 run taken apart; the η² term comes from the layers' own gradients, not from a rest.

    With more than two layers the further orders are those of `exact_update`, which ends where a scalar is 0.
    """
    if experiment.width != 1:
        raise ValueError("step_terms: expected layers of width 1")
    items = [*islice(run(experiment), num_steps + 1)]
    whole = len(items) - 1
    if experiment.num_layers > 2:
        whole = next((t for t, (state, _) in enumerate(items[:-1]) if state.layers[1].item() == 0.0), whole)
    rows = [_terms(state.layers, info, experiment.learning_rate) for state, info in items[:whole]]
    after = [info.weights for _, info in items[1 : whole + 1]]
    scalars = [[layer.item() for layer in state.layers[1:]] for state, _ in items[: whole + 1]]
    shape = (whole, experiment.dimension)
    columns = [np.array([row[place] for row in rows]).reshape(shape) for place in range(4)]
    return StepTerms._make([*columns, np.array(after).reshape(shape), np.array(scalars)])


def _terms(layers: tuple[Floats, ...], info: LinearInfo, rate: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The right-hand side of one step, term by term."""
    adaptive, multiplicative = -info.rho * info.gradient, -info.lam * info.weights
    if len(layers) == 2:
        gradients = layer_gradients(products(layers), info.gradient)
        higher = rate**2 * gradients[0][0] * gradients[1].item()
    else:
        higher = exact_update(layers, info.gradient, rate) - info.weights - adaptive - multiplicative
    return info.weights, adaptive, multiplicative, higher


def exact_update(layers: tuple[Floats, ...], gradient: Floats, learning_rate: float) -> Floats:
    """(w − ρ∇) ∏_{l>1} (1 − η ∇w_l / w_l), the whole step of a width-1 network to all orders; shape (D,).

    For two layers this is w − ρ∇ − λw + η² ∇w₁∇w₂. Fails where a scalar layer is 0.
    """
    if any(layer.size != 1 for layer in layers[1:]):
        raise ValueError("exact_update: expected layers of width 1")
    around, weights = products(layers), end_to_end(layers)
    rho, _ = adaptive_terms(around, weights, gradient, learning_rate)
    upper = zip(layer_gradients(around, gradient)[1:], layers[1:], strict=True)
    steps = [learning_rate * (g / w).item() for g, w in upper]
    return (weights - rho * gradient) * float(np.prod([1.0 - s for s in steps]))
