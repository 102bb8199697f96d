"""What the works call, under the names that the build of commit baf876e had; that build counts states, not updates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from spncore import Dataset, Experiment, Trainer, fit
from spncore import datasets as library
from spncore import explanation as explanation
from spncore import queries as queries
from spncore import sampling as sampling
from spncore.structures import learn_spn
from spncore.structures.nodes import Column
from spncore.sweep import LocalWorkers, run_cells
from spncore.sweep.phase import Plane as Plane

from_array = library.from_array


def llh_of_all(experiments: Sequence[Experiment], dataset: Dataset) -> list[np.ndarray]:
    """LLH (S, T) of whole runs whose traces are all kept until the last has ended."""
    return [trace.llh for trace in [fit(experiment, dataset) for experiment in experiments]]


def trained_in_the_lab(experiment: Experiment, depths: tuple[int, ...], dataset: Dataset) -> int:
    """Train a study as the lab does, without a server; how many states it recorded."""
    from app.live.computation import Computation, Study

    computation = Computation(Study(experiment, depths), dataset)
    while computation.advance(1.0):
        pass
    return computation.length


def first_states(experiment: Experiment, dataset: Dataset, updates: int) -> np.ndarray:
    """LLH (S, updates + 1) from the start on."""
    llh: np.ndarray = fit(experiment.replace(iterations=updates + 1), dataset).llh
    return llh


def start(experiment: Experiment, dataset: Dataset) -> tuple[Any, Any]:
    """A trainer with its arrays prepared, and the state it starts from."""
    trainer: Any = Trainer(experiment, dataset)
    return trainer, trainer.init()


def update(trainer: Any, state: Any) -> Any:
    """The state after one update."""
    return trainer.step(state)[0]


def learned(dataset: Dataset) -> Any:
    """LearnSPN with its usual settings."""
    return learn_spn(dataset.rows, dataset.counts, [Column()] * dataset.num_variables, np.random.default_rng(0))


def swept(cells: Sequence[Any], dataset: Dataset, workers: int) -> int:
    """Compute cells in so many processes; how many ended well."""
    data = {dataset.name: dataset}
    found: Any = run_cells(cells, data, lambda _: LocalWorkers(data, workers))
    return sum(progress.outcome.status == "done" for progress in found)


def estimator(**settings: Any) -> Any:
    """A density with scikit-learn's face."""
    from spncore.estimator import SumProductNetwork

    return SumProductNetwork(**settings)
