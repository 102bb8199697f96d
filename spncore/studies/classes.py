"""Predicting a class: depths, and the shallow network at L times the rate, scored as they train.

Every network of a comparison starts as the same function, so one number is the gain of a seed for all of them: from
that start to the best value of its plain network, which no rival moves. Who is first at nine tenths of it is the
comparison.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from scipy.special import xlogy

from spncore.arrays import Floats
from spncore.data import library
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES
from spncore.limits import LIMITS
from spncore.runs import scores
from spncore.runs.experiment import Experiment
from spncore.runs.scores import OBJECTIVE, QUANTITIES, Curves, Scores
from spncore.runs.study import Study
from spncore.runs.trace import first_at
from spncore.studies import envelope
from spncore.studies.cells import answers, depth_name, faster_name, thinned, tidied
from spncore.studies.envelope import Envelope
from spncore.sweep import Reporter
from spncore.words import percent

COMPUTE = "spncore.runs.scores:train_json"
DEPTHS = (1, 2, 3)
CHOICES = tuple(name for name, objective in OBJECTIVES.items() if objective.needs_class or name == "generative")
HELD_OUT, HOLD_OUT_SEED = 0.25, 0  # of a table without test rows of its own
GAIN = 0.9
SHARE = percent(GAIN)
LEAST_GAIN = {"accuracy": 0.02}  # less is noise; of a log-likelihood 0.001 nats per row
POINTS = 40
DECIMALS = 4
LEFT_OUT = ("study", "rivals", "shallow", "made_by")  # of a comparison's file
STATISTICS = ("median", "low", "high")
MIDDLE_HALF = (0.25, 0.75)  # of the seeds, between low and high

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
SHIPPED = tuple(Study(setup.replace(objective=objective), DEPTHS) for setup in SETUPS.values() for objective in CHOICES)
DEFAULT = Study(EVERYTHING, DEPTHS)
COLUMNS = ("network", "L", "learning rate", "quantity", "seed or statistic", "updates", "value")


@dataclass(frozen=True)
class Network:
    """One network of a comparison: thinned curves over the seeds by quantity and statistic, after `iterations` updates.

    By quantity and seed: `reached`, the updates to nine tenths of the gain or None, and `final`.
    """

    iterations: Sequence[int]
    curves: Mapping[str, Mapping[str, Sequence[float]]]
    reached: Mapping[str, Sequence[int | None]]
    final: Mapping[str, Sequence[float]]
    stopped: str | None


@dataclass(frozen=True)
class Comparison:
    """A study's networks by name, what the plain one gains by quantity and seed, and the rows they saw.

    `bounds`: by quantity what nothing passes on these test rows, whatever is learned.
    """

    study: Study
    networks: Mapping[str, Network]
    gains: Mapping[str, Sequence[float]]
    class_name: str
    title: str
    synthetic: bool
    num_rows: Mapping[str, int]
    sha256: str
    bounds: Mapping[str, float] = field(default_factory=dict)
    made_by: str = ""

    @property
    def one_run(self) -> bool:
        """Whether all seeds are one run, for no random number enters."""
        return 1 == len(self.gains[OBJECTIVE]) < self.study.experiment.num_seeds


def rows_of(study: Study, dataset: Dataset) -> dict[str, Dataset]:
    """Training and test rows: a registered set's own, or a quarter of an uploaded table held out, always the same."""
    name = study.experiment.dataset
    if not is_upload(name):
        return {"train": dataset, "test": library.load(name, "test")}
    kept, held = library.hold_out(dataset, HELD_OUT, np.random.default_rng(HOLD_OUT_SEED))
    return {"train": replace(kept, name=name), "test": replace(held, name=name)}


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


def run(study: Study, data: Dataset, report: Reporter) -> Comparison:
    """All networks, each in a process of its own; SweepError names the one that fails."""
    rows = rows_of(study, data)
    tasks = {name: experiment.to_json() for name, experiment in networks(study).items()}
    found = answers(tasks, rows, COMPUTE, report)
    return comparison(study, rows, {name: scores.read_curves(answer) for name, answer in found.items()})


def comparison(study: Study, rows: Mapping[str, Dataset], curves: Mapping[str, Curves]) -> Comparison:
    """What is shown of the curves of all networks; seeds that are one run, bit for bit, are kept as one."""
    train = rows["train"]
    if all((each == each[:1]).all() for network in curves.values() for each in network.values.values()):
        curves = {
            name: each._replace(values={quantity: of_seeds[:1] for quantity, of_seeds in each.values.items()})
            for name, each in curves.items()
        }
    gains, reached = {}, {}
    for quantity in QUANTITIES:
        gains[quantity], reached[quantity] = first_at_gain(
            {name: each.values[quantity] for name, each in curves.items()}, LEAST_GAIN.get(quantity.split()[-1], 1e-3)
        )
    found = {
        name: _network(each, {quantity: reached[quantity][name] for quantity in QUANTITIES})
        for name, each in curves.items()
    }
    column = study.experiment.labels(train.num_variables).class_variable
    sizes = {name: part.num_rows for name, part in rows.items()}
    name, bounds = train.variables[column], bounds_of(rows["test"], column)
    return Comparison(study, found, gains, name, train.title, train.synthetic, sizes, train.sha256, bounds)


def first_at_gain(values: Mapping[str, Floats], least: float) -> tuple[list[float], dict[str, list[int | None]]]:
    """Per seed the gain of the first network, and per network (S, T + 1) the updates to nine tenths of it, or None.

    The first is the plain one, or the next where that has no value at all. Where the gain is below `least`, nobody gets
    there.
    """
    known = [each for each in values.values() if each.shape[1]]
    if not known:
        return [], {name: [None] * len(each) for name, each in values.items()}
    start = known[0][:, 0]
    gain = known[0].max(axis=1) - start
    level = np.where(gain >= least, start + GAIN * gain, np.inf)[:, None]
    return [round(each, 6) for each in gain.tolist()], {name: first_at(each, level) for name, each in values.items()}


def bounds_of(rows: Dataset, column: int) -> dict[str, float]:
    """By quantity what nothing passes on these test rows: the scores of their own frequencies, in nats per row.

    The distribution that rows were drawn from may score less on them, by chance.
    """
    others = np.delete(rows.rows, column, axis=1)
    places = np.unique(others, axis=0, return_inverse=True)[1].ravel()
    counts = np.zeros((2, places.max() + 1))
    np.add.at(counts, (rows.rows[:, column].astype(int), places), rows.counts)
    shares = counts / rows.num_rows
    conditional = xlogy(shares, shares / shares.sum(axis=0)).sum()
    best = Scores(shares.max(axis=0).sum(), conditional, xlogy(shares, shares).sum())
    return {f"test {part}": round(float(value), 6) for part, value in best._asdict().items()}


@cache
def shipped() -> dict[Study, Comparison]:
    """The comparisons that ship with the lab; read once."""
    return {each.study: each for each in unpack(envelope.shipped("classes"))}


def pack(results: Sequence[Comparison]) -> dict[str, Any]:
    """Comparisons as plain values."""
    kept = [{**vars(each.study), **vars(each)} for each in results]
    return {"comparisons": [{name: each[name] for name in each if name not in LEFT_OUT} for each in kept]}


def unpack(packed: Envelope) -> list[Comparison]:
    """What `pack` made; of a file that counted states from 1, its updates."""
    found, late = [], packed.counts_from
    for values in map(dict, packed.body["comparisons"]):
        study = Study(Experiment.from_dict(values.pop("experiment")), values.pop("depths"))
        parts = {name: _counted_from(late, **each) for name, each in values.pop("networks").items()}
        found.append(Comparison(study, parts, made_by=packed.made_by, **values))
    return found


def _counted_from(late: int, iterations: Sequence[int], reached: Mapping[str, Any], **rest: Any) -> Network:
    """A network's counts as updates."""
    arrived = {quantity: [None if at is None else at - late for at in seeds] for quantity, seeds in reached.items()}
    return Network([at - late for at in iterations], reached=arrived, **rest)


def rows(shown: Comparison) -> list[tuple[Any, ...]]:
    """Everything as a table of `COLUMNS`: curves by statistic, and every seed's updates and end."""
    found: list[tuple[Any, ...]] = []
    seeds = list(shown.study.experiment.seeds)
    for name, experiment in networks(shown.study).items():
        head, network = (name, experiment.depth, experiment.learning_rate), shown.networks[name]
        for quantity in QUANTITIES:
            curve, arrived = network.curves[quantity], f"{quantity}, updates to {SHARE} of the gain"
            for statistic in STATISTICS:
                pairs = zip(network.iterations, curve.get(statistic, ()), strict=False)
                found += [(*head, quantity, statistic, at, value) for at, value in pairs]
            reached = zip(seeds, network.reached[quantity], strict=False)
            found += [(*head, arrived, seed, "", "" if at is None else at) for seed, at in reached]
            final = zip(seeds, network.final[quantity], strict=False)
            found += [(*head, quantity, seed, "last", at) for seed, at in final]
    return found


def tidy(result: Comparison) -> list[dict[str, Any]]:
    """`rows` by name."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows(result)]


def _network(curves: Curves, reached: Mapping[str, Sequence[int | None]]) -> Network:
    at = thinned(curves.values[OBJECTIVE].shape[1], POINTS)
    drawn = {name: _statistics(each[:, at], name.startswith("train")) for name, each in curves.values.items()}
    final = {name: each[:, -1:].ravel().round(6).tolist() for name, each in curves.values.items()}
    return Network(at, drawn, reached, final, curves.stopped)


def _statistics(values: Floats, middle_only: bool) -> dict[str, list[float]]:
    found = {"median": np.median(values, axis=0)}
    if not middle_only:
        low, high = np.quantile(values, MIDDLE_HALF, axis=0)  # one seed of many would else make the whole band
        found |= {"low": low, "high": high}
    return {name: each.round(DECIMALS).tolist() for name, each in found.items()}
