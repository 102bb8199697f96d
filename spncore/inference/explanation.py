"""The most probable completion of evidence: an upward pass of maxima and a walk down along them.

Exact where every sum that still has something to decide is selective, its children excluding each other (Peharz et al.,
2017); else a lower bound, which the result says (the exact problem is NP-hard).
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Bools, Floats, Ints
from spncore.circuits.circuit import InputLayer, ProductLayer, SumLayer
from spncore.circuits.families import Family
from spncore.circuits.model import Model
from spncore.inference.forward import log_leaves
from spncore.inference.log_domain import log_sums
from spncore.inference.queries import as_real, check_possible, check_rows, log_likelihood
from spncore.inference.sampling import descent, fill
from spncore.inference.steps import LooseProducts, LooseSums, Pairs, Products
from spncore.inference.values import prepared_blocks
from spncore.inference.workspace import Workspace


class MostProbable(NamedTuple):
    """Completed `rows` (B, D), their `log_values` log P(row) (B,) in nats, and where they are `exact` (B,).

    Where they are not, the row is a good guess, and another completion may be more probable.
    """

    rows: Floats
    log_values: Floats
    exact: Bools


def most_probable(asked: Model, rows: Array) -> MostProbable:
    """Fill each row's missing values by the most probable ones (MPE), by density if real. QueryError if P(e) = 0."""
    result, exact = as_real(check_rows(asked, rows)), np.ones(len(rows), dtype=bool)
    selective = selective_sums(asked)
    # every leaf at what is observed, and at its mode elsewhere
    peaks = [_log_peaks(*pair) for pair in asked.leaves]
    for part, seen, given, work in prepared_blocks(asked, result, peaks):
        log_leaves(given, seen, work)
        best, exact[part] = _maximise(asked, result[part], selective, work)
        check_possible(work.values[-1], part.start)
        fill(asked, result[part], partial(_along, best), _mode)
    return MostProbable(result, log_likelihood(asked, result), exact)


def _along(best: Ints, sums: Ints, rows: Ints) -> Ints:
    return best[sums, rows]


def _mode(family: Family, parameters: Floats) -> Floats:
    return family.mode(parameters)


def selective_sums(asked: Model) -> list[Bools]:
    """Per sum layer which sums have children that exclude each other, (G, num_sums): no full row suits two of them.

    Decided by structure: two children exclude each other if for some categorical variable no value has a weight above
    0 in both. A sum may be selective without this test noticing.
    """
    circuit, sums = asked.circuit, iter(asked.parameters.sums)
    most = max(layer.num_values for layer in circuit.input_layers)
    supports = np.ones((circuit.num_nodes, circuit.num_variables, most), dtype=bool)  # allowed values below each node
    selective: list[Bools] = []
    for (leaves, parameters), span in zip(asked.leaves, circuit.spans, strict=False):
        if leaves.family == "categorical":
            allowed = np.zeros((*parameters.shape[1:], most), dtype=bool)
            allowed[..., : leaves.num_values] = np.moveaxis(parameters > 0, 0, -1)
            supports[span][np.arange(leaves.num_nodes)[:, None], leaves.node_variables] = allowed
    for layer, span in circuit.inner:
        own = supports[span]
        if isinstance(layer, ProductLayer):
            own[...] = np.logical_and.reduce(supports[layer.children], axis=1)
        else:
            below, used = supports[layer.children], next(sums) > 0  # (G, A, D, V), (G, M, A)
            own[...] = (used @ below.reshape(*below.shape[:2], -1)).reshape(own.shape)
            clash = used[:, :, :, None] & used[:, :, None, :] & _overlap(below)[:, None]
            clash[..., np.arange(clash.shape[-1]), np.arange(clash.shape[-1])] = False
            selective.append(np.asarray(~clash.any(axis=(2, 3))))
    return selective


def _overlap(below: Bools) -> Bools:
    """Which pairs of children in each group (G, A, D, V) may be positive on one row, (G, A, A)."""
    overlap = np.ones((len(below), below.shape[1], below.shape[1]), dtype=bool)
    for values in np.moveaxis(below, 2, 0):
        overlap &= values @ values.transpose(0, 2, 1)
    return overlap


def _maximise(asked: Model, rows: Floats, selective: list[Bools], work: Workspace) -> tuple[Ints, Bools]:
    """The number of each sum's best edge (nodes, B), and on which rows (B,) all that is exact.

    Completes the log-values of leaves in `work` by those of all nodes, each the largest over its missing variables. A
    sum with nothing missing below keeps its value.
    """
    values, best, exact = work.values, np.empty(work.values.shape, dtype=np.int64), np.ones(len(rows), dtype=bool)
    missing, begin = np.isnan(rows).T.astype(np.float32), descent(asked.circuit).begin
    spans = [own for layer, own in asked.circuit.inner if isinstance(layer, SumLayer)]
    for step in work.plan.steps:
        if isinstance(step, Products):
            np.add(values[step.children[:, 0]], values[step.children[:, 1]], out=values[step.own])
            continue
        if isinstance(step, LooseProducts):
            for products, children in step.columns:
                values[step.own][products] += values[children]
            continue
        if isinstance(step, Pairs):
            values[step.products] = (values[step.left][:, :, None] + values[step.right][:, None]).reshape(-1, len(rows))
        for number in step.numbers if isinstance(step, LooseSums) else (step.number,):
            own, below = spans[number], values[asked.circuit.sum_layers[number].children]
            to_decide = asked.circuit.scopes[own].astype(np.float32) @ missing > 0.0
            values[own], place, alive = _decided(below, asked.parameters.sums[number], to_decide)
            best[own] = begin[own, None] + place
            exact &= ~(to_decide & (alive > 1) & ~selective[number].reshape(-1, 1)).any(axis=0)
    return best, exact


def _decided(children: Floats, weights: Floats, to_decide: Bools) -> tuple[Floats, Ints, Ints]:
    """Log-values of sums, the best child's where that is `to_decide`, its place, and how many are possible, (N, B)."""
    largest, place, alive = _best_children(children, weights)
    total, *_ = log_sums(children, weights)
    values, shape = np.where(to_decide.reshape(total.shape), largest, total), to_decide.shape
    return values.reshape(shape), place.reshape(shape), alive.reshape(shape)


def _best_children(children: Floats, weights: Floats) -> tuple[Floats, Ints, Ints]:
    """Largest log weight plus child (G, M, B), its place, and how many children are possible."""
    shape = (*weights.shape[:2], children.shape[2])
    largest, (place, alive) = np.empty(shape), np.empty((2, *shape), dtype=int)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    for m in range(shape[1]):
        weighted = children + log_weights[:, m, :, None]
        place[:, m], alive[:, m] = np.argmax(weighted, axis=1), np.add.reduce(weighted > -np.inf, axis=1)
        largest[:, m] = np.maximum.reduce(weighted, axis=1)
    return largest, place, alive


def _log_peaks(layer: InputLayer, parameters: Floats) -> Floats:
    """Log-density at the mode less the log-integral that stands for a missing value, (nodes, S)."""
    family = layer.distribution
    mode = family.mode(parameters)
    natural, observed, marginal = family.coefficients(parameters)
    peak = np.add.reduce(natural * family.statistics(mode), axis=0) + observed
    return np.asarray(peak - marginal if family.log_base is None else peak + family.log_base(mode) - marginal)
