"""The harness's own promises, which every other test relies on."""

import os
import warnings

import numpy as np
import pytest

from tests.closeness import assert_close


@pytest.mark.parametrize(
    "operation",
    [
        lambda: np.exp(np.array([1000.0])),
        lambda: np.log(np.array([0.0])),
        lambda: np.array([np.inf]) - np.array([np.inf]),
    ],
    ids=["overflow", "divide", "invalid"],
)
def test_numpy_raises_instead_of_returning_infinity_or_nan(operation):
    with pytest.raises(FloatingPointError):
        operation()


def test_underflow_reaches_zero_without_a_word():
    assert np.exp(np.array([-1000.0]))[0] == 0.0


def test_a_warning_is_an_error():
    with pytest.raises(UserWarning):
        warnings.warn("anything", UserWarning, stacklevel=1)


def test_blas_runs_on_one_thread():
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(1.0, 1.0 + 1e-8), (np.nan, np.nan), (np.zeros(3), 0.0), (np.zeros((1, 3)), np.zeros(3))],
    ids=["too far", "nan", "broadcast scalar", "broadcast axis"],
)
def test_assert_close_refuses(actual, expected):
    with pytest.raises(AssertionError):
        assert_close(actual, expected)
