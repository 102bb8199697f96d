import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore import leaves
from spncore.circuit import Circuit, CircuitError, InputLayer, ProductLayer, SumLayer, Workspace, forward, mixture
from spncore.flows import backward
from tests import oracles
from tests.closeness import assert_close


def deep_circuit(rng):
    """Four variables in two halves, two sums each, products of them (shared children), sums of those, one root."""
    scopes = np.zeros((8, 4), dtype=bool)
    scopes[:4, :2] = scopes[4:, 2:] = True
    layers = (
        InputLayer(scopes),
        SumLayer(np.array([[0, 1, 2, 3], [4, 5, 6, 7]]), 2),  # nodes 8, 9 | 10, 11
        ProductLayer(np.array([[8, 10], [8, 11], [9, 10], [9, 11]])),  # 12..15
        SumLayer(np.array([[12, 13, 14, 15]]), 3),  # 16..18
        SumLayer(np.array([[16, 17, 18]]), 1),
    )
    circuit = Circuit(4, layers)
    sums = [layer for layer in layers if isinstance(layer, SumLayer)]
    shapes = [(len(layer.children), layer.num_sums, layer.children.shape[1]) for layer in sums]
    weights = tuple(rng.uniform(0.1, 2.0, shape) for shape in shapes)
    return circuit, rng.uniform(0.1, 2.0, (2, 8, 4)), weights


def evaluate(circuit, leaf_weights, sum_weights, rows):
    design = leaves.design(rows)
    work = Workspace(circuit, len(rows))
    scopes = circuit.layers[0].scopes
    coefficients = leaves.coefficients(leaf_weights, leaf_weights.sum(axis=0), design.partial, scopes)
    return forward(coefficients, sum_weights, design, work).copy(), design, work


def evidence(num_variables, rng):
    """All worlds, rows with some variables summed out, and the row without evidence."""
    full = oracles.worlds(num_variables)
    part = np.where(rng.random((20, num_variables)) < 0.4, -1, rng.integers(0, 2, (20, num_variables))).astype(np.int8)
    part = part[(part >= 0).any(axis=1)]
    return np.concatenate([full, part, np.full((1, num_variables), -1, dtype=np.int8)])


@pytest.mark.parametrize("seed", range(5))
def test_values_equal_enumeration_on_full_partial_and_no_evidence(seed):
    rng = np.random.default_rng(seed)
    circuit, leaf_weights, sum_weights = deep_circuit(rng)
    rows = evidence(4, rng)
    log_values, _, _ = evaluate(circuit, leaf_weights, sum_weights, rows)
    assert_close(np.exp(log_values), [oracles.circuit_value(circuit, leaf_weights, sum_weights, row) for row in rows])


def test_log_values_agree_with_exact_rational_arithmetic():
    rng = np.random.default_rng(2)
    circuit, leaf_weights, sum_weights = deep_circuit(rng)
    leaf_weights = np.ceil(leaf_weights * 64) / 64  # dyadic, so that fractions hold them exactly
    sum_weights = tuple(np.ceil(weights * 64) / 64 for weights in sum_weights)
    exactly = np.vectorize(Fraction, otypes=[object])
    rows = evidence(4, rng)
    expected = [
        math.log(oracles.circuit_value(circuit, exactly(leaf_weights), [exactly(w) for w in sum_weights], row))
        for row in rows
    ]
    assert_close(evaluate(circuit, leaf_weights, sum_weights, rows)[0], expected, rtol=1e-12)


def test_partition_function_is_the_sum_over_all_worlds():
    circuit, leaf_weights, sum_weights = deep_circuit(np.random.default_rng(1))
    rows = np.concatenate([oracles.worlds(4), np.full((1, 4), -1, dtype=np.int8)])
    log_values, _, _ = evaluate(circuit, leaf_weights, sum_weights, rows)
    assert_close(np.exp(log_values[:-1]).sum(), np.exp(log_values[-1]))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_flows_are_weight_times_finite_difference(seed):
    rng = np.random.default_rng(seed)
    circuit, leaf_weights, sum_weights = deep_circuit(rng)
    rows = evidence(4, rng)
    row_weights = rng.normal(size=len(rows))
    _, design, work = evaluate(circuit, leaf_weights, sum_weights, rows)
    flows = backward(circuit, sum_weights, row_weights, design, work)
    leaf_flows = leaves.leaf_flows(leaf_weights, leaf_weights.sum(axis=0), flows.moments, design.partial)

    def objective(_):
        return float(row_weights @ evaluate(circuit, leaf_weights, sum_weights, rows)[0])

    for weights, flow in zip(sum_weights, flows.sums, strict=True):
        assert_close(
            flow, weights * oracles.numerical_gradient(objective, weights), rtol=1e-6, atol=1e-7
        )  # differences
    inside = np.broadcast_to(circuit.layers[0].scopes, leaf_weights.shape)
    expected = leaf_weights * oracles.numerical_gradient(objective, leaf_weights)
    assert_close(leaf_flows[inside], expected[inside], rtol=1e-6, atol=1e-7)  # differences


def test_flow_out_of_a_node_equals_flow_into_it():
    rng = np.random.default_rng(3)
    circuit, leaf_weights, sum_weights = deep_circuit(rng)
    rows = evidence(4, rng)
    row_weights = rng.random(len(rows))
    _, design, work = evaluate(circuit, leaf_weights, sum_weights, rows)
    flows = backward(circuit, sum_weights, row_weights, design, work)
    assert_close(flows.sums[-1].sum(), row_weights.sum())
    assert_close(flows.sums[1].sum(axis=2)[0], flows.sums[2][0, 0])
    leaf_flows = leaves.leaf_flows(leaf_weights, leaf_weights.sum(axis=0), flows.moments, design.partial)
    per_variable = leaf_flows.sum(axis=0)[circuit.layers[0].scopes].reshape(8, 2)
    assert_close(per_variable, np.repeat(flows.sums[0].sum(axis=1).reshape(8, 1), 2, axis=1))


def test_evaluation_survives_values_far_below_the_smallest_float():
    rng = np.random.default_rng(0)
    num_variables = 256
    circuit = mixture(3, num_variables)
    leaf_weights = np.full((2, 3, num_variables), 1e-4) * rng.uniform(0.5, 2, (2, 3, num_variables))
    rows = np.concatenate([rng.integers(0, 2, (5, num_variables)), np.full((1, num_variables), -1)]).astype(np.int8)
    weights = np.array([[[0.2, 0.3, 0.5]]])
    log_values, _, _ = evaluate(circuit, leaf_weights, (weights,), rows)
    log_parts = np.stack([np.log(leaf_weights)[row, :, np.arange(num_variables)].sum(axis=0) for row in rows[:5]])
    assert_close(log_values[:5], np.logaddexp.reduce(log_parts + np.log(weights[0, 0]), axis=1))
    assert (log_values < -2000).all()


def test_a_row_of_probability_zero_has_log_value_minus_infinity_and_no_flow():
    circuit = Circuit(1, (InputLayer(np.ones((2, 1), dtype=bool)), SumLayer(np.array([[0, 1]]), 1)))
    rows = np.array([[0], [1], [-1]], dtype=np.int8)
    zero = (np.zeros((1, 1, 2)),)
    with np.errstate(divide="ignore"):
        log_values, design, work = evaluate(circuit, np.full((2, 2, 1), 1e-300), zero, rows)
    assert (log_values == -np.inf).all()
    flows = backward(circuit, zero, np.ones(3), design, work)
    assert (flows.sums[0] == 0).all() and (flows.moments == 0).all()


def test_a_product_over_overlapping_scopes_is_refused_by_name():
    scopes = np.array([[1, 1, 0], [0, 1, 1]], dtype=bool)
    with pytest.raises(CircuitError, match=r"product node 2 is not decomposable: variable 1 .* \[0, 1\]"):
        Circuit(3, (InputLayer(scopes), ProductLayer(np.array([[0, 1]]))))


def test_a_sum_over_different_scopes_is_refused_by_name():
    scopes = np.array([[1, 1, 0], [0, 1, 1]], dtype=bool)
    with pytest.raises(
        CircuitError, match=r"sum node 2 is not smooth: child 0 has scope \[0, 1\], child 1 .* \[1, 2\]"
    ):
        Circuit(3, (InputLayer(scopes), SumLayer(np.array([[0, 1]]), 1)))


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ((), "an input layer must come first"),
        ((SumLayer(np.array([[0]]), 1),), "an input layer must come first"),
        ((InputLayer(np.ones((2, 1), bool)), InputLayer(np.ones((2, 1), bool))), "only layer 0"),
        ((InputLayer(np.ones((2, 1), bool)), SumLayer(np.array([[0, 2]]), 1)), "children must be nodes 0 to 1"),
        (
            (InputLayer(np.ones((2, 1), bool)), SumLayer(np.array([[0, 1]]), 2)),
            "must hold one node, the root; it has 2",
        ),
        ((InputLayer(np.ones((2, 3), bool)), SumLayer(np.array([[0, 1]]), 1)), r"shape \(nodes, 1\)"),
    ],
)
def test_malformed_layers_are_refused(layers, sentence):
    with pytest.raises(CircuitError, match=sentence):
        Circuit(1, layers)
