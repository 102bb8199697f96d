"""The most probable completion of evidence: an upward pass of maxima and a walk down along them.

Exact where every sum that still has something to decide is selective, its children excluding each other (Peharz et al.,
2017); else a lower bound, which the result says (the exact problem is NP-hard).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.circuit import InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import Model
from spncore.inference.forward import input_values, log_sum_exp
from spncore.inference.queries import as_real, check_possible, check_rows, log_likelihood
from spncore.inference.sampling import descend
from spncore.inference.values import block_rows, prepare
from spncore.inference.workspace import by_group


class MostProbable(NamedTuple):
    """Completed `rows` (B, D), their `log_values` log P(row) (B,) in nats, and where they are `exact` (B,).

    Where they are not, the row is a good guess, and another completion may be more probable.
    """

    rows: Floats
    log_values: Floats
    exact: Bools


def most_probable(asked: Model, rows: NDArray[Any]) -> MostProbable:
    """Fill each row's missing values by the most probable ones (MPE), by density if real. QueryError if P(e) = 0."""
    result, exact = as_real(check_rows(asked, rows)), np.ones(len(rows), dtype=bool)
    selective = selective_sums(asked)
    size = block_rows(asked.circuit, max(len(rows), 1))
    for begin in range(0, len(rows), size):
        part = slice(begin, begin + size)
        exact[part] = _complete(asked, result[part], selective, begin)
    return MostProbable(result, log_likelihood(asked, result), exact)


def selective_sums(asked: Model) -> list[Bools]:
    """Per sum layer which sums have children that exclude each other, (G, num_sums): no full row suits two of them.

    Decided by structure: two children exclude each other if for some categorical variable no value has a weight above
    0 in both. A sum may be selective without this test noticing.
    """
    circuit = asked.circuit
    inputs, sums = iter(asked.parameters.inputs), iter(asked.parameters.sums)
    most = max(layer.num_values for layer in circuit.input_layers)
    supports = np.ones((circuit.num_nodes, circuit.num_variables, most), dtype=bool)  # allowed values below each node
    selective: list[Bools] = []
    for layer, span in zip(circuit.layers, circuit.spans, strict=True):
        own = supports[span]
        if isinstance(layer, InputLayer):
            _input_supports(layer, next(inputs), own)
        elif isinstance(layer, ProductLayer):
            own[...] = np.logical_and.reduce(supports[layer.children], axis=1)
        else:
            below, used = supports[layer.children], next(sums) > 0  # (G, A, D, V), (G, M, A)
            own[...] = (used @ below.reshape(*below.shape[:2], -1)).reshape(own.shape)
            clash = used[:, :, :, None] & used[:, :, None, :] & _overlap(below)[:, None]
            clash[..., np.arange(clash.shape[-1]), np.arange(clash.shape[-1])] = False
            selective.append(np.asarray(~clash.any(axis=(2, 3))))
    return selective


def _input_supports(layer: InputLayer, parameters: Floats, own: Bools) -> None:
    if layer.family != "categorical":
        return
    allowed = np.zeros((*parameters.shape[1:], own.shape[2]), dtype=bool)
    allowed[..., : layer.num_values] = np.moveaxis(parameters > 0, 0, -1)
    variables = np.repeat(layer.variables, layer.num_inputs, axis=0)
    own[np.arange(len(own))[:, None], variables] = allowed


def _overlap(below: Bools) -> Bools:
    """Which pairs of children in each group (G, A, D, V) may be positive on one row, (G, A, A)."""
    overlap = np.ones((len(below), below.shape[1], below.shape[1]), dtype=bool)
    for values in np.moveaxis(below, 2, 0):
        overlap &= values @ values.transpose(0, 2, 1)
    return overlap


def _complete(asked: Model, rows: Floats, selective: list[Bools], first_row: int) -> Bools:
    """Fill NaN in rows (B, D) in place; returns where all decisions were exact."""
    circuit = asked.circuit
    missing = np.isnan(rows)
    values, best, exact = _maximise(asked, rows, selective)
    check_possible(values[-1], first_row)
    reached = descend(circuit, len(rows), lambda number, groups, members, at: best[number][groups, members, at])
    for (layer, parameters), (nodes, at) in zip(asked.leaves, reached, strict=True):
        place = at[:, None], layer.variables[nodes // layer.num_inputs]
        rows[place] = np.where(missing[place], layer.distribution.mode(parameters)[nodes], rows[place])
    return exact


def _maximise(asked: Model, rows: Floats, selective: list[Bools]) -> tuple[Floats, list[Ints], Bools]:
    """Largest log-value of each node over its missing variables (nodes, B), each sum's best child (G, M, B) per sum
    layer, and on which rows (B,) that is exact. A sum with nothing missing below keeps its value.
    """
    circuit = asked.circuit
    undecided = circuit.scopes @ np.isnan(rows).T  # (nodes, B)
    values, exact = np.empty(undecided.shape), np.ones(len(rows), dtype=bool)
    best: list[Ints] = []
    _input_maxima(asked, rows, values)
    for number in range(len(circuit.input_layers), len(circuit.layers)):
        layer, own = circuit.layers[number], circuit.spans[number]
        if isinstance(layer, ProductLayer):
            values[own] = np.add.reduce(values[layer.children], axis=1)
        elif isinstance(layer, SumLayer):
            weights = asked.parameters.sums[len(best)]
            children = values[layer.children]
            largest, place, alive = _best_children(children, weights)
            total = _log_sums(children, weights)
            to_decide = undecided[own].reshape(largest.shape)
            values[own] = np.where(to_decide, largest, total).reshape(-1, len(rows))
            exact &= ~(to_decide & (alive > 1) & ~selective[len(best)][:, :, None]).any(axis=(0, 1))
            best.append(place)
    return values, best, exact


def _best_children(children: Floats, weights: Floats) -> tuple[Floats, Ints, Ints]:
    """Largest log weight plus child (G, M, B), its place, and how many children are possible."""
    shape = (*weights.shape[:2], children.shape[2])
    largest, place, alive = np.empty(shape), np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    for m in range(shape[1]):
        weighted = children + log_weights[:, m, :, None]
        place[:, m], alive[:, m] = np.argmax(weighted, axis=1), np.add.reduce(weighted > -np.inf, axis=1)
        largest[:, m] = np.maximum.reduce(weighted, axis=1)
    return largest, place, alive


def _log_sums(children: Floats, weights: Floats) -> Floats:
    totals, out = np.empty((2, *weights.shape[:2], children.shape[2]))
    shift = np.empty((len(children), children.shape[2]))
    with np.errstate(divide="ignore"):
        log_sum_exp(children, weights, shift, np.empty(children.shape), totals, out)
    return np.asarray(out)


def _input_maxima(asked: Model, rows: Floats, values: Floats) -> None:
    """Log-density of every leaf at what is observed and at its mode elsewhere, written to `values` (nodes, B)."""
    designs, linear, zeros = prepare(asked, rows, [_log_peaks(*pair) for pair in asked.leaves])
    input_values(linear, designs, by_group(asked.circuit, values), zeros)


def _log_peaks(layer: InputLayer, parameters: Floats) -> Floats:
    """Log-density at the mode less the log-integral that stands for a missing value, (nodes, S)."""
    family = layer.distribution
    mode = family.mode(parameters)
    natural, observed, marginal = family.coefficients(parameters)
    peak = np.add.reduce(natural * family.statistics(mode), axis=0) + observed
    return np.asarray(peak - marginal if family.log_base is None else peak + family.log_base(mode) - marginal)
