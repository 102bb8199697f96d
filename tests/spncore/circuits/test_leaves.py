import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import CircuitError, InputLayer
from spncore.circuits.model import parameter_shape
from tests import oracles
from tests.closeness import assert_close

CASES = [("categorical", 2), ("categorical", 4), ("gaussian", 2), ("poisson", 2), ("exponential", 2)]
every_family = pytest.mark.parametrize(("name", "num_values"), CASES)
VARIABLES = np.array([[0, 2], [3, 1]])


def case(name, num_values, holes=0.4, seed=0):
    """A layer of two groups over two variables each, its parameters and evidence of full, partial and empty rows."""
    rng = np.random.default_rng(seed)
    layer = InputLayer(VARIABLES, 3, name, num_values)
    parameters = rng.uniform(0.3, 2.0, parameter_shape(layer))
    rows = rng.integers(0, num_values, (12, 4)).astype(float)
    rows[rng.random(rows.shape) < holes] = np.nan
    rows[-1] = np.nan
    return layer, parameters, rows, rng


def log_values(layer, parameters, rows):
    """Log-values (N, B) through features and coefficients."""
    design = leaves.design(layer, rows)
    linear = leaves.coefficients(parameters, design).reshape(len(layer.variables), layer.num_inputs, -1)
    return (linear @ design.features).reshape(layer.num_nodes, len(rows))


def expected_values(layer, parameters, rows):
    """The same from the definition."""
    result = np.ones((layer.num_nodes, len(rows)))
    for node, row in np.ndindex(result.shape):
        for place, d in enumerate(layer.variables[node // layer.num_inputs]):
            x = None if np.isnan(rows[row, d]) else rows[row, d].item()
            result[node, row] *= oracles.leaf_value(layer.family, list(parameters[:, node, place]), x)
    return result


@every_family
@pytest.mark.parametrize("holes", [0.0, 0.4, 1.0])
def test_features_times_coefficients_are_the_log_values(name, num_values, holes):
    layer, parameters, rows, _ = case(name, num_values, holes)
    assert_close(np.exp(log_values(layer, parameters, rows)), expected_values(layer, parameters, rows))


@every_family
def test_no_log_value_exceeds_its_bound(name, num_values):
    layer, parameters, rows, _ = case(name, num_values)
    design = leaves.design(layer, rows)
    bound = np.abs(leaves.coefficients(parameters, design)) @ design.bound
    assert (np.abs(log_values(layer, parameters, rows)) <= bound[:, None] + 1e-12).all()


@every_family
def test_moments_are_flow_weighted_sums_of_what_is_seen_and_missing(name, num_values):
    layer, _, rows, rng = case(name, num_values)
    design, flow = leaves.design(layer, rows), rng.random((layer.num_nodes, len(rows)))
    collected = flow.reshape(2, 3, -1) @ design.summed.transpose(0, 2, 1)
    found = leaves.moments(collected.reshape(layer.num_nodes, -1), design)
    x = rows.T[np.repeat(layer.variables, 3, axis=0)]  # (N, S, B)
    seen = ~np.isnan(x)
    statistics = np.where(seen, layer.distribution.statistics(np.where(seen, x, 0.0)), 0.0)
    assert_close(found.statistics, np.einsum("tnsb,nb->tns", statistics, flow))
    assert_close(found.observed, np.einsum("nsb,nb->ns", seen.astype(float), flow))
    assert_close(found.missing, np.einsum("nsb,nb->ns", (~seen).astype(float), flow))


@every_family
def test_a_missing_leaf_can_be_weighed_and_an_observed_one_is_untouched(name, num_values):
    layer, parameters, rows, rng = case(name, num_values)
    design, factors = leaves.design(layer, rows), rng.normal(size=(layer.num_nodes, 2))
    linear = leaves.coefficients(parameters, design)
    leaves.weigh_missing(linear, design, factors)
    missing = np.isnan(rows.T[np.repeat(layer.variables, 3, axis=0)])
    added = np.einsum("ns,nsb->nb", factors, missing.astype(float))
    found = (linear.reshape(2, 3, -1) @ design.features).reshape(layer.num_nodes, -1)
    assert_close(found, log_values(layer, parameters, rows) + added)


@pytest.mark.parametrize("all_of_one", [False, True])
def test_excluded_values_are_counted_where_they_are_observed_and_missing_ones_where_none_is_left(all_of_one):
    layer, parameters, rows, rng = case("categorical", 4)
    parameters[rng.random(parameters.shape) < 0.4] = 0.0
    parameters[3] = 1.0
    if all_of_one:
        parameters[:, 1, 0] = 0.0
    design = leaves.design(layer, rows)
    counts = leaves.impossible(parameters, design).reshape(2, 3, -1) @ design.features
    assert ((counts.reshape(6, -1) > 0) == (expected_values(layer, parameters, rows) == 0)).all()
    assert leaves.impossible(np.ones_like(parameters), design) is None


@every_family
@pytest.mark.parametrize("holes", [0.0, 0.4])
def test_features_formed_alone_are_those_formed_for_flows(name, num_values, holes):
    layer, _, rows, _ = case(name, num_values, holes)
    design = leaves.design(layer, rows)
    some = slice(3, None)
    alone = design.featured(some)
    assert np.array_equal(alone.features, design.kept(some).features)
    assert alone.summed.shape[1] == design.num_features


def test_whole_numbers_and_real_numbers_say_the_same_evidence():
    layer, parameters, rows, _ = case("categorical", 4)
    whole = np.where(np.isnan(rows), -1, rows).astype(np.int8)
    assert_close(log_values(layer, parameters, whole), log_values(layer, parameters, rows), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("categorical", 2.0, "variable 3: 2 is not possible for a categorical leaf; allowed: whole numbers from"),
        ("poisson", 0.5, "variable 3: 0.5 is not possible for a poisson leaf; allowed: whole numbers from 0, or"),
        ("exponential", -1.0, "row 2, variable 3: -1 is not possible for a exponential leaf"),
        ("gaussian", np.inf, "row 2, variable 3: inf is not possible for a gaussian leaf; allowed: real numbers"),
    ],
)
def test_a_value_the_family_does_not_have_is_refused_by_row_and_variable(name, value, sentence):
    rows = np.zeros((3, 4))
    rows[1, 3] = value
    with pytest.raises(CircuitError, match=sentence):
        leaves.design(InputLayer(VARIABLES, 1, name), rows)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_whole_numbers_are_refused_like_real_ones(dtype):
    rows = np.zeros((5, 4), dtype)
    rows[3:, 1] = 4, 100
    with pytest.raises(CircuitError, match="row 14, variable 1: 4 is not possible for a categorical leaf"):
        leaves.design(InputLayer(VARIABLES, 1, "categorical", 4), rows, first_row=10)


def test_some_rows_of_a_design_are_the_design_of_these_rows():
    layer, parameters, rows, _ = case("gaussian", 2)
    some = np.array([4, 1, 1])
    design = leaves.design(layer, rows)
    linear = leaves.coefficients(parameters, design)[:3]
    assert_close(linear @ design.take(some).features[0], log_values(layer, parameters, rows)[:3, some])
