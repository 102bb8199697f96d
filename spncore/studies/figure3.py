"""The published Figure 3 again: noise in the start against depth, and the first steps that noise drives."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from spncore.data.library import Dataset
from spncore.runs.experiment import Experiment
from spncore.runs.training import fit
from spncore.studies import shipped
from spncore.studies.cells import DEPTHS, REAL, Runs, answers, outcomes
from spncore.studies.published import TARGETS
from spncore.studies.shipped import FirstSteps, Measured
from spncore.sweep import Cell, Reporter, Target

RUNS = Runs(REAL, 24)
SHIPPED = (RUNS,)
ROUNDING, HONEST = 1e-12, 1e-3
EARLY_NOISES = (0.0, 1e-16, ROUNDING, HONEST)  # whose first steps are shown one by one
NOISES = (1e-16, 1e-14, ROUNDING, 1e-9, 1e-6, HONEST, 1e-2)
LEVELS = tuple(Target("llh", level) for level in TARGETS)
EARLY = 60  # states of which every one is kept
EARLY_SEEDS = 6
BEGIN = f"{__name__}:first_steps_json"
pack, unpack = partial(shipped.pack, points=200), shipped.unpack
tidy = partial(shipped.rows, by="init_noise")


def cell(noise: float, depth: int, runs: Runs = RUNS) -> Cell:
    """Figure 3's experiment with leaf weights that differ by `noise`; without noise all seeds are one run."""
    chosen = runs.settings() if noise else {"dataset": runs.dataset}
    experiment = Experiment(depth=depth, init_noise=noise, **chosen)
    return Cell(experiment, LEVELS, curve=True)


def cells(runs: Runs = RUNS) -> list[Cell]:
    """All that the page shows."""
    return [cell(noise, depth, runs) for noise in (0.0, *NOISES) for depth in DEPTHS]


def run(study: Runs, data: Dataset, report: Reporter) -> Measured:
    """All runs, and the first steps of some of them."""
    wanted, beginnings = cells(study), [cell(noise, depth, study) for noise in EARLY_NOISES for depth in DEPTHS]
    early = {f"first steps {i}": each.experiment for i, each in enumerate(beginnings, 1)}
    total = len(wanted) + len(early)
    found = outcomes(wanted, data, lambda done, _: report(done, total))
    tasks = {name: experiment.to_json() for name, experiment in early.items()}
    begun = answers(tasks, {data.name: data}, BEGIN, lambda done, _: report(len(wanted) + done, total))
    steps = [FirstSteps(early[name], *map(np.array, json.loads(answer))) for name, answer in begun.items()]
    return shipped.measured(found, data, {each.experiment: each for each in steps})


def first_steps(experiment: Experiment, dataset: Dataset) -> FirstSteps:
    """Train the first iterations only and keep every step of them."""
    short = experiment.replace(iterations=EARLY, num_seeds=min(EARLY_SEEDS, experiment.num_seeds))
    trace = fit(short, dataset)
    weights = trace.effective_weights
    change = np.abs(weights[:, 1:] / weights[:, :-1] - 1.0).max(axis=2)
    return FirstSteps(experiment, trace.llh[:, :EARLY], np.median(change, axis=0))


def first_steps_json(task: Mapping[str, Any], data: Mapping[str, Dataset]) -> str:
    """`first_steps` between an experiment and two lists as JSON; what a worker calls."""
    steps = first_steps(Experiment.from_dict(task), data[task["dataset"]])
    return json.dumps([steps.llh.tolist(), steps.change.tolist()])
