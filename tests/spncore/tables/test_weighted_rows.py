"""Bags from weighted rows against the objective written out row by row."""

import numpy as np
import pytest

from spncore.circuits.model import random_model
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import OBJECTIVES
from spncore.structures import Column, random_partitions
from spncore.tables.structures import with_columns
from spncore.tables.weighted_rows import weighted_bag
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


def test_equal_rows_are_evaluated_once_and_the_empty_row_is_last():
    bag = weighted_bag(ROWS, WEIGHTS)
    assert len(bag.rows) == 6
    assert np.isnan(bag.rows[-1]).all() and not np.isnan(bag.rows[:-1]).all(axis=1).any()
    assert bag.num_rows == 7
