"""Backward pass: one flow per weight, flow = weight · ∂(Σ_i c_i log f(e_i)) / ∂weight.

Dividing a flow by its weight gives the gradient, Trapp et al. (2019), eq. (2) and (5)-(7); the flow of all sum weights
of a node adds up to the flow that enters the node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.circuit import Circuit, InputLayer, ProductLayer, SumWeights, Workspace
from spncore.leaves import Design

Floats = NDArray[np.float64]


class Flows(NamedTuple):
    """`sums`: an array (G, num_sums, A) per sum layer, None where its weights are absorbed (the flow of the child is the
    flow of the weight); `moments` (M, F+1): input flow times features, and last the input flow of the empty rows.
    """

    sums: SumWeights
    moments: Floats


def backward(
    circuit: Circuit, sum_weights: SumWeights, row_weights: Floats, rows: Design, work: Workspace
) -> Flows:
    """Flows of all weights for row weights c (B,), after `forward` on the same workspace, whose values it overwrites.

    Rows of probability zero pass on no flow.
    """
    flows = work.values
    if len(circuit.shared_nodes):
        flows[circuit.shared_nodes] = 0.0
    flows[-1] = row_weights
    sums: list[Floats | None] = []
    for number in range(len(circuit.layers) - 1, 0, -1):
        layer, span = circuit.layers[number], circuit.child_ranges[number]
        assert not isinstance(layer, InputLayer)
        share = flows[circuit.offsets[number] : circuit.offsets[number + 1]]
        if isinstance(layer, ProductLayer):
            sent = np.broadcast_to(share[:, None, :], (*layer.children.shape, share.shape[1]))
        else:
            index = len(work.totals) - 1 - len(sums)
            weights, scaled, totals = sum_weights[index], work.scaled[index], work.totals[index]
            ratio = share.reshape(totals.shape) / totals
            sums.append(None if weights is None else weights * np.matmul(ratio, scaled.transpose(0, 2, 1)))
            # the child's posterior share of the flow of each sum above it
            above = ratio if weights is None else np.matmul(weights.transpose(0, 2, 1), ratio)
            sent = np.multiply(above, scaled, out=scaled)
        if span is None:
            np.add.at(flows, layer.children, sent)
        elif isinstance(layer, ProductLayer):
            flows[span].reshape(sent.shape)[...] = sent  # a sum layer's `scaled` is this place already
    inputs = flows[: circuit.offsets[1]]
    moments = np.empty((len(inputs), len(rows.features) + 1))
    np.matmul(inputs, rows.features.T, out=moments[:, :-1])
    np.add.reduce(inputs[:, rows.empty], axis=1, out=moments[:, -1])
    return Flows(sums=tuple(reversed(sums)), moments=moments)
