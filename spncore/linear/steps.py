"""One step of a linear network taken apart: section 2.1 of the paper, to all orders and with what remains."""

from itertools import islice, takewhile
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.linear.network import (
    LinearExperiment,
    adaptive_terms,
    end_to_end,
    init,
    layer_gradients,
    products,
    run,
)


class StepTerms(NamedTuple):
    """What moved the end-to-end weights in each of T steps; arrays (T, D) but the scalars, (T, L − 1)."""

    before: Floats  # w(t)
    adaptive: Floats  # −ρ∇
    multiplicative: Floats  # −λw
    higher: Floats  # +η² ∇w₁ ∇w₂, and all further orders of more than two layers
    after: Floats  # w(t+1), as the run has it
    scalars: Floats  # the layers above the first, before the step
    scalar_gradients: Floats

    @property
    def predicted(self) -> Floats:
        """The right-hand side: w − ρ∇ − λw + η² ∇w₁ ∇w₂, or its form for more layers."""
        return self.before + self.adaptive + self.multiplicative + self.higher

    @property
    def residual(self) -> float:
        """Largest |run − right-hand side| of all steps, relative to the largest weight of its step."""
        size = np.abs(self.after).max(axis=1)
        return float((np.abs(self.after - self.predicted).max(axis=1) / size).max())


def step_terms(experiment: LinearExperiment, num_steps: int) -> StepTerms:
    """The first steps of a width-1 run taken apart; the η² term comes from the layers' own gradients, not from a rest.

    With more than two layers the further orders are those of `exact_update`.
    """
    if experiment.width != 1:
        raise ValueError("step_terms: expected layers of width 1")
    layers, rate, rows = init(experiment).layers, experiment.learning_rate, []
    for state, info in takewhile(lambda item: not item[1].stopped, islice(run(experiment), num_steps)):
        gradients = layer_gradients(products(layers), info.gradient)
        adaptive, multiplicative = -info.rho * info.gradient, -info.lam * info.weights
        if len(layers) == 2:
            higher = rate**2 * gradients[0][0] * gradients[1].item()
        else:
            higher = exact_update(layers, info.gradient, rate) - info.weights - adaptive - multiplicative
        above = [np.array([x.item() for x in arrays[1:]]) for arrays in (layers, gradients)]
        rows.append((info.weights, adaptive, multiplicative, higher, end_to_end(state.layers), *above))
        layers = state.layers
    return StepTerms(*(np.array(column) for column in zip(*rows, strict=True)))


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
