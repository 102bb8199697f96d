"""The harness's own promises, which every other test relies on."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from tests import children, waiting
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


def test_a_child_has_this_processs_arithmetic_and_what_is_asked_for(monkeypatch):
    for name in ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "SPNLAB_DATA_DIR", "SOMETHING_ELSE"):
        monkeypatch.setenv(name, "here")
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "")
    command = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]
    child = json.loads(subprocess.check_output(command, env=children.environment(SPNLAB_DATA_DIR="there")))
    assert (child["OPENBLAS_CORETYPE"], child["OPENBLAS_NUM_THREADS"]) == ("here", "1")
    assert (child["NPY_DISABLE_CPU_FEATURES"], child["SPNLAB_DATA_DIR"]) == ("", "there")
    assert "SOMETHING_ELSE" not in child


def test_waiting_ends_with_its_condition_and_fails_without_it(monkeypatch):
    looked = []
    waiting.until(lambda: looked.append(1) or len(looked) == 3)
    assert len(looked) == 3
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    with pytest.raises(AssertionError, match="did not come about in 0.01 s"):
        waiting.until(lambda: False)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(1.0, 1.0 + 1e-8), (np.nan, np.nan), (np.zeros(3), 0.0), (np.zeros((1, 3)), np.zeros(3))],
    ids=["too far", "nan", "broadcast scalar", "broadcast axis"],
)
def test_assert_close_refuses(actual, expected):
    with pytest.raises(AssertionError):
        assert_close(actual, expected)
