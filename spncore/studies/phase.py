"""The phase diagram: iterations to a target over learning rate and starting weight, by depth, against L = 1.

Points per decade of η are half those of the start w0, so a step along both keeps η/w0² and the runs of one stripe lie
on one diagonal: where components are held they are one and the same run (as long as no weight meets the floor).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.record import ExperimentError, Manner, Record, declare, switch, whole
from spncore.runs.experiment import Experiment
from spncore.runs.study import DEPTHS
from spncore.sweep.cells import MAX_CELLS, Cell, Outcome, SweepError, Target

SCHEMA = 1
MISSED, THROWN, FAILED = 0, -1, -2  # in place of an iteration, which counts from 1
Arm = tuple[int, int]  # depth, and the factor on the learning rate: (1, L) is the shallow control at L·η


@dataclass(frozen=True)
class Plane(Record, manner=Manner(outside="points per decade is refused; allowed: {allowed}")):
    """What a phase diagram shows: a base experiment, depths, ranges of η and s, points per decade of η, and the target.

    With `control` the shallow network is run at L·η as well.
    """

    base: Experiment
    depths: tuple[int, ...] = declare((1, 2, 3, 4), replace(DEPTHS, said="1 and at least one more, rising"))
    learning_rates: tuple[float, float] = (1e-5, 1.0)
    init_scales: tuple[float, float] = (1e-2, 1.0)
    per_decade: int = whole(
        3,
        "resolution",
        "Points per decade of the learning rate.",
        1,
        20,
        name="resolution",
    )
    gain: float = 0.9
    control: bool = switch(True, "also L = 1 at L·η")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depths[0] != 1 or len(self.depths) < 2:
            raise self.fields["depths"].refusal(self.depths, "is refused; allowed: {allowed}")
        for name, (low, high) in (("learning_rate", self.learning_rates), ("init_scale", self.init_scales)):
            if not LIMITS.smallest_rate <= low < high <= LIMITS.largest_rate:
                allowed = f"rising within {LIMITS.smallest_rate:g} to {LIMITS.largest_rate:g}"
                raise ExperimentError(f"{name}: the range {low:g} to {high:g} is refused; allowed: {allowed}")
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

    def experiment(self, arm: Arm, scale: float, rate: float) -> Experiment | None:
        """The run of one cell; None where L·η is no allowed rate."""
        if rate * arm[1] > LIMITS.largest_rate:
            return None
        return self.base.replace(depth=arm[0], learning_rate=rate * arm[1], init_scale=scale)

    def cells(self) -> dict[tuple[Arm, int, int], Cell]:
        """What the sweep computes, by arm, row and column."""
        target = (Target("gain", self.gain),)
        return {
            (arm, i, j): Cell(experiment, target, stop_at_targets=True)
            for arm in self.arms
            for i, scale in enumerate(self.scales)
            for j, rate in enumerate(self.rates)
            if (experiment := self.experiment(arm, scale, rate)) is not None
        }

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


def _points(low: float, high: float, per_decade: int) -> tuple[float, ...]:
    """Rounded to six digits, so that links stay short; what that does to a stripe is below one iteration."""
    steps = math.floor(math.log10(high / low) * per_decade + 1e-6)
    points = [float(f"{low * 10 ** (i / per_decade):.5e}") for i in range(steps + 1)]
    return tuple(min(point, high) for point in points)


@dataclass(frozen=True, eq=False)
class Diagram:
    """The answers: by arm an array (rows, columns, seeds) of iterations, or MISSED, THROWN, FAILED.

    THROWN: the run ended below its start or left the finite range. `data` describes the rows trained on.
    """

    plane: Plane
    data: Mapping[str, Any]
    runs: Mapping[Arm, NDArray[np.int64]]

    def median(self, arm: Arm) -> Floats:
        """Median iterations (rows, columns) over the seeds; infinite where not even half of them arrive."""
        runs = self.runs[arm]
        ordered = np.sort(np.where(runs > 0, runs, np.inf), axis=2)
        below, above = ordered[:, :, (runs.shape[2] - 1) // 2], ordered[:, :, runs.shape[2] // 2]
        return np.asarray((below + above) / 2)

    def state(self, arm: Arm) -> NDArray[np.str_]:
        """By cell `reached`, `missed`, `thrown` or `failed`, as most of its seeds."""
        runs = self.runs[arm]
        states = np.full(runs.shape[:2], "missed", dtype="<U7")
        states[2 * (runs == THROWN).sum(axis=2) > runs.shape[2]] = "thrown"
        states[np.isfinite(self.median(arm))] = "reached"
        states[(runs == FAILED).any(axis=2)] = "failed"
        return states

    def speed_up(self, depth: int, control: bool = False) -> Floats:
        """log₂ of L = 1's iterations over depth L's (rows, columns); NaN where either misses, ±∞ where one does."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.log2(self.median((1, depth if control else 1))) - np.log2(self.median((depth, 1))))

    def at_least(self, depth: int, control: bool = False) -> Floats:
        """`speed_up`, and where only one of the two arrives the least (for L = 1: the most) that it can be."""
        shallow, deep = self.median((1, depth if control else 1)), self.median((depth, 1))
        most = float(self.plane.base.iterations)
        bounds = np.log2(np.minimum(shallow, most)) - np.log2(np.minimum(deep, most))
        return np.asarray(np.where(np.isnan(self.speed_up(depth, control)), np.nan, bounds))

    def log_stripe(self, depth: int) -> Floats:
        """log₁₀ η/w0^e (rows, columns)."""
        exponent = self.plane.stripe_exponent(depth)
        return np.asarray(np.log10(self.plane.rates)[None] - exponent * np.log10(self.plane.scales)[:, None])

    def ahead(self, depth: int, control: bool = False) -> NDArray[np.int64]:
        """In how many seeds depth L is there first (rows, columns)."""
        shallow, deep = (
            np.where(r > 0, r, np.inf) for r in (self.runs[1, depth if control else 1], self.runs[depth, 1])
        )
        return np.asarray((deep < shallow).sum(axis=2))

    def rows(self) -> list[dict[str, Any]]:
        """The tidy table: one row per run."""
        names = {MISSED: "missed", THROWN: "thrown off", FAILED: "failed"}
        return [
            {
                "depth": depth,
                "learning_rate": self.plane.rates[j] * factor,
                "init_scale": self.plane.scales[i],
                "seed": self.plane.base.seed + s,
                "iterations": at if at > 0 else None,
                "state": names.get(at, "reached"),
                "control_of_depth": factor if factor > 1 else None,
            }
            for (depth, factor), runs in self.runs.items()
            for (i, j, s), at in zip(np.ndindex(runs.shape), runs.ravel().tolist(), strict=True)
        ]

    def to_json(self) -> str:
        """Everything as a JSON object."""
        plane = {**asdict(self.plane), "base": json.loads(self.plane.base.to_json())}
        runs = {f"{depth}@{factor}": values.tolist() for (depth, factor), values in self.runs.items()}
        document = {"schema": SCHEMA, "data": dict(self.data), "plane": plane, "runs": runs}
        return json.dumps(document, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Diagram:
        """Read what `to_json` wrote; SweepError for another schema."""
        values = json.loads(text)
        if values.get("schema") != SCHEMA:
            raise SweepError(f"schema: {ascii(values.get('schema'))[:20]} is not known; this release reads {SCHEMA}")
        plane: dict[str, Any] = values["plane"]
        plane = {name: tuple(value) if isinstance(value, list) else value for name, value in plane.items()}
        plane["base"] = Experiment.from_dict(values["plane"]["base"])
        runs = {_arm(name): np.array(run, dtype=np.int64) for name, run in values["runs"].items()}
        return cls(Plane(**plane), values["data"], runs)


def _arm(name: str) -> Arm:
    depth, factor = name.split("@")
    return int(depth), int(factor)


def diagram(plane: Plane, dataset: Dataset, outcomes: Mapping[str, Outcome]) -> Diagram:
    """Put outcomes, by key, in their places; a cell without one counts as failed."""
    shape = len(plane.scales), len(plane.rates), plane.base.num_seeds
    runs = {arm: np.full(shape, FAILED, dtype=np.int64) for arm in plane.arms}
    for (arm, i, j), cell in plane.cells().items():
        outcome = outcomes.get(cell.key(dataset.sha256))
        if outcome is not None and outcome.status == "done":
            runs[arm][i, j] = codes(outcome)
    described = {
        "title": dataset.title,
        "sha256": dataset.sha256,
        "synthetic": dataset.synthetic,
        "rows": dataset.num_rows,
    }
    return Diagram(plane, described, runs)


def codes(outcome: Outcome) -> list[int]:
    """Per seed the iteration at which the first target was reached, else MISSED or THROWN."""
    found = []
    for seed in outcome.seeds:
        first, final = seed.first_llh, seed.final_llh
        thrown = seed.stopped is not None or first is None or final is None or final < first
        found.append(seed.reached[0] or (THROWN if thrown else MISSED))
    return found


def shown_depths(plane: Plane) -> Sequence[int]:
    """The depths that have a panel: all but the one that they are compared with."""
    return plane.depths[1:]
