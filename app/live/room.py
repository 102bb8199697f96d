"""How much memory a study takes while it trains, and how often its components are kept."""

from __future__ import annotations

import math

from spncore import Dataset, Experiment
from spncore.circuits.model import parameter_shape
from spncore.inference.values import block_rows
from spncore.runs.study import Study
from spncore.runs.trace import trace_bytes
from spncore.runs.training import circuit_of

NUM_SNAPSHOTS = 101
SNAPSHOT_BYTES = 32_000_000  # of one depth; larger components are kept less often


def snapshot_spacing(experiment: Experiment, dataset: Dataset) -> int:
    """Every how many iterations the components are kept: 101 times at most, the last one included."""
    return math.ceil(max(experiment.iterations - 1, 1) / (NUM_SNAPSHOTS - 1)) * _thinning(experiment, dataset)


def _snapshot_bytes(experiment: Experiment, dataset: Dataset) -> int:
    if experiment.structure != "mixture":
        inputs = circuit_of(experiment, dataset).input_layers
        return 8 * experiment.num_seeds * sum(math.prod(parameter_shape(layer)) for layer in inputs)
    return 4 * experiment.num_seeds * experiment.num_components * dataset.num_variables


def _thinning(experiment: Experiment, dataset: Dataset) -> int:
    return math.ceil(NUM_SNAPSHOTS * _snapshot_bytes(experiment, dataset) / SNAPSHOT_BYTES)


def memory_bytes(study: Study, dataset: Dataset) -> int:
    """Upper estimate of what training it takes: traces, snapshots, and the rows' working arrays, per curve."""
    circuit = circuit_of(study.experiment, dataset)
    num_nodes = circuit.num_nodes
    rows = 8 * dataset.num_distinct * (2 * dataset.num_variables + 4 * num_nodes + 8)
    kept = NUM_SNAPSHOTS * _snapshot_bytes(study.experiment, dataset) // _thinning(study.experiment, dataset)
    stacks = [study.sums(curve, dataset) for curve in range(len(study.experiments()))]
    traces = (trace_bytes(*pair) for pair in zip(study.experiments(), stacks, strict=True))
    if not study.shallow:
        return sum(traced + kept + rows for traced in traces)
    worked = block_rows(circuit, dataset.num_distinct)  # a mixture of many trees is evaluated in blocks of rows
    return sum(traced + kept + rows for traced in traces) + 32 * worked * stacks[-1].num_components
