"""Log-values and flows of an overparametrised mixture on a bag of evidence: all seeds in, all flows out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spncore import leaves
from spncore.circuit import Circuit, Workspace, forward, mixture
from spncore.flows import backward
from spncore.objectives import Bag, Objective
from spncore.symmetry import merge_equal

Floats = NDArray[np.float64]
ABSORBED = (None,)  # the one sum's weights are added to the components' constants, and need no pass of their own


class Evaluation(NamedTuple):
    """Per seed: `llh` (S,) nats per row; `log_partition` (S,); `flow` a_k (S, K); `leaf_flow` (S, 2, K, D)."""

    llh: Floats
    log_partition: Floats
    flow: Floats
    leaf_flow: Floats


class Evaluator:
    """Prepared arrays to evaluate mixtures of K components on one bag, with one workspace for all seeds.

    Seeds go through the row-sized work one at a time (it stays in the cache, and a batch gives the same bits as the
    runs one by one); everything small is done for all seeds at once.
    """

    def __init__(self, bag: Bag, objective: Objective) -> None:
        self.bag, self.objective = bag, objective
        self.design = leaves.design(bag.rows)
        self.data_weights = np.maximum(bag.weights, 0.0) / bag.num_rows
        self._prepared: dict[int, tuple[Circuit, Workspace]] = {}

    def _prepare(self, num_components: int) -> tuple[Circuit, Workspace]:
        if num_components not in self._prepared:
            circuit = mixture(num_components, self.bag.rows.shape[1])
            self._prepared[num_components] = circuit, Workspace(circuit, len(self.bag.weights))
        return self._prepared[num_components]

    def __call__(self, weights: Floats, leaf_weights: Floats) -> Evaluation:
        """Evaluate at effective weights (S, K) > 0 and leaf weights (S, 2, K, D) > 0; flows are means per row."""
        leaf_sums = leaf_weights[:, 0] + leaf_weights[:, 1]
        coefficients = leaves.coefficients(leaf_weights, leaf_sums, self.design.partial)
        coefficients[..., -2:] += np.log(weights)[..., None]
        llh, log_partition = np.empty(len(weights)), np.empty(len(weights))
        moments = np.empty(coefficients.shape)
        for seed in range(len(weights)):
            llh[seed], log_partition[seed] = self._one(coefficients[seed], moments[seed])
        moments *= 1.0 / self.bag.num_rows
        flow = moments[..., -2] + moments[..., -1]
        leaf_flow = leaves.leaf_flows(leaf_weights, leaf_sums, moments, self.design.partial)
        return Evaluation(llh, log_partition, flow, leaf_flow)

    def _one(self, coefficients: Floats, moments: Floats) -> tuple[float, float]:
        """One seed: writes N · moments (K, F), returns (LLH, log Z)."""
        merged = merge_equal(coefficients)
        if merged is not None:
            coefficients = coefficients[merged.first]
            coefficients[:, -2:] += np.log(merged.size)[:, None]
        circuit, work = self._prepare(len(coefficients))
        log_values = forward(coefficients, ABSORBED, self.design, work)
        log_partition = float(log_values[-1])
        llh = float(self.data_weights @ log_values) - log_partition
        row_weights = self.objective.row_weights(self.bag, log_partition)
        flows = backward(circuit, ABSORBED, row_weights, self.design, work)
        moments[...] = flows.moments if merged is None else (flows.moments / merged.size[:, None])[merged.of]
        return llh, log_partition
