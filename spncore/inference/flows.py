"""Backward pass: one flow per weight, flow = weight · ∂(Σ_i c_i log f(e_i)) / ∂weight.

Dividing a flow by its weight gives the gradient, Trapp et al. (2019), eq. (2) and (5)-(7); the flow of all sum weights
of a node adds up to the flow that enters the node, its value times its slope.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.leaves import Block
from spncore.inference import log_domain
from spncore.inference.features import Features, wide_places
from spncore.inference.forward import edge_weights, form_pairs, loose_weights, write_pairs
from spncore.inference.log_domain import NodeFlows, SumWeights
from spncore.inference.loose import widths_of
from spncore.inference.steps import WideLeaves
from spncore.inference.workspace import (
    LooseProductArrays,
    LooseSumArrays,
    PairArrays,
    ProductArrays,
    SumArrays,
    Workspace,
    in_place,
)

# OpenBLAS multiplies few flows by up to so many columns three times as fast as by more, in products of so many terms.
MOST_COLUMNS, SMALL_PRODUCT, LEAST_COLUMNS = 128, 1_000_000, 64

Sums = tuple[Floats | None, ...]


class Flows(NamedTuple):
    """`sums`: an array (G, num_sums, A) per sum layer, None where its weights are absorbed (their flow is
    the child's); `moments`: an array (N, A + F) per input layer, its nodes' flow times `summed`.
    """

    sums: Sums
    moments: tuple[Floats, ...]

    def plus(self, more: "Flows") -> "Flows":
        """Both together, of other rows."""
        moments = tuple(one + other for one, other in zip(self.moments, more.moments, strict=True))
        return Flows(_added(self.sums, more.sums), moments)


def backward(sum_weights: SumWeights, row_weights: Floats, seen: Features, work: Workspace) -> Flows:
    """Flows of all weights for row weights c (B,), after `forward` on the same workspace.

    Rows of probability zero pass on no flow.
    """
    with np.errstate(all="ignore"):
        enter(row_weights, work)
        sums = tuple(None if flow is None else flow.copy() for flow in send_down(sum_weights, work))
        flows = Flows(sums, _moments(seen, work))
        if len(work.outside):
            found = log_domain.send_down(work.circuit, sum_weights, row_weights[work.outside], work.rescued)
            rows = [block.take(work.outside) for block in seen.blocks]
            flows = flows.plus(Flows(found.sums, tuple(log_domain.moments(work.circuit, found.nodes, rows))))
    return flows


def leaf_flows(sum_weights: SumWeights, row_weights: Floats, work: Workspace) -> Floats:
    """An array (nodes, B) with the flow through every leaf, after `forward`, at the node that carries it."""
    with np.errstate(all="ignore"):
        enter(row_weights, work)
        send_down(sum_weights, work, of_edges=False)
        if len(work.outside):
            found = log_domain.send_down(work.circuit, sum_weights, row_weights[work.outside], work.rescued)
            work.slopes[:, work.outside] = found.nodes
    return work.slopes


def node_flows(sum_weights: Sequence[Floats], row_weights: Floats, work: Workspace) -> NodeFlows:
    """The flow through every node, for row weights c (B,), after `forward`, and of the weights of all sums."""
    with np.errstate(all="ignore"):
        enter(row_weights, work)
        sums, nodes = send_down(sum_weights, work), work.slopes
        write_pairs(work)
        for step in work.steps:
            if isinstance(step, PairArrays):
                np.matmul(sum_weights[step.step.number].transpose(0, 2, 1), step.slopes, out=step.pair_slopes)
        nodes[work.plan.climbing] *= work.values[work.plan.climbing]
        nodes[: work.circuit.num_inputs] = nodes[work.plan.carriers]
        if len(work.outside):
            found = log_domain.send_down(work.circuit, sum_weights, row_weights[work.outside], work.rescued)
            nodes[:, work.outside] = found.nodes
            sums = _added(sums, found.sums)
    return NodeFlows(nodes, sums)


def _added(sums: Sums, more: Sums) -> Sums:
    pairs = zip(sums, more, strict=True)
    return tuple(None if one is None or other is None else one + other for one, other in pairs)


def enter(row_weights: Floats, work: Workspace) -> None:
    """Row weights c (B,) as what flows into the root, of rows that are not outside."""
    np.copyto(work.entering, row_weights)
    work.entering[work.outside] = 0.0


def send_down(sum_weights: SumWeights, work: Workspace, of_edges: bool = True) -> Sums:
    """Fill the workspace's slopes and return the flows of the sum weights, added up over the rows: `work`'s arrays.

    For leaves and loose products `slopes` are flows: slope times value. Without `of_edges` all returned is None.
    """
    if len(work.plan.gathered):
        work.slopes[work.plan.gathered] = 0.0
    np.divide(work.entering, work.values[-1], out=work.slopes[-1])
    sums: list[Floats | None] = [None] * len(sum_weights)
    for step in reversed(work.steps):
        if isinstance(step, ProductArrays):
            _through_products(step, work)
        elif isinstance(step, LooseProductArrays):
            _through_loose_products(step, work)
        elif isinstance(step, SumArrays):
            sums[step.step.number] = _through_sums(step, sum_weights[step.step.number], work, of_edges)
        elif isinstance(step, LooseSumArrays):
            step.step.edges.send(work.slopes, loose_weights(step, sum_weights).T @ step.slopes)
            if of_edges:
                for number, flow in zip(step.step.numbers, _loose_edges(step, sum_weights), strict=True):
                    sums[number] = flow
        else:
            sums[step.step.number] = _through_pairs(step, sum_weights[step.step.number], work, of_edges)
    for one in work.inputs:
        np.multiply(one.slopes, one.values, out=one.slopes)
    _make_certain(sums, work)
    return tuple(sums)


def _make_certain(sums: list[Floats | None], work: Workspace) -> None:
    """A posterior of one is exactly one, and where row weights add up to zero such a flow is exactly zero."""
    work.slopes[work.plan.certain] = work.entering
    for number, places in work.plan.certain_edges:
        flow = sums[number]
        if flow is not None:
            flow[places] = np.add.reduce(work.entering)


def _through_products(step: ProductArrays, work: Workspace) -> None:
    """The slope of a child is that of the product times the other child."""
    for edges, other, out in zip(step.step.edges, reversed(step.step.edges), step.read, strict=True):
        value = other.read(work.values, out)
        if edges.owned and isinstance(edges.places, slice):
            np.multiply(step.slopes, value, out=work.slopes[edges.places])
        else:
            edges.send(work.slopes, np.multiply(step.slopes, value, out=step.sent))


def _through_loose_products(step: LooseProductArrays, work: Workspace) -> None:
    """All children have the flow of the product; a slope is a flow over a value."""
    flows = np.multiply(step.slopes, step.values, out=step.slopes)
    products, edges = step.step.products, step.step.edges
    if not len(products):
        return
    values = np.take(work.values, edges.children, axis=0, out=step.read, mode="clip")
    np.maximum(values, np.finfo(values.dtype).tiny, out=values)  # a value of 0 has no flow
    sent = np.take(flows, products, axis=0, out=step.sent, mode="clip")
    edges.send(work.slopes, np.divide(sent, values, out=sent))


def _through_sums(step: SumArrays, weights: Floats | None, work: Workspace, of_edges: bool) -> Floats | None:
    """The slope of a child is the weighted sum of those of its sums; returns the flow of the weights."""
    used = step.unit_weights if weights is None else weights
    asked = weights is not None and of_edges
    if asked:
        np.matmul(step.slopes, step.children.transpose(0, 2, 1), out=step.flow)
        np.multiply(step.flow, used, out=step.flow)
    np.matmul(used.transpose(0, 2, 1), step.slopes, out=step.sent)
    if not step.direct:
        step.step.edges.send(work.slopes, step.sent.reshape(-1, work.num_rows))
    return step.flow if asked else None


def _loose_edges(step: LooseSumArrays, sum_weights: SumWeights) -> list[Floats | None]:
    """The flow of the weights of each layer."""
    above = np.take(step.slopes, step.step.sums, axis=0, out=step.sent, mode="clip")
    flow = np.einsum("eb,eb->e", above, step.children[step.step.columns]) * edge_weights(step, sum_weights)
    found: list[Floats | None] = []
    first = 0
    for number, size in zip(step.step.numbers, step.step.parts, strict=True):
        weights = sum_weights[number]
        found.append(None if weights is None else flow[first : first + size].reshape(weights.shape))
        first += size
    return found


def _through_pairs(step: PairArrays, weights: Floats | None, work: Workspace, of_edges: bool) -> Floats | None:
    assert weights is not None
    back = weights.transpose(0, 2, 1)
    left, right = step.sides
    above = step.above.reshape(-1, left.shape[1], *right.shape[1:])
    for part in step.parts:
        size = len(right[part])
        if of_edges:
            np.matmul(step.slopes[part], form_pairs(step, part).transpose(0, 2, 1), out=step.flow[part])
        np.matmul(back[part], step.slopes[part], out=step.above[:size])
        np.einsum("gijb,gjb->gib", above[:size], right[part], out=step.sent[0][part])
        np.einsum("gijb,gib->gjb", above[:size], left[part], out=step.sent[1][part])
    for edges, sent in zip(step.step.edges, step.sent, strict=True):
        if not in_place(edges):
            edges.send(work.slopes, sent.reshape(-1, work.num_rows))
    return np.multiply(step.flow, weights, out=step.flow) if of_edges else None


def _moments(seen: Features, work: Workspace) -> tuple[Floats, ...]:
    """Of each input layer its leaves' flows times `summed`, (N, A + F)."""
    widths = widths_of(seen.blocks)
    found: list[Floats | None] = [None] * len(seen.blocks)
    for place, (one, summed) in enumerate(zip(work.inputs, seen.summed, strict=True)):
        flows = _collected(one.slopes, summed)
        if isinstance(one.block, WideLeaves):
            for number, places in wide_places(work.circuit, widths, place).moments:
                found[number] = flows.ravel()[places]
        else:
            found[one.block.number] = flows
    return tuple(
        _loose_moments(n, block, work) if one is None else one
        for n, (one, block) in enumerate(zip(found, seen.blocks, strict=True))
    )


def _collected(flows: Floats, summed: Floats) -> Floats:
    """Flows (G, I, B) summed over rows by what each of `summed` (G, F, B) is, (G · I, F)."""
    result = np.empty((*flows.shape[:2], summed.shape[1]), flows.dtype)
    size = SMALL_PRODUCT // (flows.shape[1] * flows.shape[2])
    size = min(size, MOST_COLUMNS) if size >= LEAST_COLUMNS else summed.shape[1]
    for begin in range(0, summed.shape[1], size):
        part = slice(begin, begin + size)
        np.matmul(flows, summed[:, part].transpose(0, 2, 1), out=result[:, :, part])
    return result.reshape(-1, summed.shape[1])


def _loose_moments(number: int, block: Block, work: Workspace) -> Floats:
    """Of leaves that are part of loose products, whose flow is the product's."""
    parents = work.plan.parents[work.circuit.spans[number]]
    flows = work.slopes[parents].reshape(len(block.summed), -1, work.num_rows)
    return _collected(flows, block.summed)
