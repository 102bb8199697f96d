"""What the works call, under the names that the present build has."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import stepped
from spncore import Dataset, Experiment, trainer_of
from spncore.circuits.model import Model
from spncore.data import library as library
from spncore.data.dataset import from_array as from_array
from spncore.inference import explanation as explanation
from spncore.inference import queries as queries
from spncore.inference import sampling as sampling
from spncore.structures import Column, learn_spn
from spncore.studies.phase import Plane as Plane
from spncore.sweep import LocalWorkers, run_cells


def llh_of_all(experiments: Sequence[Experiment], dataset: Dataset) -> list[np.ndarray]:
    """LLH (S, T) of whole runs whose traces are all kept until the last has ended."""
    return [trace.llh for trace in stepped.to_the_end(experiments, dataset)]


def trained_in_the_lab(experiment: Experiment, depths: tuple[int, ...], dataset: Dataset) -> int:
    """Train a study as a trainer of the lab does, without a server; how many states there are."""
    from app.live.training import Begin, Training
    from spncore.runs.study import Study

    training, last = Training(Begin(0, Study(experiment, depths), dataset)), 0
    while True:
        brought = training.advance(1.0)
        last = max((kept.iteration for kept in brought.last), default=last)
        if brought.ended:
            return last + 1


def first_states(experiment: Experiment, dataset: Dataset, updates: int) -> np.ndarray:
    """LLH (S, updates + 1) from the start on."""
    (trace,) = stepped.to_the_end([experiment.replace(iterations=updates)], dataset)
    return trace.llh


def start(experiment: Experiment, dataset: Dataset) -> tuple[Any, Any]:
    """A trainer with its arrays prepared, and the state it starts from."""
    trainer = trainer_of(experiment, dataset)
    return trainer, trainer.init()


def update(trainer: Any, state: Any) -> Any:
    """The state after one update."""
    return stepped.update(trainer, state)[0]


def learned(dataset: Dataset) -> Model:
    """LearnSPN with its usual settings."""
    return learn_spn(dataset.rows, dataset.counts, [Column()] * dataset.num_variables, np.random.default_rng(0))


def swept(cells: Sequence[Any], dataset: Dataset, workers: int) -> int:
    """Compute cells in so many processes; how many ended well."""
    data = {dataset.name: dataset}
    found = run_cells(cells, data, lambda _: LocalWorkers(data, workers))
    return sum(outcome.status == "done" for outcome in found)


def estimator(**settings: Any) -> Any:
    """A density with scikit-learn's face."""
    from spncore.tables.estimator import SumProductNetwork

    return SumProductNetwork(**settings)
