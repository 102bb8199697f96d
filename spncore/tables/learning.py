"""Learn a sum-product network from a table: build a structure over its columns, then train all weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.model import Model, Parameters
from spncore.circuits.overparam import deepened_sums, edge_nodes, layer_flows, weight_groups
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.simplex import groups_of, normalise
from spncore.learning.trainer import CircuitTrainer, LearnerSettings
from spncore.structures import StructureSettings
from spncore.tables.structures import TABLE_STRUCTURES, Table
from spncore.tables.weighted_rows import weighted_bag


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


def learn(table: Table, settings: TableSettings, rng: np.random.Generator) -> Learned:
    """Learn from a table; with `mix` below 1 its last column is a class. DivergenceError if numbers overflow."""
    circuit, parameters = TABLE_STRUCTURES[settings.structure](table, settings.size, rng)
    objective = OBJECTIVES["generative" if settings.mix == 1.0 else "hybrid"]
    seed = int(rng.integers(2**31))
    trainer = CircuitTrainer(
        circuit,
        deepened_sums(circuit, "tree", settings.depth),
        weighted_bag(table.rows, table.weights, settings.mix),
        objective,
        settings.learner,
        range(seed, seed + 1),
    )
    state, curve = trainer.start(_start(trainer, parameters)[None]), [-np.inf]
    for _ in range(settings.iterations):
        state, info = trainer.step(state)
        curve.append(float(info.value[0]))
        if not settings.learner.batch_size and abs(curve[-1] - curve[-2]) < settings.tolerance:
            break
    return Learned(trainer.model(state), np.array(curve[1:]))


def _start(trainer: CircuitTrainer, parameters: Parameters) -> Floats:
    """All weights in one row (P,); the layers of a sum begin with the shares that make up its weights."""
    edges = np.concatenate([array.ravel() for array in parameters.sums])
    groups = groups_of(weight_groups(trainer.sums, edge_nodes(trainer.circuit)))
    layers = normalise(layer_flows(edges, trainer.sums), groups, 0.0)
    return np.concatenate([layers, *(array.ravel() for array in parameters.inputs)])
