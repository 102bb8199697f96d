"""How much memory a study takes while it trains, and how often its components are kept."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from spncore import Dataset, Experiment, Problem
from spncore.circuits.circuit import Circuit
from spncore.circuits.model import parameter_shape
from spncore.circuits.overparam import consecutive_sums
from spncore.inference.values import block_rows
from spncore.runs.study import Study
from spncore.runs.trace import trace_bytes
from spncore.trees.induced import num_trees

NUM_SNAPSHOTS = 101
SNAPSHOT_BYTES = 32_000_000  # of one depth; larger components are kept less often


def snapshot_spacing(experiment: Experiment, circuit: Circuit) -> int:
    """Every how many iterations the components are kept: 101 times at most, the last one included."""
    return math.ceil(max(experiment.iterations, 1) / (NUM_SNAPSHOTS - 1)) * _thinning(experiment, circuit)


def _snapshot_bytes(experiment: Experiment, circuit: Circuit) -> int:
    if experiment.structure != "mixture":
        return 8 * experiment.num_seeds * sum(math.prod(parameter_shape(layer)) for layer in circuit.input_layers)
    return 4 * experiment.num_seeds * experiment.num_components * circuit.num_variables


def _thinning(experiment: Experiment, circuit: Circuit) -> int:
    return math.ceil(NUM_SNAPSHOTS * _snapshot_bytes(experiment, circuit) / SNAPSHOT_BYTES)


def too_large(num_bytes: int, limit: int) -> str:
    """Why a study cannot be trained here."""
    return (
        f"This run takes about {num_bytes / 1e9:.1f} GB; limit {limit / 1e9:.1g} GB. "
        "Lower iterations, seeds, components or the number of depths and rivals."
    )


class Needed(NamedTuple):
    """Bytes that a run takes: of its traces, which may lie on disk, and of all else."""

    traces: int
    rest: int


def needed(study: Study, dataset: Dataset, problems: Sequence[Problem]) -> Needed:
    """Upper estimate of what training it takes: traces, snapshots, and the rows' working arrays, per curve.

    `problems` are those of all curves but the mixture of trees.
    """
    circuit, stacks = problems[0].circuit, [problem.sums for problem in problems]
    rows = 8 * dataset.num_distinct * (2 * dataset.num_variables + 4 * circuit.num_nodes + 8)
    kept = NUM_SNAPSHOTS * _snapshot_bytes(study.experiment, circuit) // _thinning(study.experiment, circuit)
    worked = 0
    if study.shallow:
        stacks.append(consecutive_sums("tree", num_trees(circuit), 1))
        # a mixture of many trees is evaluated in blocks of rows
        worked = 32 * block_rows(circuit, dataset.num_distinct) * stacks[-1].num_components
    traces = [trace_bytes(*pair) for pair in zip(study.experiments(), stacks, strict=True)]
    return Needed(sum(traces), len(traces) * (kept + rows) + worked)
