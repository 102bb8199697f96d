"""Test LLH of the best model found per learner and structure, beside a printed value, as a Markdown table.

Run with `python -m experiments.learned_models [dataset …]`: NLTCS, plants and baudio, under ten minutes on one core.
Everything that is chosen (components, LearnSPN's settings, the learning rate, when to stop) is chosen on the validation
rows; the test rows are looked at once. CPU time limits each training: a value that was still rising on the validation
rows when the time was over stands with a † and says only what so many seconds give. "Best" is best of what is searched
here: K ≤ 256, six settings of LearnSPN, one random structure, up to three rates.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import numpy as np  # noqa: E402 (the variables above must come first)

from spncore import Dataset  # noqa: E402
from spncore.circuits.circuit import mixture  # noqa: E402
from spncore.circuits.model import Model, random_model  # noqa: E402
from spncore.data import library  # noqa: E402
from spncore.inference.values import log_partition, log_values  # noqa: E402
from spncore.learning.divergence import DivergenceError  # noqa: E402
from spncore.learning.learners import LearnerSettings  # noqa: E402
from spncore.learning.objectives import OBJECTIVES, data_and_partition  # noqa: E402
from spncore.learning.problem import plain_problem  # noqa: E402
from spncore.learning.trainer import Trainer  # noqa: E402
from spncore.structures.chow_liu import chow_liu  # noqa: E402
from spncore.structures.learn_spn import LearnSettings, learn_spn  # noqa: E402
from spncore.structures.nodes import Column  # noqa: E402
from spncore.structures.regions import rat  # noqa: E402

NAMES = ("nltcs", "plants", "baudio")
# Test LLH in nats per row of NLTCS, plants, baudio, only where the source itself was read.
PRINTED = {
    "Chow–Liu tree, github.com/ndbaker1/CS6375-Machine-Learning, project4/part2/Report.md": (
        -6.7590,
        -16.5240,
        -44.3749,
    ),
}
DEPTH, REPETITIONS, COMPONENTS = 3, 8, 16  # of the RAT-SPNs
SECONDS = 20.0  # of CPU time for the largest trainings


class Data(NamedTuple):
    """The three splits of one data set."""

    train: Dataset
    valid: Dataset
    test: Dataset


class Found(NamedTuple):
    """A model, its LLH on the validation rows in nats per row, how it was chosen, whether time cut its training."""

    model: Model
    valid: float
    choice: str
    cut: bool = False


def score(asked: Model, rows: Dataset) -> float:
    """LLH in nats per row, whether or not the weights are normalised."""
    return float(rows.counts @ log_values(asked, rows.rows)) / rows.num_rows - log_partition(asked)


def trained(start: Model, data: Data, settings: LearnerSettings, seconds: float, choice: str) -> Found:
    """The best on the validation rows of some twenty moments of a training; it ends when four in a row are worse."""
    trainer = Trainer(plain_problem(start, data_and_partition(data.train), OBJECTIVES["generative"]), settings)
    state = trainer.init()
    best, worse = Found(start, score(start, data.valid), choice), 0
    begin, moment = time.process_time(), seconds / 20
    while worse < 4 and time.process_time() - begin < seconds:
        try:
            state, _ = trainer.step(state)
        except DivergenceError:
            break
        if time.process_time() - begin > moment:
            asked = trainer.model(state)
            valid = score(asked, data.valid)
            best, worse = (Found(asked, valid, choice), 0) if valid > best.valid else (best, worse + 1)
            moment = time.process_time() - begin + seconds / 20
    return best._replace(cut=worse == 0 and time.process_time() - begin >= seconds)


def best(candidates: Iterator[Found]) -> Found:
    return max(candidates, key=lambda found: found.valid)


def tree(data: Data) -> Found:
    """Chow & Liu (1968)."""
    asked = chow_liu(data.train.rows, data.train.counts, [2] * data.train.num_variables)
    return Found(asked, score(asked, data.valid), "")


def learned(data: Data) -> Found:
    """LearnSPN with the settings that the validation rows prefer."""

    def candidates() -> Iterator[Found]:
        for significance, min_rows in itertools.product((1e-3, 1e-6), (30.0, 100.0, 300.0)):
            settings = LearnSettings(significance, min_rows, smoothing=0.5)
            columns, rng = [Column()] * data.train.num_variables, np.random.default_rng(0)
            asked = learn_spn(data.train.rows, data.train.counts, columns, rng, settings)
            choice = f"significance {significance:g}, at least {min_rows:g} rows"
            yield Found(asked, score(asked, data.valid), choice)

    return best(candidates())


def learned_then_em(data: Data) -> Found:
    """EM from LearnSPN's parameters, on the settings chosen without it."""
    start = learned(data)
    return trained(start.model, data, LearnerSettings("em"), SECONDS, start.choice)


def mixtures(data: Data) -> Found:
    """Of K factorised components by EM, from random starts."""

    def candidates() -> Iterator[Found]:
        for size in (16, 64, 256):
            start = random_model(mixture(size, data.train.num_variables), np.random.default_rng(0))
            yield trained(start, data, LearnerSettings("em"), SECONDS / 3, f"K = {size}")

    return best(candidates())


def random_trees(settings: LearnerSettings, rates: tuple[float, ...]) -> Callable[[Data], Found]:
    """A RAT-SPN of element-wise products; of outer ones EM takes six times as long for each of its steps."""

    def choose(data: Data) -> Found:
        rng, num_variables = np.random.default_rng(0), data.train.num_variables
        start = random_model(rat(num_variables, DEPTH, REPETITIONS, COMPONENTS, "elementwise", rng), rng)
        made = (settings._replace(learning_rate=rate) for rate in rates)
        return best(trained(start, data, one, SECONDS, f"rate {one.learning_rate:g}") for one in made)

    return choose


LEARNERS: dict[str, Callable[[Data], Found]] = {
    "Chow–Liu tree": tree,
    "mixture, EM": mixtures,
    "LearnSPN": learned,
    "LearnSPN, then EM": learned_then_em,
    "RAT-SPN, EM": random_trees(LearnerSettings("em"), (1.0,)),
    "RAT-SPN, online EM": random_trees(LearnerSettings("online_em", batch_size=500), (0.1,)),
    "RAT-SPN, Adam": random_trees(LearnerSettings("adam", "log", batch_size=500), (0.003, 0.01, 0.03)),
}


def main() -> None:
    """Print the rows as they are found; what was chosen goes to the terminal beside them."""
    names = sys.argv[1:] or NAMES
    sets = {name: Data(*(library.load(name, split) for split in ("train", "valid", "test"))) for name in names}
    print(f"| learner | {' | '.join(names)} | seconds |\n|{'---|' * (len(names) + 2)}", flush=True)
    for learner, learn in LEARNERS.items():
        start = time.process_time()
        found = [learn(data) for data in sets.values()]
        llh = [score(one.model, data.test) for one, data in zip(found, sets.values(), strict=True)]
        shown = " | ".join(f"{value:.2f}{'†' * one.cut}" for value, one in zip(llh, found, strict=True))
        print(f"| {learner} | {shown} | {time.process_time() - start:.0f} |", flush=True)
        print(learner, [f"{one.choice}; {one.model.circuit.num_nodes} nodes" for one in found], file=sys.stderr)
    for source, values in PRINTED.items():
        shown = (f"{values[NAMES.index(name)]:.2f}" if name in NAMES else "" for name in names)
        print(f"| *{source}* | {' | '.join(shown)} | |")


if __name__ == "__main__":
    main()
