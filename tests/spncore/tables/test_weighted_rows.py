"""Bags from weighted rows against the objective written out row by row."""

import tracemalloc

import numpy as np
import pytest

from spncore.circuits.model import random_model
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import OBJECTIVES
from spncore.structures import Column, random_partitions
from spncore.tables.structures import with_columns
from spncore.tables.weighted_rows import _numbers, weighted_bag
from tests.closeness import assert_close
from tests.oracles import model_value

NAN = np.nan
ROWS = np.array([[0.3, 1, 0], [0.3, 1, 0], [NAN, 0, 2], [-1.2, NAN, 1], [0.3, 1, NAN], [0.9, 0, 1], [NAN, NAN, NAN]])
WEIGHTS = np.array([1.0, 2.5, 1.0, 0.25, 3.0, 1.0, 0.5])


def _model():
    rng = np.random.default_rng(0)
    columns = Column("gaussian"), Column(), Column("categorical", 3)
    found = random_model(with_columns(random_partitions(3, 1, 3, rng), columns), rng)
    found.parameters.sums[0][...] *= 1.7  # not normalised: log Z counts
    return found


def _evaluated(model, bag, name):
    edges = np.concatenate([array.ravel() for array in model.parameters.sums])[None]
    inputs = [array[None] for array in model.parameters.inputs]
    return Evaluator(model.circuit, bag, OBJECTIVES[name])(edges, inputs)


def _log(model, row):
    return np.log(model_value(model, row))


@pytest.mark.parametrize("mix", [0.0, 0.3])
def test_the_objective_with_a_class_is_the_mix_of_joint_and_conditional(mix):
    model, expected = _model(), 0.0
    log_partition = _log(model, np.full(3, NAN))
    for row, weight in zip(ROWS, WEIGHTS / WEIGHTS.sum(), strict=True):
        without = np.append(row[:2], NAN)
        generative = _log(model, row) - log_partition
        conditional = 0.0 if np.isnan(row[2]) else _log(model, row) - _log(model, without)
        expected += weight * (mix * generative + (1 - mix) * conditional)
    assert_close(_evaluated(model, weighted_bag(ROWS, WEIGHTS, mix), "hybrid").value[0], expected)


def test_without_a_class_it_is_the_weighted_mean_of_the_log_likelihood():
    model = _model()
    values = [_log(model, row) - _log(model, np.full(3, NAN)) for row in ROWS]
    assert_close(
        _evaluated(model, weighted_bag(ROWS, WEIGHTS), "generative").llh[0], np.average(values, weights=WEIGHTS)
    )


def test_a_weight_counts_as_that_many_rows_in_value_and_flow():
    model, times = _model(), np.array([1, 2, 1, 3, 1, 1, 2])
    weighted = _evaluated(model, weighted_bag(ROWS, 5.0 * times, 0.4), "hybrid")
    repeated = _evaluated(model, weighted_bag(np.repeat(ROWS, times, axis=0), np.ones(11), 0.4), "hybrid")
    assert_close(weighted.value, repeated.value)
    assert_close(weighted.flow, repeated.flow)


def _columns_of(rows):
    return {tuple("missing" if np.isnan(x) else x for x in row) for row in rows.tolist()}


@pytest.mark.parametrize("mix", [0.4, 1.0])
def test_rows_differ_where_any_bit_of_a_number_does_but_zero_has_one_sign_and_missing_is_one_thing(mix):
    tiny = np.nextafter(1.0, 2.0)
    rows = np.array([[1.0, 2], [tiny, 2], [2.0, 1], [0.0, 3], [-0.0, 3], [-NAN, 3], [NAN, 3], [1e300, 3], [NAN, NAN]])
    bag = weighted_bag(rows, np.ones(9), mix)
    without = np.array([(x, NAN) for x, _ in rows]) if mix < 1.0 else rows[:0]
    assert _columns_of(bag.rows) == _columns_of(np.concatenate([rows, without]))
    assert len(bag.rows) == len(_columns_of(bag.rows))
    found = bag.rows[bag.observed.rows]
    assert np.array_equal(found, rows, equal_nan=True) and np.isnan(bag.rows[-1]).all()


def test_different_rows_that_get_one_number_are_told_apart_all_the_same(monkeypatch):
    asked = []

    def once_blind(columns, rng):
        asked.append(rng)
        return _numbers(columns, rng) // np.uint64(2**64 - 1 if len(asked) == 1 else 1)

    monkeypatch.setattr("spncore.tables.weighted_rows._numbers", once_blind)
    bag = weighted_bag(ROWS, WEIGHTS)
    assert len(asked) == 2 and _columns_of(bag.rows) == _columns_of(ROWS) and len(bag.rows) == 6


def test_real_rows_that_all_differ_stay_in_their_order_and_cost_one_copy():
    rows = np.random.default_rng(0).normal(size=(100_000, 20))
    tracemalloc.start()
    try:
        bag = weighted_bag(rows, np.ones(len(rows)))
        assert tracemalloc.get_traced_memory()[1] < 1.6 * rows.nbytes
    finally:
        tracemalloc.stop()
    assert np.array_equal(bag.rows[:-1], rows) and np.array_equal(bag.observed.rows, np.arange(len(rows)))


def test_equal_rows_are_evaluated_once_and_the_empty_row_is_last():
    bag = weighted_bag(ROWS, WEIGHTS)
    assert len(bag.rows) == 6
    assert np.isnan(bag.rows[-1]).all() and not np.isnan(bag.rows[:-1]).all(axis=1).any()
    assert bag.num_rows == 7
