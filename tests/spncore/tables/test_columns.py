"""Columns of a table as evidence: what becomes a code, what is standardised, and the way back."""

import numpy as np
import pytest

from spncore.tables.columns import MOST_VALUES, codings, decode, encode, log_scales, unseen, weighted_moments
from tests.closeness import assert_close

NAN = np.nan
ROWS = np.array([[3.0, 0.5, NAN], [7.0, NAN, NAN], [3.0, 2.5, NAN], [NAN, 0.5, NAN]])
WEIGHTS = np.array([1.0, 2.0, 1.0, 4.0])


def test_few_whole_numbers_are_categorical_and_all_else_is_gaussian():
    many = np.arange(MOST_VALUES + 1.0)
    rows = np.column_stack([many, many % MOST_VALUES, many / 2, np.full_like(many, NAN)])
    found = codings(rows, np.ones(len(rows)), "auto")
    assert [coding.family for coding in found] == ["gaussian", "categorical", "gaussian", "gaussian"]
    assert [coding.column.num_values for coding in codings(ROWS, WEIGHTS, "auto")][0] == 2


def test_known_values_survive_the_way_there_and_back():
    columns = codings(ROWS[:, :2], WEIGHTS, "auto")
    encoded = encode(ROWS[:, :2], columns)
    assert np.array_equal(np.isnan(encoded), np.isnan(ROWS[:, :2]))
    full = np.array([[0.0, 1.5], [1.0, -2.0]])
    assert_close(encode(decode(full, columns), columns), full)


def test_real_columns_have_weighted_mean_0_and_deviation_1():
    columns = codings(ROWS, WEIGHTS, ["gaussian", "gaussian", "gaussian"])
    means, deviations = weighted_moments(encode(ROWS, columns), WEIGHTS)
    assert_close(means, np.zeros(3))
    assert_close(deviations, np.ones(3))


def test_log_scale_counts_the_known_real_values_of_a_row():
    columns = codings(ROWS, WEIGHTS, "auto")
    known = ROWS[[0, 2, 3], 1]
    deviation = np.sqrt(np.cov(known, aweights=[1, 1, 4], ddof=0))
    assert_close(log_scales(ROWS, columns), np.log(deviation) * np.array([1, 0, 1, 1]))


def test_a_value_that_was_never_seen_is_missing_and_said_to_be_unseen():
    columns = codings(ROWS, WEIGHTS, "auto")
    asked = np.array([[5.0, 0.0, NAN], [3.0, 99.0, NAN], [NAN, NAN, NAN], [8.0, NAN, NAN], [-1.0, NAN, NAN]])
    encoded = encode(asked, columns)
    assert np.isnan(encoded[[0, 2, 3, 4], 0]).all()
    assert unseen(asked, encoded).tolist() == [True, False, False, True, True]


@pytest.mark.parametrize("value", [0.1, 1e300, -3e-300])
def test_a_constant_column_is_divided_by_its_own_size(value):
    rows = np.full((7, 1), value)
    (coding,) = codings(rows, np.ones(7), ["gaussian"])
    assert coding.scale == abs(value)
    assert_close(encode(rows, (coding,)), np.zeros((7, 1)))


def test_values_beyond_all_measure_stay_finite():
    (coding,) = codings(np.array([[0.0], [1e-300], [0.3e-300]]), np.ones(3), ["gaussian"])
    assert np.isfinite(encode(np.array([[1e308], [-1e308]]), (coding,)) ** 2).all()


@pytest.mark.parametrize(
    ("families", "said"),
    [
        ("gaussian", "expected 'auto' or one of"),
        (["gaussian"], "for each of 3 columns"),
        (["gaussian", "cauchy", "gaussian"], "got \\['gaussian', 'cauchy'"),
        (["gaussian", "poisson", "gaussian"], "a poisson column holds whole numbers from 0, got 0.5"),
    ],
)
def test_families_that_do_not_fit_are_refused(families, said):
    with pytest.raises(ValueError, match=said):
        codings(ROWS, WEIGHTS, families)
