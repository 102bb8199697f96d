"""Print iterations to 1e-6 of the initial ℓ_p loss, each model at its own best learning rate of a grid.

Run with `python -m experiments.linear_network`. D = 2, condition 10, targets 1, loss (1/p) Σ (w·x − y)^p.

The project's notes give 45 and 32 iterations (ℓ_2, plain and w = w₁w₂) and 2,609 and 367 (ℓ_4) without the start or
the grid. No count here is a constant of nature: the plain ℓ_4 model is fastest right at the edge of stability, so a
finer grid finds it a faster rate. What does not hang on the choice is the last column: several-fold for ℓ_4, modest
for ℓ_2, for which a start near zero even loses on a coarse grid. A huge step that lands beside the solution by luck
(5 steps at η = 2.29 from 0.001) is not taken for a best rate. `tests/spncore/linear/test_rates.py` holds the claim.
"""

from collections.abc import Sequence

import numpy as np

from spncore.linear.network import LinearExperiment
from spncore.linear.rates import RateOutcome, best_rate, outcomes_by_rate

ITERATIONS = 6000
GRIDS = {
    "4 a decade": np.logspace(-3, 1, 16),
    "15 a decade": np.logspace(-3, 1, 61),
    "50 a decade": np.logspace(-3, 1, 201),
}
MODELS: dict[str, dict[str, float]] = {
    "plain, from 0": {"num_layers": 1, "init_scale": 0.0},
    "plain, from 0.09 = 0.3²": {"num_layers": 1, "init_scale": 0.09},
    "w = w₁w₂, from 0.3": {"num_layers": 2, "init_scale": 0.3},
    "w = w₁w₂, from 0.1": {"num_layers": 2, "init_scale": 0.1},
    "w = w₁w₂, from 0.001": {"num_layers": 2, "init_scale": 0.001},
    "3 layers, from 0.3": {"num_layers": 3, "init_scale": 0.3},
    "2 layers of width 2, seed 0": {"num_layers": 2, "width": 2, "init_scale": 0.3},
}
WIDE_GRID = "15 a decade"  # a wide network is searched rate by rate


def best_of(p: int, model: dict[str, float], rates: Sequence[float]) -> RateOutcome | None:
    """The best rate of a grid for a model, and what it needs."""
    experiment = LinearExperiment(p=p, iterations=ITERATIONS, **model)  # type: ignore[arg-type]
    return best_rate(experiment, outcomes_by_rate(experiment, rates, patience=2.0))


def main() -> None:
    """One table per loss: a row per model, a column per grid, and the factor over the first row on the finest."""
    for p in (2, 4):
        print(f"\n{f'ℓ_{p}: iterations to 1e-6':30}" + "".join(f"{name:>20}" for name in GRIDS) + f"{'factor':>9}")
        plain = None
        for label, model in MODELS.items():
            names = [WIDE_GRID] if model.get("width", 1) > 1 else list(GRIDS)
            found = {name: best_of(p, model, GRIDS[name].tolist()) for name in names}
            plain = plain or found
            print(f"{label:30}" + "".join(f"{_cell(found, name):>20}" for name in GRIDS) + _factor(plain, found))


def _cell(found: dict[str, RateOutcome | None], name: str) -> str:
    if name not in found:
        return "–"
    best = found[name]
    return f"> {ITERATIONS}" if best is None else f"{best.iterations:5d} (η {best.learning_rate:.3g})"


def _factor(plain: dict[str, RateOutcome | None], found: dict[str, RateOutcome | None]) -> str:
    name = next(reversed(found))
    first, second = plain[name], found[name]
    known = first and second and first.iterations and second.iterations
    return f"{first.iterations / second.iterations:9.2f}" if known else f"{'–':>9}"  # type: ignore[union-attr, operator]


if __name__ == "__main__":
    main()
