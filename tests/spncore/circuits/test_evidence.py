"""Features formed for any rows against the definition, entry by entry, and what they cost."""

import tracemalloc

import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer
from spncore.circuits.evidence import BLOCK_ROWS, Evidence, turned

CASES = [("categorical", 2), ("categorical", 5), ("gaussian", 2), ("poisson", 2), ("exponential", 2)]
GROUPS = [[[0, 1, 2, 3]], [[0, 2], [3, 1]], [[1], [0], [2]]]
every_family = pytest.mark.parametrize(("name", "num_values"), CASES)
every_layout = pytest.mark.parametrize("variables", GROUPS)


def some_rows(name, num_values, holes, num_rows=40, seed=0):
    """Full, partial and empty rows over five variables."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, num_values, (num_rows, 5)).astype(float)
    if name in ("gaussian", "exponential"):
        rows += rng.random(rows.shape)
    rows[rng.random(rows.shape) < holes] = np.nan
    rows[-1] = np.nan
    return rows


def statistics(name, num_values, value):
    """What a leaf's flow is summed over at one value, a missing one (NaN) included."""
    if name == "categorical":
        return [float(value == v) for v in range(num_values)]
    value = 0.0 if np.isnan(value) else value
    return [value, value**2] if name == "gaussian" else [value]


def summed_by_hand(layer, rows):
    """`summed` (G, A + F, B) from its description, without the base measure's logarithm."""
    missing = np.isnan(rows)
    empty = [[missing[row, group].all() for row in range(len(rows))] for group in layer.variables]
    partial = [
        place
        for place in range(layer.variables.shape[1])
        if any(
            missing[row, group[place]] and not empty[g][row]
            for g, group in enumerate(layer.variables)
            for row in range(len(rows))
        )
    ]
    result = []
    for g, group in enumerate(layer.variables):
        per_row = []
        for row, values in enumerate(rows[:, group]):
            each = [statistics(layer.family, layer.num_values, value) for value in values]
            hidden = [float(np.isnan(values[place])) for place in partial]
            flags = [1.0 - flag for flag in hidden], [0.0 if empty[g][row] else flag for flag in hidden]
            last = [float(not empty[g][row]), float(empty[g][row])]
            per_row.append([*flags[0], *np.transpose(each).ravel(), *flags[1], *last])
        result.append(np.transpose(per_row))
    return np.array(result)


def without_base(summed, layer):
    return summed if layer.distribution.log_base is None else np.delete(summed, -3, axis=1)


@every_family
@every_layout
@pytest.mark.parametrize("holes", [0.0, 0.1, 1.0])
def test_what_flows_are_summed_over_is_what_it_is_said_to_be(name, num_values, variables, holes):
    layer, rows = InputLayer(np.array(variables), 2, name, num_values), some_rows(name, num_values, holes)
    design = leaves.design(layer, rows)
    assert np.array_equal(without_base(design.summed, layer), summed_by_hand(layer, rows))
    assert design.num_summed == design.summed.shape[1] and design.num_features == design.features.shape[1]
    assert np.array_equal(np.abs(design.features).max(axis=(0, 2)), design.bound) or name == "categorical"


@every_family
@every_layout
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_slice_and_any_picked_rows_are_formed_as_the_whole_is(name, num_values, variables, dtype):
    layer = InputLayer(np.array(variables), 2, name, num_values)
    design = leaves.design(layer, some_rows(name, num_values, 0.2, 2 * BLOCK_ROWS + 7)).astype(dtype)
    for begin, end in [
        (0, 1),
        (5, 900),
        (BLOCK_ROWS - 1, BLOCK_ROWS + 1),
        (2 * BLOCK_ROWS, 2 * BLOCK_ROWS + 7),
        (3, 3),
    ]:
        rows, out = slice(begin, end), np.full((len(variables), design.num_summed, end - begin), np.nan, dtype)
        design.write(rows, out)
        assert np.array_equal(out, design.summed[:, :, rows])
        assert np.array_equal(design.take(rows).summed, out)
        assert np.array_equal(design.take(rows).take(slice(0, 1)).summed, out[:, :, :1])
    picked = np.random.default_rng(0).integers(0, design.num_rows, 50)
    assert np.array_equal(design.take(picked).summed, design.summed[:, :, picked])
    assert np.array_equal(
        design.take(picked).take(picked[:9] % 50).summed, design.summed[:, :, picked[picked[:9] % 50]]
    )


@pytest.mark.parametrize("num_values", [2, 5])
@pytest.mark.parametrize("kind", [np.int8, np.int64])
def test_whole_numbers_have_the_features_of_the_same_reals(num_values, kind):
    rows = some_rows("categorical", num_values, 0.2)
    whole = np.where(np.isnan(rows), -1, rows).astype(kind)
    layer = InputLayer(np.array([[0, 2], [3, 1]]), 2, "categorical", num_values)
    assert np.array_equal(leaves.design(layer, whole).summed, leaves.design(layer, rows).summed)


def test_a_turned_table_is_its_transpose_and_no_copy_where_it_lies_so_already():
    rows = np.arange(5000 * 3, dtype=np.int16).reshape(5000, 3)
    assert np.array_equal(turned(rows), rows.T) and turned(rows).flags.c_contiguous
    assert np.shares_memory(turned(rows.T), rows)


def test_picked_rows_of_evidence_are_these_rows():
    rows = np.arange(60).reshape(20, 3)
    evidence, picked = Evidence(turned(rows)), np.array([7, 0, 7])
    assert np.array_equal(evidence.take(picked).columns, rows[picked].T)
    assert np.array_equal(evidence.take(slice(2, 9)).take(picked % 7).columns, rows[2:9][picked % 7].T)


def test_bytes_are_prepared_in_little_more_than_their_own_memory_and_a_block_in_its_own():
    rows = np.random.default_rng(0).integers(0, 2, (200_000, 100), dtype=np.int8)
    rows[-1] = -1
    tracemalloc.start()
    try:
        design = leaves.design(InputLayer(np.arange(100)[None], 8), rows)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * rows.nbytes
        out = np.empty((1, design.num_summed, BLOCK_ROWS))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for begin in range(0, len(rows) - BLOCK_ROWS, BLOCK_ROWS):
            design.write(slice(begin, begin + BLOCK_ROWS), out)
        assert tracemalloc.get_traced_memory()[1] - before < out.nbytes
    finally:
        tracemalloc.stop()
