"""Upward pass: the log-value of every node on every row of a block."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike

from spncore.arrays import Floats
from spncore.circuits.leaves import Block, Design
from spncore.inference.workspace import PairArrays, ProductArrays, SumArrays, Workspace

SumWeights = Sequence[Floats | None]


@lru_cache
def safe_log(dtype: DTypeLike) -> float:
    """The |log-value| up to which exp neither overflows nor nears zero: 568 in double precision, 71 in single."""
    return 0.8 * float(np.log(np.finfo(dtype).max))


def forward(
    input_coefficients: Sequence[Floats],
    sum_weights: SumWeights,
    designs: Sequence[Design | Block],
    work: Workspace,
    impossible: Sequence[Floats | None] | None = None,
) -> Floats:
    """Log-value of the root on every row, (B,), a view into `work`; −inf where a row has probability zero.

    `input_coefficients`: an array (M, F) per input layer, from `leaves.coefficients`; `sum_weights`: an array
    (G, num_sums, A) per sum layer, or None for a layer of one sum per group whose weights its children have absorbed
    into their own values; `impossible`: from `leaves.impossible`, where leaves may have weights of 0. The caller
    silences NumPy's divide warning if zeros can occur.
    """
    bound = input_values(input_coefficients, designs, work.inputs, impossible)
    weights = iter(sum_weights)
    for layer in work.layers:
        if isinstance(layer, ProductArrays):
            _multiply(layer, work.values)
        elif isinstance(layer, PairArrays):
            _sum_pairs(layer, next(weights), work.values)
        else:
            _sum(layer, next(weights), work.values, bound)
    root: Floats = work.values[-1]
    return root


def input_values(
    coefficients: Sequence[Floats],
    designs: Sequence[Design | Block],
    outs: Sequence[Floats],
    impossible: Sequence[Floats | None] | None = None,
) -> float:
    """Write the log-values of each input layer's nodes to `outs` (G, M, B); returns a bound of all |log-values|."""
    bound = 0.0
    for linear, design, out in zip(coefficients, designs, outs, strict=True):
        np.matmul(linear.reshape(*out.shape[:2], -1), design.features, out=out)
        bound = max(bound, float(np.abs(linear).dot(design.bound).max()))
    for counts, design, out in zip(impossible or (), designs, outs, strict=False):
        if counts is not None:
            out[np.matmul(counts.reshape(*out.shape[:2], -1), design.features) > 0.5] = -np.inf
            bound = np.inf
    return bound


def _multiply(layer: ProductArrays, values: Floats) -> None:
    first, *others = layer.edges
    product = values[first.places]
    if not others:
        layer.nodes[...] = product
    for column in others:
        product = np.add(product, values[column.places], out=layer.nodes)


def _sum(layer: SumArrays, weights: Floats | None, values: Floats, bound: float) -> None:
    children = values[layer.edges[0].places].reshape(layer.scaled.shape) if layer.children is None else layer.children
    # a sum over one child is shifted all the same: its posterior is then exactly 1
    shift = None if layer.on_inputs and bound < safe_log(children.dtype) and children.shape[1] > 1 else layer.shift
    weights = layer.unit_weights if weights is None else weights
    log_sum_exp(children, weights, shift, layer.scaled, layer.totals, layer.nodes)


def _sum_pairs(layer: PairArrays, weights: Floats | None, values: Floats) -> None:
    """log Σ_ij w_ij exp(left_i + right_j), one exponential per side and one matrix product over the pairs."""
    for edges, scaled, shift in zip(layer.edges, layer.scaled, layer.shifts, strict=True):
        _scale(values[edges.places].reshape(scaled.shape), shift, scaled)
    left, right = layer.scaled
    pairs = layer.pairs.reshape(*left.shape[:2], *right.shape[1:])
    assert weights is not None
    for part in layer.parts:
        np.multiply(left[part, :, None], right[part, None], out=pairs[part])
        np.matmul(weights[part], layer.pairs[part], out=layer.totals[part])
    np.log(layer.totals, out=layer.nodes)
    np.add(layer.nodes, np.add.reduce(layer.shifts)[:, None], out=layer.nodes)
    np.maximum(layer.totals, _smallest(layer.totals), out=layer.totals)


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


def _scale(children: Floats, shift: Floats, scaled: Floats) -> None:
    """scaled = exp(children − shift), the shift (G, B) being each row's largest child."""
    np.maximum.reduce(children, axis=1, out=shift)
    np.maximum(shift, np.finfo(shift.dtype).min / 2, out=shift)  # stands for log 0, so that no −inf − −inf arises
    np.subtract(children, shift[:, None, :], out=scaled)
    np.exp(scaled, out=scaled)


def _smallest(values: Floats) -> float:
    """Divisor for a row of probability zero, whose flow is then exactly zero: no count divided by it overflows."""
    return 1e8 * float(np.finfo(values.dtype).tiny)
