import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import model, random_model
from spncore.inference import queries
from spncore.inference.queries import QueryError
from tests import circuits, oracles
from tests.closeness import assert_close

ASKED = {"seed": circuits.seeds, "num_variables": st.integers(2, 4), "excluding": st.booleans()}


def discrete(seed, num_variables, excluding=False):
    """A random discrete model, some leaf weights 0 if `excluding`, its worlds and their probabilities."""
    asked, rng = circuits.random_asked(seed, num_variables, circuits.DISCRETE)
    if excluding:
        for parameters in asked.parameters.inputs:
            parameters[1][rng.random(parameters[1].shape) < 0.3] = 0.0
    worlds = oracles.circuit_worlds(asked.circuit)
    values = np.array([oracles.model_value(asked, world) for world in worlds])
    return asked, rng, worlds, values / values.sum()


def agreeing(worlds, row):
    """Which worlds agree with a row of evidence."""
    return ((row < 0) | (worlds == row)).all(axis=1)


def possible_rows(asked, rng, worlds, probabilities, num_rows=6):
    """Evidence of positive probability: sampled worlds with values taken out, and the row without evidence."""
    rows = worlds[rng.choice(len(worlds), num_rows, p=probabilities)]
    rows = np.where(rng.random(rows.shape) < 0.5, -1, rows)
    return np.concatenate([rows, np.full((1, rows.shape[1]), -1)]).astype(np.int8)


def test_a_fused_circuit_is_asked_like_any_other():
    rng = np.random.default_rng(4)
    asked = random_model(circuits.paired_circuit(), rng)
    worlds = oracles.worlds(4)
    row = np.array([1, -1, -1, 0], dtype=np.int8)
    share = np.array([oracles.model_value(asked, world) for world in worlds]) * agreeing(worlds, row)
    found = queries.conditionals(asked, row[None])
    assert_close(found.probabilities[0, :, 1], share @ worlds / share.sum())


@given(**ASKED)
@settings(max_examples=15, deadline=None)
def test_likelihoods_and_conditionals_are_those_of_the_enumerated_worlds(seed, num_variables, excluding):
    asked, rng, worlds, probabilities = discrete(seed, num_variables, excluding)
    rows = circuits.random_rows(rng, asked, 6, missing=0.5)
    expected = np.array([probabilities[agreeing(worlds, row)].sum() for row in rows])
    found = queries.log_likelihood(asked, rows)
    assert_close(np.exp(found), expected)
    assert ((found == -np.inf) == (expected == 0)).all()
    evidence = possible_rows(asked, rng, worlds, probabilities, 5)
    both = [agreeing(worlds, q) & agreeing(worlds, e) for q, e in zip(rows, evidence, strict=True)]
    given_evidence = [probabilities[agreeing(worlds, row)].sum() for row in evidence]
    expected = [probabilities[b].sum() / p for b, p in zip(both, given_evidence, strict=True)]
    assert_close(np.exp(queries.log_conditional(asked, rows, evidence)), expected)


@given(**ASKED)
@settings(max_examples=15, deadline=None)
def test_posteriors_and_moments_are_those_of_the_enumerated_worlds(seed, num_variables, excluding):
    asked, rng, worlds, probabilities = discrete(seed, num_variables, excluding)
    rows = possible_rows(asked, rng, worlds, probabilities)
    posterior, moments = queries.conditionals(asked, rows), queries.moments(asked, rows)
    for b, row in enumerate(rows):
        share = probabilities * agreeing(worlds, row)
        share /= share.sum()
        for v in range(posterior.probabilities.shape[2]):
            assert_close(posterior.probabilities[b, :, v], share @ (worlds == v))
        mean = share @ worlds
        centred = worlds - mean
        assert_close(posterior.mean[b], mean)
        assert_close(moments.mean[b], mean)
        assert_close(moments.covariance[b], (centred.T * share) @ centred)
        assert_close(posterior.variance[b], np.diag(moments.covariance[b]))


@given(seed=circuits.seeds, num_variables=st.integers(2, 4))
@settings(max_examples=15, deadline=None)
def test_the_flow_of_evidence_is_the_share_of_the_value_that_goes_through_a_node(seed, num_variables):
    """A node's flow is its value times the root's derivative in it: what the root loses if the node counts as 0."""
    asked, rng = circuits.random_asked(seed, num_variables, circuits.ALL)
    (row,) = circuits.random_rows(rng, asked, 1, missing=0.5)
    flow = queries.flow_of_evidence(asked, row)
    value = oracles.model_value(asked, row)
    lost = [1 - oracles.model_value(asked, row, without=node) / value for node in range(asked.circuit.num_nodes)]
    assert_close(flow.nodes, lost)
    below = iter(flow.edges)
    for layer, begin in zip(asked.circuit.layers, asked.circuit.offsets, strict=False):
        if isinstance(layer, SumLayer):
            assert_close(next(below).sum(axis=2).ravel(), flow.nodes[begin : begin + layer.num_nodes])


def test_the_flow_of_evidence_reaches_fused_products():
    asked = random_model(circuits.paired_circuit(), np.random.default_rng(0))
    row = np.array([1, -1, 0, -1], dtype=np.int8)
    value = oracles.model_value(asked, row)
    lost = [1 - oracles.model_value(asked, row, without=node) / value for node in range(asked.circuit.num_nodes)]
    assert_close(queries.flow_of_evidence(asked, row).nodes, lost)


def two_normals():
    """Two products of two Gaussians, the second pair anticorrelated with the first through the root."""
    layers = (
        InputLayer(np.array([[0], [1]]), 2, "gaussian"),
        ProductLayer(np.array([[0, 2], [1, 3]])),
        SumLayer(np.array([[0, 1]]) + 4, 1),
    )
    means, deviations = np.array([-1.0, 2.0, 3.0, -4.0]), np.array([0.5, 1.5, 1.0, 2.0])
    return model(Circuit(2, layers), (np.array([[[0.6, 1.4]]]),), (np.stack([means, deviations])[:, :, None],))


def density(x, y, weights=(0.3, 0.7), means=((-1.0, 3.0), (2.0, -4.0)), deviations=((0.5, 1.0), (1.5, 2.0))):
    parts = zip(weights, means, deviations, strict=True)
    return sum(
        w * oracles.leaf_value("gaussian", (m[0], s[0]), x) * oracles.leaf_value("gaussian", (m[1], s[1]), y)
        for w, m, s in parts
    )


def test_real_variables_have_the_posterior_moments_of_quadrature():
    asked, y = two_normals(), np.linspace(-25.0, 20.0, 20001)  # far tails: below 1e-20
    found = queries.moments(asked, np.array([[0.4, np.nan]]))
    share = np.array([density(0.4, at) for at in y])
    mean = np.trapezoid(share * y, y) / np.trapezoid(share, y)
    variance = np.trapezoid(share * (y - mean) ** 2, y) / np.trapezoid(share, y)
    assert_close(found.mean[0], [0.4, mean])
    assert_close(found.covariance[0], [[0.0, 0.0], [0.0, variance]])
    log_density = queries.log_conditional(asked, np.array([[np.nan, 1.0]]), np.array([[0.4, np.nan]]))
    assert_close(log_density, [math.log(density(0.4, 1.0) / np.trapezoid(share, y))])


def test_without_evidence_the_covariance_is_that_of_the_mixture():
    weights, means = np.array([0.3, 0.7]), np.array([[-1.0, 3.0], [2.0, -4.0]])
    within = np.diag(weights @ np.array([[0.25, 1.0], [2.25, 4.0]]))
    centred = means - weights @ means
    found = queries.moments(two_normals())
    assert_close(found.mean[0], weights @ means)
    assert_close(found.covariance[0], within + (centred.T * weights) @ centred)


@given(seed=circuits.seeds)
@settings(max_examples=8, deadline=None)
def test_covariances_of_mixed_families_agree_with_slopes_of_the_mean(seed):
    """Multiplying the density by exp(t x_j) moves the mean of x_i by t cov(x_i, x_j): here for a categorical x_j."""
    asked, rng = circuits.random_asked(seed, 3, circuits.ALL)
    (row,) = circuits.random_rows(rng, asked, 1, missing=0.6)
    found, step = queries.moments(asked, row[None]), 1e-5
    for j in range(3):
        if any(layer.family != "categorical" for layer in asked.circuit.input_layers if j in layer.variables):
            continue
        above, below = (queries.moments(tilted(asked, j, t), row[None]).mean[0] for t in (step, -step))
        if np.isnan(row[j]) if row.dtype.kind == "f" else row[j] < 0:
            assert_close(found.covariance[0, j], (above - below) / (2 * step), rtol=1e-6, atol=1e-8)  # differences


def tilted(asked, j, t):
    """The model times exp(t x_j)."""
    inputs = []
    for layer, parameters in zip(asked.circuit.input_layers, asked.parameters.inputs, strict=True):
        here = np.repeat(layer.variables, layer.num_inputs, axis=0) == j
        values = np.arange(len(parameters))[:, None, None]
        inputs.append(np.where(here, parameters * np.exp(t * values), parameters))
    return model(asked.circuit, asked.parameters.sums, tuple(inputs))


def test_many_rows_are_answered_like_one_by_one(monkeypatch):
    asked, rng = circuits.random_asked(5, 4, circuits.ALL)
    rows = circuits.random_rows(rng, asked, 11)
    one_by_one = [queries.moments(asked, row[None]) for row in rows]
    monkeypatch.setattr("spncore.inference.values.SMALLEST_BLOCK", 4)
    monkeypatch.setattr("spncore.inference.values.ASKED_BYTES", 1)
    found = queries.moments(asked, rows)
    assert_close(found.mean, [one.mean[0] for one in one_by_one])
    assert_close(found.covariance, [one.covariance[0] for one in one_by_one])


def test_evidence_far_from_every_leaf_has_an_answer():
    found = queries.moments(two_normals(), np.array([[1e90, np.nan], [-1e99, np.nan]]))
    assert_close(found.mean[:, 1], [-4.0, -4.0])  # the wider leaf wins
    assert_close(found.covariance[:, 1, 1], [4.0, 4.0])
    assert len(queries.moments(two_normals(), np.zeros((0, 2))).mean) == 0


def certain():
    """One binary variable that is always 0."""
    return model(Circuit(1, (InputLayer(np.array([[0]]), 1),)), (), (np.array([1.0, 0.0]).reshape(2, 1, 1),))


@pytest.mark.parametrize(
    "ask",
    [
        lambda asked, rows: queries.conditionals(asked, rows),
        lambda asked, rows: queries.moments(asked, rows),
        lambda asked, rows: queries.log_conditional(asked, rows, rows),
        lambda asked, rows: queries.flow_of_evidence(asked, rows[1]),
    ],
)
def test_evidence_of_probability_zero_is_refused_in_a_sentence(ask):
    rows = np.array([[0], [1]], dtype=np.int8)
    with pytest.raises(
        QueryError, match=r"row [12]: this network gives the evidence probability zero; clear or change"
    ):
        ask(certain(), rows)


def test_rows_that_are_no_evidence_are_refused():
    with pytest.raises(QueryError, match=r"shape \(rows, 1\) are needed, one column per variable, got int64 \(1, 2\)"):
        queries.conditionals(certain(), np.array([[0, 1]]))
    with pytest.raises(QueryError, match="2 query rows need as many rows of evidence, got 1"):
        queries.log_conditional(certain(), np.array([[0], [0]]), np.array([[0]]))


def test_a_network_of_value_zero_has_no_likelihood():
    asked = model(
        Circuit(1, (InputLayer(np.array([[0]]), 2), SumLayer(np.array([[0, 1]]), 1))),
        (np.zeros((1, 1, 2)),),
        (np.ones((2, 2, 1)),),
    )
    with pytest.raises(QueryError, match="gives every row probability zero"):
        queries.log_likelihood(asked, np.array([[0]]))
