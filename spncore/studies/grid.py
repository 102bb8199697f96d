"""Any grid: one to three settings with their values, every combination trained, asked for its end or for a target.

The phase diagram is one: learning rate, starting weight and depth, asked for updates to a share of EM's gain.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Self

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Record, by_name, choice, declare, number, part
from spncore.runs.experiment import Experiment
from spncore.studies import arrivals, envelope
from spncore.studies.arrivals import FAILED, LOST, Updates, code, described
from spncore.studies.axes import Axes, Axis
from spncore.studies.cells import outcomes
from spncore.studies.envelope import Envelope
from spncore.studies.statistics import Wins, paired_scores, paired_wins
from spncore.sweep import Cell, Outcome, Reporter, SeedOutcome, Target
from spncore.sweep.cells import grid as combined

ASKED = ("end", "gain", "level")
Place = tuple[int, ...]  # of a cell: which value it has along each axis
PLAIN = Experiment()


@dataclass(frozen=True)
class Grid(Record):
    """What is trained: a base experiment, the settings that vary with their values, and what every cell is asked.

    `end` asks for the LLH after the last update; `gain` and `level` for the updates to a target, at which a run ends.
    What varies has no value in the base but the plain one, so that equal grids are equal.

    >>> grid = Grid(Experiment(), (Axis("depth", (1, 2)), Axis("topology", ("tree", "private"))))
    >>> [(cell.experiment.depth, cell.experiment.topology) for cell in grid.cells().values()]
    [(1, 'tree'), (1, 'private'), (2, 'tree'), (2, 'private')]
    """

    base: Experiment = part(Experiment)
    axes: tuple[Axis, ...] = declare(
        (Axis("depth", (1, 2, 3)),),
        Axes(
            tuple,
            "settings that vary",
            help="One to three settings with their values: across, up, and a panel for each.",
            said=f"1 to {LIMITS.grid_axes} settings with their values, as learning_rate:0.01,0.1 depth:1,2,3",
        ),
    )
    asked: str = choice("end", "asked", "What is found out of every cell.", ASKED)
    gain: float = number(0.9, "share of the gain", "From a run's start to what EM reaches in its circuit.", 1e-3, 1.0)
    level: float = number(-7.2, "LLH to reach", "In nats per row.", -1e6, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "base", self.base.replace(**{name: getattr(PLAIN, name) for name in self.varied}))
        self.cells()

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings that vary."""
        return tuple(each.name for each in self.axes)

    def changed(self, settings: Sequence[str]) -> Self:
        """It with settings as words say; ExperimentError also where one is given that varies."""
        made = super().changed(settings)
        for name in by_name(settings):
            if name in made.varied:
                raise varies(name)
        return made

    def cells(self) -> dict[Place, Cell]:
        """What the sweep computes, by place; ExperimentError where one cannot be, or there are too many."""
        return self._cells

    @cached_property
    def _cells(self) -> dict[Place, Cell]:
        cell = Cell(self.base, tuple(self.targets), stop_at_targets=self.asked != "end")
        made = combined(cell, {each.name: each.values for each in self.axes})
        return dict(zip(itertools.product(*(range(len(each.values)) for each in self.axes)), made, strict=True))

    @property
    def targets(self) -> list[Target]:
        """What every run is to reach, if anything."""
        value = {"gain": self.gain, "level": self.level}.get(self.asked)
        return [] if value is None else [Target("gain" if self.asked == "gain" else "llh", value)]

    @property
    def num_updates(self) -> int:
        """Updates of all cells and seeds together, at most."""
        runs = (cell.experiment for cell in self.cells().values())
        return sum(each.iterations * each.num_seeds for each in runs)

    def end(self, *places: Place) -> int:
        """The last update that all of these cells make."""
        return min(self.cells()[place].experiment.iterations for place in places)


def varies(name: str) -> ExperimentError:
    """That a setting is given beside an axis of it."""
    return ExperimentError(f"{name}: it varies along an axis; leave it out, or give its values in axes")


def check_for_visitors(grid: Grid) -> None:
    """ExperimentError where a grid is larger than what a visitor of the lab may start."""
    for name, size, most, fewer in (
        ("cells", len(grid.cells()), LIMITS.grid_cells, "give fewer values"),
        ("updates", grid.num_updates, LIMITS.grid_updates, "lower iterations, seeds or the number of values"),
    ):
        if size > most:
            raise ExperimentError(
                f"axes: {size:,} {name} are more than the {most:,} that one computation of the lab may have; {fewer}, "
                "or use the command: python -m spncore study grid"
            )


@dataclass(frozen=True, eq=False)
class Found:
    """The answers, by place and seed: `updates` made to the target, or MISSED, THROWN, FAILED; `llh` at a run's end.

    Both have an axis for each of the grid's and one for the seeds. LLH is in nats per row, −∞ where there is none. A
    grid that is asked for its end has the updates that were made. `data` describes the rows trained on.
    """

    grid: Grid
    data: Mapping[str, Any]
    updates: Updates
    llh: Floats
    made_by: str = ""

    @property
    def at_end(self) -> bool:
        """Whether cells are compared by their LLH at the end, not by updates to a target."""
        return self.grid.asked == "end"

    @cached_property
    def medians(self) -> Floats:
        """By place the median LLH, −∞ where it has none; or updates, ∞ where not even half of the seeds arrive."""
        return np.asarray(np.median(self.llh, axis=-1)) if self.at_end else arrivals.medians(self.updates)

    @cached_property
    def merit(self) -> Floats:
        """By place, the higher the better: the median LLH, or less the median updates; −∞ where there is none."""
        return self.medians if self.at_end else -self.medians

    @cached_property
    def states(self) -> Any:
        """By place `reached`, `missed`, `thrown` or `failed`, as most of the seeds; at the end, reached is an LLH."""
        found = arrivals.states(self.updates)
        return np.where(self.at_end & (found != "failed") & np.isfinite(self.medians), "reached", found)

    def ranked(self) -> list[Place]:
        """All places, the best first."""
        return sorted(np.ndindex(self.merit.shape), key=lambda place: -self.merit[place])

    def reached(self, place: Place) -> list[int | None]:
        """Updates of a cell, seed by seed, None for a run that does not arrive."""
        return arrivals.reached(self.updates[place])

    def scores(self, place: Place) -> list[float]:
        """LLH at the end of a cell's runs, seed by seed."""
        found: list[float] = self.llh[place].tolist()
        return found

    def wins(self, first: Place, second: Place) -> Wins:
        """One cell against another, seed by seed."""
        if self.at_end:
            return paired_scores(self.scores(first), self.scores(second))
        return paired_wins(self.reached(first), self.reached(second))

    def pairs(self, number: int, first: int, second: int) -> list[tuple[Place, Place]]:
        """Pairs of cells that have these two values along an axis, and all else alike."""
        others = [range(length) if at != number else (0,) for at, length in enumerate(self.merit.shape)]
        places = itertools.product(*others)
        return [((*at[:number], first, *at[number + 1 :]), (*at[:number], second, *at[number + 1 :])) for at in places]

    def best_along(self, number: int) -> list[int]:
        """By value along an axis in how many rows of cells alike in all else it is best; equal ones count all."""
        merit = np.moveaxis(self.merit, number, 0).reshape(self.merit.shape[number], -1)
        best = merit.max(axis=0)
        counts: list[int] = ((merit == best) & np.isfinite(best)).sum(axis=1).tolist()
        return counts


# Does depth help whatever the weights share? Components are fitted by EM and held, as in the phase diagram, which has
# one topology at a time: all cells of a seed have the same start and the same target.
_BASE = Experiment(
    component_init="fitted", train_components=False, init_noise=0.0, init_scale=0.1, num_seeds=6, iterations=1000
)
_AXES = (
    Axis("learning_rate", (1e-4, 3e-4, 1e-3, 3e-3)),
    Axis("topology", ("tree", "private", "shared")),
    Axis("depth", (1, 2, 3)),
)
SHIPPED = (Grid(_BASE, _AXES, "gain"),)


def run(study: Grid, data: Dataset, report: Reporter) -> Found:
    """Every cell of a grid."""
    return found(study, data, outcomes(list(study.cells().values()), data, report))


def found(grid: Grid, dataset: Dataset, outcomes: Mapping[Cell, Outcome]) -> Found:
    """Put outcomes in their places; a cell without one counts as failed."""
    shape = (*(len(each.values) for each in grid.axes), grid.base.num_seeds)
    updates, llh = np.full(shape, FAILED, dtype=np.int64), np.full(shape, -np.inf)
    for place, cell in grid.cells().items():
        outcome = outcomes.get(cell)
        if outcome is not None and outcome.status == "done":
            updates[place] = [code(seed) for seed in outcome.seeds]
            llh[place] = [_llh(seed) for seed in outcome.seeds]
    return Found(grid, described(dataset), updates, llh)


def _llh(seed: SeedOutcome) -> float:
    """LLH at the end, to the digits that are kept; −∞ where the run left the finite range."""
    return -np.inf if seed.stopped is not None or seed.final_llh is None else round(seed.final_llh, 6)


def pack(results: Sequence[Found]) -> dict[str, Any]:
    """Grids as plain values."""
    return {"grids": [_packed(each) for each in results]}


def _packed(made: Found) -> dict[str, Any]:
    grid, llh = made.grid, made.llh.astype(object)
    llh[~np.isfinite(made.llh)] = None
    own = {"axes": grid.axes, "asked": grid.asked, "gain": grid.gain, "level": grid.level}
    return {"base": grid.base, **own, "data": made.data, "updates": made.updates, "llh": llh}


def unpack(packed: Envelope) -> list[Found]:
    """What `pack` made."""
    return [_unpacked(packed.made_by, **each) for each in packed.body["grids"]]


def _unpacked(made_by: str, base: Any, axes: Any, data: Any, updates: Any, llh: Any, **asked: Any) -> Found:
    grid = Grid(Experiment.from_dict(base), tuple(Axis(name, tuple(values)) for name, values in axes), **asked)
    filled = np.array(llh, dtype=float)  # None becomes NaN
    return Found(grid, data, np.array(updates), np.where(np.isnan(filled), -np.inf, filled), made_by)


def to_json(made: Found) -> str:
    """A file that holds this grid alone."""
    return envelope.write("grid", {made.grid.base.dataset: made.data["sha256"]}, pack([made]))


def tidy(result: Found) -> list[dict[str, Any]]:
    """The tidy table: one row per run, with what varies; no updates where a run did not arrive, no LLH without one."""
    grid = result.grid
    return [
        {
            **{each.name: each.values[at] for each, at in zip(grid.axes, place, strict=True)},
            "seed": seed,
            "updates": updates if updates >= 0 else None,
            "state": LOST.get(updates, "ended" if result.at_end else "reached"),
            "llh": llh if np.isfinite(llh) else None,
        }
        for place in np.ndindex(result.merit.shape)
        for seed, updates, llh in zip(
            grid.base.seeds, result.updates[place].tolist(), result.llh[place].tolist(), strict=True
        )
    ]


@cache
def shipped() -> dict[Grid, Found]:
    """The grids that ship with the lab; read once."""
    return {each.grid: each for each in unpack(envelope.shipped("grid"))}
