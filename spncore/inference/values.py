"""The value of a model on evidence: log f of rows, block by block, and log Z."""

import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Floats, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit
from spncore.circuits.evidence import even_parts, row_parts
from spncore.circuits.model import Model
from spncore.inference import log_domain
from spncore.inference.features import Features, arranged
from spncore.inference.forward import Linear, forward, linear
from spncore.inference.schedule import schedule
from spncore.inference.workspace import Workspace

BLOCK_BYTES = 48_000_000  # of one block's node values: larger evidence is evaluated in blocks of rows
ASKED_BYTES = 4_000_000  # the same where arrays are made anew for every question
SMALLEST_BLOCK = 128

Workspaces = dict[int, Workspace]  # by number of rows


class Left(NamedTuple):
    """The workspaces of a question about a circuit and so many rows in all: of two sizes, the last block's own."""

    circuit: Circuit
    num_rows: int
    workspaces: Workspaces


class _Thread(threading.local):
    """What a thread's last question has left to its next, whose memory is then at hand: fresh pages take time."""

    left: Left | None = None


_own = _Thread()


def block_rows(circuit: Circuit, num_rows: int) -> int:
    """How many rows are evaluated at once, so that the node values of a block stay near the processor."""
    return min(num_rows, max(SMALLEST_BLOCK, BLOCK_BYTES // (8 * circuit.num_nodes)))


def row_blocks(circuit: Circuit, num_rows: int) -> Iterator[slice]:
    """The rows in blocks that are asked about at once, of about equal sizes."""
    most = max(SMALLEST_BLOCK, ASKED_BYTES // (8 * schedule(circuit).num_valued))
    return even_parts(num_rows, most)


def log_values(asked: Model, rows: Array) -> Floats:
    """log f(e) of evidence rows (B, D), in nats, −inf where impossible: (B,).

    Whole-number rows hold −1 where a value is missing, real rows NaN. CircuitError names the first impossible value.

    >>> from spncore.circuits.circuit import mixture
    >>> from spncore.circuits.model import random_model
    >>> model = random_model(mixture(2, 1), np.random.default_rng(0))  # two components over one variable
    >>> np.exp(log_values(model, np.array([[0], [1], [-1]]))).round(2).tolist()
    [0.77, 0.23, 1.0]
    """
    if asked.circuit.is_mixture:
        return _of_mixture(asked, rows)
    result = np.empty(len(rows))
    for (part, values), _ in passing_blocks(asked, rows):
        result[part] = values
    return result


def _of_mixture(asked: Model, rows: Array) -> Floats:
    """log f (B,) of a mixture: its only sum takes the logarithm of what it adds up, so that nothing need be planned."""
    (layer,), (above,) = asked.circuit.input_layers, asked.circuit.sum_layers
    (parameters,), (weights,) = asked.parameters.inputs, asked.parameters.sums
    design, result = leaves.design(layer, rows), np.empty(len(rows))
    with np.errstate(all="ignore"):
        parameters = parameters[:, above.children[0]]
        given = [leaves.coefficients(parameters, design)], [leaves.impossible(parameters, design)]
        for part in row_parts(len(rows)):
            (values,) = log_domain.input_values(given[0], [design.featured(part)], given[1])
            result[part] = log_domain.log_totals(values[None], weights)
    return result


def blocks(
    asked: Model, rows: Array, missing: Sequence[Floats] | None = None, workspaces: Workspaces | None = None
) -> Iterator[tuple[tuple[slice, Floats], Workspace]]:
    """Evaluate evidence rows block by block: (rows of the block, root log-values), and the workspace that holds all.

    `missing`: an array (nodes, S) per input layer, by whose exponential a leaf is multiplied where its variable is
    missing. `workspaces`: some that are there, to which others are added.
    """
    for part, seen, given, work in prepared_blocks(asked, rows, missing, workspaces):
        yield (part, forward(given, asked.parameters.sums, seen, work)), work


def passing_blocks(
    asked: Model, rows: Array, missing: Sequence[Floats] | None = None
) -> Iterator[tuple[tuple[slice, Floats], Workspace]]:
    """The same in workspaces that the thread uses again: nothing of one may be kept beyond its block."""
    circuit, left = asked.circuit, _own.left
    _own.left = None  # who asks in between has others
    fits = left is not None and left.circuit is circuit and left.num_rows == len(rows)
    workspaces = left.workspaces if left is not None and fits else {}
    yield from blocks(asked, rows, missing, workspaces)
    if 8 * SMALLEST_BLOCK * schedule(circuit).num_valued <= ASKED_BYTES:  # larger ones are not held back
        _own.left = Left(circuit, len(rows), workspaces)


def prepared_blocks(
    asked: Model, rows: Array, missing: Sequence[Floats] | None = None, workspaces: Workspaces | None = None
) -> Iterator[tuple[slice, Features, Linear, Workspace]]:
    """What `forward` takes, block by block; what equals the block before is made once."""
    circuit, workspaces = asked.circuit, {} if workspaces is None else workspaces
    given, partial = None, list[list[int]]()
    for part in row_blocks(circuit, len(rows)):
        designs = [leaves.design(layer, rows[part], part.start) for layer in circuit.input_layers]
        before, partial = partial, [design.partial.tolist() for design in designs]
        if given is None or partial != before:
            given = _linear(asked, designs, missing)
        num_rows = part.stop - part.start
        if num_rows not in workspaces:
            workspaces[num_rows] = Workspace(circuit, num_rows)
        yield part, arranged(circuit, _formed(designs)), given, workspaces[num_rows]


def _linear(asked: Model, designs: Sequence[leaves.Design], missing: Sequence[Floats] | None) -> Linear:
    pairs = list(zip(asked.parameters.inputs, designs, strict=True))
    with np.errstate(divide="ignore"):
        coefficients = [leaves.coefficients(*pair) for pair in pairs]
    for array, design, log_factors in zip(coefficients, designs, missing or (), strict=False):
        leaves.weigh_missing(array, design, log_factors)
    widths = tuple((design.num_features, design.num_features) for design in designs)  # no more is formed
    return linear(asked.circuit, widths, coefficients, [leaves.impossible(*pair) for pair in pairs])


def _formed(designs: Sequence[leaves.Design]) -> list[leaves.Block]:
    """All features of all rows, and nothing that only flows need."""
    return [design.featured(slice(None)) for design in designs]


def relative_values(work: Workspace, nodes: Ints, columns: Ints) -> Floats:
    """Values of nodes (n, A) of equal scope at rows (n,) of a workspace, over a number of each row's own: (n, A)."""
    values = work.values[nodes, columns[:, None]]
    for place, row in enumerate(work.outside):
        here = columns == row
        logs = work.rescued[nodes[here], place]
        values[here] = np.exp(logs - np.maximum.reduce(logs, axis=1, keepdims=True))
    return values


def input_log_values(asked: Model, rows: Array) -> Floats:
    """The log-values of the input nodes, in nats, (inputs, B)."""
    designs = [leaves.design(layer, rows) for layer in asked.circuit.input_layers]
    given = _linear(asked, designs, None)
    return np.concatenate(log_domain.input_values(given.coefficients, _formed(designs), given.impossible))


def log_partition(asked: Model) -> float:
    """log Z in nats: the log-value without evidence."""
    return float(log_values(asked, np.full((1, asked.circuit.num_variables), np.nan))[0])
