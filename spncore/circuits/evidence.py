"""Evidence in compact form: each value once, as bytes where they are zeros and ones; numbers are formed block by block.

Whole data is read variable by variable, a mini-batch row by row, and each would stride over the other's memory. So the
values lie variable by variable, and a second time row by row as soon as rows have been picked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spncore.arrays import Array, Ints

BLOCK_ROWS = 1024  # that are expanded at once: of 100 variables they fit the processor's cache


def row_parts(num_rows: int, size: int = BLOCK_ROWS) -> Iterator[slice]:
    """The rows in blocks of so many."""
    for begin in range(0, num_rows, size):
        yield slice(begin, min(begin + size, num_rows))


def even_parts(num_rows: int, most: int) -> Iterator[slice]:
    """The rows in the fewest blocks of at most so many, of one size but for the last."""
    return row_parts(num_rows, -(-num_rows // -(-num_rows // most)) if num_rows else 1)


def turned(rows: Array) -> Array:
    """The transpose of rows (B, D) in C order; a view where they lie so already."""
    if rows.T.flags.c_contiguous:
        return rows.T
    result = np.empty(rows.shape[::-1], rows.dtype)
    for part in row_parts(len(rows)):  # in blocks: as a whole it strides over the caches
        result[:, part] = rows[part].T
    return result


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence rows as `columns` (D, B): the rows of one variable stand side by side."""

    columns: Array

    @cached_property
    def _by_row(self) -> Array:
        return turned(self.columns)

    def take(self, rows: Ints | slice) -> Evidence:
        """Some of the rows, which cost what they are: a view of a slice, else picked from a copy row by row."""
        if isinstance(rows, slice):
            return Evidence(self.columns[:, rows])
        return Evidence(turned(self._by_row[rows]))
