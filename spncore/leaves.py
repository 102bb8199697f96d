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
    all zero from row `first_empty` on, where everything is marginalised and the value is the partition function.
    """

    features: Floats
    partial: NDArray[np.int64]
    first_empty: int


def design(rows: NDArray[np.int8]) -> Design:
    """Features of evidence rows (B, D) of 0, 1 and −1 (marginalised); rows without any evidence must come last."""
    missing: NDArray[np.bool_] = rows < np.int8(0)
    empty: NDArray[np.bool_] = np.logical_and.reduce(missing, axis=1)
    first_empty = len(rows) - int(empty.sum())
    if empty[:first_empty].any():
        raise ValueError(f"row {int(np.argmax(empty))}: rows without any evidence must come last")
    partial = np.flatnonzero((missing & ~empty[:, None]).any(axis=0))
    observed = np.where(missing, 0, rows).T
    features = np.vstack([observed, missing[:, partial].T, np.ones(len(rows))]).astype(np.float64)
    features[:, empty] = 0.0
    return Design(np.ascontiguousarray(features), partial, first_empty)


def coefficients(
    leaf_weights: Floats,
    leaf_sums: Floats,
    partial: NDArray[np.int64],
    scopes: NDArray[np.bool_] | None = None,
) -> Floats:
    """Coefficients of the features, and log C(∗) in the last column.  leaf_weights (…, 2, K, D) -> (…, K, F+1).

    `leaf_sums` (…, K, D) is the sum over both values; `scopes` (K, D) restricts each node to its own variables, None
    means all.
    """
    log_weights, log_sums = np.log(leaf_weights), np.log(leaf_sums)
    if scopes is not None:
        log_weights, log_sums = np.where(scopes, log_weights, 0.0), np.where(scopes, log_sums, 0.0)
    log_zero, log_one = log_weights[..., 0, :, :], log_weights[..., 1, :, :]
    num_variables = leaf_weights.shape[-1]
    result = np.empty((*log_zero.shape[:-1], num_variables + len(partial) + 2))
    np.subtract(log_one, log_zero, out=result[..., :num_variables])
    if len(partial):
        result[..., num_variables:-2] = log_sums[..., partial] - log_zero[..., partial]
    np.add.reduce(log_zero, axis=-1, out=result[..., -2])
    np.add.reduce(log_sums, axis=-1, out=result[..., -1])
    return result


def leaf_flows(leaf_weights: Floats, leaf_sums: Floats, moments: Floats, partial: NDArray[np.int64]) -> Floats:
    """Flow of each leaf weight: data flow of its value plus its share of the marginalised flow.

    leaf_weights (…, 2, K, D), moments (…, K, F+1) as the backward pass collects them -> (…, 2, K, D). Entries outside
    a node's scope are meaningless and must not be used.
    """
    num_variables = leaf_weights.shape[-1]
    ones = moments[..., :num_variables]
    zeros = moments[..., -2, None] - ones
    marginalised = moments[..., -1, None]
    if len(partial):
        flags = np.zeros(ones.shape)
        flags[..., partial] = moments[..., num_variables:-2]
        zeros, marginalised = zeros - flags, marginalised + flags
    result = leaf_weights * (marginalised / leaf_sums)[..., None, :, :]
    result[..., 0, :, :] += zeros
    result[..., 1, :, :] += ones
    return result
