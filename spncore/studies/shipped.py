"""Results that the evidence pages show: cells of a sweep that ship with the lab or were computed here, by content.

A file holds derived numbers only, with all settings; what ships is made by the same function as what a page computes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.data import library
from spncore.data.library import Dataset
from spncore.runs.experiment import Experiment
from spncore.studies import envelope
from spncore.studies.cells import CURVE, OF_SCALE, thinned
from spncore.studies.envelope import Envelope
from spncore.sweep import Cell, Outcome, SeedOutcome, SweepError, Target
from spncore.words import signed

DECIMALS = 6  # of a shipped LLH, in nats per row
CURVE_DECIMALS = 4  # of those that are only drawn
COLUMNS = ("L", "learning rate", "seed or statistic", "quantity", "updates", "value")


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


class Measured(NamedTuple):
    """Cells with their outcomes, first steps, the data sets by name, and what made them where that is not this code."""

    results: Mapping[Cell, Outcome]
    first_steps: Mapping[Experiment, FirstSteps]
    data: Mapping[str, Data]
    made_by: str = ""


def measured(
    results: Mapping[Cell, Outcome], dataset: Dataset, first_steps: Mapping[Experiment, FirstSteps] | None = None
) -> Measured:
    """What was measured on one registered data set."""
    data = {dataset.name: describe(dataset, library.load(dataset.name, "test"))}
    return Measured(results, first_steps or {}, data)


@cache
def shipped(study: str) -> Measured:
    """The results of a study that ship with the lab; read once."""
    return unpack(envelope.shipped(study))[0]


def pack(parts: Sequence[Measured], points: int) -> dict[str, Any]:
    """Results together as plain values, first those without a curve; a record holds what differs from the first."""
    results = {cell: outcome for part in parts for cell, outcome in part.results.items()}
    ordered = sorted(results.items(), key=lambda item: item[0].curve)
    base = ordered[0][0].experiment.to_dict()
    return {
        "data": list({name: each for part in parts for name, each in part.data.items()}.values()),
        "experiment": base,
        "first_steps": [_pack_first_steps(row, base) for part in parts for row in part.first_steps.values()],
        "results": [_pack(cell, outcome, base, points) for cell, outcome in ordered],
    }


def unpack(packed: Envelope) -> list[Measured]:
    """What `pack` made, all in one."""
    body = packed.body
    data = {row["name"]: Data(**row) for row in body["data"]}
    base: dict[str, Any] = body["experiment"]
    results = dict(_unpack(each, base, data) for each in body["results"])
    steps = {}
    for each in body["first_steps"]:
        experiment = _experiment(each, base)
        steps[experiment] = FirstSteps(experiment, np.array(each["llh"]), np.array(each["change"]))
    return [Measured(results, steps, data, packed.made_by)]


def describe(dataset: Dataset, test: Dataset) -> Data:
    """A data set without its rows: independent variables' LLH on it and on test rows, and its entropy."""
    levels = {
        "independent": library.product_of_marginals_llh(dataset),
        "entropy": library.empirical_llh(dataset),
        "independent_test": _independent_on(dataset, test),
    }
    rounded = {name: round(float(value), DECIMALS) for name, value in levels.items()}
    return Data(dataset.name, dataset.title, dataset.sha256, dataset.synthetic, rounded)


def reached(outcome: Outcome, target: int = 0) -> list[int | None]:
    """Updates to one of the cell's targets, seed by seed; None for a run that never got there or was thrown off."""
    return [None if thrown_off(seed) else seed.reached[target] for seed in outcome.seeds]


def thrown_off(seed: SeedOutcome) -> bool:
    """Whether a run left the finite range or ended below its start: it leads nothing, whatever it had reached."""
    first, final = seed.first_llh, seed.final_llh
    return seed.stopped is not None or first is None or final is None or final < first


def finals(outcome: Outcome) -> list[float]:
    """LLH after the last update, seed by seed; seeds that recorded nothing are left out."""
    return [seed.final_llh for seed in outcome.seeds if seed.final_llh is not None]


def held_out(outcome: Outcome, split: str) -> list[float]:
    """LLH of a split after the last update, seed by seed; runs that diverged have none."""
    return [seed.held_out[split] for seed in outcome.seeds if split in seed.held_out]


def diverged(outcome: Outcome) -> int:
    """How many seeds ended before their time."""
    return sum(seed.stopped is not None for seed in outcome.seeds)


def tidy(labelled: Iterable[tuple[Sequence[str], Cell, Outcome]]) -> list[tuple[Any, ...]]:
    """Rows to take away: labels, L, η, seed or statistic, quantity, updates, value."""
    rows: list[tuple[Any, ...]] = []
    for labels, cell, outcome in labelled:
        head = (*labels, cell.experiment.depth, cell.experiment.learning_rate)
        curve = outcome.curve or {}
        for statistic in [name for name in curve if name != "iteration"]:
            *of, name = statistic.rsplit(" ", 1)
            pairs = zip(curve["iteration"], curve[statistic], strict=True)
            rows += [(*head, name, of[0] if of else "llh", t, value) for t, value in pairs]
        for seed in outcome.seeds:
            for target, at in zip(cell.targets, seed.reached, strict=True):
                rows.append((*head, seed.seed, f"updates to {target_words(target)}", "", "" if at is None else at))
            rows.append((*head, seed.seed, "final llh", "", seed.final_llh))
            rows += [(*head, seed.seed, f"{split} llh", "", llh) for split, llh in seed.held_out.items()]
            rows += [(*head, seed.seed, quantity, "", value) for quantity, value in seed.scale.items()]
    return rows


def rows(result: Measured, by: str) -> list[dict[str, Any]]:
    """The tidy table of all results, with one of their settings."""
    labelled = (([getattr(cell.experiment, by)], cell, each) for cell, each in result.results.items())
    return [dict(zip((by, *COLUMNS), row, strict=True)) for row in tidy(labelled)]


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
    if outcome.status == "failed":
        raise SweepError(f"{_changes(cell.experiment, Experiment().settings())}: {outcome.reason}")
    packed: dict[str, Any] = {"experiment": _changes(cell.experiment, base)}
    packed["targets"] = [[target.kind, target.value] for target in cell.targets]
    packed["held_out"] = list(cell.held_out)
    kept_of = [seed if seed.scale else seed[:-1] for seed in outcome.seeds]
    packed["seeds"] = [[_rounded(value) for value in seed] for seed in kept_of]
    if outcome.curve is not None:
        kept = thinned(len(outcome.curve["iteration"]), points)
        names = CURVE + OF_SCALE * cell.scale
        packed["curve"] = [[_rounded(outcome.curve[name][i], CURVE_DECIMALS) for i in kept] for name in names]
    return packed


def _unpack(packed: Mapping[str, Any], base: Mapping[str, Any], data: Mapping[str, Data]) -> tuple[Cell, Outcome]:
    targets, curve, scale = tuple(Target(*target) for target in packed["targets"]), None, False
    if "curve" in packed:
        scale = len(packed["curve"]) > len(CURVE)
        curve = dict(zip(CURVE + OF_SCALE * scale, packed["curve"], strict=True))
    cell = Cell(_experiment(packed, base), targets, tuple(packed["held_out"]), curve is not None, scale=scale)
    seeds = [SeedOutcome(*seed) for seed in packed["seeds"]]
    seeds = [seed._replace(reached=tuple(seed.reached)) for seed in seeds]
    return cell, Outcome(cell.key(data[cell.experiment.dataset].sha256), "done", None, tuple(seeds), curve)


def _experiment(packed: Mapping[str, Any], base: Mapping[str, Any]) -> Experiment:
    return Experiment.from_dict({**base, **packed["experiment"]})


def _pack_first_steps(steps: FirstSteps, base: Mapping[str, Any]) -> dict[str, Any]:
    llh = [[float(f"{value:.12g}") for value in row] for row in steps.llh.tolist()]
    change = [float(f"{value:.4g}") for value in steps.change.tolist()]
    return {"experiment": _changes(steps.experiment, base), "llh": llh, "change": change}


def _changes(experiment: Experiment, base: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in experiment.to_dict().items() if value != base[name]}


def _rounded(value: Any, decimals: int = DECIMALS) -> Any:
    if isinstance(value, Mapping):
        return {name: _rounded(item) for name, item in value.items()}
    return round(value, decimals) if isinstance(value, float) else value
