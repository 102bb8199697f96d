"""A mixture on all rows of a bag: one matrix product up, one exponential per row and component, one product down."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.leaves import Design
from spncore.inference.forward import log_sum_exp, safe_log

# A block's features and values stay near the processor, and BLAS does without copies in products of under a million
# multiplications (OpenBLAS, where that is twice as fast for few components).
BLOCK_BYTES = 2_000_000
MULTIPLICATIONS = 1_000_000
SMALLEST_BLOCK = 1000  # rows: below this the calls cost more than the copies
COLUMNS, FEW_COMPONENTS = 64, 32  # flows of so few components go to so many columns at a time
KEPT_BYTES = 16_000_000  # of all features: larger evidence is expanded block by block whenever it is needed
MAX_PLANS = 8  # merging equal components leaves a different number of them now and then

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

    @property
    def num_summed(self) -> int:
        """A + F."""
        return self.design.num_summed

    def summed(self, rows: slice, out: Floats) -> Floats:
        """What flows are summed over, written to the first columns of `out`: (A + F, rows), the features last."""
        out = out[:, : rows.stop - rows.start]
        self.design.write(rows, out[None])
        return out

    def room(self, num_rows: int) -> Floats:
        """An array for `summed` whose lines are no power of two apart, which would keep them out of the cache."""
        found: Floats = np.empty((self.num_summed, num_rows | 8), self.dtype)
        return found

    def weights_at(self, log_partition: float) -> Floats:
        """The rows' weights (B,) where log Z is this."""
        return self.weights if self.row_weights is None else self.row_weights(self.weights, log_partition)


class _Plan(NamedTuple):
    """K components: the blocks of rows, the last first, the columns of flows in parts, and arrays of the largest block.

    `room` for its features (A + F, b), `ones` (1, 1, K), `values` (1, K, b), `totals` and `log_values` (1, 1, b),
    `largest` (1, b), `ratio` (b,), `moments` (K, A + F).
    """

    blocks: list[slice]
    columns: list[slice]
    room: Floats
    ones: Floats
    values: Floats
    totals: Floats
    log_values: Floats
    largest: Floats
    ratio: Floats
    moments: Floats

    def first(self, num_rows: int) -> "_Plan":
        """The same with arrays of so many rows."""
        if num_rows == len(self.ratio):
            return self
        num_components = self.values.shape[1]
        values = self.values.reshape(-1)[: num_components * num_rows].reshape(1, num_components, num_rows)
        names = ("totals", "log_values", "largest", "ratio")
        return self._replace(values=values, **{name: getattr(self, name)[..., :num_rows] for name in names})


class Dense:
    """The row-sized work on all rows, block by block, the last one first: it holds the row whose value is Z.

    Values are exponentiated as they are. A block in which a row's value is near the end of the number range is done
    again, and those after it at once, with each row's largest value taken off first; so is a single component, whose
    posterior is then exactly 1. Flows are summed over each value's own rows, so that no flow is a difference.
    """

    def __init__(self, rows: Weighted) -> None:
        self.rows = rows
        self._limit = safe_log(rows.dtype)
        self._kept = None
        if 8 * rows.num_summed * len(rows.weights) <= KEPT_BYTES:
            whole = slice(0, len(rows.weights))
            self._kept = rows.summed(whole, rows.room(whole.stop))
        self._num_features = len(rows.design.bound)
        self._plans: dict[int, _Plan] = {}

    def __call__(self, coefficients: Floats, moments: Floats, impossible: Floats | None = None) -> tuple[float, float]:
        """LLH and log Z at coefficients (K, F); writes the flows times N, (K, A + F). `impossible`: see `leaves`."""
        linear: Floats = coefficients.astype(self.rows.dtype, copy=False)
        plan = self._plan(len(linear))
        shifted = len(linear) == 1 or impossible is not None
        llh, log_partition, row_weights = 0.0, None, self.rows.weights
        moments[...] = 0.0
        for rows in plan.blocks:
            work = plan.first(rows.stop - rows.start)
            summed = self.rows.summed(rows, plan.room) if self._kept is None else self._kept[:, rows]
            shifted = self._up(summed[-self._num_features :], linear, work, impossible, shifted)
            values = work.log_values[0, 0]
            llh += float(self.rows.shares[rows].dot(values))
            if self.rows.log_values is not None:
                self.rows.log_values[rows] = values
            if log_partition is None:
                log_partition = float(values[-1])
                row_weights = self.rows.weights_at(log_partition)
            np.add(moments, _down(summed, row_weights[rows], work), out=moments)
        assert log_partition is not None
        return llh - log_partition, log_partition

    def _up(self, features: Floats, linear: Floats, work: _Plan, impossible: Floats | None, shifted: bool) -> bool:
        """Scaled values, totals and log-values of a block; returns whether each row's largest was taken off."""
        np.matmul(linear, features, out=work.values[0])
        if impossible is not None:
            work.values[0, np.matmul(impossible, features) > 0.5] = -np.inf
        log_sum_exp(
            work.values, work.ones, work.largest if shifted else None, work.values, work.totals, work.log_values
        )
        if shifted or self._is_safe(work.log_values[0, 0]):
            return shifted
        return self._up(features, linear, work, impossible, True)

    def _is_safe(self, log_values: Floats) -> bool:
        smallest, largest = np.minimum.reduce(log_values), np.maximum.reduce(log_values)
        return bool(-self._limit < smallest and largest < self._limit)  # not so where one is no number

    def _plan(self, num_components: int) -> _Plan:
        if num_components not in self._plans:
            if len(self._plans) >= MAX_PLANS:
                self._plans.clear()
            self._plans[num_components] = _plan(self.rows, num_components)
        return self._plans[num_components]


def _down(summed: Floats, row_weights: Floats, work: _Plan) -> Floats:
    np.divide(row_weights, work.totals[0, 0], out=work.ratio)
    np.multiply(work.values[0], work.ratio, out=work.values[0])
    for columns in work.columns:
        np.matmul(work.values[0], summed[columns].T, out=work.moments[:, columns])
    return work.moments


def _plan(rows: Weighted, num_components: int) -> _Plan:
    num_rows, num_features, num_summed = len(rows.weights), len(rows.design.bound), rows.num_summed
    near = BLOCK_BYTES // (np.dtype(rows.dtype).itemsize * (num_summed + num_components))
    small = MULTIPLICATIONS // (num_components * num_features)
    blocks = _cut(num_rows, max(min(near, small), SMALLEST_BLOCK))
    columns = _cut(num_summed, COLUMNS if num_components < FEW_COMPONENTS else num_summed)
    size = max(part.stop - part.start for part in blocks)
    shapes = (1, num_components, size), (1, 1, size), (1, size), (size,), (num_components, num_summed)
    values, totals, largest, ratio, moments = (np.empty(shape, rows.dtype) for shape in shapes)
    ones: Floats = np.ones((1, 1, num_components), rows.dtype)
    return _Plan(
        blocks[::-1], columns, rows.room(size), ones, values, totals, np.empty((1, 1, size)), largest, ratio, moments
    )


def _cut(whole: int, largest: int) -> list[slice]:
    """So many in the fewest parts that are small enough, all of nearly one size."""
    number = -(-whole // largest)
    cuts = [whole * place // number for place in range(number + 1)]
    return [slice(*pair) for pair in zip(cuts[:-1], cuts[1:], strict=True)]
