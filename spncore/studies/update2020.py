"""The authors' update of 2020: log-weights, with the objective as written and the proper one."""

from collections.abc import Sequence
from functools import partial

from spncore.data.library import Dataset
from spncore.studies import shipped
from spncore.studies.cells import DEPTHS, Runs, by_seed, merged, outcomes
from spncore.studies.presets import PRESETS
from spncore.studies.shipped import Measured
from spncore.sweep import Cell, Reporter

DATA_SETS = ("nltcs", "plants", "baudio")
OBJECTIVES = ("unnormalised", "generative")
AS_WRITTEN, SMALLER = 0.1, 0.02  # learning rates: the script's, and one at which log Z is stable on all data sets
RATES = (AS_WRITTEN, SMALLER)
SEEDS = 5
WORKERS = 2  # processes of the command; the lab's jobs have one of their own
SHIPPED = tuple(Runs(name, SEEDS) for name in DATA_SETS)
pack, unpack = partial(shipped.pack, points=90), shipped.unpack
tidy = partial(shipped.rows, by="objective")


def cell(objective: str, depth: int, runs: Runs, rate: float = AS_WRITTEN) -> Cell:
    """The authors' later script: log-weights, |normal| start of sum and leaf weights, η = 0.1 or a smaller one."""
    changes = {"depth": depth, "objective": objective, "learning_rate": rate, **runs.settings()}
    experiment = PRESETS["update-2020"].study.experiment.replace(**changes)
    return Cell(experiment, held_out=("test",), curve=True, scale=True)


def cells(runs: Runs, rates: Sequence[float] = RATES) -> list[Cell]:
    """Both objectives, all depths, at these rates."""
    return [cell(objective, depth, runs, rate) for rate in rates for objective in OBJECTIVES for depth in DEPTHS]


def run(
    study: Runs, data: Dataset, report: Reporter, rates: Sequence[float] = RATES, workers: int = WORKERS
) -> Measured:
    """All runs, seed by seed so that progress moves."""
    parts = {each: by_seed(each) for each in cells(study, rates)}
    found = outcomes([part for each in parts.values() for part in each], data, report, workers)
    return shipped.measured({each: merged([found[part] for part in parts[each]]) for each in parts}, data)
