"""The phase diagram: updates to a target over learning rate and starting weight, by depth, against L = 1.

Points per decade of η are half those of the start w0, so a step along both keeps η/w0² and the runs of one stripe lie
on one diagonal: where components are held they are one and the same run (as long as no weight meets the floor).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Manner, Record, Span, declare, number, part, switch, whole
from spncore.runs.experiment import Experiment
from spncore.runs.study import DEPTHS
from spncore.studies import arrivals, envelope
from spncore.studies.arrivals import FAILED, LOST, Updates, code, described
from spncore.studies.axes import Axis
from spncore.studies.cells import outcomes
from spncore.studies.envelope import Envelope
from spncore.studies.grid import Grid
from spncore.studies.statistics import Wins, paired_wins
from spncore.sweep import MAX_CELLS, Cell, Outcome, Reporter

PER_DECADE = Manner(outside="points per decade is refused; allowed: {allowed}")
RATES = Span(float, low=LIMITS.smallest_rate, high=LIMITS.largest_rate)
Arm = tuple[int, int]  # depth, and the factor on the learning rate: (1, L) is the shallow control at L·η


@dataclass(frozen=True)
class Plane(Record):
    """What a phase diagram shows: a base experiment, depths, ranges of η and s, points per decade of η, the target."""

    base: Experiment = part(Experiment)
    depths: tuple[int, ...] = declare((1, 2, 3, 4), replace(DEPTHS, said="1 and at least one more, rising"))
    learning_rates: tuple[float, float] = declare((1e-5, 1.0), RATES)
    init_scales: tuple[float, float] = declare((1e-2, 1.0), RATES)
    per_decade: int = whole(
        3, "resolution", "Points per decade of the learning rate.", 1, 20, name="resolution", manner=PER_DECADE
    )
    gain: float = number(0.9, "target", "Share of the gain that EM finds.", 1e-3, 1.0)
    control: bool = switch(True, "also L = 1 at L·η")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depths[0] != 1 or len(self.depths) < 2:
            raise self.fields["depths"].refusal(self.depths, "is refused; allowed: {allowed}")
        count = len(self.arms) * len(self.rates) * len(self.scales)
        if count > MAX_CELLS:
            raise ExperimentError(
                f"resolution: {self.per_decade} points per decade give {count} cells, over {MAX_CELLS}"
            )

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """η of the columns."""
        return _points(*self.learning_rates, self.per_decade)

    @cached_property
    def scales(self) -> tuple[float, ...]:
        """s of the rows."""
        return _points(*self.init_scales, 2 * self.per_decade)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Every depth at η, and with the control L = 1 at L·η."""
        controls = [(1, depth) for depth in self.depths[1:]] if self.control else []
        return (*((depth, 1) for depth in self.depths), *controls)

    def cells(self) -> dict[tuple[Arm, int, int], Cell]:
        """What the sweep computes, by arm, row and column; none where L·η is no allowed rate."""
        own = {
            (self.depths[k], i, j): cell for (j, i, k), cell in self.grid.cells().items()
        }  # by depth, row and column
        return {
            ((depth, factor), i, j): _at(own[depth, i, j], rate * factor) if factor > 1 else own[depth, i, j]
            for depth, factor in self.arms
            for i, _ in enumerate(self.scales)
            for j, rate in enumerate(self.rates)
            if rate * factor <= LIMITS.largest_rate
        }

    @cached_property
    def grid(self) -> Grid:
        """The grid that it is without the control: rates across, starts up, a panel for each depth."""
        axes = (("learning_rate", self.rates), ("init_scale", self.scales), ("depth", self.depths))
        return Grid(self.base, tuple(Axis(*axis) for axis in axes), "gain", self.gain)

    def stripe_exponent(self, depth: int) -> float:
        """η/w0^e is what decides where components are held (THEORY: scale): 2; 2/L for equal products; 0 for log."""
        if self.base.parametrisation == "log":
            return 0.0
        return 2.0 if self.base.init_convention == "per_layer" else 2.0 / depth

    def stripe_name(self, depth: int | str) -> str:
        """What is constant along a stripe, in symbols."""
        if self.base.parametrisation == "log":
            return "η"
        return "η/w0²" if self.base.init_convention == "per_layer" else f"η/w0^(2/{depth})"


def _at(cell: Cell, learning_rate: float) -> Cell:
    """The same cell at another learning rate."""
    return replace(cell, experiment=cell.experiment.replace(learning_rate=learning_rate))


def _points(low: float, high: float, per_decade: int) -> tuple[float, ...]:
    """Rounded to six digits, so that links stay short; what that does to a stripe is below one update."""
    steps = math.floor(math.log10(high / low) * per_decade + 1e-6)
    points = [float(f"{low * 10 ** (i / per_decade):.5e}") for i in range(steps + 1)]
    return tuple(min(point, high) for point in points)


@dataclass(frozen=True, eq=False)
class Diagram:
    """The answers: by arm an array (rows, columns, seeds) of updates, or MISSED, THROWN, FAILED.

    THROWN: the run ended below its start or left the finite range. `data` describes the rows trained on.
    """

    plane: Plane
    data: Mapping[str, Any]
    runs: Mapping[Arm, Updates]

    def median(self, arm: Arm) -> Floats:
        """Median updates (rows, columns) over the seeds; infinite where not even half of them arrive."""
        return arrivals.medians(self.runs[arm])

    def shallow_and_deep(self, depth: int, control: bool = False) -> tuple[Floats, Floats]:
        """The medians of L = 1, with the control at L·η, and of depth L."""
        return self.median((1, depth if control else 1)), self.median((depth, 1))

    def state(self, arm: Arm) -> NDArray[np.str_]:
        """By cell `reached`, `missed`, `thrown` or `failed`, as most of its seeds."""
        return arrivals.states(self.runs[arm])

    def speed_up(self, depth: int, control: bool = False) -> Floats:
        """log₂ of L = 1's updates over depth L's (rows, columns); NaN where both miss, ±∞ where one does.

        A run that is there at its start counts as one that needs one update, so that a factor stays a number.
        """
        shallow, deep = np.log2(np.maximum(self.shallow_and_deep(depth, control), 1.0))
        with np.errstate(invalid="ignore"):
            return np.asarray(shallow - deep)

    def at_least(self, depth: int, control: bool = False) -> Floats:
        """`speed_up`, and where only one of the two arrives the least (for L = 1: the most) that it can be."""
        most = self.plane.base.iterations
        shallow, deep = np.log2(np.clip(self.shallow_and_deep(depth, control), 1.0, most))
        return np.where(np.isnan(self.speed_up(depth, control)), np.nan, shallow - deep)

    def log_stripe(self, depth: int) -> Floats:
        """log₁₀ η/w0^e (rows, columns)."""
        exponent = self.plane.stripe_exponent(depth)
        return np.asarray(np.log10(self.plane.rates)[None] - exponent * np.log10(self.plane.scales)[:, None])

    def wins(self, depth: int, row: int, column: int, control: bool = False) -> Wins:
        """Depth L against L = 1 in one square, seed by seed."""
        arms = ((depth, 1), (1, depth if control else 1))
        return paired_wins(*(self.reached(arm, row, column) for arm in arms))

    def reached(self, arm: Arm, row: int, column: int) -> list[int | None]:
        """Updates of one square, seed by seed, None for a run that does not arrive."""
        return arrivals.reached(self.runs[arm][row, column])


# Components are fitted by EM and held, every weight starts at w0: depth is all that differs.
_BASE = Experiment(component_init="fitted", train_components=False, init_noise=0.0, init_scale=0.1, num_seeds=3)
SHIPPED = (Plane(_BASE.replace(iterations=1000)),)


def run(study: Plane, data: Dataset, report: Reporter) -> Diagram:
    """Every cell of a plane; the scaling law of its stripes is not used."""
    return diagram(study, data, outcomes(list(study.cells().values()), data, report))


def diagram(plane: Plane, dataset: Dataset, outcomes: Mapping[Cell, Outcome]) -> Diagram:
    """Put outcomes in their places; a cell without one counts as failed."""
    shape = len(plane.scales), len(plane.rates), plane.base.num_seeds
    runs = {arm: np.full(shape, FAILED, dtype=np.int64) for arm in plane.arms}
    for (arm, i, j), cell in plane.cells().items():
        outcome = outcomes.get(cell)
        if outcome is not None and outcome.status == "done":
            runs[arm][i, j] = [code(seed) for seed in outcome.seeds]
    return Diagram(plane, described(dataset), runs)


def pack(results: Sequence[Diagram]) -> dict[str, Any]:
    """One diagram as plain values."""
    [made] = results
    runs = {f"{depth}@{factor}": values for (depth, factor), values in made.runs.items()}
    return {"data": made.data, "plane": made.plane, "runs": runs}


def to_json(made: Diagram) -> str:
    """A file that holds this diagram alone."""
    return envelope.write("phase", {made.plane.base.dataset: made.data["sha256"]}, pack([made]))


def unpack(packed: Envelope) -> list[Diagram]:
    """What `pack` made; of a file that counted states from 1, its updates."""
    body, late = packed.body, packed.counts_from
    plane = {**body["plane"], "base": Experiment.from_dict(body["plane"]["base"])}
    arms = {name: name.split("@") for name in body["runs"]}
    runs = {(int(depth), int(factor)): np.array(body["runs"][name]) - late for name, (depth, factor) in arms.items()}
    return [Diagram(Plane(**plane), body["data"], runs)]


def tidy(result: Diagram) -> list[dict[str, Any]]:
    """The tidy table: one row per run."""
    plane = result.plane
    return [
        {
            "depth": depth,
            "learning_rate": plane.rates[j] * factor,
            "init_scale": plane.scales[i],
            "seed": plane.base.seed + s,
            "updates": at if at >= 0 else None,
            "state": LOST.get(at, "reached"),
            "control_of_depth": factor if factor > 1 else None,
        }
        for (depth, factor), runs in result.runs.items()
        for (i, j, s), at in zip(np.ndindex(runs.shape), runs.ravel().tolist(), strict=True)
    ]


@cache
def shipped() -> Diagram:
    """The diagram that ships with the lab; read once."""
    return unpack(envelope.shipped("phase"))[0]


def stripe_agreement(diagram: Diagram) -> tuple[int, int]:
    """How many neighbours on a stripe of slope 2 that both arrive need the same updates, and how many there are.

    The scaling law, verified and not used: every cell is computed by itself.
    """
    equal = pairs = 0
    for depth in diagram.plane.depths:
        runs = arrivals.arrivals(diagram.runs[depth, 1])
        here, there = runs[:-1, :-1], runs[1:, 1:]
        both = np.isfinite(here + there)
        pairs += int(both.sum())
        equal += int((here[both] == there[both]).sum())
    return equal, pairs
