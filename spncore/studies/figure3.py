"""The published Figure 3 again: noise in the start against depth, and the first steps that noise drives."""

from __future__ import annotations

from spncore.runs.experiment import Experiment
from spncore.studies.cells import DEPTHS, REAL, Runs
from spncore.studies.published import TARGETS
from spncore.sweep import Cell, Target

# ---- Figure 3 ------------------------------------------------------------------------------------------------------
FIGURE3_RUNS = Runs(REAL, 24)
ROUNDING, HONEST = 1e-12, 1e-3
EARLY_NOISES = (0.0, 1e-16, ROUNDING, HONEST)  # whose first steps are shown one by one
NOISES = (1e-16, 1e-14, ROUNDING, 1e-9, 1e-6, HONEST, 1e-2)
FIGURE3_TARGETS = tuple(Target("llh", level) for level in TARGETS)


def figure3(noise: float, depth: int, runs: Runs = FIGURE3_RUNS) -> Cell:
    """Figure 3's experiment with leaf weights that differ by `noise`; without noise all seeds are one run."""
    experiment = Experiment(dataset=runs.dataset, depth=depth, init_noise=noise)
    if noise:
        experiment = experiment.replace(num_seeds=runs.num_seeds, seed=runs.seed)
    return Cell(experiment, FIGURE3_TARGETS, curve=True)


def figure3_cells(runs: Runs = FIGURE3_RUNS) -> list[Cell]:
    """All that the page shows."""
    return [figure3(noise, depth, runs) for noise in (0.0, *NOISES) for depth in DEPTHS]


def figure3_beginnings(runs: Runs = FIGURE3_RUNS) -> list[Experiment]:
    """The runs whose first steps are shown one by one."""
    return [figure3(noise, depth, runs).experiment for noise in EARLY_NOISES for depth in DEPTHS]
