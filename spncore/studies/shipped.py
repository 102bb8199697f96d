"""Results that the evidence pages show: cells of a sweep that ship with the lab or were computed here, by content.

A shipped file holds derived numbers only, with all settings, the versions and the SHA-256 of the rows they came from;
`experiments/evidence.py` makes it with the function that a page's own computation runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from spncore.arrays import Floats
from spncore.data import library
from spncore.data.library import Dataset
from spncore.files.places import SHIPPED
from spncore.files.provenance import made_by, versions
from spncore.runs.experiment import SCHEMA, Experiment
from spncore.runs.training import fit
from spncore.studies.cells import CURVE
from spncore.sweep import Cell, Outcome, SeedOutcome, Target
from spncore.words import signed

FORMAT = 1
POINTS = 200  # of a shipped curve, at most
DECIMALS = 6  # of a shipped LLH, in nats per row
CURVE_DECIMALS = 4  # of those that are only drawn
EARLY = 60  # iterations of which every step is kept
EARLY_SEEDS = 6


@dataclass(frozen=True)
class Data:
    """The rows that results were measured on, without the rows; LLH levels to read them against, in nats per row."""

    name: str
    title: str
    sha256: str
    synthetic: bool
    references: Mapping[str, float]


@dataclass(frozen=True)
class FirstSteps:
    """How the first six seeds of a run leave their start: `llh` (S ≤ 6, T), and the step sizes `change` (T).

    The change is the median over seeds of the largest relative change of an effective weight, |w_k(t+1)/w_k(t) − 1|.
    """

    experiment: Experiment
    llh: Floats
    change: Floats


@dataclass(frozen=True)
class Shipped:
    """What a file in data/ holds: cells with their outcomes, first steps, the data sets, and what made them."""

    results: Mapping[Cell, Outcome]
    first_steps: Mapping[Experiment, FirstSteps]
    data: Mapping[str, Data]
    made_by: str
    script: str


@cache
def shipped(name: str) -> Shipped:
    """The results that ship with the lab under this name; read once."""
    text = json.loads((SHIPPED / f"{name}.json").read_text(encoding="utf-8"))
    data = {row["name"]: Data(**row) for row in text["data"]}
    base: dict[str, Any] = text["experiment"]
    results = {}
    for packed in text["results"]:
        cell = _unpack_cell(packed, base)
        results[cell] = _unpack_outcome(packed, cell, data[cell.experiment.dataset].sha256)
    steps = {}
    for packed in text["first_steps"]:
        experiment = Experiment.from_dict({**base, **packed["experiment"]})
        steps[experiment] = FirstSteps(experiment, np.array(packed["llh"]), np.array(packed["change"]))
    return Shipped(results, steps, data, made_by(text["versions"]), text["script"])


def to_ship(
    results: Mapping[Cell, Outcome],
    data: Sequence[Data],
    script: str,
    first_steps: Iterable[FirstSteps] = (),
    points: int = POINTS,
) -> str:
    """The text of such a file: a line per result, which holds the settings that differ from the first one's."""
    base = {"schema": SCHEMA, **asdict(next(iter(results)).experiment)}
    head = {"format": FORMAT, "script": script, "versions": versions(), "data": [asdict(row) for row in data]}
    lines = [_compact(_pack(cell, outcome, base, points)) for cell, outcome in results.items()]
    steps = [_compact(_pack_first_steps(row, base)) for row in first_steps]
    return (
        f"{_compact(head)[:-1]},\n"
        f'"experiment":{_compact(base)},\n'
        f'"first_steps":[{_lines(steps)}],\n'
        f'"results":[{_lines(lines)}]}}\n'
    )


def describe(dataset: Dataset, test: Dataset | None = None) -> Data:
    """A data set without its rows: independent variables' LLH on it (and on test rows), and its entropy."""
    levels = {
        "independent": library.product_of_marginals_llh(dataset),
        "entropy": library.empirical_llh(dataset),
    }
    if test is not None:
        levels["independent_test"] = _independent_on(dataset, test)
    levels = {name: round(float(value), 6) for name, value in levels.items()}
    return Data(dataset.name, dataset.title, dataset.sha256, dataset.synthetic, levels)


@cache
def registered(name: str) -> Data:
    """A registered data set that is at hand, with its test rows' levels."""
    return describe(library.load(name), library.load(name, "test"))


def first_steps(experiment: Experiment, dataset: Dataset) -> FirstSteps:
    """Train the first iterations only and keep every step of them."""
    short = experiment.replace(iterations=EARLY + 1, num_seeds=min(EARLY_SEEDS, experiment.num_seeds))
    trace = fit(short, dataset)
    weights = trace.effective_weights
    change = np.abs(weights[:, 1:] / weights[:, :-1] - 1.0).max(axis=2)
    return FirstSteps(experiment, trace.llh[:, :EARLY], np.median(change, axis=0))


def reached(outcome: Outcome, target: int = 0) -> list[int | None]:
    """Iterations to one of the cell's targets, seed by seed."""
    return [seed.reached[target] for seed in outcome.seeds]


def finals(outcome: Outcome) -> list[float]:
    """LLH at the last iteration, seed by seed; seeds that recorded nothing are left out."""
    return [seed.final_llh for seed in outcome.seeds if seed.final_llh is not None]


def held_out(outcome: Outcome, split: str) -> list[float]:
    """LLH of a split after the last update, seed by seed; runs that diverged have none."""
    return [seed.held_out[split] for seed in outcome.seeds if split in seed.held_out]


def diverged(outcome: Outcome) -> int:
    """How many seeds ended before their time."""
    return sum(seed.stopped is not None for seed in outcome.seeds)


def tidy(labelled: Iterable[tuple[Sequence[str], Cell, Outcome]]) -> list[tuple[Any, ...]]:
    """Rows to take away: labels, L, η, seed or statistic, quantity, iteration, value."""
    rows: list[tuple[Any, ...]] = []
    for labels, cell, outcome in labelled:
        head = (*labels, cell.experiment.depth, cell.experiment.learning_rate)
        curve = outcome.curve or {}
        for statistic in CURVE[1:] if curve else ():
            pairs = zip(curve["iteration"], curve[statistic], strict=True)
            rows += [(*head, statistic, "llh", t, value) for t, value in pairs]
        for seed in outcome.seeds:
            for target, at in zip(cell.targets, seed.reached, strict=True):
                rows.append((*head, seed.seed, f"iterations to {target_words(target)}", "", "" if at is None else at))
            rows.append((*head, seed.seed, "final llh", "", seed.final_llh))
            rows += [(*head, seed.seed, f"{split} llh", "", llh) for split, llh in seed.held_out.items()]
    return rows


def target_words(target: Target) -> str:
    """What a target is called."""
    if target.kind == "gain":
        return f"{100.0 * target.value:.0f} % of the possible gain"
    return signed(target.value, "g")


def _independent_on(dataset: Dataset, test: Dataset) -> float:
    """LLH of `test` under independent variables with the frequencies of `dataset`, one added to each count."""
    ones = (dataset.counts @ dataset.rows + 1.0) / (dataset.num_rows + 2.0)
    frequency = test.counts @ test.rows / test.num_rows
    return float(frequency @ np.log(ones) + (1.0 - frequency) @ np.log1p(-ones))


def _pack(cell: Cell, outcome: Outcome, base: Mapping[str, Any], points: int) -> dict[str, Any]:
    packed: dict[str, Any] = {"experiment": _changes(cell.experiment, base)}
    packed["targets"] = [[target.kind, target.value] for target in cell.targets]
    packed["held_out"] = list(cell.held_out)
    packed["seeds"] = [[_rounded(value) for value in seed] for seed in outcome.seeds]
    if outcome.curve is not None:
        kept = _kept(len(outcome.curve["iteration"]), points)
        packed["curve"] = [[_rounded(outcome.curve[name][i], CURVE_DECIMALS) for i in kept] for name in CURVE]
    return packed


def _unpack_cell(packed: Mapping[str, Any], base: Mapping[str, Any]) -> Cell:
    experiment = Experiment.from_dict({**base, **packed["experiment"]})
    targets = tuple(Target(kind, value) for kind, value in packed["targets"])
    return Cell(experiment, targets, tuple(packed["held_out"]), curve="curve" in packed)


def _unpack_outcome(packed: Mapping[str, Any], cell: Cell, sha256: str) -> Outcome:
    seeds = [SeedOutcome(*seed) for seed in packed["seeds"]]
    seeds = [seed._replace(reached=tuple(seed.reached)) for seed in seeds]
    curve = dict(zip(CURVE, packed["curve"], strict=True)) if cell.curve else None
    return Outcome(cell.key(sha256), "done", None, tuple(seeds), curve)


def _pack_first_steps(steps: FirstSteps, base: Mapping[str, Any]) -> dict[str, Any]:
    llh = [[float(f"{value:.12g}") for value in row] for row in steps.llh.tolist()]
    change = [float(f"{value:.4g}") for value in steps.change.tolist()]
    return {"experiment": _changes(steps.experiment, base), "llh": llh, "change": change}


def _changes(experiment: Experiment, base: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asdict(experiment).items() if value != base[name]}


def _kept(length: int, points: int) -> list[int]:
    """At most `points` places of a curve, closer at the start; the first and the last among them."""
    if length <= points:
        return list(range(length))
    even, early = np.linspace(0, length - 1, points // 2), np.geomspace(1, length, points // 2) - 1
    places: list[int] = np.unique(np.concatenate([even, early]).round().astype(int)).tolist()
    return places


def _rounded(value: Any, decimals: int = DECIMALS) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return round(value, decimals) if isinstance(value, float) else value


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _lines(rows: Sequence[str]) -> str:
    return "\n" + ",\n".join(rows) + "\n" if rows else ""
