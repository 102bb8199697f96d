"""What live runs are compared at: a level fixed before they begin, from the training rows and the start alone.

No curve has a say in it, so adding a depth or a rival never moves it. Components held: nine tenths of the way from each
seed's start to what EM reaches in the same circuit. Else, on NLTCS and its stand-in, the level at which the published
curves stand apart. Else half of what a Chow–Liu tree gains over independent variables. Without a target, runs are
compared at the last update: for other objectives than the generative one, components that are held without having been
fitted, rows without dependence, and starts that are at the level already.
"""

from collections.abc import Generator
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset, product_of_marginals_llh
from spncore.learning.divergence import DivergenceError
from spncore.learning.states import TrainState
from spncore.learning.trainer import Trainer
from spncore.runs.experiment import Experiment
from spncore.runs.training import all_states, trainer_of
from spncore.structures.chow_liu import fit_tree
from spncore.structures.tables import mutual_information, pair_tables
from spncore.sweep import Target
from spncore.words import percent, signed

PUBLISHED = -7.2  # nats per row on NLTCS, where Figure 3 of Trapp et al. (2019) shows the depths well apart
PUBLISHED_ON = ("nltcs", "nltcs-twin")
PART_OF_GAIN = 0.9
PART_OF_TREE = 0.5
LEAST_GAIN = 0.01  # nats per row: with less there is nothing to be at half of, or nine tenths
DECIMALS = 3


class Fixed(NamedTuple):
    """A level in nats per row for each seed, and the rule that gave it."""

    rule: Literal["gain", "published", "tree"]
    levels: tuple[float, ...]

    @property
    def title(self) -> str:
        """What it is called in a sentence: a number where all seeds have the same."""
        return f"{percent(PART_OF_GAIN)} of EM's gain" if self.rule == "gain" else signed(self.levels[0], "g")

    @property
    def reason(self) -> str:
        """Where it comes from, in a clause."""
        return {
            "gain": "nine tenths of each seed's way from the start to what EM reaches in the same circuit",
            "published": "the level at which the published curves stand apart",
            "tree": "half of what a Chow–Liu tree of these rows gains over independent variables",
        }[self.rule]


def fixed(experiment: Experiment, dataset: Dataset) -> Fixed | None:
    """The target of an experiment's runs, whatever their depth and learner; None where there is none."""
    plain = experiment.replace(depth=1, changes=())
    steps = fixing(plain, dataset, start_of(trainer_of(plain, dataset), plain))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Fixed | None = end.value
            return found


def start_of(trainer: Trainer, experiment: Experiment, state: TrainState | None = None) -> Floats:
    """The LLH (S,) at the start; NaN where not even that is finite."""
    try:
        return next(all_states(trainer, experiment, state))[1].llh
    except DivergenceError:
        return np.full(experiment.num_seeds, np.nan)


def fixing(experiment: Experiment, dataset: Dataset, start: Floats) -> Generator[None, None, Fixed | None]:
    """The target by return value, in parts that take up to seconds; `start` (S,) is the LLH of the plain network's."""
    if experiment.objective != "generative":
        return None
    if not experiment.train_components:
        return (yield from _of_held(experiment, dataset, start))
    if experiment.dataset in PUBLISHED_ON and start.max() < PUBLISHED:
        return Fixed("published", (PUBLISHED,) * len(start))
    independent, gain = product_of_marginals_llh(dataset), tree_gain(dataset)
    level = round(independent + PART_OF_TREE * gain, DECIMALS)
    if gain >= LEAST_GAIN and start.max() < level:
        return Fixed("tree", (level,) * len(start))
    return None


@lru_cache(64)
def tree_gain(dataset: Dataset) -> float:
    """By how much the best tree of dependencies fits the rows better than independent variables, in nats per row.

    Chow and Liu (1968): the sum of the mutual information along its edges.
    """
    rows, sizes = dataset.rows.astype(int), np.full(dataset.num_variables, 2)
    parents = fit_tree(rows, dataset.counts, sizes.tolist()).parents
    shared = mutual_information(pair_tables(rows, dataset.counts, sizes))
    return float(sum(shared[v, parent] for v, parent in enumerate(parents) if parent >= 0))


def _of_held(experiment: Experiment, dataset: Dataset, start: Floats) -> Generator[None, None, Fixed | None]:
    if experiment.component_init != "fitted":
        return None
    wanted, levels = Target("gain", PART_OF_GAIN), []
    for seed, first in zip(experiment.seeds, start.tolist(), strict=True):
        levels.append(wanted.level(first, seed, experiment, dataset))
        yield
    gains = (np.array(levels) - start) / PART_OF_GAIN
    return Fixed("gain", tuple(levels)) if gains.min() >= LEAST_GAIN else None
