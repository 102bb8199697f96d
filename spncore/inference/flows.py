"""Backward pass: one flow per weight, flow = weight · ∂(Σ_i c_i log f(e_i)) / ∂weight.

Dividing a flow by its weight gives the gradient, Trapp et al. (2019), eq. (2) and (5)-(7); the flow of all sum weights
of a node adds up to the flow that enters the node.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.leaves import Block, Design
from spncore.inference.forward import SumWeights
from spncore.inference.workspace import PairArrays, ProductArrays, SumArrays, Workspace

# OpenBLAS multiplies few flows by up to so many columns three times as fast as by more, in products of so many terms.
MOST_COLUMNS, SMALL_PRODUCT, LEAST_COLUMNS = 128, 1_000_000, 64


class Flows(NamedTuple):
    """`sums`: an array (G, num_sums, A) per sum layer, None where its weights are absorbed (their flow is
    the child's); `moments`: an array (M, A + F) per input layer, its nodes' flow times `summed`.
    """

    sums: tuple[Floats | None, ...]
    moments: tuple[Floats, ...]


def backward(sum_weights: SumWeights, row_weights: Floats, designs: Sequence[Design | Block], work: Workspace) -> Flows:
    """Flows of all weights for row weights c (B,), after `forward` on the same workspace, whose values it overwrites.

    Rows of probability zero pass on no flow.
    """
    sums = send_down(sum_weights, row_weights, work)
    pairs = zip(work.inputs, designs, strict=True)
    return Flows(sums, tuple(_collected(inputs, design.summed) for inputs, design in pairs))


def _collected(flows: Floats, summed: Floats) -> Floats:
    """Flows (G, I, B) summed over rows by what each of `summed` (G, F, B) is, (G · I, F)."""
    result = np.empty((*flows.shape[:2], summed.shape[1]), flows.dtype)
    size = SMALL_PRODUCT // (flows.shape[1] * flows.shape[2])
    size = min(size, MOST_COLUMNS) if size >= LEAST_COLUMNS else summed.shape[1]
    for begin in range(0, summed.shape[1], size):
        part = slice(begin, begin + size)
        np.matmul(flows, summed[:, part].transpose(0, 2, 1), out=result[:, :, part])
    return result.reshape(-1, summed.shape[1])


def send_down(sum_weights: SumWeights, row_weights: Floats, work: Workspace) -> tuple[Floats | None, ...]:
    """Replace `work`'s log-values by flows, row by row, and return those of the sum weights, added up over the rows.

    The products of fused pairs are the exception: their places hold the flow divided by the pair's scaled values.
    """
    flows = work.values
    if len(work.gathered):
        flows[work.gathered] = 0.0
    flows[-1] = row_weights
    remaining = list(sum_weights)
    sums: list[Floats | None] = []
    for layer in reversed(work.layers):
        if isinstance(layer, ProductArrays):
            for column in layer.edges:
                column.send(flows, layer.nodes)
        elif isinstance(layer, PairArrays):
            sums.append(_through_pairs(layer, remaining.pop(), flows))
        else:
            sums.append(_through_sums(layer, remaining.pop(), flows))
    return tuple(reversed(sums))


def _through_sums(layer: SumArrays, weights: Floats | None, flows: Floats) -> Floats | None:
    """Each child gets its posterior share of the flow above; returns the flow of the weights."""
    above = ratio = np.divide(layer.nodes, layer.totals, out=layer.totals)
    of_weights = None
    if weights is not None:
        of_weights = weights * np.matmul(ratio, layer.scaled.transpose(0, 2, 1))
        above = np.matmul(weights.transpose(0, 2, 1), ratio, out=layer.above)
    sent = np.multiply(above, layer.scaled, out=layer.scaled)
    if sent is not layer.children:  # else the flows are in place already
        layer.edges[0].send(flows, sent.reshape(-1, flows.shape[1]))
    return of_weights


def _through_pairs(layer: PairArrays, weights: Floats | None, flows: Floats) -> Floats:
    assert weights is not None
    ratio = np.divide(layer.nodes, layer.totals, out=layer.totals)
    of_weights, back = np.empty_like(weights), weights.transpose(0, 2, 1)
    left, right = layer.scaled
    above = layer.pairs.reshape(*left.shape[:2], *right.shape[1:])
    for part in layer.parts:
        np.matmul(ratio[part], layer.pairs[part].transpose(0, 2, 1), out=of_weights[part])
        np.matmul(back[part], ratio[part], out=layer.pairs[part])
        np.einsum("gijb,gjb->gib", above[part], right[part], out=layer.sent[0][part])
        np.einsum("gijb,gib->gjb", above[part], left[part], out=layer.sent[1][part])
    for edges, scaled, sent in zip(layer.edges, layer.scaled, layer.sent, strict=True):
        edges.send(flows, np.multiply(sent, scaled, out=sent).reshape(-1, flows.shape[1]))
    return np.multiply(of_weights, weights, out=of_weights)
