"""Input layers on evidence: every node's log-value by one matrix product per group, for any exponential family.

An observed value contributes natural · statistics(x) + a constant, a missing one its marginal, so the log-values of
all nodes are linear in features of the rows that are prepared once per data set (see `families`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Bools, Floats, Ints
from spncore.circuits.circuit import CircuitError, InputLayer
from spncore.circuits.families import Moments


class Design(NamedTuple):
    """Evidence rows as features of one input layer of G groups over S variables each, prepared once per data set.

    `features` (G, F, B): the statistics of each variable that have a coefficient (0 where missing), at `flags` a
    missing flag for each place in `partial`, the base measure's logarithm where the family has one, 1 where any
    variable of the group is observed, and 1 where none is and the value is the partition function. `bound` (F,): the
    largest of each feature. `summed` (G, A + F, B) is what flows are summed over: the same after A more, so that no
    sum is a difference of others: an observed flag for each place in `partial`, and the statistics that are implied.
    """

    layer: InputLayer
    summed: Floats
    partial: Ints
    flags: slice
    bound: Floats

    @property
    def features(self) -> Floats:
        """What the log-values are linear in."""
        return self.summed[:, self.summed.shape[1] - len(self.bound) :]

    def take(self, rows: Ints | slice) -> Design:
        """The same design for some of its rows."""
        return self._replace(summed=self.summed[:, :, rows])

    def astype(self, dtype: type) -> Design:
        """The same design in another precision."""
        return self._replace(summed=self.summed.astype(dtype, copy=False))


def is_missing(rows: Array) -> Bools:
    """Which entries of evidence are summed out: negative in whole-number arrays, NaN in others."""
    if rows.dtype.kind in "iu":
        return rows < np.int8(0)
    return np.isnan(rows)


def design(layer: InputLayer, rows: Array) -> Design:
    """Features of evidence rows (B, D); CircuitError names the first value that the family does not support."""
    family = layer.distribution
    values = rows.T[layer.variables]  # (G, S, B)
    missing = np.ascontiguousarray(is_missing(values))
    numbers: Floats = np.where(missing, 0, values).astype(float)
    _check_support(layer, numbers, missing)
    empty: Bools = np.logical_and.reduce(missing, axis=1)  # (G, B)
    partly = missing & ~empty[:, None]
    partial = np.flatnonzero(np.logical_or.reduce(partly, axis=(0, 2)))
    statistics = np.where(missing, 0.0, family.statistics(numbers))  # (T, G, S, B)
    parts = [~missing[:, partial], *statistics, partly[:, partial]]
    if family.log_base is not None:
        parts.append(np.where(missing, 0.0, family.log_base(numbers)).sum(axis=1, keepdims=True))
    summed = np.concatenate([*parts, ~empty[:, None], empty[:, None]], axis=1, dtype=float)
    end = (family.num_statistics - family.num_implied) * values.shape[1]
    bound = np.ones(summed.shape[1] - len(partial) - family.num_implied * values.shape[1])
    if layer.family != "categorical" and summed.size:
        bound = np.abs(summed[:, -len(bound) :]).max(axis=(0, 2))
    return Design(layer, summed, partial, slice(end, end + len(partial)), bound)


def _check_support(layer: InputLayer, values: Floats, missing: Bools) -> None:
    wrong = ~(missing | layer.distribution.supports(values))
    if wrong.any():
        group, place, row = (int(i) for i in np.argwhere(wrong)[0])
        raise CircuitError(
            f"row {row + 1}, variable {layer.variables[group, place]}: {values[group, place, row]:g} is not possible "
            f"for a {layer.family} leaf; allowed: {layer.distribution.support}, or missing"
        )


def coefficients(parameters: Floats, prepared: Design, log_weights: Floats | None = None) -> Floats:
    """Coefficients of the features, the last the log-partition of each node.  parameters (…, P, N, S) -> (…, N, F).

    Each node is worth exp(log_weights) (…, N) times its value, where they are given.
    """
    family, partial = prepared.layer.distribution, prepared.partial
    natural, observed, marginal = family.coefficients(parameters)
    parts = [natural[..., t, :, :] for t in range(family.num_implied, family.num_statistics)]
    if len(partial):
        parts.append(marginal[..., partial] - observed[..., partial])
    if family.log_base is not None:
        parts.append(np.ones((*observed.shape[:-1], 1)))
    constants = [np.add.reduce(values, axis=-1, keepdims=True) for values in (observed, marginal)]
    parts += constants if log_weights is None else [each + log_weights[..., None] for each in constants]
    return np.concatenate(parts, axis=-1)


def weigh_missing(linear: Floats, prepared: Design, log_factors: Floats) -> None:
    """Multiply each leaf by exp(log_factors) (N, S) where its variable is missing, in the coefficients (N, F)."""
    linear[:, prepared.flags] += log_factors[:, prepared.partial]
    linear[:, -1] += np.add.reduce(log_factors, axis=-1)


def impossible(parameters: Floats, prepared: Design) -> Floats | None:
    """Coefficients (…, N, F) that count a node's variables whose value has weight 0; None where no weight is 0.

    A missing one counts where all its weights are 0.

    A linear feature cannot hold log 0 beside a zero, so `coefficients` puts a tiny weight in its place and `forward`
    sets the nodes with a positive count to −inf.
    """
    if prepared.layer.family != "categorical" or parameters.all():
        return None
    zero = (parameters == 0.0).astype(float)
    first, empty = zero[..., 0, :, :], np.minimum.reduce(zero, axis=-3)
    result = np.zeros((*first.shape[:-1], len(prepared.bound)))
    others = np.moveaxis(zero[..., 1:, :, :] - first[..., None, :, :], -3, -2)
    result[..., : prepared.flags.start] = others.reshape(*first.shape[:-1], -1)
    result[..., prepared.flags] = (empty - first)[..., prepared.partial]
    np.add.reduce(first, axis=-1, out=result[..., -2])
    np.add.reduce(empty, axis=-1, out=result[..., -1])
    return result


def moments(sums: Floats, prepared: Design) -> Moments:
    """What the backward pass collected, flow times `summed` (…, N, A + F), as sums per variable."""
    family, partial = prepared.layer.distribution, prepared.partial
    num_variables, begin = prepared.layer.variables.shape[1], len(prepared.partial)
    shape = *sums.shape[:-1], family.num_statistics, num_variables
    statistics = sums[..., begin : begin + family.num_statistics * num_variables].reshape(shape).swapaxes(-2, -3)
    observed, missing = sums[..., -2, None], sums[..., -1, None]
    if begin:  # sums over a variable's own rows, no differences
        observed, missing = (np.repeat(both, num_variables, axis=-1) for both in (observed, missing))
        observed[..., partial] = sums[..., :begin]
        of_features = sums[..., -len(prepared.bound) :]
        missing[..., partial] += of_features[..., prepared.flags]
    return Moments(statistics, observed, missing)
