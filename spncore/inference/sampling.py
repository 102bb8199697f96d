"""Samples from a network, with or without evidence: from the root down, at each sum one child by its posterior."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer
from spncore.circuits.model import Model
from spncore.inference.queries import as_real, check_possible, check_rows, sum_arrays
from spncore.inference.values import block_rows, blocks
from spncore.inference.workspace import PairArrays, SumArrays, Workspace

# layer of sums counted from 0; group, sum in the group and row of each choice -> place of the child
Choose = Callable[[int, Ints, Ints, Ints], Ints]


def sample(asked: Model, num: int, rng: np.random.Generator, evidence: NDArray[Any] | None = None) -> Floats:
    """Independent samples (num, D) given one row of evidence (D,), or none. QueryError if P(e) = 0."""
    row = np.full(asked.circuit.num_variables, np.nan) if evidence is None else evidence
    ((_, log_f), work) = next(blocks(asked, check_rows(asked, row[None])))
    check_possible(log_f, 0)
    result = np.repeat(as_real(row[None]), num, axis=0)
    size = block_rows(asked.circuit, max(num, 1))
    for begin in range(0, num, size):
        part = result[begin : begin + size]
        _fill(asked, part, by_posterior(asked, work, np.zeros(len(part), dtype=np.int64), rng), rng)
    return result


def complete(asked: Model, rows: NDArray[Any], rng: np.random.Generator) -> Floats:
    """Every row (B, D) with its missing values drawn from their joint posterior. QueryError if P(e) = 0."""
    result = as_real(check_rows(asked, rows))
    for (part, log_f), work in blocks(asked, rows):
        check_possible(log_f, part.start)
        _fill(asked, result[part], by_posterior(asked, work, np.arange(len(log_f)), rng), rng)
    return result


def descend(circuit: Circuit, num_rows: int, choose: Choose) -> list[tuple[Ints, Ints]]:
    """Walk down one induced tree per row; for each input layer the nodes that are reached, and in which rows.

    All children of a product are followed and of a sum the one that `choose` names, layer by layer for all rows.
    """
    reached = np.zeros((circuit.num_nodes, num_rows), dtype=bool)
    reached[-1] = True
    sums = len(circuit.sum_layers)
    for number in range(len(circuit.layers) - 1, len(circuit.input_layers) - 1, -1):
        layer = circuit.layers[number]
        assert not isinstance(layer, InputLayer)
        nodes, rows = np.nonzero(reached[circuit.spans[number]])
        if isinstance(layer, ProductLayer):
            reached[layer.children[nodes], rows[:, None]] = True
            continue
        sums -= 1
        groups, members = np.divmod(nodes, layer.num_sums)
        reached[layer.children[groups, choose(sums, groups, members, rows)], rows] = True
    inputs = range(len(circuit.input_layers))
    return [np.nonzero(reached[circuit.spans[i]]) for i in inputs]  # type: ignore[misc]


def by_posterior(asked: Model, work: Workspace, columns: Ints, rng: np.random.Generator) -> Choose:
    """Draw children by weight times value; `columns` (rows,) says which column of `work` belongs to a row."""
    arrays = sum_arrays(work)

    def choose(number: int, groups: Ints, members: Ints, rows: Ints) -> Ints:
        values = _child_values(arrays[number])[groups, :, columns[rows]]
        below = np.cumsum(asked.parameters.sums[number][groups, members] * values, axis=1)
        thrown = rng.random(len(rows)) * below[:, -1]
        # the first place where the cumulative weight exceeds the throw, so that no child of weight 0 is chosen
        return np.asarray(np.argmax(below > thrown[:, None], axis=1))

    return choose


def _child_values(layer: SumArrays | PairArrays) -> Floats:
    return layer.pairs if isinstance(layer, PairArrays) else layer.scaled


def _fill(asked: Model, rows: Floats, choose: Choose, rng: np.random.Generator) -> None:
    """Draw the missing (NaN) values of rows (B, D) in place."""
    missing = np.isnan(rows)
    reached = descend(asked.circuit, len(rows), choose)
    for (layer, parameters), (nodes, at) in zip(asked.leaves, reached, strict=True):
        place = at[:, None], layer.variables[nodes // layer.num_inputs]
        drawn = layer.distribution.sample(parameters[:, nodes], rng)
        rows[place] = np.where(missing[place], drawn, rows[place])
