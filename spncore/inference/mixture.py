"""The row-sized work of a mixture of fully factorised components, for one seed at a time: values up, flows down.

The mixture is one input layer of one group whose nodes have absorbed the weights of the one sum above. There are four
ways: all columns at once (`dense`), tables of half rows or of a few columns each, for zeros and ones (`half_patterns`,
`column_chunks`), and a short one for components that are held (`held`).
"""

from functools import cached_property

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.leaves import Design
from spncore.inference.column_chunks import ColumnChunks, width
from spncore.inference.dense import Dense, RowWeights, Weighted
from spncore.inference.half_patterns import HalfPatterns, split
from spncore.inference.held import Held
from spncore.inference.symmetry import merge_equal


class MixtureRows:
    """A mixture on the rows of a bag, the last one empty, with its arrays prepared; a call leaves nothing to the next.

    After a call: `llh` in nats per row, `log_partition`, and `log_values` (B,), None unless they are asked for. The
    caller silences NumPy's warnings. Where the data allows it the work is done by `tables`; which way is taken depends
    on the data and the coefficients alone. Equal components are evaluated once and share their flow.
    """

    def __init__(
        self,
        design: Design,
        weights: Floats,
        shares: Floats,
        dtype: type = np.float64,
        *,
        row_weights: RowWeights | None = None,
        keep_values: bool = False,
        tables: bool = True,
    ) -> None:
        """`weights` c (B,) of the objective, or `row_weights(c, log Z)` if they depend on log Z; `shares` of the LLH.

        Rows that are used but once are not worth a search for `tables`: see `on`.
        """
        self.log_values = np.empty(len(weights)) if keep_values else None
        cast = weights if row_weights is not None else weights.astype(dtype)
        self._rows = Weighted(design, cast, shares, dtype, row_weights, self.log_values)
        self.tables = _tables(self._rows) if tables else None
        self.llh = self.log_partition = np.nan

    def __call__(self, coefficients: Floats, moments: Floats, impossible: Floats | None = None) -> None:
        """Evaluate at coefficients (K, F); writes flow times `summed`, (K, A + F), added up over all rows.

        `impossible` (K, F): from `leaves.impossible`, where leaves or weights may be 0.
        """
        whole = coefficients if impossible is None else np.concatenate([impossible, coefficients], axis=1)
        merged = merge_equal(whole)
        if merged is None:
            self.llh, self.log_partition = self._one(coefficients, moments, impossible)
            return
        distinct = coefficients[merged.first]
        distinct[:, -2:] += np.log(merged.size)[:, None]
        found = np.empty((len(distinct), moments.shape[1]))
        zeros = None if impossible is None else impossible[merged.first]
        self.llh, self.log_partition = self._one(distinct, found, zeros)
        moments[...] = (found / merged.size[:, None])[merged.of]

    def _one(self, coefficients: Floats, moments: Floats, impossible: Floats | None) -> tuple[float, float]:
        found = None
        if self.tables is not None and impossible is None and len(coefficients) > 1:
            found = self.tables(coefficients, moments)
        return self._dense(coefficients, moments, impossible) if found is None else found

    def on(self, design: Design, weights: Floats, shares: Floats) -> "MixtureRows":
        """The same for other rows of the same layer, such as a mini-batch, in the room that there is."""
        found = MixtureRows(
            design,
            weights,
            shares,
            self._rows.dtype,
            row_weights=self._rows.row_weights,
            keep_values=self.log_values is not None,
            tables=False,
        )
        found._dense = Dense(found._rows, self._dense)
        return found

    def held(self, coefficients: Floats) -> Held:
        """The same rows for components (K, F) that stay, given without their weights."""
        return Held(self._rows, coefficients)

    @cached_property
    def _dense(self) -> Dense:
        return Dense(self._rows)


def _tables(rows: Weighted) -> HalfPatterns | ColumnChunks | None:
    """Tables of half rows or of chunks of columns, where they clearly pay."""
    halves = split(rows)
    if halves is not None:
        return HalfPatterns(rows, halves)
    size = width(rows)
    return None if size is None else ColumnChunks(rows, size)
