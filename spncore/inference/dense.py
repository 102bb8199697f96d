"""A mixture on all rows of a bag: one matrix product up, one exponential per row and component, one product down."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.evidence import even_parts
from spncore.circuits.leaves import Design
from spncore.inference.log_domain import log_sum_exp, safe_log

# A block's features and values stay near the processor, and BLAS does without copies in products of under a million
# multiplications (OpenBLAS, where that is twice as fast for few components).
BLOCK_BYTES = 2_000_000
MULTIPLICATIONS = 1_000_000
SMALLEST_BLOCK = 1000  # rows: below this the calls cost more than the copies
COLUMNS, FEW_COMPONENTS = 64, 32  # flows of so few components go to so many columns at a time
KEPT_BYTES = 16_000_000  # of all features: larger evidence is expanded block by block whenever it is needed
MAX_ROOMS = 8  # merging equal components leaves a different number of them now and then

RowWeights = Callable[[Floats, float], Floats]


class Weighted(NamedTuple):
    """Evidence (B,) of one input layer of one group, the last row empty, and what each row counts.

    `weights` c of the objective and `shares` of the LLH; `row_weights(c, log Z)`, None where the weights depend on
    nothing; `log_values` (B,), where log f of every row is written if it is asked for.
    """

    design: Design
    weights: Floats
    shares: Floats
    dtype: type = np.float64
    row_weights: RowWeights | None = None
    log_values: Floats | None = None

    def summed(self, rows: slice, out: Floats) -> Floats:
        """What flows are summed over, written to the first columns of `out`: (A + F, rows), the features last."""
        out = out[:, : rows.stop - rows.start]
        self.design.write(rows, out[None])
        return out

    def room(self, num_rows: int) -> Floats:
        """An array for `summed` whose lines are no power of two apart, which would keep them out of the cache."""
        return _empty((self.design.num_summed, num_rows | 8), self.dtype)

    def weights_at(self, log_partition: float) -> Floats:
        """The rows' weights (B,) where log Z is this."""
        return self.weights if self.row_weights is None else self.row_weights(self.weights, log_partition)


class _Room(NamedTuple):
    """Arrays for K components and a block of rows: `summed` (A + F, b), of which flows go to some `columns` at a time.

    `ones` (1, 1, K), `values` (1, K, b), `totals` and `log_values` (1, 1, b), `largest` (1, b), `ratio` (b,), `moments`
    (K, A + F).
    """

    columns: list[slice]
    summed: Floats
    ones: Floats
    moments: Floats
    values: Floats
    totals: Floats
    log_values: Floats
    largest: Floats
    ratio: Floats

    def first(self, num_rows: int) -> "_Room":
        """The same for so many rows."""
        if num_rows == len(self.ratio):
            return self
        shape = 1, self.values.shape[1], num_rows
        values = self.values.reshape(-1)[: shape[1] * num_rows].reshape(shape)
        return _Room(*self[:4], values, *(array[..., :num_rows] for array in self[5:]))


class Dense:
    """The row-sized work on all rows, block by block, the last one first: it holds the row whose value is Z.

    Values are exponentiated as they are. A block in which a row's value is near the end of the number range is done
    again, and those after it at once, with each row's largest value taken off first; so is a single component, whose
    posterior is then exactly 1. Flows are summed over each value's own rows, so that no flow is a difference.
    """

    def __init__(self, rows: Weighted, like: "Dense | None" = None) -> None:
        """`like`: what worked on other rows of the same layer and has room for these; nothing of them is kept then."""
        self.rows = rows
        self._num_features = len(rows.design.bound)
        self._rooms: dict[int, _Room] = {} if like is None else like._rooms
        self._kept = None
        if like is None and 8 * rows.design.num_summed * len(rows.weights) <= KEPT_BYTES:
            whole = slice(0, len(rows.weights))
            self._kept = rows.summed(whole, rows.room(whole.stop))

    def __call__(self, coefficients: Floats, moments: Floats, impossible: Floats | None = None) -> tuple[float, float]:
        """LLH and log Z at coefficients (K, F); writes the flows times N, (K, A + F). `impossible`: see `leaves`."""
        linear: Floats = coefficients.astype(self.rows.dtype, copy=False)
        shifted = len(linear) == 1 or impossible is not None
        llh, log_partition, row_weights = 0.0, None, self.rows.weights
        moments[...] = 0.0
        blocks = list(even_parts(len(row_weights), _most_rows(self.rows, len(linear))))
        whole = self._room(len(linear), blocks[0].stop)
        for rows in reversed(blocks):
            room = whole.first(rows.stop - rows.start)
            summed = self.rows.summed(rows, room.summed) if self._kept is None else self._kept[:, rows]
            shifted = self._up(summed[-self._num_features :], linear, room, impossible, shifted)
            values = room.log_values[0, 0]
            llh += float(self.rows.shares[rows].dot(values))
            if self.rows.log_values is not None:
                self.rows.log_values[rows] = values
            if log_partition is None:
                log_partition = float(values[-1])
                row_weights = self.rows.weights_at(log_partition)
            np.add(moments, _down(summed, row_weights[rows], room), out=moments)
        assert log_partition is not None
        return llh - log_partition, log_partition

    def _up(self, features: Floats, linear: Floats, room: _Room, impossible: Floats | None, shifted: bool) -> bool:
        """Scaled values, totals and log-values of a block; returns whether each row's largest was taken off."""
        np.matmul(linear, features, out=room.values[0])
        if impossible is not None:
            room.values[0, np.matmul(impossible, features) > 0.5] = -np.inf
        largest = room.largest if shifted else None
        log_sum_exp(room.values, room.ones, largest, room.values, room.totals, room.log_values)
        if shifted or is_safe(room.log_values[0, 0], self.rows.dtype):
            return shifted
        return self._up(features, linear, room, impossible, True)

    def _room(self, num_components: int, num_rows: int) -> _Room:
        found = self._rooms.get(num_components)
        if found is None or len(found.ratio) < num_rows:
            if len(self._rooms) >= MAX_ROOMS:
                self._rooms.clear()
            found = self._rooms[num_components] = _room(self.rows, num_components, num_rows)
        return found.first(num_rows)


def is_safe(log_values: Floats, dtype: type) -> bool:
    """Whether sums with these logarithms (b,) are all far from the ends of the number range, and numbers."""
    smallest, largest = np.minimum.reduce(log_values), np.maximum.reduce(log_values)
    return bool(-safe_log(dtype) < smallest and largest < safe_log(dtype))  # not so where one is no number


def _down(summed: Floats, row_weights: Floats, room: _Room) -> Floats:
    np.divide(row_weights, room.totals[0, 0], out=room.ratio)
    np.multiply(room.values[0], room.ratio, out=room.values[0])
    for columns in room.columns:
        np.matmul(room.values[0], summed[columns].T, out=room.moments[:, columns])
    return room.moments


def _room(rows: Weighted, num_components: int, num_rows: int) -> _Room:
    num_summed = rows.design.num_summed
    columns = list(even_parts(num_summed, COLUMNS if num_components < FEW_COMPONENTS else num_summed))
    shapes = (1, num_components, num_rows), (1, 1, num_rows), (1, num_rows), (num_rows,)
    values, totals, largest, ratio = [_empty(shape, rows.dtype) for shape in shapes]
    moments, ones = _empty((num_components, num_summed), rows.dtype), _empty((1, 1, num_components), rows.dtype)
    ones[...] = 1.0
    return _Room(columns, rows.room(num_rows), ones, moments, values, totals, np.empty(totals.shape), largest, ratio)


def _empty(shape: tuple[int, ...], dtype: type) -> Floats:
    result: Floats = np.empty(shape, dtype)
    return result


def _most_rows(rows: Weighted, num_components: int) -> int:
    """How many rows a block has at most."""
    near = BLOCK_BYTES // (np.dtype(rows.dtype).itemsize * (rows.design.num_summed + num_components))
    return max(min(near, MULTIPLICATIONS // (num_components * len(rows.design.bound))), SMALLEST_BLOCK)
