"""One cell of a sweep: an experiment, what is asked of it, how it is computed, and its rows of the table."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

from spncore.data.library import Dataset
from spncore.files.provenance import ENGINE
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.problem import fitted, model_of

Row = dict[str, Any]
MAX_CELLS = 10_000


class SweepError(ExperimentError):
    """A sweep is refused or cannot go on; the text names the parameter or the cause."""


@dataclass(frozen=True)
class Target:
    """What a run is to reach: an LLH in nats per row, or a share of the possible gain.

    The possible gain goes from the run's start to what EM reaches in the same circuit from the same seed.
    """

    kind: Literal["llh", "gain"]
    value: float

    def __post_init__(self) -> None:
        inside = self.value <= 0 if self.kind == "llh" else self.kind == "gain" and 0 < self.value <= 1
        if not inside:
            allowed = "llh at most 0, or gain above 0 and at most 1"
            raise SweepError(f"target: {self.kind} {self.value:g} is refused; allowed: {allowed}")

    def level(self, start: float, seed: int, experiment: Experiment, dataset: Dataset) -> float:
        """The LLH that counts as reached for the run of one seed that starts at `start`."""
        if self.kind == "llh":
            return self.value
        best = fitted(model_of(experiment, dataset).circuit, dataset, seed).llh
        return start + self.value * (best - start)


@dataclass(frozen=True)
class Cell:
    """An experiment, and what to find out: iterations to targets, held-out LLH of splits, the curve.

    With `stop_at_targets` a seed's run ends when it has reached all targets: its last LLH is that state's. `scale` asks
    for log Z and S along the run, and for what its last states score.
    """

    experiment: Experiment
    targets: tuple[Target, ...] = ()
    held_out: tuple[str, ...] = ()
    curve: bool = False
    stop_at_targets: bool = False
    scale: bool = False

    def __post_init__(self) -> None:
        if self.experiment.changes:
            raise SweepError(
                f"changes: {self.experiment.changes[0]} is refused; cells train as they begin; leave it out"
            )

    def to_json(self) -> str:
        """The cell as a JSON object; equal cells give equal texts."""
        asked = {**asdict(self), "experiment": self.experiment.to_dict()}
        return json.dumps(asked, sort_keys=True, allow_nan=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Cell:
        """Read the object that `to_json` wrote."""
        experiment = Experiment.from_dict(values["experiment"])
        targets = tuple(Target(**target) for target in values["targets"])
        asked = {"experiment": experiment, "targets": targets, "held_out": tuple(values["held_out"])}
        return cls(**{**values, **asked})

    def key(self, dataset_sha256: str) -> str:
        """The cell's identity: SHA-256 of all that decides its numbers."""
        return hashlib.sha256(f"{ENGINE}\n{dataset_sha256}\n{self.to_json()}".encode()).hexdigest()


class SeedOutcome(NamedTuple):
    """One seed's run: `iterations` made; `reached`, by target the fewest updates after which it is there, or None.

    `at_floor` is the share of trained weights at the floor in the end; `stopped` says why it ended before its time;
    `scale` has what `scale.Scale` found.
    """

    seed: int
    iterations: int
    first_llh: float | None
    final_llh: float | None
    reached: tuple[int | None, ...]
    at_floor: float
    stopped: str | None
    held_out: Mapping[str, float]
    scale: Mapping[str, float] = {}


@dataclass(frozen=True)
class Outcome:
    """What became of a cell. A run that diverged is `done` and its seeds say so; `failed` means there is no result.

    `curve` has `iteration` (updates made), and `median`, `low`, `high` over the seeds, thinned to 200 points; with the
    scale also those of log Z, under `log Z median` and so on.
    """

    key: str
    status: Literal["done", "failed"]
    reason: str | None = None
    seeds: tuple[SeedOutcome, ...] = ()
    curve: Mapping[str, Sequence[float]] | None = None
    seconds: float = 0.0
    attempts: int = 1

    def to_json(self) -> str:
        """The outcome as a JSON object; ValueError if a number is not finite."""
        return json.dumps({**asdict(self), "seeds": [seed._asdict() for seed in self.seeds]}, allow_nan=False)

    @classmethod
    def read(cls, text: str | bytes, key: str) -> Outcome | None:
        """The outcome of the cell with this key that `to_json` wrote; None where the text is something else."""
        try:
            values = json.loads(text)
            seeds = tuple(SeedOutcome(**{**seed, "reached": tuple(seed["reached"])}) for seed in values["seeds"])
            outcome = cls(**{**values, "seeds": seeds})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return outcome if outcome.key == key else None


def grid(base: Cell, axes: Mapping[str, Sequence[Any]]) -> tuple[Cell, ...]:
    """Every combination of settings, in order; ExperimentError names an axis that is refused or makes it too many."""
    for name, values in axes.items():
        Experiment.known(name)
        if not len(values):
            raise SweepError(f"{name}: no value given; a grid needs at least one for each setting it varies")
    count = math.prod(len(values) for values in axes.values())
    if count > MAX_CELLS:
        sizes = " × ".join(f"{len(values)} {name}" for name, values in axes.items())
        raise SweepError(f"{sizes}: {count} cells; the limit is {MAX_CELLS}; give fewer values of one of them")
    combinations = itertools.product(*axes.values())
    settings = [dict(zip(axes, values, strict=True)) for values in combinations]
    return tuple(replace(base, experiment=base.experiment.replace(**changes)) for changes in settings)


def table(cells: Iterable[Cell], outcomes: Mapping[str, Outcome], data: Mapping[str, Dataset]) -> list[Row]:
    """One row per cell and seed, sorted by the cell's key; a failed or missing cell has one row and no numbers.

    The same sweep gives the same rows: seconds and attempts are left out.
    """
    by_key = {cell.key(data[cell.experiment.dataset].sha256): cell for cell in cells}
    return [row for key in sorted(by_key) for row in _rows(key, by_key[key], outcomes.get(key))]


def to_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV, a column for every name in order of first appearance, an empty cell for what is not there."""
    out = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _rows(key: str, cell: Cell, outcome: Outcome | None) -> list[Row]:
    status = outcome.status if outcome else "missing"
    settings = {"cell": key, **asdict(cell.experiment), "status": status}
    del settings["changes"]  # a cell has none
    if outcome is None or not outcome.seeds:
        return [{**settings, "reason": outcome.reason if outcome else None}]
    rows = []
    for seed in outcome.seeds:
        row = {**settings, "reason": seed.stopped, **seed._asdict()}
        del row["stopped"], row["reached"], row["held_out"], row["scale"]
        row |= {f"to_{t.kind}_{t.value:g}": at for t, at in zip(cell.targets, seed.reached, strict=True)}
        rows.append(row | {f"{split}_llh": llh for split, llh in seed.held_out.items()})
    return rows
