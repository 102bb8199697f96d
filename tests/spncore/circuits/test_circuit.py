import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, ProductLayer, SumLayer, mixture
from spncore.circuits.model import Model, Parameters, model, random_model
from spncore.inference import workspace
from spncore.inference.features import arranged
from spncore.inference.flows import backward
from spncore.inference.forward import forward, linear
from spncore.inference.loose import widths_of
from spncore.inference.values import log_partition, log_values
from spncore.inference.workspace import LooseProductArrays, LooseSumArrays, PairArrays, SumArrays, Workspace
from spncore.structures import rat
from tests import circuits, oracles
from tests.closeness import assert_close

ONE_VARIABLE = np.array([[0]])


def evaluate(asked, rows, dtype=np.float64):
    """Log-values of the root, the evidence and the workspace, ready for the backward pass."""
    designs = [leaves.design(layer, rows) for layer in asked.circuit.input_layers]
    work = Workspace(asked.circuit, len(rows), dtype)
    pairs = list(zip(asked.parameters.inputs, designs, strict=True))
    coefficients = [leaves.coefficients(*pair).astype(dtype) for pair in pairs]
    sums = [weights.astype(dtype) for weights in asked.parameters.sums]
    designs = [design.astype(dtype) for design in designs]
    zeros = [leaves.impossible(*pair) for pair in pairs]
    blocks = [design.kept(slice(None)) for design in designs]
    seen = arranged(asked.circuit, blocks)
    given = linear(asked.circuit, widths_of(blocks), coefficients, zeros)
    return forward(given, sums, seen, work), designs, seen, work


def all_flows(asked, rows, row_weights):
    """Flows of the sum weights, the families' derivatives of the leaf parameters, and the log-values."""
    log_f, designs, seen, work = evaluate(asked, rows)
    flows = backward(asked.parameters.sums, row_weights, seen, work)
    inputs = [
        design.layer.distribution.derivative(parameters, leaves.moments(sums, design))
        for parameters, sums, design in zip(asked.parameters.inputs, flows.moments, designs, strict=True)
    ]
    return flows.sums, inputs, log_f


def paired_model(seed):
    rng = np.random.default_rng(seed)
    asked = random_model(circuits.paired_circuit(), rng)
    for weights in (*asked.parameters.sums, *asked.parameters.inputs):
        weights *= rng.uniform(0.1, 2.0, weights.shape)
    return asked, rng


def evidence(num_variables, rng):
    """All worlds, rows with some variables summed out, and the row without evidence."""
    full = oracles.worlds(num_variables)
    part = np.where(rng.random((20, num_variables)) < 0.4, -1, rng.integers(0, 2, (20, num_variables))).astype(np.int8)
    part = part[(part >= 0).any(axis=1)]
    return np.concatenate([full, part, np.full((1, num_variables), -1, dtype=np.int8)])


@pytest.mark.parametrize("seed", range(5))
def test_values_equal_enumeration_on_full_partial_and_no_evidence(seed):
    asked, rng = paired_model(seed)
    rows = evidence(4, rng)
    assert_close(np.exp(log_values(asked, rows)), [oracles.model_value(asked, row) for row in rows])


@given(seed=circuits.seeds, num_variables=st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_irregular_circuits_of_all_families_have_the_values_of_their_definition(seed, num_variables):
    asked, rng = circuits.random_asked(seed, num_variables, circuits.ALL)
    rows = circuits.random_rows(rng, asked, 12)
    assert_close(log_values(asked, rows), np.log([oracles.model_value(asked, row) for row in rows]))


def test_the_random_circuits_have_what_an_irregular_circuit_can_have():
    """Without shared, unused and repeated children and several input layers the claims above would be weaker."""
    made = [circuits.random_asked(seed, 4, circuits.DISCRETE)[0].circuit for seed in range(10)]
    assert any((circuit.uses > 1).any() for circuit in made)
    assert any((circuit.uses[:-1] == 0).any() for circuit in made)
    assert any(len(circuit.input_layers) > 2 for circuit in made)
    steps = [step for circuit in made for step in Workspace(circuit, 1).steps]
    arrays = [step for step in steps if isinstance(step, SumArrays)]
    assert any(step.step.edges.spread is not None for step in arrays)
    assert any(step.values.shape[1] > 1 for step in arrays)
    assert any(not isinstance(step.step.edges.places, slice) for step in arrays)
    loose = [step for step in steps if isinstance(step, LooseProductArrays)]
    assert any(len(step.step.products) and step.step.edges.spread is not None for step in loose)
    assert any(isinstance(step, LooseSumArrays) for step in steps)


def test_a_sum_over_all_pairs_is_fused_with_its_products():
    steps = Workspace(circuits.paired_circuit(), 1).steps
    assert [type(step) for step in steps] == [SumArrays, PairArrays, SumArrays]


@pytest.mark.fault("D03")
def test_log_values_agree_with_exact_rational_arithmetic():
    asked, rng = paired_model(2)
    for array in (*asked.parameters.sums, *asked.parameters.inputs):
        array[...] = np.ceil(array * 64) / 64  # dyadic, so that fractions hold them exactly
    exactly = np.vectorize(Fraction, otypes=[object])
    exact = Model(asked.circuit, Parameters(*(tuple(map(exactly, arrays)) for arrays in asked.parameters)))
    rows = evidence(4, rng)
    expected = [math.log(oracles.model_value(exact, row)) for row in rows]
    assert_close(log_values(asked, rows), expected, rtol=1e-12)


def test_partition_function_is_the_sum_over_all_worlds():
    asked, _ = paired_model(1)
    assert_close(np.exp(log_values(asked, oracles.worlds(4))).sum(), np.exp(log_partition(asked)))


@pytest.mark.parametrize("seed", range(5))
def test_single_precision_agrees_to_six_digits(seed):
    asked, rng = paired_model(seed)
    rows = evidence(4, rng)
    expected, single = log_values(asked, rows), evaluate(asked, rows, np.float32)[0]
    assert single.dtype == np.float32
    assert_close(single, expected, rtol=1e-6, atol=3e-6)  # float32 holds 7 digits


def test_pairs_formed_group_by_group_have_the_bits_of_all_at_once(monkeypatch):
    rng = np.random.default_rng(1)
    asked = random_model(rat(16, 3, 2, 3, "pairs", rng), rng)
    rows, row_weights = rng.integers(0, 2, (50, 16)), rng.random(50)
    found = []
    for cache_bytes in (1, 10**9):
        monkeypatch.setattr(workspace, "CACHE_BYTES", cache_bytes)
        sums, inputs, log_f = all_flows(asked, rows, row_weights)
        found.append(np.concatenate([array.ravel() for array in (*sums, *inputs, log_f)]))
    assert np.array_equal(*found)


@pytest.mark.parametrize("seed", range(8))
def test_flows_are_weight_times_finite_difference(seed):
    asked, rng = paired_model(seed)
    rows = evidence(4, rng)
    row_weights = rng.normal(size=len(rows))
    sums, inputs, _ = all_flows(asked, rows, row_weights)

    def objective(_):
        return float(row_weights @ log_values(asked, rows))

    for weights, flow in zip(asked.parameters.sums, sums, strict=True):
        expected = weights * oracles.numerical_gradient(objective, weights)
        assert_close(flow, expected, rtol=1e-6, atol=1e-7)  # differences
    for layer, parameters, flow in zip(asked.circuit.input_layers, asked.parameters.inputs, inputs, strict=True):
        assert all(layer.distribution.positive)
        expected = parameters * oracles.numerical_gradient(objective, parameters)
        assert_close(flow, expected, rtol=1e-6, atol=1e-7)  # differences


@given(seed=circuits.seeds)
@settings(max_examples=15, deadline=None)
def test_flows_of_irregular_circuits_are_slopes_in_every_direction(seed):
    """All parameters move at once, the positive ones in proportion."""
    asked, rng = circuits.random_asked(seed, 3, circuits.ALL)
    rows, row_weights = circuits.random_rows(rng, asked, 6), rng.normal(size=6)
    sums, inputs, _ = all_flows(asked, rows, row_weights)
    positive = [np.array(layer.distribution.positive)[:, None, None] for layer in asked.circuit.input_layers]
    for _ in range(3):
        directions = [rng.normal(size=flow.shape) for flow in (*sums, *inputs)]

        def along(step, directions=directions):
            of_sums, of_inputs = directions[: len(sums)], directions[len(sums) :]
            moved = [weights * (1 + step * d) for weights, d in zip(asked.parameters.sums, of_sums, strict=True)]
            moved_inputs = [
                np.where(kind, parameters * (1 + step * d), parameters + step * d)
                for parameters, d, kind in zip(asked.parameters.inputs, of_inputs, positive, strict=True)
            ]
            return float(row_weights @ log_values(model(asked.circuit, tuple(moved), tuple(moved_inputs)), rows))

        slope = (along(1e-5) - along(-1e-5)) / 2e-5
        expected = sum((flow * d).sum() for flow, d in zip((*sums, *inputs), directions, strict=True))
        assert_close(slope, expected, rtol=1e-6, atol=1e-6)  # differences


def test_flow_out_of_a_node_equals_flow_into_it():
    asked, rng = paired_model(3)
    rows = evidence(4, rng)
    row_weights = rng.random(len(rows))
    sums, inputs, _ = all_flows(asked, rows, row_weights)
    assert_close(sums[-1].sum(), row_weights.sum())
    assert_close(sums[1].sum(axis=2)[0], sums[2][0, 0])
    per_variable = inputs[0].sum(axis=0)
    assert_close(per_variable, np.repeat(sums[0].sum(axis=1).reshape(8, 1), 2, axis=1))


def test_evaluation_survives_values_far_below_the_smallest_float():
    rng = np.random.default_rng(0)
    num_variables = 256
    leaf_weights = np.full((2, 3, num_variables), 1e-4) * rng.uniform(0.5, 2, (2, 3, num_variables))
    rows = np.concatenate([rng.integers(0, 2, (5, num_variables)), np.full((1, num_variables), -1)]).astype(np.int8)
    weights = np.array([[[0.2, 0.3, 0.5]]])
    log_f = log_values(model(mixture(3, num_variables), (weights,), (leaf_weights,)), rows)
    log_parts = np.stack([np.log(leaf_weights)[row, :, np.arange(num_variables)].sum(axis=0) for row in rows[:5]])
    assert_close(log_f[:5], np.logaddexp.reduce(log_parts + np.log(weights[0, 0]), axis=1))
    assert (log_f < -2000).all()


def test_a_row_of_probability_zero_has_log_value_minus_infinity_and_no_flow():
    circuit = Circuit(1, (InputLayer(ONE_VARIABLE, 2), SumLayer(np.array([[0, 1]]), 1)))
    rows = np.array([[0], [1], [-1]], dtype=np.int8)
    asked = model(circuit, (np.zeros((1, 1, 2)),), (np.full((2, 2, 1), 1e-300),))
    with np.errstate(divide="ignore"):
        sums, inputs, log_f = all_flows(asked, rows, np.ones(3))
    assert (log_f == -np.inf).all()
    assert (sums[0] == 0).all() and (inputs[0] == 0).all()


@pytest.mark.parametrize("group", [(0,), (0, 1)])
def test_indicators_are_exact_and_what_they_exclude_has_no_flow(group):
    """Leaves of weights 0 and 1: the value is that of the definition, and minus infinity where all are excluded."""
    indicators = np.zeros((2, 2, len(group)))
    indicators[0, 0] = indicators[1, 1] = 1.0
    circuit = Circuit(len(group), (InputLayer(np.array([group]), 2), SumLayer(np.array([[0, 1]]), 1)))
    asked = model(circuit, (np.array([[[0.3, 0.7]]]),), (indicators,))
    rows = np.array(np.meshgrid(*[[-1, 0, 1]] * len(group))).reshape(len(group), -1).T.astype(np.int8)
    expected = np.array([oracles.model_value(asked, row) for row in rows])
    with np.errstate(divide="ignore"):
        assert_close(np.exp(log_values(asked, rows)), expected)
        assert ((log_values(asked, rows) == -np.inf) == (expected == 0)).all()
        sums, _, _ = all_flows(asked, rows, np.ones(len(rows)))
    posterior = [[0.3 * oracles.node_values(asked, row)[0], 0.7 * oracles.node_values(asked, row)[1]] for row in rows]
    assert_close(sums[0][0, 0], np.sum([p / np.sum(p) for p in map(np.array, posterior) if p.sum()], axis=0))


def test_a_product_over_overlapping_scopes_is_refused_by_name():
    with pytest.raises(CircuitError, match=r"product node 2 is not decomposable: variable 1 .* \[0, 1\]"):
        Circuit(3, (InputLayer(np.array([[0, 1], [1, 2]]), 1), ProductLayer(np.array([[0, 1]]))))


def test_a_sum_over_different_scopes_is_refused_by_name():
    with pytest.raises(
        CircuitError, match=r"sum node 2 is not smooth: child 0 has scope \[0, 1\], child 1 .* \[1, 2\]"
    ):
        Circuit(3, (InputLayer(np.array([[0, 1], [1, 2]]), 1), SumLayer(np.array([[0, 1]]), 1)))


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        ((), "an input layer must come first"),
        ((SumLayer(np.array([[0]]), 1),), "an input layer must come first"),
        (
            (InputLayer(ONE_VARIABLE, 1), SumLayer(np.array([[0]]), 1), InputLayer(ONE_VARIABLE, 1)),
            "layer 2: input layers must come before all sums and products",
        ),
        ((InputLayer(ONE_VARIABLE, 2), SumLayer(np.array([[0, 2]]), 1)), "children must be nodes 0 to 1"),
        ((InputLayer(ONE_VARIABLE, 2), SumLayer(np.array([[0, 1]]), 2)), "must hold one node, the root; it has 2"),
        ((InputLayer(np.array([[1]]), 1),), r"variables must be numbers 0 to 0 of shape \(groups, variables\)"),
        ((InputLayer(np.array([0]), 1),), r"got shape \(1,\)"),
        ((InputLayer(np.array([[0, 0]]), 1),), r"group 0 names a variable twice, \[0, 0\]"),
        ((InputLayer(ONE_VARIABLE, 0),), "0 inputs of family 'categorical' with 2 values; allowed: at least 1"),
        ((InputLayer(ONE_VARIABLE, 1, "cauchy"),), "family 'cauchy'"),
        ((InputLayer(ONE_VARIABLE, 1, "categorical", 1),), "with 1 values"),
    ],
)
def test_malformed_layers_are_refused(layers, sentence):
    with pytest.raises(CircuitError, match=sentence):
        Circuit(1, layers)


def test_a_root_that_leaves_a_variable_out_is_refused_by_name():
    with pytest.raises(CircuitError, match=r"root node 0: variables \[1\] are in no scope below it"):
        Circuit(2, (InputLayer(ONE_VARIABLE, 1),))
