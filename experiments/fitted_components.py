"""Components fitted by EM and held, sum weights trained alone: how depth, start and topology change the speed."""

from collections.abc import Iterator

import numpy as np

from experiments.fact import Fact, first
from spncore import Experiment, fit, load, trainer_of
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, data_and_partition

PER_LAYER = Experiment(
    component_init="fitted",
    train_components=False,
    init_noise=0.0,
    init_scale=0.1,
    learning_rate=1e-3,
    iterations=300,
    num_seeds=3,
)


def best_with_components_held(experiment: Experiment) -> np.ndarray:
    """LLH (S,) at the best effective weights for the starting components, by EM on the weights alone.

    The problem is concave, so this is the optimum; of 8 components on NLTCS 300 iterations leave nothing to gain.
    """
    trainer = trainer_of(experiment)
    leaf_weights = trainer.problem.split(trainer.weights(trainer.init().parameters))[1]
    evaluator = Evaluator(trainer.problem.circuit, data_and_partition(load(experiment.dataset)), DATA_FLOW)
    weights = np.ones((len(leaf_weights[0]), experiment.num_components))
    for _ in range(300):
        seen = evaluator(weights, leaf_weights)
        weights = np.maximum(seen.flow, 1e-12)
    return seen.llh


def updates_to_gain(experiment: Experiment, share: float = 0.9) -> list[float]:
    """Per seed the updates to a share of the gain possible from the start with the components held."""
    best, trace = best_with_components_held(experiment), fit(experiment)
    target = trace.llh[:, 0] + share * (best - trace.llh[:, 0])
    return first(trace.llh >= target[:, None])


def fitted_components() -> Iterator[Fact]:
    def rows(experiment: Experiment) -> list[list[float]]:
        return [updates_to_gain(experiment.replace(depth=depth)) for depth in (1, 2, 3)]

    per_layer, rescaled = rows(PER_LAYER), rows(PER_LAYER.replace(init_scale=1.0, learning_rate=0.1))
    matched = rows(PER_LAYER.replace(init_convention="matched", iterations=2500))
    for name, notes, found, agrees in (
        ("per layer, start 0.1, η = 1e-3", "103 / 93 / 73, 103 / 88 / 66, 95 / 77 / 73", per_layer, _falls(per_layer)),
        ("matched, start 0.1, η = 1e-3", "103 / 934 / 1582", matched, _falls(matched[::-1])),
        ("per layer, start 1, η = 0.1", "as the first", rescaled, rescaled == per_layer),
    ):
        yield Fact(
            f"EM components held, {name}: updates to 90 % of the gain, L = 1 / 2 / 3, three seeds",
            notes,
            ", ".join(" / ".join(str(i) for i in seed) for seed in zip(*found, strict=True)),
            agrees,
            "the gain possible is up to EM on the weights alone; other EM starts, so other components",
        )


def _falls(rows: list[list[float]]) -> bool:
    return all(a > b for row, other in zip(rows, rows[1:], strict=False) for a, b in zip(row, other, strict=True))


def topologies() -> Iterator[Fact]:
    for parametrisation, rate, topology, notes in (
        ("linear", 1e-3, "tree", (103, 93, 72, 42, 22)),
        ("linear", 1e-3, "private", (103, 54, 35, 26, 16)),
        ("linear", 1e-3, "shared", (103,) * 5),
        ("log", 0.1, "tree", (100, 102, 77, 41, 21)),
        ("log", 0.1, "private", (100, 49, 32, 24, 16)),
    ):
        base = PER_LAYER.replace(parametrisation=parametrisation, learning_rate=rate, topology=topology, num_seeds=1)
        found = [updates_to_gain(base.replace(depth=depth))[0] for depth in (1, 2, 3, 4, 6)]
        yield Fact(
            f"the same by topology, {topology}, {parametrisation}, η = {rate:g}, L = 1 / 2 / 3 / 4 / 6, seed 0",
            " / ".join(str(i) for i in notes),
            " / ".join(str(i) for i in found),
            bool((np.abs(np.subtract(found, notes)) <= np.maximum(0.12 * np.array(notes), 2)).all()),
            "within 12 % or two updates: other EM components",
        )
