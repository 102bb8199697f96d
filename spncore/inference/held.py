"""A mixture whose components are held: only its weights move, so a step is two products of a matrix and a vector."""

from functools import cached_property

import numpy as np

from spncore.arrays import Floats
from spncore.inference.dense import Dense, Weighted
from spncore.inference.symmetry import merge_equal


class Held:
    """Components on the rows of a bag, their values prepared relative to the largest of each row.

    After a call: `llh` in nats per row and `log_partition`. Components with equal leaves are evaluated once, and if all
    are equal the posterior is exactly 1.
    """

    def __init__(self, rows: Weighted, coefficients: Floats) -> None:
        """`coefficients` (K, F) of the components, without their weights."""
        merged = merge_equal(coefficients)
        distinct = coefficients if merged is None else coefficients[merged.first]
        whole = slice(0, len(rows.weights))
        log_values = distinct @ rows.summed(whole, rows.room(whole.stop))[-coefficients.shape[1] :]
        self.rows, self._coefficients, self._merged = rows, coefficients, merged
        self._largest = log_values.max(axis=0)
        self._values = np.exp(log_values - self._largest).astype(rows.dtype)
        self._offset = float(rows.shares @ self._largest - self._largest[-1])
        self._totals: Floats = np.empty(len(rows.weights), rows.dtype)
        self._ratio: Floats = np.empty_like(self._totals)
        self._log_totals = np.empty(len(rows.weights))
        self._smallest = 1e8 * float(np.finfo(rows.dtype).tiny)
        self.llh = self.log_partition = np.nan

    def __call__(self, weights: Floats, flow: Floats) -> None:
        """Evaluate at weights (K,) of any scale; writes the flow of each component times N, (K,)."""
        merged = self._merged
        of_distinct = weights if merged is None else np.bincount(merged.of, weights)
        total = float(np.add.reduce(of_distinct))
        np.dot((of_distinct / total).astype(self.rows.dtype, copy=False), self._values, out=self._totals)
        if not np.minimum.reduce(self._totals) > self._smallest:
            self._from_logarithms(weights, flow)
            return
        np.log(self._totals, out=self._log_totals)
        last = float(self._log_totals[-1])
        self.llh = float(self.rows.shares.dot(self._log_totals)) - last + self._offset
        self.log_partition = last + float(self._largest[-1] + np.log(total))
        if self.rows.log_values is not None:
            np.add(self._log_totals, self._largest, out=self.rows.log_values)
            np.add(self.rows.log_values, np.log(total), out=self.rows.log_values)
        np.divide(self.rows.weights_at(self.log_partition), self._totals, out=self._ratio)
        posterior = self._values.dot(self._ratio)
        np.multiply(posterior if merged is None else posterior[merged.of], weights / total, out=flow)

    def _from_logarithms(self, weights: Floats, flow: Floats) -> None:
        """The same where the only components that a row knows have weights next to nothing."""
        linear = self._coefficients.copy()
        linear[:, -2:] += np.log(weights)[:, None]
        moments = np.empty((len(weights), self.rows.design.num_summed))
        self.llh, self.log_partition = self._dense(linear, moments)
        np.add(moments[:, -2], moments[:, -1], out=flow)

    @cached_property
    def _dense(self) -> Dense:
        return Dense(self.rows)
