"""Print updates to 1e-6 of the initial ℓ_p loss, each model at its own best learning rate.

Run with `python -m experiments.linear_network`. D = 2, condition 10, targets 1, loss (1/p) Σ (w·x − y)^p.

The project's notes give 45 and 32 iterations (ℓ_2, plain and w = w₁w₂) and 2,609 and 367 (ℓ_4) without the start or
the grid. No count here is a constant of nature: plain ℓ_4 is fastest right at the edge of stability. So a best rate is
a steady one, whose neighbours need about as many updates; theirs stand in brackets, and a huge step that lands beside
the solution by luck is passed over. What does not hang on the choice is the last column: several-fold for ℓ_4, modest
for ℓ_2, for which a start near zero even loses. `tests/spncore/linear/test_rates.py` holds the claim.
"""

from spncore.linear.network import LinearExperiment
from spncore.linear.rates import BestRate, search

ITERATIONS = 3000
LOW, HIGH = 1e-3, 10.0
MODELS: dict[str, dict[str, float]] = {
    "plain, from 0": {"num_layers": 1, "init_scale": 0.0},
    "plain, from 0.09 = 0.3²": {"num_layers": 1, "init_scale": 0.09},
    "w = w₁w₂, from 0.3": {"num_layers": 2, "init_scale": 0.3},
    "w = w₁w₂, from 0.1": {"num_layers": 2, "init_scale": 0.1},
    "w = w₁w₂, from 0.001": {"num_layers": 2, "init_scale": 0.001},
    "3 layers, from 0.3": {"num_layers": 3, "init_scale": 0.3},
    "2 layers of width 2, seed 0": {"num_layers": 2, "width": 2, "init_scale": 0.3},
}


def best_of(p: int, model: dict[str, float]) -> BestRate | None:
    """The best rate of a model, and what it needs."""
    experiment = LinearExperiment(p=p, iterations=ITERATIONS, **model)  # type: ignore[arg-type]
    return search(experiment, LOW, HIGH).best


def main() -> None:
    """One table per loss: a row per model, and the factor over the first row."""
    for p in (2, 4):
        print(f"\n{f'ℓ_{p}: updates to 1e-6':30}{'best rate':>34}{'factor':>9}")
        found = {label: best_of(p, model) for label, model in MODELS.items()}
        plain = next(iter(found.values()))
        for label, best in found.items():
            print(f"{label:30}{_cell(best):>34}{_factor(plain, best)}")


def _cell(best: BestRate | None) -> str:
    if best is None:
        return f"none in {ITERATIONS:,} updates"
    return f"{best.updates:5d} [{best.fewest}, {best.most}] at η {best.learning_rate:.3g}"


def _factor(plain: BestRate | None, best: BestRate | None) -> str:
    return f"{plain.updates / best.updates:9.2f}" if plain and best and best.updates else f"{'–':>9}"


if __name__ == "__main__":
    main()
