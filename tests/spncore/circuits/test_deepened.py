import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spncore.circuits.circuit import CircuitError, SumLayer, mixture
from spncore.circuits.model import model, random_model
from spncore.circuits.overparam import TOPOLOGIES
from spncore.data.dataset import from_array
from spncore.inference.values import log_values
from spncore.structures import STRUCTURES, StructureSettings
from tests import circuits, oracles
from tests.closeness import assert_close
from tests.deepened import deepen


def unnormalised(circuit, rng):
    """Random weights that add up to something, some of them 0."""
    start = random_model(circuit, rng)
    sums = tuple(w * rng.uniform(0.5, 2.0, w.shape) * (rng.random(w.shape) < 0.9) for w in start.parameters.sums)
    return model(circuit, tuple(w + 0.01 * (w.sum(axis=-1, keepdims=True) == 0) for w in sums), start.parameters.inputs)


@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(["mixture", "random_partitions", "rat", "rat_elementwise", "learn_spn"]),
    topology=st.sampled_from(sorted(TOPOLOGIES)),
    depth=st.integers(1, 4),
)
@settings(max_examples=25, deadline=None)
def test_deepening_any_sum_layer_leaves_every_world_s_likelihood_unchanged(seed, name, topology, depth):
    rng = np.random.default_rng(seed)
    data = from_array(rng.integers(0, 2, (80, 5)))
    circuit = STRUCTURES[name](data, StructureSettings(int(rng.integers(1, 6)), 2, 2), rng).circuit
    shallow = unnormalised(circuit, rng)
    worlds = oracles.worlds(5)
    expected = [oracles.model_value(shallow, world) for world in worlds]
    for number in range(len(circuit.sum_layers)):
        deep = deepen(shallow, number, topology, depth)
        assert_close(np.exp(log_values(deep, worlds)), expected)


@given(seed=circuits.seeds, topology=st.sampled_from(sorted(TOPOLOGIES)), depth=st.integers(2, 3))
@settings(max_examples=8, deadline=None)
def test_the_same_holds_for_sums_with_shared_children_of_any_irregular_circuit(seed, topology, depth):
    asked, _ = circuits.random_asked(seed)
    worlds = oracles.worlds(4)
    expected = [oracles.model_value(asked, world) for world in worlds]
    for number in range(len(asked.circuit.sum_layers)):
        assert_close(np.exp(log_values(deepen(asked, number, topology, depth), worlds)), expected)


def test_a_deepened_mixture_has_the_paper_s_tree_of_2_and_4_and_8_weights():
    deep = deepen(random_model(mixture(8, 3), np.random.default_rng(0)), 0, "tree", 3)
    shapes = [layer.children.shape for layer in deep.circuit.sum_layers]
    assert shapes == [(4, 2), (2, 2), (1, 2)]
    assert [layer.children.tolist() for layer in deep.circuit.sum_layers] == [
        [[0, 1], [2, 3], [4, 5], [6, 7]],
        [[8, 9], [10, 11]],
        [[12, 13]],
    ]


def test_private_weights_are_chains_and_shared_weights_one_chain():
    start = random_model(mixture(4, 2), np.random.default_rng(0))
    private, shared = deepen(start, 0, "private", 3), deepen(start, 0, "shared", 3)
    assert [layer.children.shape for layer in private.circuit.sum_layers] == [(4, 1), (4, 1), (1, 4)]
    assert [layer.children.shape for layer in shared.circuit.sum_layers] == [(1, 4), (1, 1), (1, 1)]
    assert_close(private.parameters.sums[-1], start.parameters.sums[0])
    assert all((weights == 1.0).all() for weights in private.parameters.sums[:-1])


def test_normalised_sums_stay_normalised():
    circuit = STRUCTURES["rat"](from_array(np.eye(4, dtype=int)), StructureSettings(3, 2, 2), np.random.default_rng(0))
    deep = deepen(circuit, 0, "tree", 3)
    for weights in deep.parameters.sums:
        assert_close(weights.sum(axis=-1), np.ones(weights.shape[:2]))


def test_depth_one_changes_nothing():
    start = random_model(mixture(5, 2), np.random.default_rng(0))
    deep = deepen(start, 0, "tree", 1)
    assert np.array_equal(deep.circuit.layers[1].children, start.circuit.layers[1].children)
    assert np.array_equal(deep.parameters.sums[0], start.parameters.sums[0])
    assert isinstance(deep.circuit.layers[1], SumLayer)


@pytest.mark.parametrize("number", [-1, 1])
def test_a_layer_that_is_not_there_is_refused(number):
    with pytest.raises(CircuitError, match="the circuit has sum layers 0 to 0"):
        deepen(random_model(mixture(2, 2), np.random.default_rng(0)), number, "tree", 2)


def test_a_circuit_that_would_grow_too_large_is_refused():
    with pytest.raises(CircuitError, match="the circuit would have 400,001 nodes and 400,000 weighted edges"):
        deepen(random_model(mixture(2000, 1), np.random.default_rng(0)), 0, "private", 200)
