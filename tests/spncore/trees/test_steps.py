import numpy as np
import pytest
from hypothesis import given, settings

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import model, random_model
from spncore.circuits.overparam import consecutive_sums, edge_nodes, effective_weights, layer_flows
from spncore.dynamics import steps
from spncore.dynamics.steps import exact_factors, second_order_term, weight_steps
from spncore.inference.flows import node_flows
from spncore.inference.values import blocks
from spncore.trees.induced import Trees, edge_trees, enumerate_trees
from spncore.trees.models import edge_weights, sample_trees, tree_flows
from spncore.trees.steps import (
    edge_flow_of,
    first_order_factors,
    log_tree_weights,
    precondition,
    preconditioner,
    tree_weights,
)
from tests.circuits import paired_circuit, random_asked, random_circuit, seeds
from tests.closeness import assert_close
from tests.oracles import model_value, numerical_gradient, worlds
from tests.tree_oracle import halving

BOTH = pytest.mark.parametrize("parametrisation", ["linear", "log"])


def first_order_residual(*step):
    """What first order leaves of an exact step, relative to the tree's weight."""
    return exact_factors(*step) - first_order_factors(*step)


def adaptive_rate(edge_weights, trees, private, learning_rate, parametrisation="linear"):
    """ρ_T (..., T), the part ρ_T ∇_{w_T} of a step that a tree owes to its private edges; 0 where it has none.

    Linear: η w_T² Σ 1/w_e² over the edges that are in no other tree, where `edge_trees` is 1; log: η w_T² times
    how many those are. With one private edge, and no other, it is Trapp et al. (2019), eq. (13) in its general form.
    """
    own = np.ones_like(edge_weights) if parametrisation == "log" else edge_weights**-2.0
    return learning_rate * tree_weights(edge_weights, trees) ** 2 * trees.over(np.add, own * private)


def multiplicative_term(edge_weights, edge_flow, trees, private, learning_rate, parametrisation="linear"):
    """λ_T (..., T) = Σ s_e over the edges that the tree shares with others, Trapp et al. (2019), eq. (12).

    w_T(t+1) = w_T + ρ_T ∇_{w_T} + λ_T w_T + O(η²).
    """
    steps = weight_steps(edge_weights, edge_flow, trees, learning_rate, parametrisation)
    return trees.over(np.add, steps * ~private)


def objective(rng, num_variables):
    """Distinct rows and row weights of mean log f − log Z; the empty evidence comes last."""
    rows = worlds(num_variables)
    counts = rng.integers(0, 5, len(rows)) + 1.0
    return np.concatenate([rows, np.full((1, num_variables), -1, np.int8)]), np.append(counts / counts.sum(), -1.0)


def engine_flow(asked, rows, row_weights):
    """Flow of every edge, (E,), from the engine's backward pass."""
    ((_, work),) = blocks(asked, rows)
    return np.concatenate([flow.ravel() for flow in node_flows(asked.parameters.sums, row_weights, work).sums])


def with_weights(asked, weights):
    """The model with other edge weights (E,)."""
    sizes = np.cumsum([array.size for array in asked.parameters.sums])[:-1]
    shapes = [array.shape for array in asked.parameters.sums]
    parts = np.split(weights, sizes)
    sums = tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
    return model(asked.circuit, sums, asked.parameters.inputs)


def stepped(weights, flow, rate, parametrisation):
    return weights * np.exp(rate * flow) if parametrisation == "log" else weights + rate * flow / weights


def random_point(seed=0):
    """A random model, its trees, weights and the engine's flow."""
    asked, rng = random_asked(seed)
    flow = engine_flow(asked, *objective(rng, 4))
    return asked, enumerate_trees(asked.circuit), edge_weights(asked), flow


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_the_flow_of_an_edge_is_the_flow_of_all_trees_through_it(seed):
    """Trapp et al. (2019), eq. (7), against the backward pass."""
    asked, rng = random_asked(seed)
    rows, row_weights = objective(rng, 4)
    trees = enumerate_trees(asked.circuit)
    flow = tree_flows(asked, rows, row_weights, trees)
    assert_close(flow.sum(), 0.0)
    assert_close(edge_flow_of(flow, trees), engine_flow(asked, rows, row_weights))


def test_gradients_of_edges_by_trees_are_finite_differences():
    """Trapp et al. (2019), eq. (7): ∂𝓛/∂w_e = Σ_{T∋e} (w_T/w_e) ∇_{w_T}."""
    asked, rng = random_asked(11, num_variables=3)
    rows, row_weights = objective(rng, 3)
    trees, weights = enumerate_trees(asked.circuit), edge_weights(asked)

    def value(changed):
        moved = with_weights(asked, changed)
        return sum(c * np.log(model_value(moved, row)) for c, row in zip(row_weights, rows, strict=True))

    gradient = edge_flow_of(tree_flows(asked, rows, row_weights, trees), trees) / weights
    assert_close(gradient, numerical_gradient(value, weights.copy()), rtol=1e-6, atol=1e-8)  # of central differences


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_a_step_of_all_edges_multiplies_every_tree_by_the_product_of_its_factors(seed):
    _, trees, weights, flow = random_point(seed)
    rate = 0.2 * weights.min() ** 2  # no weight may come so near to zero that the ratio loses its digits
    for parametrisation, learning_rate in (("linear", rate), ("log", 0.2)):
        after = tree_weights(stepped(weights, flow, learning_rate, parametrisation), trees)
        factors = exact_factors(weights, flow, trees, learning_rate, parametrisation)
        assert_close(after / tree_weights(weights, trees), factors, rtol=1e-12)


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_first_order_leaves_order_eta_squared(seed, parametrisation):
    _, trees, weights, flow = random_point(seed)
    rates = np.array([1e-3, 1e-4, 1e-5])
    residuals = [np.abs(first_order_residual(weights, flow, trees, rate, parametrisation)).max() for rate in rates]
    slope = np.polyfit(np.log(rates), np.log(residuals), 1)[0]
    assert_close(slope, 2.0, rtol=0, atol=0.05)  # fitted over two decades
    second = second_order_term(weights, flow, trees, 1e-4, parametrisation) / tree_weights(weights, trees)
    left = first_order_residual(weights, flow, trees, 1e-4, parametrisation)
    assert_close(left, second, rtol=0, atol=0.02 * np.abs(second).max())  # up to O(η³)


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_the_preconditioner_of_all_trees_turns_their_flows_into_the_step_of_their_log_weights(seed, parametrisation):
    asked, trees, weights, flow = random_point(seed)
    of_trees = tree_flows(asked, *objective(random_asked(seed)[1], 4), trees)
    matrix, action = (
        preconditioner(weights, trees, parametrisation),
        precondition(weights, flow, trees, parametrisation),
    )
    assert_close(matrix @ of_trees, action, atol=1e-9)  # sums of many trees with both signs
    assert_close(matrix, matrix.T)
    rate = 1e-7
    after = tree_weights(stepped(weights, flow, rate, parametrisation), trees)
    moved = np.log(after / tree_weights(weights, trees)) / rate
    assert_close(moved, action, rtol=0, atol=1e-4 * np.abs(action).max())  # O(η), and rounding divided by η


def test_some_trees_are_moved_as_if_all_were_listed():
    _, trees, weights, flow = random_point(1)
    some = Trees(trees.edges[[3, 0, 3]], trees.inputs[[3, 0, 3]])
    for function in (exact_factors, first_order_factors, second_order_term):
        assert_close(function(weights, flow, some, 0.01), function(weights, flow, trees, 0.01)[[3, 0, 3]])
    assert_close(precondition(weights, flow, some), precondition(weights, flow, trees)[[3, 0, 3]])
    assert_close(preconditioner(weights, some), preconditioner(weights, trees)[np.ix_([3, 0, 3], [3, 0, 3])])


@BOTH
def test_where_trees_are_too_many_to_list_drawn_ones_show_the_step(parametrisation):
    asked = random_model(halving(4, 3), np.random.default_rng(0))  # 3^30 trees
    rng = np.random.default_rng(1)
    rows = np.concatenate([rng.integers(0, 2, (20, 16)), np.full((1, 16), -1)])
    weights, flow = edge_weights(asked), engine_flow(asked, rows, np.append(np.full(20, 0.05), -1.0))
    drawn = sample_trees(asked, 200, rng, rows[:20])
    before = log_tree_weights(np.log(weights), drawn)
    after = log_tree_weights(np.log(stepped(weights, flow, 1e-3, parametrisation)), drawn)
    factors = exact_factors(weights, flow, drawn, 1e-3, parametrisation)
    assert_close(after - before, np.log(factors), rtol=1e-10, atol=1e-12)
    assert np.unique(factors).size > 190 and np.abs(factors - 1.0).max() > 1e-4


@BOTH
def test_rho_is_of_private_edges_lambda_of_shared_ones_and_together_they_are_the_step(parametrisation):
    inputs = InputLayer(np.array([[0], [1]]), 2)
    both = ProductLayer(np.array([[0, 2], [4, 3]]))  # nodes 5, 6; the second is over the inner sum, node 4
    circuit = Circuit(2, (inputs, SumLayer(np.array([[0, 1]]), 1), both, SumLayer(np.array([[5, 6]]), 1)))
    asked = random_model(circuit, np.random.default_rng(0))
    trees, weights, private = enumerate_trees(circuit), edge_weights(asked), edge_trees(circuit) == 1
    assert private.tolist() == [True, True, True, False]
    rows, row_weights = objective(np.random.default_rng(1), 2)
    tree_flow = tree_flows(asked, rows, row_weights, trees)
    flow, of_trees = edge_flow_of(tree_flow, trees), tree_weights(weights, trees)
    rho = adaptive_rate(weights, trees, private, 0.1, parametrisation)
    lam = multiplicative_term(weights, flow, trees, private, 0.1, parametrisation)
    assert_close(lam[0], 0.0)
    assert lam[1] == lam[2] != 0.0
    first = first_order_factors(weights, flow, trees, 0.1, parametrisation)
    assert_close(1.0 + rho * tree_flow / of_trees**2 + lam, first)


def test_where_no_edge_is_private_rho_is_zero_and_all_is_sharing():
    circuit = paired_circuit()
    asked = random_model(circuit, np.random.default_rng(0))
    trees, weights, private = enumerate_trees(circuit), edge_weights(asked), edge_trees(circuit) == 1
    flow = engine_flow(asked, *objective(np.random.default_rng(1), 4))
    assert min(edge_trees(circuit)) > 1
    assert_close(adaptive_rate(weights, trees, private, 0.1), np.zeros(trees.num_trees))
    lam = multiplicative_term(weights, flow, trees, private, 0.1)
    assert_close(1.0 + lam, first_order_factors(weights, flow, trees, 0.1))


@BOTH
def test_leading_axes_are_free(parametrisation):
    _, trees, weights, flow = random_point(2)
    many, flows = np.stack([weights, 2.0 * weights])[:, None], np.stack([flow, -flow])[:, None]
    for function in (exact_factors, second_order_term):
        result = function(many, flows, trees, 0.01, parametrisation)
        assert_close(result[1, 0], function(many[1, 0], flows[1, 0], trees, 0.01, parametrisation))
    assert_close(log_tree_weights(np.log(many), trees), np.log(tree_weights(many, trees)))
    assert_close(edge_flow_of(np.ones((2, 1, trees.num_trees)), trees)[1, 0], trees.edges.sum(axis=0))


def stacked_sums(sums, num_variables):
    """The consecutive sums of a stack as layers of sums, and the number (n,) of the edge of each flat weight."""
    inputs = InputLayer(np.arange(num_variables)[None], sums.num_components)
    nodes, layers, numbers = np.arange(sums.num_components), [inputs], np.empty(sums.num_weights, dtype=np.int64)
    next_node, next_edge = sums.num_components, 0
    for depth in reversed(range(sums.depth)):
        weights = np.arange(sums.sizes[depth])
        component = np.array([np.flatnonzero(sums.phi[depth] == weight)[0] for weight in weights])
        above = sums.phi[depth - 1][component] if depth else np.zeros_like(weights)
        sums_here = []
        for parent in np.unique(above):
            below = weights[above == parent]
            layers.append(SumLayer(nodes[below][None], 1))
            numbers[below + sums.sizes[:depth].sum()] = next_edge + np.arange(len(below))
            sums_here.append(next_node)
            next_node, next_edge = next_node + 1, next_edge + len(below)
        nodes = np.array(sums_here)
    return Circuit(num_variables, tuple(layers)), numbers


@BOTH
@pytest.mark.parametrize(("topology", "depth"), [("tree", 1), ("tree", 2), ("tree", 3), ("shared", 3), ("private", 3)])
def test_for_consecutive_sums_trees_are_components_and_the_step_is_that_of_dynamics(topology, depth, parametrisation):
    sums = consecutive_sums(topology, 8, depth)
    circuit, numbers = stacked_sums(sums, 2)
    rng = np.random.default_rng(0)
    layer_weights, flow = rng.uniform(0.5, 1.5, sums.num_weights), rng.normal(scale=0.1, size=8)
    flow -= flow.mean()
    weights, edge_flow = np.empty(sums.num_weights), np.empty(sums.num_weights)
    weights[numbers], edge_flow[numbers] = layer_weights, layer_flows(flow, sums)
    trees = enumerate_trees(circuit)
    assert trees.inputs.toarray().tolist() == np.eye(8).tolist()
    assert_close(tree_weights(weights, trees), effective_weights(layer_weights, sums))
    assert_close(edge_flow_of(flow, trees), edge_flow)
    at_stack, at_trees = (
        (layer_weights, flow, sums, 0.01, parametrisation),
        (weights, edge_flow, trees, 0.01, parametrisation),
    )
    assert_close(exact_factors(*at_trees), steps.exact_factors(*at_stack), rtol=1e-12)
    assert_close(first_order_residual(*at_trees), steps.first_order_residual(*at_stack))
    assert_close(second_order_term(*at_trees), steps.second_order_term(*at_stack), rtol=1e-9)
    assert_close(
        preconditioner(weights, trees, parametrisation), steps.preconditioner(layer_weights, sums, parametrisation)
    )
    if topology != "private":  # where a component owns several weights, dynamics counts the last one's step as ρ only
        private = edge_trees(circuit) == 1
        rho = adaptive_rate(weights, trees, private, 0.01, parametrisation)
        assert_close(rho, steps.adaptive_rate(layer_weights, sums, 0.01, parametrisation))
        lam = multiplicative_term(weights, edge_flow, trees, private, 0.01, parametrisation)
        assert_close(lam, steps.multiplicative_term(*at_stack))


@pytest.mark.parametrize(
    "circuit", [*(random_circuit(np.random.default_rng(seed), 4) for seed in range(8)), paired_circuit()]
)
@pytest.mark.parametrize("parametrisation", ["linear", "log"])
def test_trees_move_in_as_many_directions_as_edges_less_sums_plus_one(circuit, parametrisation):
    trees = enumerate_trees(circuit)
    reached = trees.edges.sum(axis=0) > 0  # a drawn circuit may hold sums that its root does not ask
    num_edges, num_sums = reached.sum(), len(np.unique(edge_nodes(circuit)[reached]))
    weights = np.random.default_rng(0).uniform(0.5, 1.5, len(reached))
    assert np.linalg.matrix_rank(preconditioner(weights, trees, parametrisation)) == num_edges - num_sums + 1
