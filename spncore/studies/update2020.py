"""The authors' update of 2020: log-weights, with the objective as written and the proper one."""

from dataclasses import dataclass
from functools import partial

from spncore.data.library import Dataset
from spncore.record import Record, choice
from spncore.studies import shipped
from spncore.studies.cells import DEPTHS, Runs, by_seed, merged, outcomes
from spncore.studies.presets import PRESETS
from spncore.studies.shipped import Measured
from spncore.sweep import Cell, Reporter

DATA_SETS = ("nltcs", "plants", "baudio")
OBJECTIVES = ("unnormalised", "generative")
SEEDS = 5
SHIPPED = tuple(Runs(name, SEEDS) for name in DATA_SETS)
pack, unpack = partial(shipped.pack, points=90), shipped.unpack
tidy = partial(shipped.rows, by="objective")


@dataclass(frozen=True)
class Update(Record):
    """What the page may be asked for."""

    data: str = choice("nltcs", "data set", choices=DATA_SETS)


def cell(objective: str, depth: int, runs: Runs) -> Cell:
    """The authors' later script: log-weights, |normal| start of sum and leaf weights, η = 0.1."""
    experiment = PRESETS["update-2020"].study.experiment.replace(depth=depth, objective=objective, **runs.settings())
    return Cell(experiment, held_out=("test",), curve=True)


def cells(runs: Runs) -> list[Cell]:
    """Both objectives, all depths."""
    return [cell(objective, depth, runs) for objective in OBJECTIVES for depth in DEPTHS]


def run(study: Runs, data: Dataset, report: Reporter) -> Measured:
    """All runs, seed by seed so that progress moves."""
    parts = {each: by_seed(each) for each in cells(study)}
    found = outcomes([part for each in parts.values() for part in each], data, report)
    return shipped.measured({each: merged([found[part] for part in parts[each]]) for each in parts}, data)
