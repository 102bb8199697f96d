import numpy as np
import pytest

from spncore.circuits.overparam import (
    TOPOLOGIES,
    consecutive_sums,
    effective_weights,
    initial_layer_weights,
    layer_flows,
    split_layers,
)
from tests import oracles
from tests.closeness import assert_close

CASES = [(topology, k, depth) for topology in TOPOLOGIES for k in (1, 2, 5, 8, 64) for depth in (1, 2, 3, 8)]


@pytest.mark.parametrize(("topology", "num_components", "depth"), CASES)
def test_every_topology_gives_layers_without_gaps_and_an_identity_at_the_end(topology, num_components, depth):
    sums = consecutive_sums(topology, num_components, depth)
    assert (sums.depth, sums.num_components) == (depth, num_components)
    assert (sums.phi[-1] == np.arange(num_components)).all()
    for layer in range(depth):
        assert set(sums.phi[layer]) == set(range(sums.sizes[layer]))


@pytest.mark.parametrize("num_components", range(1, 65))
def test_the_tree_is_a_tree_components_that_meet_stay_together_up_to_the_root(num_components):
    phi = consecutive_sums("tree", num_components, 8).phi
    for layer in range(7):
        below, above = phi[layer + 1], phi[layer]
        assert len(set(zip(below, above, strict=True))) == len(set(below))


def test_the_paper_s_trees_for_eight_components_have_8_and_2_4_and_2_2_2_branches():
    assert consecutive_sums("tree", 8, 1).sizes.tolist() == [8]
    assert consecutive_sums("tree", 8, 2).sizes.tolist() == [2, 8]
    three = consecutive_sums("tree", 8, 3)
    assert three.sizes.tolist() == [2, 4, 8]
    assert three.phi[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert three.phi[1].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(("topology", "num_components", "depth"), CASES)
def test_effective_weights_are_products_along_paths_and_flows_are_sums_below(topology, num_components, depth):
    rng = np.random.default_rng(0)
    sums = consecutive_sums(topology, num_components, depth)
    weights = rng.uniform(0.5, 2.0, (3, sums.num_weights))
    layers = split_layers(weights, sums)
    for k in range(num_components):
        path = np.prod([layers[layer][:, sums.phi[layer, k]] for layer in range(depth)], axis=0)
        assert_close(effective_weights(weights, sums)[:, k], path)
    flow = rng.normal(size=(3, num_components))
    for layer, flows in enumerate(split_layers(layer_flows(flow, sums), sums)):
        for weight in range(sums.sizes[layer]):
            assert_close(flows[:, weight], flow[:, sums.phi[layer] == weight].sum(axis=1))


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_flow_over_weight_is_the_gradient_in_a_layer_weight(topology):
    """Trapp et al. (2019), eq. (5)-(7), against central differences of some function of the products."""
    rng = np.random.default_rng(1)
    sums = consecutive_sums(topology, 5, 3)
    weights, inner = rng.uniform(0.5, 2.0, sums.num_weights), rng.normal(size=5)

    def objective(layer_weights):
        return float(np.sin(effective_weights(layer_weights, sums) * inner).sum())

    products = effective_weights(weights, sums)
    flow = products * inner * np.cos(products * inner)
    expected = oracles.numerical_gradient(objective, weights.copy())
    assert_close(layer_flows(flow, sums) / weights, expected, rtol=1e-7, atol=1e-8)  # differences


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
def test_matched_starts_give_every_product_the_same_weight_at_any_depth(depth):
    sums = consecutive_sums("tree", 8, depth)
    assert_close(effective_weights(initial_layer_weights(sums, 0.03, "matched"), sums), np.full(8, 0.03))
    assert_close(effective_weights(initial_layer_weights(sums, 0.03, "per_layer"), sums), np.full(8, 0.03**depth))
