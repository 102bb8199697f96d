"""Both passes in the log domain, layer by layer, for the few rows whose values leave the range of numbers.

Slower than `forward` and `flows`, and right for any evidence: what underflows there is here a logarithm like others.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, ProductLayer
from spncore.circuits.leaves import Block

SumWeights = Sequence[Floats | None]


@lru_cache
def safe_log(dtype: DTypeLike) -> float:
    """The |log-value| up to which exp neither overflows nor nears zero: 568 in double precision, 71 in single."""
    return 0.8 * float(np.log(np.finfo(dtype).max))


class NodeFlows(NamedTuple):
    """`nodes` (nodes, B): the flow through each; `sums`: of each layer's weights, None where they are absorbed."""

    nodes: Floats
    sums: tuple[Floats | None, ...]


def input_values(
    coefficients: Sequence[Floats], designs: Sequence[Block], impossible: Sequence[Floats | None] | None = None
) -> list[Floats]:
    """The log-values (N, B) of each input layer's nodes from coefficients (N, F); see `forward`."""
    found = []
    for linear, design in zip(coefficients, designs, strict=True):
        grouped = linear.reshape(len(design.summed), -1, linear.shape[1])
        found.append(np.matmul(grouped, design.features).reshape(len(linear), -1))
    for counts, design, values in zip(impossible or (), designs, found, strict=False):
        if counts is not None:
            excluded = np.matmul(counts.reshape(len(design.summed), -1, counts.shape[1]), design.features) > 0.5
            values[excluded.reshape(values.shape)] = -np.inf
    return found


def rise(
    circuit: Circuit,
    coefficients: Sequence[Floats],
    sum_weights: SumWeights,
    designs: Sequence[Block],
    impossible: Sequence[Floats | None] | None = None,
) -> Floats:
    """The log-values of all nodes, (nodes, B); −inf where a row has probability zero."""
    values = np.empty((circuit.num_nodes, designs[0].summed.shape[2]), designs[0].summed.dtype)
    np.concatenate(input_values(coefficients, designs, impossible), out=values[: circuit.num_inputs])
    sums = iter(sum_weights)
    for layer, own in circuit.inner:
        if isinstance(layer, ProductLayer):
            np.add.reduce(values[layer.children], axis=1, out=values[own])
        else:
            weights = _or_ones(next(sums), layer.children)
            total, _, _ = log_sums(values[layer.children], weights)
            values[own] = total.reshape(-1, values.shape[1])
    return values


def send_down(circuit: Circuit, sum_weights: SumWeights, row_weights: Floats, values: Floats) -> NodeFlows:
    """Flows for row weights c (B,) from the log-values of `rise`. Rows of probability zero pass on none."""
    flows = np.zeros_like(values)
    flows[-1] = np.where(values[-1] > -np.inf, row_weights, 0.0)
    remaining, sums = list(sum_weights), []
    for layer, own in reversed(circuit.inner):
        if isinstance(layer, ProductLayer):
            np.add.at(flows, layer.children, flows[own][:, None])
            continue
        given = remaining.pop()
        weights = _or_ones(given, layer.children)
        _, totals, scaled = log_sums(values[layer.children], weights)
        ratio = flows[own].reshape(totals.shape) / totals
        np.add.at(flows, layer.children, (weights.transpose(0, 2, 1) @ ratio) * scaled)
        sums.append(None if given is None else given * (ratio @ scaled.transpose(0, 2, 1)))
    return NodeFlows(flows, tuple(reversed(sums)))


def moments(circuit: Circuit, flows: Floats, designs: Sequence[Block]) -> list[Floats]:
    """Of each input layer its leaves' flows times `summed`, (N, A + F)."""
    found = []
    for design, own in zip(designs, circuit.spans, strict=False):
        grouped = flows[own].reshape(len(design.summed), -1, flows.shape[1])
        found.append(np.matmul(grouped, design.summed.transpose(0, 2, 1)).reshape(own.stop - own.start, -1))
    return found


def log_sum_exp(
    children: Floats, weights: Floats, shift: Floats | None, scaled: Floats, totals: Floats, out: Floats
) -> None:
    """out = log Σ_a weights·exp(children) per group and row; children (G, A, B), weights (G, M, A), out (G, M, B).

    Leaves scaled = exp(children − shift) (G, A, B; may be `children` itself) and totals = Σ weights·scaled (G, M, B)
    for the backward pass. The shift is each row's maximum, written to `shift` (G, B), or 0 if that is None, for
    children known to be far from overflow.
    """
    if shift is None:
        np.exp(children, out=scaled)
    else:
        _scale(children, shift, scaled)
    np.matmul(weights, scaled, out=totals)
    np.log(totals, out=out)
    if shift is not None:
        np.add(out, shift[:, None, :], out=out)
        np.maximum(totals, _smallest(totals), out=totals)


def log_sums(children: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """`log_sum_exp` in arrays of its own: its result, totals and scaled children; −inf where no child is possible."""
    scaled, shift = np.empty(children.shape), np.empty(children.shape[::2])
    totals, out = np.empty((2, *weights.shape[:2], children.shape[2]))
    with np.errstate(divide="ignore"):
        log_sum_exp(children, weights, shift, scaled, totals, out)
    return out, totals, scaled


def log_totals(children: Floats, weights: Floats) -> Floats:
    """The result of `log_sum_exp` alone, in less time where all of it is far from the ends of the number range."""
    scaled, (totals, out) = np.empty(children.shape), np.empty((2, *weights.shape[:2], children.shape[2]))
    with np.errstate(all="ignore"):
        log_sum_exp(children, weights, None, scaled, totals, out)
    return out if np.abs(out).max() < safe_log(float) else log_sums(children, weights)[0]


def _scale(children: Floats, shift: Floats, scaled: Floats) -> None:
    """scaled = exp(children − shift), the shift (G, B) being each row's largest child."""
    np.maximum.reduce(children, axis=1, out=shift)
    np.maximum(shift, np.finfo(shift.dtype).min / 2, out=shift)  # stands for log 0, so that no −inf − −inf arises
    np.subtract(children, shift[:, None, :], out=scaled)
    np.exp(scaled, out=scaled)


def _smallest(values: Floats) -> float:
    """Divisor for a row of probability zero, whose flow is then exactly zero: no count divided by it overflows."""
    return 1e8 * float(np.finfo(values.dtype).tiny)


def _or_ones(weights: Floats | None, children: Ints) -> Floats:
    return np.ones((1, 1, children.shape[1])) if weights is None else weights
