"""Upward pass: the value of every node on every row of a block, as it is and not its logarithm.

Logarithms are taken of leaves and of the root alone; between them a product is a multiplication and a sum a matrix
product. So that nothing leaves the range of floating-point numbers, every leaf's value is divided by exp(s · |scope|)
with one s per row, the average over the variables of the largest log-values of leaves: a node over n variables is then
divided by exp(n s), the same for all children of a sum. Rows that still may lose something, all of probability zero
among them, are evaluated in the log domain (see `log_domain`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike
from scipy.sparse import csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.inference import log_domain
from spncore.inference.features import Features, wide_places
from spncore.inference.log_domain import SumWeights, safe_log
from spncore.inference.loose import LooseCoefficients, Widths, loose_coefficients
from spncore.inference.schedule import schedule
from spncore.inference.steps import Leaves, LooseProducts
from spncore.inference.workspace import (
    LooseProductArrays,
    LooseSumArrays,
    PairArrays,
    ProductArrays,
    SumArrays,
    Workspace,
)


class Ordered(NamedTuple):
    """Coefficients of the schedule's inputs (G, K, F), and of its loose products' leaves by step."""

    inputs: tuple[Floats, ...]
    loose: dict[int, LooseCoefficients]


class Linear(NamedTuple):
    """What the log-values of leaves are linear by: `coefficients` (N, F) and `impossible` by input layer, see `leaves`,
    and both in the order in which the schedule uses them; None where no leaf has a weight of 0.
    """

    coefficients: Sequence[Floats]
    impossible: Sequence[Floats | None] | None
    ordered: Ordered
    excluded: Ordered | None


def linear(
    circuit: Circuit,
    widths: Widths,
    coefficients: Sequence[Floats],
    impossible: Sequence[Floats | None] | None = None,
) -> Linear:
    """Coefficients (N, F) of each input layer, from `leaves.coefficients` and `leaves.impossible`, for `forward`."""
    excluded = None
    if impossible is not None and any(counts is not None for counts in impossible):
        pairs = zip(impossible, coefficients, strict=True)
        filled = [np.zeros_like(array) if counts is None else counts for counts, array in pairs]
        excluded = _ordered(circuit, widths, filled, coefficients[0].dtype)
    return Linear(coefficients, impossible, _ordered(circuit, widths, coefficients, coefficients[0].dtype), excluded)


def _ordered(circuit: Circuit, widths: Widths, arrays: Sequence[Floats], dtype: DTypeLike) -> Ordered:
    flat, plan = np.concatenate([*(array.ravel() for array in arrays), np.zeros(1)]).astype(dtype), schedule(circuit)
    inputs = tuple(
        arrays[block.number].reshape(
            len(circuit.input_layers[block.number].variables), -1, arrays[block.number].shape[1]
        )
        if isinstance(block, Leaves)
        else flat[wide_places(circuit, widths, place).coefficients]
        for place, block in enumerate(plan.inputs)
    )
    places = (place for place, step in enumerate(plan.steps) if isinstance(step, LooseProducts))
    return Ordered(inputs, {place: loose_coefficients(circuit, widths, place, flat) for place in places})


def forward(given: Linear, sum_weights: SumWeights, seen: Features, work: Workspace) -> Floats:
    """Log-value of the root on every row, (B,); −inf where a row has probability zero.

    `sum_weights`: an array (G, num_sums, A) per sum layer, or None for a layer of one sum per group whose weights its
    children have absorbed into their own values.
    """
    with np.errstate(all="ignore"):
        log_leaves(given, seen, work)
        scale_leaves(work)
        rise(sum_weights, work)
        log_values: Floats = np.log(work.values[-1])
        work.outside = _outside(log_values, work)
        if work.plan.scaled:
            log_values += work.scale
        if len(work.outside):
            log_values[work.outside] = _rescue(given, sum_weights, seen, work)
    return log_values


def _outside(log_values: Floats, work: Workspace) -> Ints:
    """Which rows may have lost something, by the scaled root's log-values (B,).

    A node that underflows, below e^−708 (e^−87), is part of the root by at most that times what stands beside it, which
    is bounded by the row's strain.
    """
    safe = safe_log(work.values.dtype)
    needed = np.maximum(-log_values, 0.0)
    if work.plan.scaled:
        needed += work.strain
    return np.flatnonzero(~((log_values < safe) & (needed < safe)))


def _rescue(given: Linear, sum_weights: SumWeights, seen: Features, work: Workspace) -> Floats:
    """Log-values of the rows outside, which are evaluated in the log domain and left out here."""
    for values in (work.values, *work.copies):
        values[..., work.outside] = 0.0  # what they hold may be no number
    work.values[-1, work.outside] = 1.0  # a divisor
    rows = [block.take(work.outside) for block in seen.blocks]
    work.rescued = log_domain.rise(work.circuit, given.coefficients, sum_weights, rows, given.impossible)
    root: Floats = work.rescued[-1]
    return root


def log_leaves(given: Linear, seen: Features, work: Workspace) -> None:
    """Write the log-values of all leaves, and of loose products the part that is of leaves."""
    blocks = zip(work.inputs, given.ordered.inputs, seen.features, strict=True)
    for place, (one, coefficients, features) in enumerate(blocks):
        np.matmul(coefficients, features, out=one.values)
        if given.excluded is not None:
            one.values[np.matmul(given.excluded.inputs[place], features) > 0.5] = -np.inf
    for step in work.loose:
        if seen.loose is None:
            step.values.fill(0.0)
            continue
        np.copyto(step.values, given.ordered.loose[step.place].over(seen.loose))
        if given.excluded is not None:
            step.values[given.excluded.loose[step.place].over(seen.loose) > 0.5] = -np.inf


def scale_leaves(work: Workspace) -> None:
    """Values from log-values, divided by their share of the rows' scale, which is found here.

    Also the rows' strain: by how much groups of leaves fall short of their share, all over one set of variables.
    """
    if work.plan.scaled:
        _find_scale(work)
        work.strain.fill(0.0)
        for one in work.inputs:
            np.multiply(one.groups.sizes, work.share_of_variable, out=one.shift)
            np.subtract(one.values, one.shift[:, None], out=one.values)
            np.subtract(one.shift, one.largest, out=one.shift)
            np.maximum(one.shift, 0.0, out=one.shift)
            np.add(work.strain, one.groups.share @ one.shift, out=work.strain)
        for step in work.loose:
            np.subtract(step.values, step.step.sizes * work.share_of_variable, out=step.values)
    for values in (*(one.values for one in work.inputs), *(step.values for step in work.loose)):
        np.exp(values, out=values)


def _find_scale(work: Workspace) -> None:
    """The scale of each row (B,): the groups' largest log-values, each variable's averaged over its groups."""
    work.scale.fill(0.0)
    for one in work.inputs:
        one.largest.fill(0.0)
        if one.groups.width > 1:
            np.maximum.reduce(one.values, axis=1, out=one.largest)
            np.copyto(one.largest, 0.0, where=np.isneginf(one.largest))
            np.add(work.scale, one.groups.share @ one.largest, out=work.scale)
    # so many binary places that a node's share is exact
    np.multiply(work.scale, 256.0 / work.circuit.num_variables, out=work.share_of_variable)
    np.rint(work.share_of_variable, out=work.share_of_variable)
    np.multiply(work.share_of_variable, 1.0 / 256.0, out=work.share_of_variable)
    np.multiply(work.share_of_variable, float(work.circuit.num_variables), out=work.scale)


def rise(sum_weights: SumWeights, work: Workspace) -> None:
    """Values of all nodes from those of the leaves."""
    for step in work.steps:
        if isinstance(step, ProductArrays):
            first, second = (
                edges.read(work.values, out) for edges, out in zip(step.step.edges, step.read, strict=True)
            )
            np.multiply(first, second, out=step.values)
        elif isinstance(step, LooseProductArrays):
            for products, children in step.step.columns:
                step.values[products] *= work.values[children]
        elif isinstance(step, SumArrays):
            step.step.edges.read(work.values, step.children.reshape(-1, work.num_rows))
            np.matmul(_weights(step, sum_weights), step.children, out=step.values)
        elif isinstance(step, LooseSumArrays):
            step.step.edges.read(work.values, step.children)
            np.copyto(step.values, loose_weights(step, sum_weights) @ step.children)
        else:
            _rise_over_pairs(step, sum_weights[step.step.number], work)


def _weights(step: SumArrays, sum_weights: SumWeights) -> Floats:
    weights = sum_weights[step.step.number]
    return step.unit_weights if weights is None else weights


def loose_weights(step: LooseSumArrays, sum_weights: SumWeights) -> csr_array:
    """The weights of loose sums as a sparse matrix (sums, children)."""
    data, shape = edge_weights(step, sum_weights), (len(step.values), len(step.children))
    return csr_array((data, step.step.columns, step.step.starts), shape=shape)


def edge_weights(step: LooseSumArrays, sum_weights: SumWeights) -> Floats:
    """The weights of all edges of loose sums, (e,)."""
    parts = zip((sum_weights[number] for number in step.step.numbers), step.step.parts, strict=True)
    return np.concatenate([np.ones(size) if weights is None else weights.ravel() for weights, size in parts])


def _rise_over_pairs(step: PairArrays, weights: Floats | None, work: Workspace) -> None:
    """Σ_ij w_ij left_i right_j, one matrix product over the pairs."""
    for edges, side in zip(step.step.edges, step.sides, strict=True):
        edges.read(work.values, side.reshape(-1, work.num_rows))
    assert weights is not None
    for part in step.parts:
        np.matmul(weights[part], form_pairs(step, part), out=step.values[part])


def form_pairs(step: PairArrays, part: slice) -> Floats:
    """The products left_i right_j of some groups, (G', I·J, B)."""
    left, right = (side[part] for side in step.sides)
    pairs = step.pairs[: len(left)]
    np.multiply(left[:, :, None], right[:, None], out=pairs.reshape(*left.shape[:2], *right.shape[1:]))
    return pairs


def write_pairs(work: Workspace) -> None:
    """Write the products of all pairs to their places among the values, for those who ask for every node."""
    for step in work.steps:
        if isinstance(step, PairArrays):
            for part in step.parts:
                np.copyto(step.pair_values[part], form_pairs(step, part))
