"""Situations that a headline may meet: curves made by hand and short runs of the engine, each with its judge."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from app.live.headline.told import Told, circuit_told, told
from app.live.run import part_of
from app.pages.circuits import files as circuit_files
from app.pages.lab import files
from spncore import Dataset, Experiment, Recorder, Trace, Trainer, fit, load, problem_of
from spncore.arrays import Floats
from spncore.data.library import from_array, product_of_marginals_llh
from spncore.runs.problem import trees_problem
from spncore.runs.study import Study
from spncore.runs.training import learner_of, traced, trainer_of
from spncore.studies.target import Fixed, fixed
from tests.recount.lab.headline import Judge

LINK = "http://host/"
PLAIN = Experiment(dataset="nltcs-twin", num_components=2)
PUBLISHED = -7.2


class Situation(NamedTuple):
    """What was said of curves, and the judge who has their table."""

    name: str
    said: Told
    judge: Judge


def hand_made(
    name: str,
    curves: dict[str, Sequence[Sequence[float]]],
    *,
    ended: bool = True,
    total: int | None = None,
    levels: Sequence[float] | None = (PUBLISHED,),
    stopped: dict[str, int] | None = None,
    experiment: Experiment = PLAIN,
) -> Situation:
    """Curves by depth (`3`) or learner (`em`); those in `stopped` diverged after so many updates."""
    seeds = len(next(iter(curves.values())))
    updates = max(len(row) for rows in curves.values() for row in rows) - 1
    experiment = experiment.replace(num_seeds=seeds, iterations=max(total or updates, 1))
    depths = sorted(int(key) for key in curves if key.isdigit())
    study = Study(experiment, tuple(depths), tuple(key for key in curves if not key.isdigit()))
    rows = [*(curves[str(depth)] for depth in depths), *(curves[key] for key in study.rivals)]
    keys = [*map(str, depths), *study.rivals]
    traces = [
        trace_of(single, np.array(values), key in (stopped or {}))
        for single, values, key in zip(study.experiments(), rows, keys, strict=True)
    ]
    rule = None
    if levels:
        each = tuple(levels) * seeds if len(levels) == 1 else tuple(levels)
        rule = Fixed("published" if len(levels) == 1 else "gain", each)
    return situation(name, study, load(experiment.dataset), traces, rule, ended)


def trace_of(experiment: Experiment, values: Floats, stopped: bool) -> Trace:
    """A trace with these values of its objective (S, T) and nothing else of interest."""
    blank = blank_of(experiment.depth, experiment.num_components)
    shape = values.shape
    arrays = {field: np.ones((*shape, getattr(blank, field).shape[2])) for field in ("flow", "weights", "log_masses")}
    zeros = {"log_partition": np.zeros(shape), "at_floor": np.zeros(shape, int)}
    why = "diverged: a weight is no longer a finite number" if stopped else None
    return dataclasses.replace(blank, experiment=experiment, llh=values, value=values, stopped=why, **arrays, **zeros)


@cache
def blank_of(depth: int, num_components: int) -> Trace:
    """A trace without a state."""
    experiment = PLAIN.replace(depth=depth, num_components=num_components)
    return Recorder(experiment, problem_of(experiment)).trace()


def situation(
    name: str, study: Study, dataset: Dataset, traces: list[Trace], target: Fixed | None, ended: bool = True
) -> Situation:
    """Both lines of these traces, and the judge with the table that the lab hands out of them."""
    experiment = study.experiment
    said = told(traces, dataset, target, ended, len(study.rivals))
    text = files.curves_csv(study, dataset, traces, LINK, target)
    return Situation(name, said, judge_of(text, experiment, dataset, ended))


def judge_of(text: str, experiment: Experiment, dataset: Dataset, ended: bool) -> Judge:
    """The judge of a run, who is told what no table holds."""
    one = experiment.structure == "mixture" and experiment.num_components == 1
    unmixed = "D = 1" if dataset.num_variables == 1 else "K = 1" if one else ""
    independent = product_of_marginals_llh(dataset) if experiment.objective == "generative" else None
    return Judge(text, ended, experiment.iterations, unmixed, independent)


def ran(name: str, study: Study, dataset: Dataset, shown: Sequence[int | None] = (None,)) -> Iterator[Situation]:
    """A real run, as it looks after so many states each, or at its end."""
    traces = [fit(single, dataset) for single in study.experiments()]
    target = fixed(study.experiment, dataset)
    for length in shown:
        part = traces if length is None else [part_of(trace, length=length) for trace in traces]
        when = "" if length is None else f", after {length - 1} updates"
        yield situation(name + when, study, dataset, part, target, length is None)


def ran_circuit(name: str, study: Study, dataset: Dataset) -> Situation:
    """A real run of a circuit, beside the mixture of its trees where that can be."""
    study = study.beside_trees(dataset)
    traces = []
    for curve, experiment in enumerate(study.experiments()):
        trainer = trainer_of(experiment, dataset)
        if study.is_shallow(curve):
            first = trainer_of(study.experiments()[0], dataset)
            trainer = Trainer(trees_problem(first, first.init()), learner_of(experiment))
        traces.append(traced(trainer, experiment))
    said = circuit_told(traces, dataset, True, study.shallow)
    text = circuit_files.curves_csv(study, dataset, traces, LINK)
    return Situation(name, said, judge_of(text, study.experiment, dataset, True))


def uploaded(rows: Floats, name: str = "theirs.csv") -> Dataset:
    """Somebody's own table."""
    return from_array(rows.astype(np.uint8), name)
