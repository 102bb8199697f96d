"""Input layers on evidence: every node's log-value by one matrix product per group, for any exponential family.

An observed value contributes natural · statistics(x) + a constant, a missing one its marginal, so the log-values of
all nodes are linear in features of the rows (see `families`). Rows are checked once per data set and kept as they are:
the features of a 0/1 variable are sixteen times its byte, so they are formed for a block of rows when it is its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Bools, Floats, Ints
from spncore.circuits.circuit import CircuitError, InputLayer
from spncore.circuits.evidence import Evidence, row_parts, turned
from spncore.circuits.families import Moments


class Block(NamedTuple):
    """`summed` (G, A + F, B) and `bound` (F,) of some rows of a `Design`."""

    summed: Floats
    bound: Floats

    @property
    def features(self) -> Floats:
        """The last F of `summed` (G, F, B), what the log-values are linear in."""
        return self.summed[:, self.summed.shape[1] - len(self.bound) :]

    def take(self, rows: Ints) -> Block:
        """The same for some of its rows."""
        return Block(self.summed[:, :, rows], self.bound)


@dataclass(frozen=True, eq=False)
class Design:
    """Evidence rows for one input layer of G groups over S variables each, checked once per data set.

    `features` (G, F, B): the statistics of each variable that have a coefficient (0 where missing), at `flags` a
    missing flag for each place in `partial`, the base measure's logarithm where the family has one, 1 where any
    variable of the group is observed, and 1 where none is and the value is the partition function. `bound` (F,): the
    largest of each feature. `summed` (G, A + F, B) is what flows are summed over: the same after A more, so that no
    sum is a difference of others: an observed flag for each place in `partial`, and the statistics that are implied.

    These two are formed as a whole, and kept, by who asks for them; `write` forms a block of them. `places` are the
    variables among the evidence's columns, a slice where they lie in a row; `empty` (G, B), where none is observed;
    `base` (G, B), the logarithm of the base measure.
    """

    layer: InputLayer
    evidence: Evidence
    places: Ints | slice
    empty: Bools
    partial: Ints
    flags: slice
    bound: Floats
    base: Floats | None
    dtype: type = np.float64

    @property
    def num_rows(self) -> int:
        """B."""
        return int(self.empty.shape[1])

    @property
    def num_features(self) -> int:
        """F."""
        return len(self.bound)

    @property
    def num_summed(self) -> int:
        """A + F."""
        implied = self.layer.distribution.num_implied * self.layer.variables.shape[1]
        return len(self.partial) + int(implied) + len(self.bound)

    @cached_property
    def summed(self) -> Floats:
        """What flows are summed over."""
        result: Floats = np.empty((len(self.empty), self.num_summed, self.num_rows), self.dtype)
        for part in row_parts(self.num_rows):
            self.write(part, result[:, :, part])
        return result

    @property
    def features(self) -> Floats:
        """What the log-values are linear in."""
        return self.kept(slice(None)).features

    def kept(self, rows: slice) -> Block:
        """Some rows of what is formed once and kept."""
        return Block(self.summed[:, :, rows], self.bound)

    def featured(self, rows: slice) -> Block:
        """The features of some rows alone, formed anew."""
        num_groups, num_rows = self.empty[:, rows].shape
        return self.block(rows, np.empty((num_groups, self.num_features, num_rows), self.dtype))

    def block(self, rows: slice, out: Floats) -> Block:
        """Some rows, formed in `out` (G, A + F, B')."""
        self.write(rows, out)
        return Block(out, self.bound)

    def values(self, rows: slice) -> Array:
        """The layer's own variables of some rows (G, S, B'), as they are."""
        found = self.evidence.columns[:, rows][self.places]
        return found.reshape(*self.layer.variables.shape, -1)

    def write(self, rows: slice, out: Floats) -> None:
        """Form `summed` of some rows in `out` (G, A + F, B'), of any precision; in (G, F, B') its features alone."""
        values, empty, partial, family = self.values(rows), self.empty[:, rows], self.partial, self.layer.distribution
        whole = out.shape[1] == self.num_summed
        begin, first = (len(partial), 0) if whole else (0, family.num_implied)
        num_groups, size, number = *self.layer.variables.shape, family.num_statistics - first
        end = begin + number * size
        complete = not len(partial) and not empty.any()
        statistics = out[:, begin:end].reshape(num_groups, number, size, -1)  # a view
        self._write_statistics(values, first, complete, statistics)
        if len(partial):
            hidden = is_missing(values[:, partial])  # (G, A, B')
            if whole:
                np.logical_not(hidden, out=out[:, :begin])
            out[:, end : end + len(partial)] = hidden & ~empty[:, None]
        if self.base is not None:
            out[:, -3] = self.base[:, rows]
        out[:, -2] = ~empty
        out[:, -1] = empty

    def _write_statistics(self, values: Array, first: int, complete: bool, out: Floats) -> None:
        """Form the statistics from the `first` on (G, T', S, B') of values, 0 where these are missing."""
        categorical = self.layer.family == "categorical"
        if categorical and self.layer.num_values == 2 and complete:
            out[:, -1] = values
            if not first:
                np.subtract(1.0, out[:, 1], out=out[:, 0])
            return
        found = self.layer.distribution.statistics(_numbers(self.layer, values))[first:]
        out[...] = found.swapaxes(0, 1)
        if not complete and not categorical:  # for these what is missing equals no value
            np.copyto(out, 0.0, where=is_missing(values)[:, None])

    def take(self, rows: Ints | slice) -> Design:
        """The same design for some of its rows."""
        return take([self], rows)[0]

    def astype(self, dtype: type) -> Design:
        """The same design in another precision."""
        return self if dtype == self.dtype else replace(self, dtype=dtype)


def take(designs: Sequence[Design], rows: Ints | slice) -> list[Design]:
    """Designs of the same evidence for some of its rows: a slice is a view, other rows are picked once for all."""
    evidence = designs[0].evidence.take(rows)
    return [
        replace(one, evidence=evidence, empty=one.empty[:, rows], base=None if one.base is None else one.base[:, rows])
        for one in designs
    ]


def is_missing(rows: Array) -> Bools:
    """Which entries of evidence are summed out: negative in whole-number arrays, NaN in others."""
    if rows.dtype.kind in "iu":
        return rows < np.int8(0)
    return np.isnan(rows)


def _numbers(layer: InputLayer, values: Array) -> Array:
    """Values that a family's statistics take: whole numbers of categorical leaves as they are."""
    return values if layer.family == "categorical" else values.astype(float, copy=False)


def design(layer: InputLayer, rows: Array | Evidence, first_row: int = 0) -> Design:
    """Prepare evidence rows (B, D); CircuitError names a value that the family does not support, and its row, counted
    from `first_row`.
    """
    evidence = rows if isinstance(rows, Evidence) else Evidence(turned(rows))
    shape, num_rows, family = layer.variables.shape, evidence.columns.shape[1], layer.distribution
    variables = layer.variables.ravel()
    in_a_row = len(variables) > 0 and bool((variables[1:] == variables[:-1] + 1).all())
    places = slice(int(variables[0]), int(variables[-1]) + 1) if in_a_row else variables
    empty, partly = np.empty((shape[0], num_rows), dtype=bool), np.zeros(shape[1], dtype=bool)
    base = None if family.log_base is None else np.empty(empty.shape)
    for part in row_parts(num_rows):
        values = evidence.columns[:, part][places].reshape(*shape, -1)
        missing = is_missing(values)
        _check_support(layer, values, missing, first_row + part.start)
        np.logical_and.reduce(missing, axis=1, out=empty[:, part])
        if np.count_nonzero(missing) > shape[1] * np.count_nonzero(empty[:, part]):
            partly |= np.logical_or.reduce(missing & ~empty[:, None, part], axis=(0, 2))
        if family.log_base is not None and base is not None:
            base[:, part] = np.where(missing, 0.0, family.log_base(_numbers(layer, values))).sum(axis=1)
    end = (family.num_statistics - family.num_implied) * shape[1]
    partial = np.flatnonzero(partly)
    flags, bound = slice(end, end + len(partial)), np.ones(end + len(partial) + 2 + (base is not None))
    return _bounded(Design(layer, evidence, places, empty, partial, flags, bound, base))


def _bounded(made: Design) -> Design:
    """The same with the largest of each feature, which is 1 where features are flags."""
    if made.layer.family == "categorical" or not made.empty.size:
        return made
    bound = np.zeros(made.num_features)
    for part in row_parts(made.num_rows):
        block = np.empty((len(made.empty), made.num_summed, part.stop - part.start))
        made.write(part, block)
        np.maximum(bound, np.abs(block[:, -len(bound) :]).max(axis=(0, 2)), out=bound)
    return replace(made, bound=bound)


def _check_support(layer: InputLayer, values: Array, missing: Bools, first_row: int) -> None:
    supports = layer.distribution.supports
    if values.dtype.kind in "iu" and values.size and supports(values.max()):
        return  # whole numbers are missing or at least 0, and a family has all up to its largest
    possible = missing | supports(values)
    if not possible.all():
        group, place, row = (int(i) for i in np.argwhere(~possible)[0])
        raise CircuitError(
            f"row {first_row + row + 1}, variable {layer.variables[group, place]}: {values[group, place, row]:g} is "
            f"not possible for a {layer.family} leaf; allowed: {layer.distribution.support}, or missing"
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
