"""Print where steps stop being small: η times the largest curvature with components held, and ηS in log-weights.

Run with `python -m experiments.edges_of_stability`; it needs NLTCS, takes half a minute, and leaves out
plants and baudio where they are not at hand. "Noted" are this project's earlier runs of this engine.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded: one order of arithmetic

from collections.abc import Iterator  # noqa: E402 (the variables above must come first)

import numpy as np  # noqa: E402

from experiments.fact import Fact, tell  # noqa: E402
from experiments.fitted_components import PER_LAYER  # noqa: E402
from spncore import Experiment, Trainer, trainer_of  # noqa: E402
from spncore.circuits.overparam import effective_weights, layer_flows  # noqa: E402
from spncore.data.library import available  # noqa: E402
from spncore.learning.states import TrainState  # noqa: E402
from spncore.loop import updates  # noqa: E402
from spncore.studies.presets import PRESETS  # noqa: E402
from spncore.words import signed  # noqa: E402

HELD = PER_LAYER.replace(num_seeds=1, iterations=5000)
LATER = PRESETS["update-2020"].study.experiment.replace(num_seeds=1, objective="unnormalised")
NOTED_S = {"nltcs": (0.0, 12.5), "plants": (44.0, 55.0), "baudio": (65.0, 72.0)}  # S at η = 0.1, between these
LATE = 250


def curvature(trainer: Trainer, state: TrainState) -> float:
    """The largest eigenvalue of −∂²𝓛/∂w² in the weights of the sum layers, by differences of the gradient."""
    layers, inputs = trainer.problem.split(trainer.weights(state.parameters))
    widths = 1e-5 * layers[0]
    moved = layers + np.concatenate([np.diag(widths), -np.diag(widths)])
    same = [np.repeat(array, len(moved), axis=0) for array in inputs]
    seen = trainer.evaluator(effective_weights(moved, trainer.problem.sums), same)
    gradient = layer_flows(seen.flow, trainer.problem.sums) / moved
    up, down = np.split(gradient, 2)
    hessian = (up - down) / (2 * widths[:, None])
    return float(np.linalg.eigvalsh(-(hessian + hessian.T) / 2)[-1])


def held_components() -> Iterator[Fact]:
    for depth, rate, noted in (
        (1, 0.1, "1.99; within 1.5–2.5 in 98.6 %; 2.4"),
        (1, 1.0, "1e-4 after one overshoot"),
        (3, 0.1, "0.009 after one overshoot"),
    ):
        trainer = trainer_of(HELD.replace(depth=depth, learning_rate=rate))
        states = [state for state, _ in trainer.until(updates(HELD.iterations))]
        edge = np.array([rate * curvature(trainer, state) for state in states[::25]])
        inside = float(((edge > 1.5) & (edge < 2.5)).mean())
        growth = _root_norm(trainer, states[-1]) / _root_norm(trainer, states[0])
        yield Fact(
            f"components held, w0 = 0.1, L = {depth}, η = {rate:g}, 5,000 updates: median η·λ_max; growth of ‖w[0]‖²",
            noted,
            f"{np.median(edge):.3g}, at the end {edge[-1]:.3g}; within 1.5–2.5 in {inside:.1%}; {growth:.3g}-fold",
            inside > 0.9 if (depth, rate) == (1, 0.1) else bool(edge[-1] < 0.1),
            "other EM starts, so other components: the growth is theirs",
        )


def _root_norm(trainer: Trainer, state: TrainState) -> float:
    root = trainer.weights(state.parameters)[0, : trainer.problem.sums.sizes[0]]
    return float(root @ root)


def as_written() -> Iterator[Fact]:
    """A deviation of log Z is multiplied per step by 1 − ηS, S the sum of squared partition flows of all weights."""
    for name in filter(available, NOTED_S):
        for rate in (0.1, 0.02):
            yield _as_written(LATER.replace(dataset=name, depth=3, learning_rate=rate, iterations=1000))


def _as_written(experiment: Experiment) -> Fact:
    trainer, squares, log_partition = trainer_of(experiment), [], []
    for state, seen in trainer.until(updates(experiment.iterations)):
        squares.append(partition_square(trainer, state))
        log_partition.append(float(seen.log_partition[0]))
    late, swing = squares[-LATE:], log_partition[-LATE:]
    low, high = NOTED_S[experiment.dataset]
    rate, saws = experiment.learning_rate, bool(np.ptp(swing) > 0.1)
    return Fact(
        f"{experiment.dataset}, objective as written, L = 3, η = {rate:g}, last {LATE} of 1,000 updates: S; ηS; log Z",
        f"S {low:g}–{high:g}; ηS {rate * low:.2g}–{rate * high:.2g}",
        f"S {min(late):.1f}–{max(late):.1f}; ηS {rate * min(late):.2g}–{rate * max(late):.2g}; "
        f"log Z {signed(min(swing), '.2f')} to {signed(max(swing), '.2f')}",
        saws == (rate * low > 2.0),
        ("log Z saws" if saws else "stable") + ("" if low <= min(late) and max(late) <= high else "; S outside"),
    )


def partition_square(trainer: Trainer, state: TrainState) -> float:
    """S at a state: the flows of the empty row, as shares of Z, squared and summed over sum and leaf weights."""
    layers, (leaves,) = trainer.problem.split(trainer.weights(state.parameters))
    mass = leaves.sum(axis=1)  # (1, K, D)
    log_shares = np.log(effective_weights(layers, trainer.problem.sums)) + np.log(mass).sum(axis=2)
    shares = np.exp(log_shares - np.logaddexp.reduce(log_shares, axis=1, keepdims=True))  # (1, K)
    of_leaves = shares[:, None, :, None] * leaves / mass[:, None]
    return float((layer_flows(shares, trainer.problem.sums) ** 2).sum() + (of_leaves**2).sum())


GROUPS = (held_components, as_written)


def main() -> None:
    """One row per fact, printed as it is measured."""
    tell("noted", GROUPS)


if __name__ == "__main__":
    main()
