"""Print iterations to 1e-6 of the initial ℓ_p loss, each model at its own best learning rate.

Run with `python -m experiments.linear_network`. D = 2, condition 10, targets 1, loss (1/p) Σ (w·x − y)^p.

The project's notes give 45 and 32 iterations (ℓ_2, plain and w = w₁w₂) and 2,609 and 367 (ℓ_4) without the
start or the grid. A plain model from 0, a factorised one from 0.3 in every weight and sixteen rates from 1e-3
to 10 come nearest. The other rows say what hangs on that choice: a finer grid, other starts, the plain model
from the very weights at which the factorised one begins, more layers, a wide network.
"""

import numpy as np

from spncore.linear_network import LinearExperiment, best_learning_rate

ITERATIONS = 6000
GRIDS = {"16 rates": np.logspace(-3, 1, 16), "61 rates": np.logspace(-3, 1, 61)}
MODELS: dict[str, dict[str, float]] = {
    "plain, from 0": {"num_layers": 1, "init_scale": 0.0},
    "plain, from 0.09 = 0.3²": {"num_layers": 1, "init_scale": 0.09},
    "w = w₁w₂, from 0.3": {"num_layers": 2, "init_scale": 0.3},
    "w = w₁w₂, from 0.1": {"num_layers": 2, "init_scale": 0.1},
    "w = w₁w₂, from 0.001": {"num_layers": 2, "init_scale": 0.001},
    "3 layers, from 0.3": {"num_layers": 3, "init_scale": 0.3},
    "2 layers of width 2, seed 0": {"num_layers": 2, "width": 2, "init_scale": 0.3},
}


def cell(p: int, model: dict[str, float], rates: np.ndarray) -> str:
    """Iterations at the best rate, and that rate."""
    best = best_learning_rate(LinearExperiment(p=p, iterations=ITERATIONS, **model), rates.tolist())
    return f"> {ITERATIONS}" if best is None else f"{best.iterations:5d} (η {best.learning_rate:.3g})"


def main() -> None:
    """One row per model, one column per loss and grid."""
    columns = [(p, name) for p in (2, 4) for name in GRIDS]
    print(f"{'iterations to 1e-6':30}" + "".join(f"{f'ℓ_{p}, {name}':>20}" for p, name in columns))
    for label, model in MODELS.items():
        print(f"{label:30}" + "".join(f"{cell(p, model, GRIDS[name]):>20}" for p, name in columns))


if __name__ == "__main__":
    main()
