"""Component distributions (input layers): unnormalised 0/1 leaf sums, evaluated for all rows by one matrix product.

A node with leaf weights θ over its scope has log C(x) = Σ_d log θ_{d,x_d}: linear in the features [x, missing, 1].
Another exponential family slots in by giving its own `design`, `coefficients` and `leaf_flows`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Design(NamedTuple):
    """Evidence rows as features, prepared once per data set.

    `features` (F, B): x_d for each variable (0 where missing), a missing flag for each variable in `partial`, and 1;
    all zero for a row in `empty`, where everything is marginalised and the value is the partition function.
    """

    features: Floats
    partial: NDArray[np.int64]
    empty: NDArray[np.int64]


def design(rows: NDArray[np.int8]) -> Design:
    """Features of evidence rows (B, D) of 0, 1 and −1 (marginalised)."""
    missing = rows < 0
    empty = missing.all(axis=1)
    partial = np.flatnonzero((missing & ~empty[:, None]).any(axis=0))
    observed = np.where(missing, 0, rows).T
    features = np.vstack([observed, missing[:, partial].T, np.ones(len(rows))]).astype(np.float64)
    features[:, empty] = 0.0
    return Design(np.ascontiguousarray(features), partial, np.flatnonzero(empty))


def coefficients(leaf_weights: Floats, partial: NDArray[np.int64], scopes: NDArray[np.bool_] | None = None) -> Floats:
    """Coefficients of the features, and log C(∗) in the last column.  leaf_weights (…, 2, K, D) -> (…, K, F+1).

    `scopes` (K, D) restricts each node to its own variables; None means all.
    """
    log_weights = np.log(leaf_weights)
    log_zero = log_weights[..., 0, :, :]
    difference = log_weights[..., 1, :, :] - log_zero
    log_sums = np.log(leaf_weights[..., 0, :, :] + leaf_weights[..., 1, :, :])
    if scopes is not None:
        log_zero, difference, log_sums = (np.where(scopes, a, 0.0) for a in (log_zero, difference, log_sums))
    num_variables = leaf_weights.shape[-1]
    result = np.empty((*leaf_weights.shape[:-3], leaf_weights.shape[-2], num_variables + len(partial) + 2))
    result[..., :num_variables] = difference
    if len(partial):
        result[..., num_variables:-2] = log_sums[..., partial] - log_zero[..., partial]
    np.add.reduce(log_zero, axis=-1, out=result[..., -2])
    np.add.reduce(log_sums, axis=-1, out=result[..., -1])
    return result


def leaf_flows(leaf_weights: Floats, moments: Floats, partial: NDArray[np.int64]) -> Floats:
    """Flow of each leaf weight: data flow of its value plus its share of the marginalised flow.

    leaf_weights (…, 2, K, D), moments (…, K, F+1) as the backward pass collects them -> (…, 2, K, D). Entries outside
    a node's scope are meaningless and must not be used.
    """
    num_variables = leaf_weights.shape[-1]
    result = np.empty(leaf_weights.shape)
    ones, zeros = result[..., 1, :, :], result[..., 0, :, :]
    ones[...] = moments[..., :num_variables]
    np.subtract(moments[..., -2, None], ones, out=zeros)
    marginalised = np.broadcast_to(moments[..., -1, None], ones.shape)
    if len(partial):
        marginalised = marginalised.copy()
        marginalised[..., partial] += moments[..., num_variables:-2]
        zeros[..., partial] -= moments[..., num_variables:-2]
    per_value = marginalised / (leaf_weights[..., 0, :, :] + leaf_weights[..., 1, :, :])
    result += leaf_weights * per_value[..., None, :, :]
    return result
