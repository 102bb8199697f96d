"""Samples from a network, with or without evidence: from the root down, at each sum one child by its posterior."""

from collections.abc import Callable

import numpy as np

from spncore.arrays import Array, Floats, Generator, Ints
from spncore.circuits.circuit import Circuit, ProductLayer
from spncore.circuits.families import Family
from spncore.circuits.model import Model
from spncore.inference.queries import as_real, check_possible, check_rows
from spncore.inference.values import blocks, relative_values, row_blocks
from spncore.inference.workspace import Workspace

# layer of sums counted from 0; group, sum in the group and row of each choice -> place of the child
Choose = Callable[[int, Ints, Ints, Ints], Ints]


def sample(asked: Model, num: int, rng: Generator, evidence: Array | None = None) -> Floats:
    """Independent samples (num, D) given one row of evidence (D,), or none. QueryError if P(e) = 0."""
    row = np.full(asked.circuit.num_variables, np.nan) if evidence is None else evidence
    ((_, log_f), work) = next(blocks(asked, check_rows(asked, row[None])))
    check_possible(log_f, 0)
    result = np.repeat(as_real(row[None]), num, axis=0)
    for part in row_blocks(asked.circuit, num):
        columns = np.zeros(len(result[part]), dtype=int)
        _draw(asked, result[part], by_posterior(asked, work, columns, rng), rng)
    return result


def complete(asked: Model, rows: Array, rng: Generator) -> Floats:
    """Every row (B, D) with its missing values drawn from their joint posterior. QueryError if P(e) = 0."""
    result = as_real(check_rows(asked, rows))
    for (part, log_f), work in blocks(asked, rows):
        check_possible(log_f, part.start)
        _draw(asked, result[part], by_posterior(asked, work, np.arange(len(log_f)), rng), rng)
    return result


def descend(circuit: Circuit, num_rows: int, choose: Choose) -> list[tuple[Ints, Ints]]:
    """Walk down one induced tree per row; for each input layer the nodes that are reached, and in which rows.

    All children of a product are followed and of a sum the one that `choose` names, layer by layer for all rows.
    """
    reached = np.zeros((circuit.num_nodes, num_rows), dtype=bool)
    reached[-1] = True
    numbers = reversed(range(len(circuit.sum_layers)))
    for layer, own in reversed(circuit.inner):
        nodes, rows = np.nonzero(reached[own])
        if isinstance(layer, ProductLayer):
            reached[layer.children[nodes], rows[:, None]] = True
            continue
        groups, members = np.divmod(nodes, layer.num_sums)
        reached[layer.children[groups, choose(next(numbers), groups, members, rows)], rows] = True
    inputs = circuit.spans[: len(circuit.input_layers)]
    return [np.nonzero(reached[own]) for own in inputs]  # type: ignore[misc]


def by_posterior(asked: Model, work: Workspace, columns: Ints, rng: Generator) -> Choose:
    """Draw children by weight times value; `columns` (rows,) says which column of `work` belongs to a row."""
    layers = asked.circuit.sum_layers

    def choose(number: int, groups: Ints, members: Ints, rows: Ints) -> Ints:
        values = relative_values(work, layers[number].children[groups], columns[rows])
        below = np.cumsum(asked.parameters.sums[number][groups, members] * values, axis=1)
        thrown = rng.random(len(rows)) * below[:, -1]
        # the first place where the cumulative weight exceeds the throw, so that no child of weight 0 is chosen
        return np.asarray(np.argmax(below > thrown[:, None], axis=1))

    return choose


def fill(asked: Model, rows: Floats, choose: Choose, value: Callable[[Family, Floats], Floats]) -> None:
    """Replace the missing (NaN) values of rows (B, D) in place by those of the leaves that are reached.

    `value(family, parameters)`: from parameters (P, n, S) of n leaves a value for each of their variables, (n, S).
    """
    missing = np.isnan(rows)
    reached = descend(asked.circuit, len(rows), choose)
    for (layer, parameters), (nodes, at) in zip(asked.leaves, reached, strict=True):
        place = at[:, None], layer.node_variables[nodes]
        found = value(layer.distribution, parameters[:, nodes])
        rows[place] = np.where(missing[place], found, rows[place])


def _draw(asked: Model, rows: Floats, choose: Choose, rng: Generator) -> None:
    fill(asked, rows, choose, lambda family, parameters: family.sample(parameters, rng))
