import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import model
from spncore.inference.explanation import most_probable, selective_sums
from spncore.inference.queries import QueryError
from spncore.inference.values import log_partition, log_values
from spncore.structures import chow_liu
from tests import circuits, oracles
from tests.closeness import assert_close


def chain(rng):
    """A Markov chain of three binary variables as a selective circuit, as a Chow-Liu tree would give it.

    Nodes 0-5 are the indicators of x0, x1, x2 (value 0 first); sums over x2 given x1, products, sums over x1 and x2
    given x0, products, and the root over x0.
    """
    layers = (
        InputLayer(np.array([[0], [1], [2]]), 2),
        SumLayer(np.array([[4, 5]]), 2),  # 6, 7: x2 given x1
        ProductLayer(np.array([[2, 6], [3, 7]])),  # 8, 9
        SumLayer(np.array([[8, 9]]), 2),  # 10, 11: x1, x2 given x0
        ProductLayer(np.array([[0, 10], [1, 11]])),  # 12, 13
        SumLayer(np.array([[12, 13]]), 1),
    )
    indicators = np.tile(np.eye(2), (1, 3)).reshape(2, 6, 1)
    weights = rng.dirichlet([1, 1], 2)[None], rng.dirichlet([1, 1], 2)[None], rng.dirichlet([1, 1], 1)[None]
    return model(Circuit(3, layers), weights, (indicators,))


def partial_rows(worlds, rng):
    rows = np.where(rng.random(worlds.shape) < 0.6, -1, worlds)
    return np.concatenate([rows, worlds, np.full((1, worlds.shape[1]), -1)]).astype(np.int8)


def check(asked, rows, worlds):
    """Rows agree with the evidence, values are theirs, and exact ones are the largest; returns which are exact."""
    found = most_probable(asked, rows)
    assert ((rows < 0) | (found.rows == rows)).all()
    assert_close(found.log_values, log_values(asked, found.rows) - log_partition(asked))
    log_world = log_values(asked, worlds) - log_partition(asked)
    best = np.array([log_world[((row < 0) | (worlds == row)).all(axis=1)].max() for row in rows])
    assert_close(found.log_values[found.exact], best[found.exact])
    assert (found.log_values <= best + 1e-12).all()
    return found.exact


@given(seed=circuits.seeds)
@settings(max_examples=10, deadline=None)
def test_on_a_selective_circuit_the_completion_is_the_most_probable_one(seed):
    rng = np.random.default_rng(seed)
    asked, worlds = chain(rng), oracles.worlds(3)
    assert all(layer.all() for layer in selective_sums(asked))
    assert check(asked, partial_rows(worlds, rng), worlds).all()


def test_a_learned_chow_liu_tree_is_selective():
    rng = np.random.default_rng(0)
    worlds, counts = np.array(list(np.ndindex(2, 3, 2, 2))), rng.integers(1, 50, 24)
    asked = chow_liu(worlds, counts, [2, 3, 2, 2])
    assert check(asked, partial_rows(worlds, rng), worlds).all()


@given(seed=circuits.seeds, num_variables=st.integers(2, 4), zeros=st.sampled_from([0.0, 0.4]))
@settings(max_examples=15, deadline=None)
def test_on_any_circuit_what_is_called_exact_is(seed, num_variables, zeros):
    asked, rng = circuits.random_asked(seed, num_variables, circuits.DISCRETE)
    for parameters in asked.parameters.inputs:
        parameters[1][rng.random(parameters[1].shape) < zeros] = 0.0
    worlds = oracles.circuit_worlds(asked.circuit)
    rows = partial_rows(worlds[rng.permutation(len(worlds))[:8]], rng)
    rows = rows[log_values(asked, rows) > -np.inf]
    exact = check(asked, rows, worlds)
    assert exact[(rows >= 0).all(axis=1)].all()


def test_parts_that_no_value_has_in_common_are_told_from_parts_that_overlap():
    circuit = Circuit(2, (InputLayer(np.array([[0, 1]]), 2), SumLayer(np.array([[0, 1]]), 1)))
    for ones, apart in (([[0.6, 0.0], [0.4, 1.0]], True), ([[0.6, 0.1], [0.4, 1.0]], False)):
        leaves = np.stack([1 - np.array(ones), ones])
        assert selective_sums(model(circuit, (np.full((1, 1, 2), 0.5),), (leaves,)))[0].item() is apart
        one_part = model(circuit, (np.array([[[0.5, 0.0]]]),), (leaves,))
        assert selective_sums(one_part)[0].item()


def test_a_maximum_of_maxima_may_be_less_than_the_largest_value():
    circuit = Circuit(1, (InputLayer(np.array([[0]]), 3, "categorical", 3), SumLayer(np.array([[0, 1, 2]]), 1)))
    parts = np.array([[0.6, 0.0, 0.4], [0.0, 0.6, 0.4], [0.6, 0.0, 0.4]]).T[:, :, None]
    asked = model(circuit, (np.array([[[0.3, 0.4, 0.3]]]),), (parts,))
    found = most_probable(asked, np.array([[-1]]))
    assert not found.exact[0]  # the parts prefer 0 or 1, at 0.36 and 0.24; value 2 has 0.4
    assert_close(np.exp(found.log_values), [0.24])


def test_of_real_and_counted_values_the_densest_is_found():
    layers = (
        InputLayer(np.array([[0]]), 2),
        InputLayer(np.array([[1]]), 2, "gaussian"),
        InputLayer(np.array([[2]]), 2, "poisson"),
        InputLayer(np.array([[3]]), 2, "exponential"),
        ProductLayer(np.array([[0, 2, 4, 6], [1, 3, 5, 7]])),
        SumLayer(np.array([[8, 9]]), 1),
    )
    inputs = (
        np.eye(2)[:, :, None],
        np.array([[1.0, -2.0], [1.0, 0.5]])[:, :, None],
        np.array([[2.5, 1.5]])[:, :, None],
        np.array([[0.7, 2.0]])[:, :, None],
    )
    asked = model(Circuit(4, layers), (np.array([[[0.5, 0.5]]]),), inputs)
    nothing = np.full((1, 4), np.nan)
    found = most_probable(asked, nothing)
    assert found.exact[0]
    assert_close(found.rows[0], [1.0, -2.0, 1.0, 0.0])
    seen = most_probable(asked, np.array([[np.nan, 3.0, np.nan, np.nan]]))
    assert_close(seen.rows[0], [0.0, 3.0, 2.0, 0.0])
    assert_close(np.exp(seen.log_values[0]), oracles.model_value(asked, seen.rows[0]))


def test_evidence_of_probability_zero_has_no_completion():
    rows = np.array([[-1, 0, 0], [-1, 1, -1]], dtype=np.int8)
    asked = chain(np.random.default_rng(0))
    asked.parameters.sums[1][0, :, 1] = 0.0
    with pytest.raises(QueryError, match="row 2: this network gives the evidence probability zero"):
        most_probable(asked, rows)
