"""The runs of the page "Predicting a class": depths, and the shallow network at L times the rate, scored as they train.

Every network of a comparison starts as the same function, so what a seed can gain is one number for all of them: from
that start to the best value any of them has. Who is first at nine tenths of it is the comparison.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from app.live.jobs import JOBS, NICENESS, Job
from spncore.arrays import Floats
from spncore.data import library
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.files.places import SHIPPED
from spncore.files.provenance import made_by, versions
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES
from spncore.limits import LIMITS
from spncore.runs import scores as classification
from spncore.runs.experiment import SCHEMA, Experiment
from spncore.runs.scores import Curves
from spncore.runs.study import Study
from spncore.studies.cells import depth_name, faster_name, tidied
from spncore.sweep import LocalWorkers, SweepError

RUNS = SHIPPED / "classes_runs.json"
SCRIPT = "python -m experiments.classes"
FORMAT = 1
COMPUTE = "spncore.runs.scores:train_json"
LOOK_SECONDS = 0.1
DEPTHS = (1, 2, 3)
CHOICES = tuple(name for name, objective in OBJECTIVES.items() if objective.needs_class or name == "generative")
HELD_OUT, HOLD_OUT_SEED = 0.25, 0  # of a table without test rows of its own
GAIN = 0.9
LEAST_GAIN = {"accuracy": 0.02}  # less is noise; of a log-likelihood 0.001 nats per row
POINTS = 40
MAX_ITERATIONS, MAX_SEEDS = 2_000, 24  # every iteration is scored twice
DECIMALS = 4
STATISTICS = ("median", "low", "high")
MIDDLE_HALF = (0.25, 0.75)  # of the seeds, between low and high
OBJECTIVE = "objective"
QUANTITIES = (OBJECTIVE, *(f"{rows} {part}" for rows in classification.ROWS for part in classification.QUANTITIES))

EVERYTHING = Experiment(
    dataset="labelled-clusters",
    num_components=4,
    learning_rate=1e-3,
    init_scale=0.1,
    component_init="random",
    init_noise=0.0,
    objective="discriminative",
    iterations=400,
    num_seeds=24,
)
SETUPS: Mapping[str, Experiment] = {
    "everything": EVERYTHING,
    "sum weights only": EVERYTHING.replace(
        num_components=32, train_components=False, learning_rate=3e-3, iterations=1000
    ),
}
DEFAULT = Study(EVERYTHING, DEPTHS)


@dataclass(frozen=True)
class Network:
    """One network of a comparison: thinned curves over the seeds by quantity and statistic, at `iterations` from 1.

    By quantity and seed: `reached`, the first iteration at nine tenths of the gain or None, and `final`.
    """

    experiment: Experiment
    iterations: Sequence[int]
    curves: Mapping[str, Mapping[str, Sequence[float]]]
    reached: Mapping[str, Sequence[int | None]]
    final: Mapping[str, Sequence[float]]
    stopped: str | None


@dataclass(frozen=True)
class Comparison:
    """A study's networks by name, what each seed could gain by quantity, and the rows they saw."""

    study: Study
    networks: Mapping[str, Network]
    gains: Mapping[str, Sequence[float]]
    class_name: str
    title: str
    synthetic: bool
    num_rows: Mapping[str, int]
    sha256: str
    made_by: str = ""


def fitting(study: Study) -> tuple[Study, list[str]]:
    """The nearest study that this page shows, and a sentence for each setting that a link had otherwise."""
    experiment, said = study.experiment, []
    for name, fits, instead in (
        ("objective", experiment.objective in CHOICES, DEFAULT.experiment.objective),
        ("weight_init", experiment.weight_init == "equal", "equal"),
        ("iterations", experiment.iterations <= MAX_ITERATIONS, MAX_ITERATIONS),
        ("num_seeds", experiment.num_seeds <= MAX_SEEDS, MAX_SEEDS),
    ):
        if not fits:
            said.append(f"{name}: {getattr(experiment, name)} is not shown on this page; {instead} is used instead.")
            experiment = experiment.replace(**{name: instead})
    depths = tuple(depth for depth in study.depths if depth in DEPTHS)
    if depths != study.depths:
        said.append(f"depths: this page compares L = 1 to {DEPTHS[-1]}; the others are left out.")
    return Study(experiment, depths or DEPTHS), said


def rows_of(study: Study, dataset: Dataset) -> dict[str, Dataset]:
    """Training and test rows: a registered set's own, or a quarter of an uploaded table held out, always the same."""
    name = study.experiment.dataset
    if not is_upload(name):
        return {"train": dataset, "test": library.load(name, "test")}
    kept, held = library.hold_out(dataset, HELD_OUT, np.random.default_rng(HOLD_OUT_SEED))
    return {"train": dataclasses.replace(kept, name=name), "test": dataclasses.replace(held, name=name)}


def networks(study: Study) -> dict[str, Experiment]:
    """Every depth at the common learning rate η, and for each but the first the shallow network at L times it."""
    runs = {depth_name(each.depth): each for each in study.experiments()}
    rate = study.experiment.learning_rate
    largest = min(LIMITS.largest_rate, LEARNERS[study.experiment.optimiser].largest_rate)
    for depth in study.depths:
        faster = tidied(rate * depth)
        if depth > 1 and faster <= largest:
            runs[faster_name(depth)] = study.experiment.replace(depth=1, learning_rate=faster)
    return runs


def compute(job: Job, study: Study, rows: Mapping[str, Dataset]) -> Comparison | None:
    """The work of a job: each network in a process of its own; None when it is cancelled. SweepError if one fails."""
    asked = networks(study)
    curves: dict[str, Curves] = {}
    workers = LocalWorkers(rows, niceness=NICENESS, compute=COMPUTE)
    try:
        for name, experiment in asked.items():
            job.report(len(curves), len(asked))
            workers.submit(name, experiment.to_json())
            while name not in curves:
                if job.stop.is_set():
                    return None
                for report in workers.reports(LOOK_SECONDS):
                    if report.problem is not None:
                        raise SweepError(f"{name}: {report.problem}; try fewer seeds, iterations or components")
                    curves[name] = classification.read_curves(report.result)
        job.report(len(curves), len(asked))
    finally:
        workers.close()
    return comparison(study, rows, curves)


def result(study: Study, key: str) -> Comparison | None:
    """What is known of a study: it ships, or the job of this key is done."""
    job = JOBS.get(key)
    made: Comparison | None = job.result if job is not None and job.state == "done" else None
    return shipped().get(study) or made


def comparison(study: Study, rows: Mapping[str, Dataset], curves: Mapping[str, Curves]) -> Comparison:
    """What is shown of the curves of all networks."""
    asked, train = networks(study), rows["train"]
    values = {name: _by_quantity(each) for name, each in curves.items()}
    gains, reached = {}, {}
    for quantity in QUANTITIES:
        gains[quantity], reached[quantity] = first_at_gain(
            {name: each[quantity] for name, each in values.items()}, LEAST_GAIN.get(quantity.split()[-1], 1e-3)
        )
    found = {
        name: _network(asked[name], values[name], {each: reached[each][name] for each in QUANTITIES}, curves[name])
        for name in values
    }
    column = study.experiment.labels(train.num_variables).class_variable
    sizes = {name: part.num_rows for name, part in rows.items()}
    return Comparison(study, found, gains, train.variables[column], train.title, train.synthetic, sizes, train.sha256)


def first_at_gain(values: Mapping[str, Floats], least: float) -> tuple[list[float], dict[str, list[int | None]]]:
    """Per seed the gain, and per network (S, T) the first iteration, from 1, at nine tenths of it; None if never.

    Where the gain is below `least`, nobody gets there.
    """
    known = [each for each in values.values() if each.shape[1]]
    if not known:
        return [], {name: [None] * len(each) for name, each in values.items()}
    start = known[0][:, 0]
    gain = np.max([each.max(axis=1) for each in known], axis=0) - start
    level = np.where(gain >= least, start + GAIN * gain, np.inf)[:, None]
    there = {name: each >= level for name, each in values.items()}
    return [round(each, 6) for each in gain.tolist()], {
        name: [int(row.argmax()) + 1 if row.any() else None for row in each] for name, each in there.items()
    }


def to_json(made: Sequence[Comparison], script: str) -> str:
    """The text of a shipped file: a line per comparison."""
    head = {"format": FORMAT, "script": script, "versions": versions()}
    lines = ",\n".join(_compact(_pack(each)) for each in made)
    return f'{_compact(head)[:-1]},\n"comparisons":[\n{lines}\n]}}\n'


@cache
def shipped() -> dict[Study, Comparison]:
    """The comparisons that ship with the lab; read once."""
    text = json.loads(RUNS.read_text(encoding="utf-8"))
    made = [_unpack(values, made_by(text["versions"])) for values in text["comparisons"]]
    return {each.study: each for each in made}


def _by_quantity(curves: Curves) -> dict[str, Floats]:
    scores = {f"{rows} {part}": values for rows, of in curves.scores.items() for part, values in of._asdict().items()}
    return {OBJECTIVE: curves.objective, **scores}


def _network(
    experiment: Experiment, values: Mapping[str, Floats], reached: Mapping[str, Sequence[int | None]], curves: Curves
) -> Network:
    length = curves.objective.shape[1]
    even, early = np.linspace(1, max(length, 1), POINTS // 2), np.geomspace(1, max(length, 1), POINTS // 2)
    at = np.unique(np.concatenate([even, early]).round().astype(int))[: length or None] if length else np.array([], int)
    drawn = {quantity: _statistics(each[:, at - 1], quantity.startswith("train")) for quantity, each in values.items()}
    final = {quantity: each[:, -1].round(6).tolist() if length else [] for quantity, each in values.items()}
    return Network(experiment, at.tolist(), drawn, reached, final, curves.stopped)


def _statistics(values: Floats, middle_only: bool) -> dict[str, list[float]]:
    found = {"median": np.median(values, axis=0)}
    if not middle_only:
        low, high = np.quantile(values, MIDDLE_HALF, axis=0)  # one seed of many would else make the whole band
        found |= {"low": low, "high": high}
    return {name: each.round(DECIMALS).tolist() for name, each in found.items()}


def _pack(made: Comparison) -> dict[str, Any]:
    own = {name: value for name, value in made.__dict__.items() if name not in ("study", "networks", "made_by")}
    settings = {"schema": SCHEMA, **asdict(made.study.experiment)}
    parts = {
        name: {key: value for key, value in each.__dict__.items() if key != "experiment"}
        for name, each in made.networks.items()
    }
    return {"experiment": settings, "depths": made.study.depths, "networks": parts, **own}


def _unpack(values: Mapping[str, Any], made_by: str) -> Comparison:
    study = Study(Experiment.from_dict(values["experiment"]), tuple(values["depths"]))
    asked = networks(study)
    found = {name: Network(experiment=asked[name], **each) for name, each in values["networks"].items()}
    rest = {name: value for name, value in values.items() if name not in ("experiment", "depths", "networks")}
    return Comparison(study=study, networks=found, made_by=made_by, **rest)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
