"""Print where the first order fails, where runs of equal η/w0² coincide, and that Figure 3's plateau is no maximum.

Run with `python -m experiments.steps_and_plateau`; it needs NLTCS and takes half a minute. Counted in updates. "Noted"
are this project's earlier runs of this engine.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded: one order of arithmetic

from collections.abc import Iterator  # noqa: E402 (the variables above must come first)
from itertools import combinations, product  # noqa: E402

import numpy as np  # noqa: E402

from experiments.fact import Fact, tell  # noqa: E402
from experiments.fitted_components import PER_LAYER, updates_to_gain  # noqa: E402
from spncore import Experiment, Trainer, fit, load, trainer_of  # noqa: E402
from spncore.circuits.model import Model  # noqa: E402
from spncore.dynamics.steps import first_order_step, relative_steps  # noqa: E402
from spncore.learning.learners import LearnerSettings  # noqa: E402
from spncore.learning.objectives import OBJECTIVES, data_and_partition  # noqa: E402
from spncore.learning.problem import plain_problem  # noqa: E402
from spncore.loop import updates  # noqa: E402
from spncore.words import signed  # noqa: E402

STEPS = 20
GENTLE = PER_LAYER.replace(num_seeds=1, iterations=STEPS + 1)
RATIOS, STARTS = (0.02, 0.1, 0.5), (0.05, 0.1, 0.2, 0.5, 1.0)  # η/w0², w0


def first_order() -> Iterator[Fact]:
    """At each of the first steps, what first order leaves out, over what the effective weights move by."""
    found = fit(Experiment(iterations=STEPS + 1))
    sizes = np.abs(relative_steps(found.weights, found.flow, found.sums, 0.01)[0]).max(axis=(1, 2))
    missed, gentle = _missed(Experiment(iterations=STEPS + 1)), _missed(GENTLE.replace(depth=3))
    passed = [int(np.argmax(sizes >= level)) + 1 for level in (2.0, 1000.0)]
    yield Fact(
        "default run, L = 3: a relative step of a weight first reaches 2; 1,000, in update",
        "5; 15",
        "; ".join(map(str, passed)),
        abs(passed[0] - 5) <= 1 and abs(passed[1] - 15) <= 1,
        f"the largest in the first {STEPS}: {sizes.max():,.0f}",
    )
    yield Fact(
        f"of the first {STEPS} updates first order is within 10 % of: default; EM components held, w0 = 0.1, η = 1e-3",
        "0; 20",
        f"{int((missed < 0.1).sum())}; {int((gentle < 0.1).sum())}",
        bool((missed >= 0.1).all() and (gentle < 0.1).all()),
        f"in the default run it leaves out up to {missed.max():,.0f} times the move; in the other {gentle.max():.1%}",
    )


def _missed(experiment: Experiment) -> np.ndarray:
    """Per update (STEPS,) the largest |w(t+1) − first order| over the largest |w(t+1) − w(t)|."""
    found = fit(experiment)
    weights = found.effective_weights[0, : STEPS + 1]
    seen = (array[0, :STEPS] for array in (found.effective_gradient, found.rho, found.lam))
    expected = first_order_step(weights[:-1], *seen)
    gap: np.ndarray = np.abs(weights[1:] - expected).max(axis=1) / np.abs(np.diff(weights, axis=0)).max(axis=1)
    return gap


def stripes() -> Iterator[Fact]:
    """Pairs of runs with the same η/w0² and another start: how many need exactly as many updates."""
    for name, floor, noted, trained in (
        ("EM components held, floor 1e-4", 1e-4, "97.8 %", False),
        ("EM components held, floor 1e-12", 1e-12, "100 %", False),
        ("leaves trained from a random start, floor 1e-12", 1e-12, "none", True),
    ):
        same = [a == b for row in _grid(floor, trained) for a, b in combinations(row, 2) if np.isfinite(min(a, b))]
        share = sum(same) / len(same)
        yield Fact(
            f"equal η/w0² and another start need equally many updates: {name}",
            f"{noted} of cells",
            f"{share:.1%} of {len(same)} pairs",
            share < 0.2 if trained else share > (0.9 if floor == 1e-4 else 0.999),
            "another grid than the noted one",
        )


def _grid(floor: float, trained: bool) -> Iterator[list[float]]:
    """By depth and ratio, the updates that each start needs to 90 % of the gain, or to −7.5 with trained leaves."""
    for depth, ratio in product((1, 2, 3), RATIOS):
        runs = [
            PER_LAYER.replace(depth=depth, init_scale=start, learning_rate=ratio * start**2, floor=floor, num_seeds=1)
            for start in STARTS
        ]
        if not trained:
            yield [updates_to_gain(run)[0] for run in runs]
            continue
        loose = {"train_components": True, "component_init": "random", "iterations": 1000}
        curves = [fit(run.replace(**loose)).llh[0] for run in runs]
        yield [int(np.argmax(llh >= -7.5)) if llh.max() >= -7.5 else np.inf for llh in curves]


def plateau() -> Iterator[Fact]:
    """EM from where Figure 3's runs end; then gradient ascent from where EM ends."""
    rows = []
    for depth in (1, 2, 3):
        trainer = trainer_of(Experiment(depth=depth))
        *_, (state, _) = trainer.until(updates(500))
        llh, model = _trained(trainer.model(state), LearnerSettings("em"), 100)
        rows.append(llh)
    now = np.array(rows).T
    yield Fact(
        "EM from the end of Figure 3's runs, seed 0, L = 1 / 2 / 3: LLH after 1; 10; 100 steps",
        "−7.03…−7.01; −6.32…−6.47; −6.11…−6.13",
        "; ".join(" / ".join(signed(value) for value in now[step]) for step in (1, 10, 100)),
        bool(now[1].min() > -7.04 and now[10].min() > -6.5 and now[100].min() > -6.15),
        "the plateau is no maximum",
    )
    _, best = _trained(model, LearnerSettings("em"), 5000)
    llh, _ = _trained(best, LearnerSettings("gradient_ascent", floor=1e-4), 5000)
    yield Fact(
        "gradient ascent (η = 0.01, L = 1) from EM's optimum: change in LLH over 5,000 updates",
        "3e-8",
        f"{llh[-1] - llh[0]:.0e}",
        abs(llh[-1] - llh[0]) < 1e-5,
    )


def _trained(start: Model, settings: LearnerSettings, iterations: int) -> tuple[list[float], Model]:
    """LLH at the start and after each update, and the network at the end."""
    problem = plain_problem(start, data_and_partition(load("nltcs")), OBJECTIVES["generative"])
    trainer = Trainer(problem, settings)
    state, llh = trainer.init(), []
    for _ in range(iterations + 1):
        before = state
        state, seen = trainer.step(before)
        llh.append(float(seen.llh[0]))
    return llh, trainer.model(before)


GROUPS = (first_order, stripes, plateau)


def main() -> None:
    """One row per fact, printed as it is measured."""
    tell("noted", GROUPS)


if __name__ == "__main__":
    main()
