"""A mixture on many 0/1 columns by tables of a few columns each: a row is one pattern of every chunk of the columns.

What the patterns of a chunk are worth is worked out once, and a row's log-value is a sum of one entry of each table: a
sparse matrix of ones times the tables, up, and its transpose times the flows, down. That takes an eighth of the steps
of the products with all columns, which need zeros and ones as numbers first. Both values of a column have patterns of
their own, so that no flow is a difference. The method of four Russians: Arlazarov, Dinic, Kronrod & Faradžev (1970).
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array

from spncore.arrays import Floats, Ints
from spncore.inference.dense import Weighted, is_safe
from spncore.inference.half_patterns import COMPONENTS, DENSE_FEATURE, DENSE_ROW, binary_columns, is_binary
from spncore.inference.log_domain import log_sums

WIDTHS = range(4, 9)  # of a chunk, in columns: the tables of wider ones leave the caches
BLOCK_ROWS = 4096
# What an entry of the sparse matrix costs both ways, on its own and for each component; a pattern; a row; and in the
# dense way a feature that is expanded: nanoseconds on one core
ENTRY, ENTRY_VALUE, PATTERN, ROW, EXPANDED = 0.9, 0.3, 5.0, 2.5, 0.3
WORTH_IT = 0.8  # of what the dense way costs, at most


def width(rows: Weighted) -> int | None:
    """How many columns a chunk has; None where this would not clearly pay. For 0/1 columns without missing values."""
    if not is_binary(rows.design):
        return None
    num_rows, num_columns = len(rows.weights), rows.design.layer.variables.shape[1]
    features = rows.design.num_summed + len(rows.design.bound)
    dense = num_rows * (COMPONENTS * (DENSE_ROW + DENSE_FEATURE * features) + EXPANDED * rows.design.num_summed)
    best = min(WIDTHS, key=lambda size: _cost(num_rows, num_columns, size))
    return best if _cost(num_rows, num_columns, best) < WORTH_IT * dense else None


def _cost(num_rows: int, num_columns: int, size: int) -> float:
    chunks = -(-num_columns // size)
    of_row = 2 * chunks * (ENTRY + COMPONENTS * ENTRY_VALUE) + COMPONENTS * ROW
    return num_rows * of_row + PATTERN * COMPONENTS * chunks * 2.0**size


class _Block(NamedTuple):
    """Some rows, and the matrix (b, P) that says which patterns they have, to go up and to go down."""

    rows: slice
    up: csr_array
    down: csc_array


class ColumnChunks:
    """The row-sized work by tables of the patterns of chunks of columns; the empty row has none of them."""

    def __init__(self, rows: Weighted, size: int) -> None:
        self.rows, self.size = rows, size
        self._num_columns = rows.design.layer.variables.shape[1]
        self._num_chunks = -(-self._num_columns // size)
        ones = np.arange(1 << size)[:, None] >> np.arange(size) & 1
        self._ones: Floats = ones.astype(rows.dtype)
        self._counted: Floats = np.concatenate([1 - ones, ones], axis=1).T.astype(rows.dtype, "C")
        self._blocks = self._cut(BLOCK_ROWS)

    def _cut(self, most: int) -> list[_Block]:
        bits, num_rows, blocks = binary_columns(self.rows.design), len(self.rows.weights) - 1, []
        shape = most, self._num_chunks << self.size
        data, starts = np.ones(most * self._num_chunks, self.rows.dtype), np.arange(most + 1) * self._num_chunks
        for begin in range(0, num_rows, most):
            part = slice(begin, min(begin + most, num_rows))
            number = part.stop - begin
            entries = data[: number * self._num_chunks], self._places(bits[:, part]), starts[: number + 1]
            up = csr_array(entries, shape=(number, shape[1]))
            blocks.append(_Block(part, up, csc_array((up.data, up.indices, up.indptr), shape=up.shape[::-1])))
        return blocks

    def _places(self, bits: Ints) -> Ints:
        """The places of the patterns of rows (D, b) in the tables, chunk by chunk within each row."""
        places = np.zeros((bits.shape[1], self._num_chunks), dtype=np.int32)
        for column, values in enumerate(bits):
            places[:, column // self.size] |= values.astype(np.int32) << column % self.size
        places += (np.arange(self._num_chunks) << self.size).astype(np.int32)
        return places.ravel()

    def __call__(self, coefficients: Floats, moments: Floats) -> tuple[float, float]:
        """LLH and log Z at coefficients (K, F); writes the flows times N, (K, A + F)."""
        empty, total, scaled = log_sums(coefficients[None, :, -1:], np.ones((1, 1, len(coefficients))))
        log_partition = float(empty[0, 0, 0])
        weights, llh = self.rows.weights_at(log_partition), float(self.rows.shares[-1]) * log_partition
        table, shifted = self._table(coefficients), False
        sums = np.zeros_like(table)
        for block in self._blocks:
            values, totals, log_values, shifted = self._up(block, table, shifted)
            llh += float(self.rows.shares[block.rows].dot(log_values))
            if self.rows.log_values is not None:
                self.rows.log_values[block.rows] = log_values
            np.multiply(values, (weights[block.rows] / totals)[:, None], out=values, casting="same_kind")
            sums += block.down @ values
        if self.rows.log_values is not None:
            self.rows.log_values[-1] = log_partition
        self._collect(sums, moments)
        moments[:, -1] = weights[-1] * (scaled / total)[0, :, 0]
        return llh - log_partition, log_partition

    def _up(self, block: _Block, table: Floats, shifted: bool) -> tuple[Floats, Floats, Floats, bool]:
        """Values (b, K), over each row's largest if `shifted`, their sums and the log-values (b,); as in `Dense`."""
        values = block.up @ table
        largest = np.maximum.reduce(values, axis=1) if shifted else np.zeros(1, values.dtype)
        if shifted:
            np.subtract(values, largest[:, None], out=values)
        np.exp(values, out=values)
        totals = values.dot(np.ones_like(table[0]))
        log_values = np.log(totals) + largest
        if shifted or is_safe(log_values, self.rows.dtype):
            return values, totals, log_values, shifted
        return self._up(block, table, True)

    def _table(self, coefficients: Floats) -> Floats:
        """What each pattern adds to the log-value of each component (P, K), the first chunk's the constant, too."""
        natural = np.zeros((self._num_chunks * self.size, len(coefficients)), self.rows.dtype)
        natural[: self._num_columns] = coefficients[:, : self._num_columns].T
        table: Floats = np.matmul(self._ones, natural.reshape(self._num_chunks, self.size, -1))
        table[0] += coefficients[:, -2].astype(self.rows.dtype)
        return table.reshape(-1, len(coefficients))

    def _collect(self, sums: Floats, moments: Floats) -> None:
        """Flows of the patterns (P, K) summed by what their columns are."""
        of_chunks = sums.reshape(self._num_chunks, 1 << self.size, -1)
        found = np.matmul(self._counted, of_chunks).reshape(self._num_chunks, 2, self.size, -1)
        for value in (0, 1):
            begin = value * self._num_columns
            of_value = found[:, value].reshape(-1, sums.shape[1])[: self._num_columns]
            moments[:, begin : begin + self._num_columns] = of_value.T
        moments[:, -2] = np.add.reduce(of_chunks[0], axis=0)
