"""The networks that can be asked: how each is trained on a data set, and about how long that takes.

Pure: no Streamlit. Training begins at a fixed seed, so one data set, network and K give one model.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from spncore.circuits.circuit import CircuitError
from spncore.circuits.model import Model
from spncore.data import library
from spncore.data.library import DATASETS, DataError, Dataset
from spncore.inference.queries import log_likelihood
from spncore.learning import em
from spncore.learning.learners import LearnerSettings
from spncore.learning.objectives import DATA_FLOW, data_and_partition
from spncore.learning.problem import plain_problem
from spncore.learning.states import TrainState
from spncore.learning.trainer import Trainer
from spncore.loop import gains_less_than, updates
from spncore.runs.trace import Recorder
from spncore.runs.training import learner_of
from spncore.structures import STRUCTURES, StructureSettings
from spncore.sweep import Reporter, quiet

LAB_RUN = "lab"  # the network of the run on screen in the lab, which a link cannot carry
TRAINING_SEED = 0
SMALLEST_GAIN = 1e-6  # nats per row and iteration; EM stops below it
QUICK_SECONDS = 1.0  # what takes longer is not waited for
MOST_SECONDS = 600.0  # what takes longer is refused


class Network(NamedTuple):
    """What can be asked: its `title`, the row of STRUCTURES it begins with, and how many iterations of EM follow.

    `seconds(rows', D, K)` is a rough guess of the whole, rows' being the number of distinct rows.
    """

    title: str
    iterations: int
    has_components: bool
    keeps_parameters: bool  # learned parameters are tuned; others begin around the data's frequencies
    seconds: Callable[[int, int, int], float]


class Trained(NamedTuple):
    """A network ready to be asked; LLH in nats per row, on the held-out test rows where the data set has some."""

    model: Model
    iterations: int
    llh: float
    test_llh: float | None


NETWORKS: Mapping[str, Network] = {
    "mixture": Network("Mixture, by EM", 200, True, False, lambda n, d, k: 1.5e-9 * 200 * n * d * k),
    "chow_liu": Network("Chow–Liu tree", 0, False, True, lambda n, d, k: 1e-8 * n * d * d),
    "rat_elementwise": Network("RAT-SPN, by EM", 60, True, False, lambda n, d, k: 6e-9 * 60 * n * (d + 8 * k) * k),
    "learn_spn": Network("LearnSPN, tuned by EM", 30, False, True, lambda n, d, k: 2e-6 * n * d * d),
}


def seconds(name: str, dataset: Dataset, num_components: int) -> float:
    """About how long the training of a network takes."""
    return NETWORKS[name].seconds(dataset.num_distinct, dataset.num_variables, num_components)


def train(name: str, dataset: Dataset, num_components: int, report: Reporter = quiet) -> Trained:
    """Train, and tell `report` after how many iterations of how many at most. DataError where the data do not suit."""
    network, minutes = NETWORKS[name], seconds(name, dataset, num_components) / 60
    if 60 * minutes > MOST_SECONDS:
        raise DataError(f"{network.title}: about {minutes:.0f} minutes on this table are too long; choose another one.")
    report(0, network.iterations)
    rng = np.random.default_rng(TRAINING_SEED)
    try:
        model = STRUCTURES[name](dataset, StructureSettings(num_components), rng)
    except CircuitError as error:
        raise DataError(f"{network.title}: {error}.") from error
    if not network.keeps_parameters:
        model = em.fit(model.circuit, dataset, rng, iterations=0).model  # where EM begins
    done = 0
    for tuned in _tuned(model, dataset, network.iterations):
        model, done = tuned, done + 1
        report(done, network.iterations)
    return _trained(model, dataset, done)


def _tuned(model: Model, dataset: Dataset, iterations: int) -> Iterator[Model]:
    """The model after each iteration of EM; ends early when an iteration gains too little."""
    if not iterations:
        return
    trainer = Trainer(plain_problem(model, data_and_partition(dataset), DATA_FLOW), LearnerSettings("em"))
    small = gains_less_than(SMALLEST_GAIN, lambda info: info.llh[0])
    for state, info in trainer.until(updates(iterations)):
        if small(state, info):
            return
        yield trainer.model(state)


def mean_llh(model: Model, dataset: Dataset) -> float:
    """Mean log-likelihood of a data set, nats per row."""
    return float(dataset.counts @ log_likelihood(model, dataset.rows.astype(np.int64)) / dataset.num_rows)


def _trained(model: Model, dataset: Dataset, iterations: int, llh: float | None = None) -> Trained:
    name = dataset.name
    held_out = library.load(name, "test") if name in DATASETS and library.available(name) else None
    llh = mean_llh(model, dataset) if llh is None else llh
    return Trained(model, iterations, llh, mean_llh(model, held_out) if held_out else None)


def from_the_lab(run: Recorder, state: TrainState, dataset: Dataset) -> Trained:
    """The network of a run's first seed, as it is in a state; its train LLH is the run's own where that is known."""
    trainer, at = Trainer(run.problem, learner_of(run.experiment)), state.iteration
    known = float(run.llh[0, at]) if at < run.length else None
    return _trained(trainer.model(state), dataset, at, known)
