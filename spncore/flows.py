"""Backward pass: one flow per weight, flow = weight · ∂(Σ_i c_i log f(e_i)) / ∂weight.

Dividing a flow by its weight gives the gradient, Trapp et al. (2019), eq. (2) and (5)-(7); the flow of all sum weights
of a node adds up to the flow that enters the node.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore.circuit import Circuit, SumWeights, Workspace
from spncore.leaves import Design

Floats = NDArray[np.float64]


class Flows(NamedTuple):
    """`sums`: an array (G, num_sums, A) per sum layer, None where its weights are absorbed (their flow is
    the child's); `moments` (M, F): input flow times features.
    """

    sums: SumWeights
    moments: Floats


def backward(circuit: Circuit, sum_weights: SumWeights, row_weights: Floats, rows: Design, work: Workspace) -> Flows:
    """Flows of all weights for row weights c (B,), after `forward` on the same workspace, whose values it overwrites.

    Rows of probability zero pass on no flow.
    """
    flows = work.values
    if circuit.shared_nodes.size:
        flows[circuit.shared_nodes] = 0.0
    flows[-1] = row_weights
    remaining = list(sum_weights)
    sums: list[Floats | None] = []
    for layer in reversed(work.layers):
        if layer.totals is None or layer.scaled is None:
            sent = np.broadcast_to(layer.nodes[:, None, :], (len(layer.nodes), layer.unit_weights.size, flows.shape[1]))
            if layer.children is not None:
                layer.children[...] = sent
        else:
            weights, ratio = remaining.pop(), layer.nodes / layer.totals
            sums.append(None if weights is None else weights * np.matmul(ratio, layer.scaled.transpose(0, 2, 1)))
            above = ratio if weights is None else np.matmul(weights.transpose(0, 2, 1), ratio)
            sent = np.multiply(above, layer.scaled, out=layer.scaled)  # the child's posterior share of each flow above
        if layer.gather is not None:
            np.add.at(flows, layer.gather, sent)
    return Flows(sums=tuple(reversed(sums)), moments=np.matmul(work.inputs, rows.features.T))
