"""Flows of tiny leaf weights: what is left when the weights of a value are near 0, against exact arithmetic."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer, mixture
from spncore.circuits.model import Model, Parameters
from spncore.data.dataset import from_array
from spncore.learning.evaluator import Evaluator
from spncore.learning.learners import LearnerSettings
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, data_and_partition
from spncore.learning.problem import plain_problem
from spncore.learning.trainer import Trainer
from tests import exact_mixture
from tests.closeness import assert_close

FLOORS = (1e-4, 1e-8, 1e-10, 1e-12)
NUM_COMPONENTS, NUM_VARIABLES = 3, 5


def case(floor, seed=0):
    """Weights (K,), theta (2, K, D) with a third of its entries at the floor on either side, and a data set."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(0.3, 0.9, (2, NUM_COMPONENTS, NUM_VARIABLES))
    for value in (0, 1):
        theta[value][rng.random(theta[value].shape) < 0.3] = floor
    rows = (rng.random((400, NUM_VARIABLES)) < rng.uniform(0.1, 0.9, NUM_VARIABLES)).astype(int)
    return rng.uniform(0.2, 1.0, NUM_COMPONENTS), theta, from_array(rows)


def engine_flows(weights, theta, data, objective):
    seen = Evaluator(mixture(*theta.shape[1:]), data_and_partition(data), objective)(weights[None], [theta[None]])
    family = mixture(*theta.shape[1:]).input_layers[0].distribution
    return seen.llh[0], seen.flow[0], family.derivative(theta[None], seen.moments[0])[0]


@pytest.mark.parametrize("floor", FLOORS)
@pytest.mark.parametrize("seed", range(3))
def test_the_datas_flow_of_every_leaf_weight_has_thirteen_digits(floor, seed):
    weights, theta, data = case(floor, seed)
    _, of_weights, of_theta = engine_flows(weights, theta, data, DATA_FLOW)
    exact = exact_mixture.flows(*map(exact_mixture.exact, (weights, theta)), data.rows, data.counts, data_only=True)
    assert_close(of_weights, np.array(exact[1], dtype=float), rtol=1e-13, atol=0)
    assert_close(of_theta, np.array(exact[2], dtype=float), rtol=1e-12, atol=0)  # log-values are sums of logs near −28


@pytest.mark.parametrize("floor", FLOORS)
def test_the_gradient_at_tiny_leaf_weights_is_that_of_fifty_digits(floor):
    weights, theta, data = case(floor)
    llh, _, of_theta = engine_flows(weights, theta, data, OBJECTIVES["generative"])
    exact_llh, _, exact = exact_mixture.flows(*map(exact_mixture.exact, (weights, theta)), data.rows, data.counts)
    assert_close(llh, float(exact_llh), rtol=1e-13)
    assert_close(of_theta / theta, np.array(exact, dtype=float) / theta, rtol=1e-11)


def two_indicators(weights, theta):
    """The same mixture with every leaf as a sum over two indicators, the form of Peharz et al. (2015)."""
    num_components, num_variables = theta.shape[1:]
    num_leaves = num_components * num_variables
    indicators = InputLayer(np.arange(num_variables)[:, None], 2)  # nodes 2d and 2d + 1: x_d = 0 and x_d = 1
    leaf_sums = SumLayer(np.arange(2 * num_variables).reshape(-1, 2), num_components)  # node of d and k: d·K + k
    children = 2 * num_variables + np.arange(num_leaves).reshape(num_variables, num_components).T
    root = SumLayer(2 * num_variables + num_leaves + np.arange(num_components)[None], 1)
    circuit = Circuit(num_variables, (indicators, leaf_sums, ProductLayer(children), root))
    inputs = np.tile(np.eye(2)[:, :, None], (1, num_variables, 1))  # (2, 2·D, 1)
    return Model(circuit, Parameters((theta.transpose(2, 1, 0).copy(), weights[None, None]), (inputs,)))


@pytest.mark.parametrize("objective", ["generative", "data alone"])
@pytest.mark.parametrize("floor", FLOORS)
def test_a_leaf_has_the_flows_of_its_two_indicators(floor, objective):
    weights, theta, data = case(floor)
    objective = DATA_FLOW if objective == "data alone" else OBJECTIVES[objective]
    llh, _, of_theta = engine_flows(weights, theta, data, objective)
    model = two_indicators(weights, theta)
    edges = np.concatenate([array.ravel() for array in model.parameters.sums])[None]
    seen = Evaluator(model.circuit, data_and_partition(data), objective)(edges, [model.parameters.inputs[0][None]])
    expected = seen.flow[0, : theta.size].reshape(NUM_VARIABLES, NUM_COMPONENTS, 2).transpose(2, 1, 0)
    assert_close(llh, seen.llh[0], rtol=1e-13)
    assert_close(of_theta / theta, expected / theta, rtol=1e-11)


@pytest.mark.parametrize("num_values", [2, 3])
@pytest.mark.parametrize("smallest", [1e-4, 1e-12, 1e-18])
def test_the_sums_of_flows_are_right_to_the_last_digits_however_small_one_is(num_values, smallest):
    rng = np.random.default_rng(1)
    layer = InputLayer(np.array([[0, 1]]), 2, "categorical", num_values)
    rows = np.array([[0, -1], [1, 1], [-1, 0], [1, 1], [0, 0], [num_values - 1, -1], [-1, -1]])
    flow = rng.uniform(0.1, 1.0, (2, len(rows)))
    flow[:, (rows == 0).any(axis=1)] *= smallest
    theta = rng.uniform(0.1, 1.0, (num_values, 2, 2))
    design = leaves.design(layer, rows)
    found = layer.distribution.derivative(theta, leaves.moments(flow @ design.summed[0].T, design))
    for value, node, d in np.ndindex(theta.shape):
        total = sum(map(Fraction, theta[:, node, d].tolist()))
        missing = sum(Fraction(flow[node, n]) for n in range(len(rows)) if rows[n, d] < 0)
        seen = sum(Fraction(flow[node, n]) for n in range(len(rows)) if rows[n, d] == value)
        expected = float(seen + missing * Fraction(theta[value, node, d]) / total)
        assert abs(found[value, node, d] - expected) <= 1e-15 * expected


def test_the_flow_of_what_is_observed_is_no_difference_where_nearly_all_is_missing():
    layer = InputLayer(np.array([[0, 1]]), 1, "gaussian")
    rows = np.array([[1.0, np.nan], [2.0, np.nan], [0.5, 3.0], [-1.0, 5.0]])
    flow = np.array([[1.0, 1.0, 1e-17, 3e-17]])
    design = leaves.design(layer, rows)
    found = leaves.moments(flow @ design.summed[0].T, design)
    assert_close(found.observed[0], [2.0, 4e-17], rtol=1e-15, atol=0)
    mean = layer.distribution.maximise(np.ones((2, 1, 2)), found)[0, 0]
    assert_close(mean[1], 4.5, rtol=1e-15)


@pytest.mark.parametrize("floor", FLOORS)
def test_training_follows_fifty_digits_at_any_floor(floor):
    weights, theta, data = case(floor, seed=2)
    circuit = mixture(*theta.shape[1:])
    model = Model(circuit, Parameters((weights[None, None],), (theta,)))
    settings = LearnerSettings(floor=floor, learning_rate=0.05)
    trainer = Trainer(plain_problem(model, data_and_partition(data), OBJECTIVES["generative"]), settings)
    state = trainer.init()
    exact, bound, rate = list(map(exact_mixture.exact, (weights, theta))), Decimal(floor), Decimal(0.05)
    for _ in range(15):
        state, info = trainer.step(state)
        expected, *_ = exact_mixture.flows(*exact, data.rows, data.counts)
        assert_close(info.llh[0], float(expected), rtol=1e-14, atol=0)
        exact = list(exact_mixture.ascended(*exact, data.rows, data.counts, rate, bound))
