import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import chisquare

from spncore.circuits.circuit import SumLayer, mixture
from spncore.circuits.model import random_model
from spncore.inference.queries import QueryError
from spncore.inference.values import log_values
from spncore.trees.induced import TreeError, edge_trees, enumerate_trees
from spncore.trees.models import (
    component_log_values,
    edge_weights,
    sample_trees,
    shallow_mixture,
    tree_flows,
    tree_posteriors,
)
from spncore.trees.steps import preconditioner, tree_weights
from tests.circuits import ALL, paired_circuit, random_asked, random_rows, seeds
from tests.closeness import assert_close
from tests.oracles import model_value, node_values, worlds
from tests.tree_oracle import halving, numbered_trees, tree_value

EMPTY = np.full((1, 4), -1, dtype=np.int8)


def by_hand(asked, row):
    """Each tree's part of f(row), by the definition."""
    values, weights = node_values(asked, row), edge_weights(asked)
    return np.array([tree_value(tree, weights, values) for tree in numbered_trees(asked.circuit)])


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_the_network_is_the_sum_of_its_trees(seed):
    """Trapp et al. (2019), Definition 1 and after, on evidence of every kind and leaves of every family."""
    asked, rng = random_asked(seed, num_variables=3, families=ALL)
    rows, trees = random_rows(rng, asked, 6), enumerate_trees(asked.circuit)
    parts = tree_weights(edge_weights(asked), trees) * np.exp(component_log_values(asked, rows, trees))
    assert_close(parts.sum(axis=1), np.exp(log_values(asked, rows)))
    assert_close(parts[0], by_hand(asked, rows[0]))


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_posteriors_of_trees_are_their_shares_of_the_value(seed):
    asked, rng = random_asked(seed)
    row = random_rows(rng, asked, 1)
    posteriors = tree_posteriors(asked, row, enumerate_trees(asked.circuit))
    assert_close(posteriors[0], by_hand(asked, row[0]) / model_value(asked, row[0]))


def test_flows_of_trees_are_mean_posterior_minus_share_of_the_partition_function(monkeypatch):
    """Trapp et al. (2019), eq. (2), whatever the size of the blocks of rows."""
    asked, rng = random_asked(3)
    rows, trees = np.concatenate([worlds(4), EMPTY]), enumerate_trees(asked.circuit)
    row_weights = np.append(rng.dirichlet(np.ones(16)), -1.0)
    expected = sum(c * by_hand(asked, row) / model_value(asked, row) for c, row in zip(row_weights, rows, strict=True))
    assert_close(tree_flows(asked, rows, row_weights, trees), expected)
    monkeypatch.setattr("spncore.trees.models.BLOCK_BYTES", 8 * 5 * trees.num_trees)
    assert_close(tree_flows(asked, rows, row_weights, trees), expected)


def asked_to_sample():
    asked = random_model(paired_circuit(), np.random.default_rng(5))
    return asked, enumerate_trees(asked.circuit)


def frequencies(trees, drawn):
    """How often each tree was drawn."""
    number_of = {edges: number for number, edges in enumerate(rows_of(trees.edges))}
    return np.bincount([number_of[edges] for edges in rows_of(drawn.edges)], minlength=trees.num_trees)


def rows_of(incidence):
    return [tuple(row.tolist()) for row in np.split(incidence.indices, incidence.indptr[1:-1])]


@pytest.mark.parametrize("kind", ["prior", "row", "data"])
def test_trees_are_drawn_as_often_as_their_probability_says(kind, monkeypatch):
    monkeypatch.setattr("spncore.trees.models.row_blocks", lambda circuit, num: [slice(0, 700), slice(700, num)])
    asked, trees = asked_to_sample()
    counts = np.arange(16) % 3
    rows, shares, given_counts = {
        "prior": (None, tree_posteriors(asked, EMPTY, trees)[0], None),
        "row": (worlds(4)[6:7], tree_posteriors(asked, worlds(4)[6:7], trees)[0], None),
        "data": (worlds(4), counts / counts.sum() @ tree_posteriors(asked, worlds(4), trees), counts),
    }[kind]
    drawn = sample_trees(asked, 4000, np.random.default_rng(1), rows, given_counts)
    seen, expected = frequencies(trees, drawn), 4000 * shares
    rare = expected < 5.0
    merged = [np.append(array[~rare], array[rare].sum()) for array in (seen, expected)]
    assert seen.sum() == drawn.num_trees == 4000
    assert chisquare(*merged).pvalue > 0.01
    assert chisquare(merged[0], np.full(len(merged[0]), merged[0].mean())).pvalue < 1e-6  # it could have failed


def test_drawn_trees_hold_edges_and_inputs_that_belong_together():
    asked, trees = asked_to_sample()
    inputs_of = dict(zip(rows_of(trees.edges), rows_of(trees.inputs), strict=True))
    drawn = sample_trees(asked, 50, np.random.default_rng(0))
    assert [inputs_of[edges] for edges in rows_of(drawn.edges)] == rows_of(drawn.inputs)


def test_trees_are_drawn_where_no_list_could_hold_them():
    asked = random_model(halving(5, 4), np.random.default_rng(0))
    drawn = sample_trees(asked, 300, np.random.default_rng(0))
    assert (np.diff(drawn.edges.indptr) == 31).all() and (np.diff(drawn.inputs.indptr) == 32).all()
    again = sample_trees(asked, 300, np.random.default_rng(0))
    assert (drawn.edges.indices == again.edges.indices).all()


def test_a_row_of_probability_zero_has_no_posterior():
    asked = random_model(mixture(2, 1), np.random.default_rng(0))
    asked.parameters.sums[0][:] = 0.0
    with pytest.raises(QueryError, match="row 1: this network gives the evidence probability zero"):
        sample_trees(asked, 3, np.random.default_rng(0), np.array([[1]], dtype=np.int8))
    trees = enumerate_trees(asked.circuit)
    assert_close(tree_posteriors(asked, np.array([[1]], dtype=np.int8), trees), np.zeros((1, 2)))


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_the_shallow_mixture_of_the_trees_is_the_same_function_over_the_same_leaves(seed):
    asked, rng = random_asked(seed, num_variables=3, families=ALL)
    shallow, rows = shallow_mixture(asked), random_rows(rng, asked, 8)
    assert_close(log_values(shallow, rows), log_values(asked, rows))
    assert shallow.parameters.inputs is asked.parameters.inputs
    trees = enumerate_trees(asked.circuit)
    assert [type(layer) for layer in shallow.circuit.layers].count(SumLayer) == 1
    assert_close(edge_weights(shallow), tree_weights(edge_weights(asked), trees))
    listed = enumerate_trees(shallow.circuit)
    assert (listed.inputs != trees.inputs).nnz == 0 and (listed.edges.toarray() == np.eye(trees.num_trees)).all()


def test_in_the_shallow_mixture_no_two_trees_move_together():
    """Same function, other dynamics: M is diag(1/w²) there, and 1/w_e² over all shared edges in the deep circuit."""
    asked, trees = asked_to_sample()
    shallow = shallow_mixture(asked)
    weights = edge_weights(shallow)
    assert (edge_trees(shallow.circuit) == 1).all() and not (edge_trees(asked.circuit) == 1).any()
    assert_close(preconditioner(weights, enumerate_trees(shallow.circuit)), np.diag(weights**-2.0))
    deep = preconditioner(edge_weights(asked), trees)
    assert np.linalg.matrix_rank(deep) <= asked.circuit.num_edges < trees.num_trees


def test_a_mixture_of_too_many_trees_is_refused():
    asked, _ = asked_to_sample()
    with pytest.raises(TreeError, match="192 induced trees, at most 100"):
        shallow_mixture(asked, limit=100)
