"""What studies are made of: which rows and seeds, how a depth is called, single seeds apart and together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, replace

import numpy as np

from spncore.data.library import Dataset
from spncore.record import Record, declare
from spncore.runs.experiment import FIELDS
from spncore.sweep import Cell, Outcome, Reporter, SweepError, run_cells, run_tasks
from spncore.sweep.where import opener

CURVE = ("iteration", "median", "low", "high")
OF_SCALE = tuple(f"log Z {name}" for name in CURVE[1:])  # of a curve, where it is asked for
NICENESS = 15  # of the processes: a visitor's live runs come first

DEPTHS = (1, 2, 3)
REAL = "nltcs"
Cells = dict[str, Cell]  # by the name that a comparison gives them
Compute = Callable[[Cell], Outcome]


@dataclass(frozen=True)
class Runs(Record):
    """Which rows, and which seeds."""

    dataset: str = declare(MISSING, FIELDS["dataset"])
    num_seeds: int = declare(MISSING, FIELDS["num_seeds"])
    seed: int = declare(0, FIELDS["seed"])


def depth_name(depth: int) -> str:
    """What a depth is called."""
    return f"L={depth}"


def faster_name(depth: int) -> str:
    """What the shallow network at `depth` times the learning rate is called."""
    return f"L=1 at {depth}η"


def tidied(rate: float, digits: int = 6) -> float:
    """A learning rate without the digits that multiplying left behind."""
    return float(f"{rate:.{digits}g}")


def thinned(length: int, points: int) -> list[int]:
    """At most `points` places of a curve, closer at the start; the first and the last among them."""
    if length <= points:
        return list(range(length))
    even, early = np.linspace(0, length - 1, points // 2), np.geomspace(1, length, points // 2) - 1
    places: list[int] = np.unique(np.concatenate([even, early]).round().astype(int)).tolist()
    return places


def outcomes(cells: Sequence[Cell], data: Dataset, report: Reporter, workers: int = 1) -> dict[Cell, Outcome]:
    """Every cell's outcome on its data, kept from before or computed in processes that give way to all others."""
    rows = {cell.experiment.dataset: data for cell in cells}
    from spncore.sweep.kept import KeptOutcomes  # the database takes half a second, and trainers need none

    with KeptOutcomes.at_hand() as kept:
        found = run_cells(cells, rows, opener(rows, workers, niceness=NICENESS), kept, report)
        by_key = {outcome.key: outcome for outcome in found}
    return {cell: by_key[cell.key(data.sha256)] for cell in cells}


def answers(tasks: Mapping[str, str], data: Mapping[str, Dataset], compute: str, report: Reporter) -> dict[str, str]:
    """By key what `compute` (module:function) says to each task, in such a process; SweepError names one that fails."""
    found = {}
    for answer, _ in run_tasks(tasks, opener(data, niceness=NICENESS, compute=compute)(len(tasks)), report):
        if answer.problem is not None:
            raise SweepError(f"{answer.key}: {answer.problem}; try fewer seeds, iterations or components")
        found[answer.key] = answer.result
    return {key: found[key] for key in tasks}


def by_seed(cell: Cell) -> list[Cell]:
    """The same runs as a cell each: where they take long, progress moves, and cancelling loses little."""
    return [replace(cell, experiment=cell.experiment.replace(num_seeds=1, seed=seed)) for seed in cell.experiment.seeds]


def merged(parts: Sequence[Outcome]) -> Outcome:
    """Outcomes of single seeds as one: each part's curve is its seed's own, and the range over the parts the seeds'."""
    seeds = tuple(seed for part in parts for seed in part.seeds)
    curves = [part.curve for part in parts if part.curve is not None]
    curve = None
    if curves and len(curves) == len(parts):
        length = min(len(each["iteration"]) for each in curves)
        curve = {"iteration": curves[0]["iteration"][:length]} | _over_seeds(curves, length, "")
        if all(OF_SCALE[0] in each for each in curves):
            curve |= _over_seeds(curves, length, "log Z ")
    return Outcome("", "done", None, seeds, curve)


def _over_seeds(curves: Sequence[Mapping[str, Sequence[float]]], length: int, of: str) -> dict[str, list[float]]:
    """Median and range of single seeds' curves."""
    values = np.array([each[f"{of}median"][:length] for each in curves])
    rows = np.median(values, axis=0), values.min(axis=0), values.max(axis=0)
    return {f"{of}{name}": row.tolist() for name, row in zip(CURVE[1:], rows, strict=True)}
