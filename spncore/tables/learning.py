"""Learn a sum-product network from a table: build a structure over its columns, then train all weights."""

from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Generator
from spncore.circuits.model import Model
from spncore.circuits.overparam import deepened_sums
from spncore.learning.learners import LearnerSettings
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.problem import Problem, shares
from spncore.learning.trainer import Trainer
from spncore.loop import gains_less_than, updates
from spncore.structures import StructureSettings
from spncore.tables.structures import TABLE_STRUCTURES, Table
from spncore.tables.weighted_rows import weighted_bag
from spncore.threads import ONE_THREAD


class TableSettings(NamedTuple):
    """What to learn and how: a name of TABLE_STRUCTURES and its size, L consecutive sums for each, learner, objective.

    `mix` is that of `weighted_rows.weighted_bag`. There are `iterations` updates at most; without mini-batches training
    stops when the objective changes by less than `tolerance` nats per row.
    """

    structure: str
    size: StructureSettings
    depth: int
    learner: LearnerSettings
    iterations: int
    tolerance: float
    mix: float = 1.0


class Learned(NamedTuple):
    """`model`, and the objective (T,) before each update in nats per row."""

    model: Model
    curve: Floats


def learn(table: Table, settings: TableSettings, rng: Generator) -> Learned:
    """Learn from a table; with `mix` below 1 its last column is a class. DivergenceError if numbers overflow."""
    model = TABLE_STRUCTURES[settings.structure](table, settings.size, rng)
    objective = OBJECTIVES["generative" if settings.mix == 1.0 else "hybrid"]
    seed = int(rng.integers(2**31))
    sums = deepened_sums(model.circuit, "tree", settings.depth)
    start = np.concatenate([shares(model, sums), *map(np.ravel, model.parameters.inputs)])
    bag = weighted_bag(table.rows, table.weights, settings.mix)
    problem = Problem(model.circuit, sums, bag, objective, lambda seed: start).keeping_zeros(seed)
    trainer = Trainer(problem, settings.learner._replace(seeds=range(seed, seed + 1)))
    rules = [updates(settings.iterations)]
    if not settings.learner.batch_size:
        rules.append(gains_less_than(settings.tolerance, lambda info: info.value[0], or_loses=False))
    with ONE_THREAD:
        seen = list(trainer.until(*rules))
    return Learned(trainer.model(seen[-1][0]), np.array([float(info.value[0]) for _, info in seen]))
