"""The passes in the linear domain, against enumeration and the log domain, wherever numbers may leave their range."""

import numpy as np
import pytest
from hypothesis import given, settings

from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import model, random_model
from spncore.inference import log_domain
from spncore.inference.features import arranged
from spncore.inference.flows import backward, node_flows
from spncore.inference.forward import forward, linear, safe_log
from spncore.inference.loose import widths_of
from spncore.inference.steps import LooseProducts, LooseSums, WideLeaves
from spncore.inference.values import log_values
from spncore.inference.workspace import Workspace
from spncore.structures import rat
from spncore.structures.nodes import Column, Leaf, Product, Sum, layered
from tests import circuits, oracles
from tests.closeness import assert_close

SMALL = 0.01


def passes(asked, rows, row_weights, dtype=np.float64, empty=np.empty):
    """Log-values of the root, the flows, and the workspace after both passes."""
    designs = [leaves.design(layer, rows).astype(dtype) for layer in asked.circuit.input_layers]
    pairs = list(zip(asked.parameters.inputs, designs, strict=True))
    coefficients = [leaves.coefficients(*pair).astype(dtype) for pair in pairs]
    sums = [weights.astype(dtype) for weights in asked.parameters.sums]
    work = Workspace(asked.circuit, len(rows), dtype, empty)
    blocks = [design.kept(slice(None)) for design in designs]
    seen = arranged(asked.circuit, blocks)
    given = linear(asked.circuit, widths_of(blocks), coefficients, [leaves.impossible(*pair) for pair in pairs])
    log_f = forward(given, sums, seen, work)
    return log_f, backward(sums, row_weights.astype(dtype), seen, work), work


def in_the_log_domain(asked, rows, row_weights):
    """The same layer by layer, in logarithms: log-values of all nodes, their flows, those of the sums, and moments."""
    designs = [leaves.design(layer, rows) for layer in asked.circuit.input_layers]
    pairs = list(zip(asked.parameters.inputs, designs, strict=True))
    coefficients, zeros = ([f(*pair) for pair in pairs] for f in (leaves.coefficients, leaves.impossible))
    blocks = [design.kept(slice(None)) for design in designs]
    values = log_domain.rise(asked.circuit, coefficients, asked.parameters.sums, blocks, zeros)
    flows = log_domain.send_down(asked.circuit, asked.parameters.sums, row_weights, values)
    return values, flows, log_domain.moments(asked.circuit, flows.nodes, blocks)


def random_tree(rng, columns, variables, depth):
    """A tree of sums and products as LearnSPN makes it: each product has leaves of its own, arities differ."""
    if depth == 0 or (len(variables) == 1 and rng.random() < 0.5):
        own = [random_leaf(rng, columns[v], v) for v in variables]
        return own[0] if len(own) == 1 else Product(tuple(own))
    if len(variables) > 1 and rng.random() < 0.6:
        parts = np.array_split(rng.permutation(variables), rng.integers(2, len(variables) + 1))
        return Product(tuple(random_tree(rng, columns, part.tolist(), depth - 1) for part in parts))
    arity = int(rng.integers(1, 4))
    children = tuple(random_tree(rng, columns, variables, depth - 1) for _ in range(arity))
    return Sum(children, rng.uniform(0.1, 1.0, arity))


def random_leaf(rng, column, variable):
    one = InputLayer(np.array([[variable]]), 1, *column)
    return Leaf((variable,), one.distribution.start(np.ones((1, 1)), np.ones((1, 1)), rng)[:, 0], column)


def tree_model(seed, families=circuits.ALL, num_variables=5, depth=5):
    rng = np.random.default_rng(seed)
    columns = [Column(*families[i]) for i in rng.integers(len(families), size=num_variables)]
    parts = tuple(random_tree(rng, columns, list(range(num_variables)), depth) for _ in range(2))
    return layered(num_variables, Sum(parts, np.array([0.3, 0.9]))), rng


def zeroed(asked, rng):
    """The model with some weights of sums and of categorical leaves 0."""
    for layer, array in asked.leaves:
        if layer.family == "categorical":
            array[rng.random(array.shape) < 0.2] = 0.0
    for array in asked.parameters.sums:
        array[rng.random(array.shape) < 0.2] = 0.0
    return asked


def check_against_the_log_domain(asked, rows, row_weights):
    log_f, flows, work = passes(asked, rows, row_weights)
    with np.errstate(divide="ignore"):
        values, expected, moments = in_the_log_domain(asked, rows, row_weights)
    assert_close(log_f, values[-1])
    for found, true in zip((*flows.sums, *flows.moments), (*expected.sums, *moments), strict=True):
        assert_close(found, true, atol=1e-10 * np.abs(row_weights).sum())
    nodes, sums = node_flows(asked.parameters.sums, row_weights, work)
    assert_close(nodes[-1], np.where(np.isneginf(log_f), 0.0, row_weights))
    assert_close(nodes, expected.nodes, atol=1e-10)
    for found, true in zip(sums, expected.sums, strict=True):
        assert_close(found, true, atol=1e-10 * np.abs(row_weights).sum())


@given(seed=circuits.seeds)
@settings(max_examples=40, deadline=None)
def test_learned_trees_have_the_values_of_their_definition(seed):
    asked, rng = tree_model(seed)
    rows = circuits.random_rows(rng, asked, 12)
    assert_close(log_values(asked, rows), np.log([oracles.model_value(asked, row) for row in rows]))


@given(seed=circuits.seeds)
@settings(max_examples=40, deadline=None)
def test_steps_of_many_layers_have_the_values_and_flows_of_layer_by_layer(seed):
    for asked, rng in (tree_model(seed), circuits.random_asked(seed, 4, circuits.ALL)):
        check_against_the_log_domain(asked, circuits.random_rows(rng, asked, 15), rng.normal(size=15))


@given(seed=circuits.seeds)
@settings(max_examples=40, deadline=None)
def test_weights_of_zero_have_the_values_and_flows_of_layer_by_layer(seed):
    for asked, rng in (tree_model(seed, circuits.DISCRETE), circuits.random_asked(seed, 4, circuits.DISCRETE)):
        check_against_the_log_domain(zeroed(asked, rng), circuits.random_rows(rng, asked, 30), rng.normal(size=30))


def test_the_trees_have_steps_of_many_layers():
    """Without runs of products and sums of several arities the claims above would be weaker."""
    plans = [Workspace(tree_model(seed)[0].circuit, 1).plan for seed in range(20)]
    steps = [step for plan in plans for step in plan.steps]
    loose = [step for step in steps if isinstance(step, LooseProducts)]
    assert any(step.leaves.size and len(step.products) for step in loose)
    assert any(len(step.columns) > 1 for step in loose)
    assert any(isinstance(step, LooseSums) for step in steps)


@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
@pytest.mark.parametrize(("num_variables", "depth"), [(5, 2), (9, 2), (11, 3), (16, 4)])
def test_random_tensorised_networks_have_the_values_and_flows_of_layer_by_layer(kind, num_variables, depth):
    rng = np.random.default_rng(depth)
    asked = random_model(rat(num_variables, depth, 3, 4, kind, rng), rng)
    rows = np.where(rng.random((40, num_variables)) < 0.3, -1, rng.integers(0, 2, (40, num_variables))).astype(np.int8)
    rows[-1] = -1
    check_against_the_log_domain(asked, rows, rng.normal(size=40))


def chain(num_variables):
    """A chain of products and sums, one variable a level: as deep as a circuit can be over so many."""
    pairs = InputLayer(np.arange(num_variables)[:, None], 2)
    layers, below, nodes = [pairs], np.array([0, 1]), 2 * num_variables
    for variable in range(1, num_variables):
        layers.append(ProductLayer(np.stack([below, 2 * variable + np.arange(2)], axis=1)))
        last = variable == num_variables - 1
        layers.append(SumLayer(np.array([[nodes, nodes + 1]]), 1 if last else 2))
        below, nodes = nodes + 2 + np.arange(2), nodes + 4
    return Circuit(num_variables, tuple(layers))


def test_a_deep_chain_has_the_values_and_flows_of_layer_by_layer():
    rng = np.random.default_rng(0)
    asked = random_model(chain(40), rng)
    check_against_the_log_domain(asked, rng.integers(0, 2, (20, 40)).astype(np.int8), rng.normal(size=20))


def bits(num_variables, probability, num_products):
    """So many independent bits, as equal products of leaves; where it is one alone, nothing scales its leaves."""
    one = np.array([[1.0 - probability], [probability]])
    products = tuple(Product(tuple(Leaf((d,), one) for d in range(num_variables))) for _ in range(num_products))
    return layered(num_variables, Sum(products, np.full(num_products, 1.0 / num_products)))


@pytest.mark.fault("D03")
@pytest.mark.parametrize("num_products", [1, 2])
def test_five_thousand_bits_of_a_hundredth_have_a_finite_value_and_gradient(num_products):
    """In range where alternative leaves scale the row, else not; a row in range is beside it."""
    asked = bits(5000, SMALL, num_products)
    rows = np.ones((2, 5000), dtype=np.int8)
    rows[1] = 0
    log_f, flows, work = passes(asked, rows, np.ones(2))
    assert work.outside.tolist() == ([0] if num_products == 1 else [])
    assert_close(log_f, [5000 * np.log(SMALL), 5000 * np.log(1 - SMALL)])
    assert_close(flows.sums[0], np.full((1, 1, num_products), 2.0 / num_products))
    collected = leaves.moments(flows.moments[0], leaves.design(asked.circuit.input_layers[0], rows))
    assert_close(collected.statistics, np.full(collected.statistics.shape, 1.0 / num_products))


def crossed(small):
    """Two variables of four values: a component fits the first where it excludes the second, but for `small`."""
    fits, hardly = np.array([1.0 - small, small]), np.array([small, 1.0 - small])
    layers = (
        InputLayer(np.array([[0], [1]]), 2),
        ProductLayer(np.array([[0, 3], [1, 2]])),
        SumLayer(np.array([[4, 5]]), 1),
    )
    leaf = np.stack([fits, hardly, fits, hardly], axis=1)[..., None]
    return model(Circuit(2, layers), (np.full((1, 1, 2), 0.5),), (leaf,))


@pytest.mark.parametrize("small", [1e-30, 1e-250])
def test_products_that_underflow_beside_others_that_do_not_keep_their_logarithms(small):
    asked = crossed(small)
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int8)
    check_against_the_log_domain(asked, rows, np.ones(4))
    log_f, *_ = passes(asked, rows, np.ones(4), np.float32)
    assert_close(log_f, log_values(asked, rows), rtol=1e-6, atol=1e-6)


def test_rows_outside_the_range_leave_the_others_alone():
    """Values and flows of three rows are the same with an impossible row and an underflowing one beside them."""
    asked = bits(300, SMALL, 1)
    for array in asked.parameters.inputs:
        array[1, asked.circuit.input_layers[0].node_variables[:, 0] == 299] = 0.0  # the last variable is never 1
    possible = np.zeros((3, 300), dtype=np.int8)
    possible[:, :2] = [[0, 0], [0, 1], [1, 1]]
    beside = np.ones((2, 300), dtype=np.int8)
    beside[0, -1] = 0
    rows = np.concatenate([possible, beside])
    alone, together = passes(asked, possible, np.ones(3)), passes(asked, rows, np.array([1.0, 1.0, 1.0, 0.0, 1.0]))
    assert_close(alone[0], together[0][:3], rtol=1e-14)
    assert_close(together[0][3], 299 * np.log(SMALL) + np.log(1.0 - SMALL), rtol=1e-12)
    assert together[0][4] == -np.inf and together[2].outside.tolist() == [3, 4]
    for one, other in zip((*alone[1].sums, *alone[1].moments), (*together[1].sums, *together[1].moments), strict=True):
        assert_close(one, other, atol=1e-13)


def test_far_real_values_and_sharp_densities_keep_their_logarithms():
    layers = (
        InputLayer(np.array([[0], [1]]), 3, "gaussian"),
        ProductLayer(np.array([[0, 3], [1, 4], [2, 5]])),
        SumLayer(np.array([[6, 7, 8]]), 1),
    )
    rng = np.random.default_rng(0)
    leaf = np.stack([rng.normal(size=(6, 1)), np.array([[1e-3], [1.0], [5.0]] * 2)])
    asked = model(Circuit(2, layers), (rng.dirichlet(np.ones(3), (1, 1)),), (leaf,))
    rows = np.array([[0.1, 0.2], [1e3, -1e3], [1e60, 0.0], [np.nan, 40.0], [leaf[0, 0, 0], leaf[0, 3, 0]]])
    check_against_the_log_domain(asked, rows, np.ones(5))


@pytest.mark.parametrize("deviations", [10.0, 30.0, 39.0, 45.0, 60.0])
@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
def test_one_outlier_among_ordinary_values_keeps_its_logarithm(kind, deviations):
    """All leaves of one variable far below the average would underflow before their siblings lift them."""
    rng = np.random.default_rng(0)
    shape = rat(8, 3, 2, 3, kind, rng)
    layers = tuple(one._replace(family="gaussian") if isinstance(one, InputLayer) else one for one in shape.layers)
    asked = random_model(Circuit(8, layers), rng)
    rows = rng.normal(size=(4, 8))
    rows[1:3, 5] = deviations, -deviations
    check_against_the_log_domain(asked, rows, np.ones(4))


@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
def test_single_precision_scales_each_row_into_its_range(kind):
    """Values of e^−180, far below 1e−38, and no row is handed to the log domain."""
    rng = np.random.default_rng(0)
    asked = random_model(rat(256, 4, 2, 4, kind, rng), rng)
    rows = rng.integers(0, 2, (50, 256)).astype(np.int8)
    expected, flows, _ = passes(asked, rows, np.ones(50))
    single, single_flows, work = passes(asked, rows, np.ones(50), np.float32)
    assert (expected < -120.0).all() and not len(work.outside)
    assert single.dtype == np.float32
    assert_close(single, expected, rtol=1e-6)
    for found, true in zip(single_flows.sums, flows.sums, strict=True):
        assert_close(found, true, rtol=1e-3, atol=50 * 1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_safe_range_stays_far_from_the_ends_of_its_precision(dtype):
    numbers = np.finfo(dtype)
    both = np.exp(np.array([-1, 1], dtype) * dtype(safe_log(dtype)))
    assert numbers.tiny * 1e6 < both[0] and both[1] < numbers.max / 1e6


def test_a_posterior_of_one_is_one_and_its_flow_exactly_zero():
    """All flow goes through a sum over one child, whatever its weight, and the leaf below it."""
    layers = (
        InputLayer(np.array([[0, 1]]), 1),
        SumLayer(np.array([[0]]), 1),
        SumLayer(np.array([[1]]), 1),
    )
    rng = np.random.default_rng(0)
    leaf, weights = rng.uniform(0.1, 1.0, (2, 1, 2)), rng.uniform(0.1, 1.0, (2, 1, 1, 1))
    asked = model(Circuit(2, layers), tuple(weights), (leaf,))
    rows = np.array([[0, 0], [0, 1], [1, 1], [-1, -1]], dtype=np.int8)
    _, flows, _ = passes(asked, rows, np.array([3.0, 4.0, 2.0, -9.0]))
    assert all((flow == 0.0).all() for flow in flows.sums)
    assert flows.moments[0][0, -2:].tolist() == [9.0, -9.0]


@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
def test_a_workspace_takes_all_its_arrays_from_the_caller(kind):
    rng = np.random.default_rng(0)
    asked, made = random_model(rat(9, 2, 2, 3, kind, rng), rng), []

    def empty(shape, dtype):
        made.append(np.empty(shape, dtype))
        return made[-1]

    _, _, work = passes(asked, rng.integers(0, 2, (5, 9)), np.ones(5), empty=empty)
    assert any(array is work.values for array in made) and any(array is work.slopes for array in made)
    known = {type(block.block) for block in work.inputs}
    assert known == ({WideLeaves} if kind == "elementwise" and not work.loose else known)
    owned = [one.shift for one in work.inputs] + [step.values for step in work.steps]
    assert all(any(np.may_share_memory(array, base) for base in made) for array in owned)
