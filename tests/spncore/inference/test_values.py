"""Log-values of whole data sets: mixtures, which are evaluated by themselves, blocks of rows, and their workspaces."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import bernoulli

from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, SumLayer, mixture
from spncore.circuits.model import Model, model, random_model
from spncore.inference import values
from spncore.inference.queries import conditionals, log_likelihood
from spncore.inference.values import log_values, passing_blocks
from tests import circuits, oracles
from tests.closeness import assert_close

FAMILIES = [("categorical", 2), ("categorical", 5), ("gaussian", 2), ("poisson", 2), ("exponential", 2)]
every_family = pytest.mark.parametrize(("family", "num_values"), FAMILIES)


def mixture_of(family, num_values=2, num_variables=4, children=(2, 0, 1), seed=0):
    """A random mixture whose sum takes its leaves in this order, and 60 rows, some values and one row missing."""
    rng = np.random.default_rng(seed)
    leaves = InputLayer(rng.permutation(num_variables)[None, :], 3, family, num_values)
    asked = random_model(Circuit(num_variables, (leaves, SumLayer(np.array([children]), 1))), rng)
    rows = rng.integers(0, num_values, (60, num_variables)).astype(float)
    rows[rng.random(rows.shape) < 0.3] = np.nan
    rows[7] = np.nan
    return asked, rows, rng


def enumerated(asked, rows):
    """The values of rows node by node."""
    return [oracles.model_value(asked, row) for row in rows]


@every_family
@pytest.mark.parametrize("children", [(0, 1, 2), (2, 0, 1), (1, 0), (2, 2, 0)])
def test_a_mixture_of_any_family_has_the_value_of_its_nodes(family, num_values, children):
    asked, rows, _ = mixture_of(family, num_values, children=children)
    assert_close(np.exp(log_values(asked, rows)), enumerated(asked, rows))


@every_family
def test_whole_numbers_of_any_type_say_the_same_of_a_mixture(family, num_values):
    asked, rows, _ = mixture_of(family, num_values)
    whole, full = np.where(np.isnan(rows), -1, rows), np.nan_to_num(rows)
    expected = log_likelihood(asked, rows)
    for dtype in (np.int8, np.int16, np.int64):
        assert np.array_equal(log_likelihood(asked, whole.astype(dtype)), expected)
    for dtype in (np.uint8, np.uint16, np.uint32, np.uint64):
        assert np.array_equal(log_likelihood(asked, full.astype(dtype)), log_likelihood(asked, full))


@pytest.mark.fault("D02")
def test_weights_of_zero_leave_a_mixture_the_rows_that_are_possible():
    asked, rows, _ = mixture_of("categorical", 3)
    (leaves,), (weights,) = asked.parameters.inputs, asked.parameters.sums
    weights[0, 0, 1] = 0.0
    leaves[0, :, 0] = 0.0
    leaves[:, 2, 1] = 0.0
    expected = np.array(enumerated(asked, rows))
    found = log_values(asked, rows)
    assert ((found == -np.inf) == (expected == 0.0)).all() and 0 < np.count_nonzero(expected) < len(rows)
    assert_close(np.exp(found), expected)


@pytest.mark.fault("D03")
@pytest.mark.parametrize("num_variables", [256, 4000])
def test_a_mixture_of_many_variables_keeps_rows_that_no_number_could_hold(num_variables):
    rng = np.random.default_rng(3)
    asked = random_model(mixture(5, num_variables), rng)
    rows = rng.integers(0, 2, (50, num_variables), dtype=np.uint8)
    (leaves,), (weights,) = asked.parameters.inputs, asked.parameters.sums
    of_components = bernoulli.logpmf(rows[:, None], leaves[1]).sum(axis=2)
    assert num_variables == 256 or of_components.max() < np.log(np.finfo(float).tiny)
    assert_close(log_values(asked, rows), logsumexp(of_components, axis=1, b=weights[0, 0]), rtol=1e-12)


def test_rows_beyond_a_block_are_valued_like_those_of_the_first():
    asked, rows, _ = mixture_of("gaussian")
    many = np.tile(rows, (50, 1))
    assert_close(log_values(asked, many), np.tile(log_values(asked, rows), 50), rtol=1e-14)
    assert len(log_values(asked, many[:0])) == 0


@pytest.mark.parametrize("asked", [mixture_of("categorical")[0], circuits.random_asked(1)[0]])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_the_first_impossible_value_is_named_by_its_row_among_all(asked, dtype, monkeypatch):
    monkeypatch.setattr(values, "SMALLEST_BLOCK", 500)
    monkeypatch.setattr(values, "ASKED_BYTES", 1)
    rows = np.zeros((3000, 4), dtype)
    rows[2100, 2] = 2
    rows[2500, 1] = 7
    with pytest.raises(CircuitError, match="row 2101, variable 2: 2 is not possible for a categorical leaf"):
        log_likelihood(asked, rows)


def workspaces_of(asked: Model, rows) -> list:
    """The workspaces in which a question is answered, block by block."""
    return [work for _, work in passing_blocks(asked, rows)]


def test_a_threads_next_question_is_answered_in_the_workspaces_of_its_last():
    asked, rng = circuits.random_asked(2)
    rows = circuits.random_rows(rng, asked, 300)
    first = workspaces_of(asked, rows)
    assert workspaces_of(asked, rows) == first
    assert workspaces_of(asked, rows[:-1]) != first
    before = log_values(asked, rows)
    with ThreadPoolExecutor(1) as others:
        assert not {*map(id, others.submit(workspaces_of, asked, rows).result())} & {*map(id, first)}
    conditionals(asked, rows)  # leaves its numbers in them
    assert np.array_equal(log_values(asked, rows), before)
    other = model(asked.circuit, tuple(weights[..., ::-1].copy() for weights in asked.parameters.sums), asked[1].inputs)
    assert_close(np.exp(log_values(other, rows[:20])), enumerated(other, rows[:20]))


def test_a_question_amid_another_has_workspaces_of_its_own():
    asked, rng = circuits.random_asked(2)
    rows = circuits.random_rows(rng, asked, 20)
    workspaces_of(asked, rows)
    for _, work in passing_blocks(asked, rows):
        assert work not in workspaces_of(asked, rows)


def test_large_workspaces_are_not_held_back(monkeypatch):
    asked, rng = circuits.random_asked(2)
    rows = circuits.random_rows(rng, asked, 20)
    monkeypatch.setattr(values, "ASKED_BYTES", 1)
    assert workspaces_of(asked, rows) != workspaces_of(asked, rows)
