"""The authors' update of 2020: log-weights, with the objective as written and the proper one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spncore.record import Record, choice
from spncore.runs.experiment import Experiment
from spncore.studies.cells import DEPTHS, Runs, by_seed, merged
from spncore.sweep import Cell, Outcome

# ---- the update of 2020 --------------------------------------------------------------------------------------------
UPDATE_DATA = ("nltcs", "plants", "baudio")
OBJECTIVES = ("unnormalised", "generative")
UPDATE_SEEDS = 5


@dataclass(frozen=True)
class Update(Record):
    """What the page may be asked for."""

    data: str = choice("nltcs", "data set", choices=UPDATE_DATA)


def update2020_runs(dataset: str) -> Runs:
    """The runs that ship."""
    return Runs(dataset, UPDATE_SEEDS)


def update2020(objective: str, depth: int, runs: Runs) -> Cell:
    """The authors' later script: log-weights, |normal| start of sum and leaf weights, η = 0.1."""
    experiment = Experiment(
        dataset=runs.dataset,
        depth=depth,
        objective=objective,
        parametrisation="log",
        component_init="random",
        weight_init="random",
        init_scale=0.1,
        init_noise=0.0,
        learning_rate=0.1,
        iterations=1000,
        num_seeds=runs.num_seeds,
        seed=runs.seed,
    )
    return Cell(experiment, held_out=("test",), curve=True)


def update2020_cells(runs: Runs) -> list[Cell]:
    """Both objectives, all depths."""
    return [update2020(objective, depth, runs) for objective in OBJECTIVES for depth in DEPTHS]


def update2020_merged(parts: Mapping[Cell, Outcome], runs: Runs) -> dict[Cell, Outcome]:
    """The outcomes of the page's cells from those of their single seeds."""
    return {cell: merged([parts[part] for part in by_seed(cell)]) for cell in update2020_cells(runs)}
