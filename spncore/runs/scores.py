"""How well a network tells the class of a row, while it trains for whatever objective: accuracy and log-likelihoods.

The class of a row is told from the rest of it: log f(x, y) against log f(x, 1 − y). All three scores come from one
evaluation of the rows (x, y), the rows (x, ·) and the empty row.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.special import xlogy

from spncore.arrays import Floats
from spncore.data.library import Dataset, KnownMixture
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.states import StepInfo, TrainState
from spncore.learning.trainer import Trainer
from spncore.runs.experiment import Experiment
from spncore.runs.training import all_blocks, trainer_of
from spncore.threads import ONE_THREAD

ROWS = ("train", "test")
MAX_COLUMNS = 16  # of a mixture whose best accuracy is found by going through all rows there are


class Scores(NamedTuple):
    """Share of right classes, a tie counting one half; mean log f(y | x); mean log f(x, y) − log Z: nats per row."""

    accuracy: Floats
    conditional: Floats
    llh: Floats


OBJECTIVE = "objective"
QUANTITIES = (OBJECTIVE, *(f"{rows} {part}" for rows in ROWS for part in Scores._fields))


class Curves(NamedTuple):
    """What became of a run at every state: the objective and the scores (S, T), by QUANTITIES.

    Entry t is the state after t updates, as in a trace. `stopped` says why the run ended early, else None.
    """

    values: Mapping[str, Floats]
    stopped: str | None


def train(experiment: Experiment, rows: Mapping[str, Dataset], check: Callable[[], object] = lambda: None) -> Curves:
    """Train on `rows["train"]`; score every state on both sets of rows. ExperimentError if there is no such class.

    `check` is called every now and then, and may raise.
    """
    trainer, discriminative = trainer_of(experiment, rows["train"]), OBJECTIVES["discriminative"]
    labels = experiment.labels(rows["train"].num_variables)
    bags = [discriminative.bag(rows[name], labels) for name in ROWS]
    evaluators = [Evaluator(trainer.problem.circuit, bag, discriminative) for bag in bags]
    seen: list[Floats] = []
    stopped = None
    with ONE_THREAD:
        for block in all_blocks(trainer, experiment):
            for info in map(block.at, range(block.length)):
                scores = [part for evaluator in evaluators for part in scored(trainer, info, evaluator)]
                seen.append(np.stack([info.value, *scores]))
            stopped = block.stopped and f"diverged: {block.stopped}"
            check()
    values = np.array(seen).reshape(-1, len(QUANTITIES), experiment.num_seeds).transpose(1, 2, 0)
    return Curves(dict(zip(QUANTITIES, values, strict=True)), stopped)


def scored(trainer: Trainer, at: TrainState | StepInfo, evaluator: Evaluator) -> Scores:
    """Scores (S,) of a state on the rows of an evaluator whose objective is discriminative."""
    seen = trainer.evaluate(at, evaluator)
    return Scores(seen.accuracy, seen.value, seen.llh)


def train_json(task: Mapping[str, Any], rows: Mapping[str, Dataset], check: Callable[[], object] = lambda: None) -> str:
    """`train` between an experiment and its curves as JSON; what a worker process calls."""
    return json.dumps(train(Experiment.from_dict(task), rows, check), default=np.ndarray.tolist)


def read_curves(text: str) -> Curves:
    """What `train_json` wrote, to the bit."""
    values, stopped = json.loads(text)
    return Curves({name: np.array(each) for name, each in values.items()}, stopped)


def best_possible(known: KnownMixture, class_variable: int) -> tuple[float, float]:
    """Accuracy and mean log p(y | x), in nats, of the mixture itself on its own distribution: nothing exceeds them.

    `class_variable` counts from 0. Exact: a sum over all rows there are, for at most 16 columns.
    """
    others = np.delete(known.probabilities, class_variable, axis=1)  # (K, D − 1)
    worlds = np.array(list(itertools.product((0, 1), repeat=others.shape[1])), dtype=np.float64)
    log_others = worlds @ np.log(others).T + (1.0 - worlds) @ np.log1p(-others).T
    joint = np.exp(log_others) * known.weights  # (2^(D−1), K)
    of_class = known.probabilities[:, class_variable]
    both = np.stack([joint @ (1.0 - of_class), joint @ of_class])  # (2, 2^(D−1))
    return float(both.max(axis=0).sum()), float(xlogy(both, both / both.sum(axis=0)).sum())
