"""Component distributions (input layers): unnormalised 0/1 leaf sums, evaluated for all rows by one matrix product.

A node with leaf weights θ over its scope has log C(x) = Σ_d log θ_{d,x_d}: linear in features of x.
Another exponential family slots in by giving its own `design`, `coefficients` and `leaf_flows`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Design(NamedTuple):
    """Evidence rows as features, prepared once per data set.

    `features` (F, B): x_d for each variable (0 where missing), a missing flag for each variable in `partial`, 1 where
    there is any evidence, and 1 where there is none and the value is the partition function.
    """

    features: Floats
    partial: NDArray[np.int64]


def design(rows: NDArray[np.int8]) -> Design:
    """Features of evidence rows (B, D) of 0, 1 and −1 (marginalised)."""
    missing: NDArray[np.bool_] = rows < np.int8(0)
    empty: NDArray[np.bool_] = np.logical_and.reduce(missing, axis=1)
    partly = missing & ~empty[:, None]
    partial = np.flatnonzero(np.logical_or.reduce(partly, axis=0))
    observed = np.where(missing, 0, rows)
    features = np.vstack([observed.T, partly[:, partial].T, ~empty, empty]).astype(np.float64)
    return Design(np.ascontiguousarray(features), partial)


def coefficients(
    leaf_weights: Floats,
    leaf_sums: Floats,
    partial: NDArray[np.int64],
    scopes: NDArray[np.bool_] | None = None,
) -> Floats:
    """Coefficients of the features, the last log C(∗).  leaf_weights (…, 2, K, D) -> (…, K, F).

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

    leaf_weights (…, 2, K, D), moments (…, K, F) as the backward pass collects them -> (…, 2, K, D). Entries outside
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
