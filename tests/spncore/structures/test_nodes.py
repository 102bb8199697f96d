import numpy as np
import pytest

from spncore.circuits.circuit import CircuitError, InputLayer, SumLayer
from spncore.inference.values import log_values
from spncore.structures.nodes import Column, Leaf, Product, Sum, layered
from tests import oracles
from tests.closeness import assert_close


def leaf(variable, one):
    return Leaf((variable,), np.array([[1.0 - one], [one]]))


def test_a_shared_node_is_one_node_of_the_circuit_and_values_are_those_of_the_network():
    shared = Sum((leaf(1, 0.1), leaf(1, 0.7)), np.array([0.4, 0.6]))
    root = Sum(
        (Product((leaf(0, 0.2), shared)), Product((leaf(0, 0.9), shared)), Leaf((0, 1), np.full((2, 2), 0.5))),
        np.array([0.5, 0.3, 0.2]),
    )
    model = layered(2, root)
    assert model.circuit.num_nodes == 5 + 1 + 2 + 1
    for row in oracles.worlds(2):
        first = 0.5 * abs(1 - row[0] - 0.2) + 0.3 * abs(1 - row[0] - 0.9)
        second = 0.46 if row[1] else 0.54  # 0.4 · 0.1 + 0.6 · 0.7
        assert_close(np.exp(log_values(model, row[None])[0]), first * second + 0.2 * 0.25)


def test_leaves_of_one_variable_share_its_features_in_groups_of_sizes_of_few_kinds():
    sums = [
        Sum(tuple(leaf(d, 0.1 * (k + 1)) for k in range(size)), np.full(size, 1 / size))
        for d, size in enumerate((7, 6, 5, 3))
    ]
    circuit = layered(4, Product(tuple(sums))).circuit
    shapes = {layer.num_inputs: layer.variables.ravel().tolist() for layer in circuit.input_layers}
    assert shapes == {4: [0, 1, 2], 2: [0, 1, 3], 1: [0, 2, 3]}


def test_sums_over_the_same_children_are_one_group():
    leaves = tuple(leaf(0, 0.1 * (k + 1)) for k in range(7))
    thirds = tuple(Sum(leaves, np.full(7, 1 / 7)) for _ in range(3))
    circuit = layered(1, Sum(thirds, np.full(3, 1 / 3))).circuit
    assert [(layer.children.shape, layer.num_sums) for layer in circuit.sum_layers] == [((1, 7), 3), ((1, 3), 1)]


def test_leaves_of_different_families_stand_in_layers_of_their_own():
    gauss = Leaf((1,), np.array([[0.0], [1.0]]), Column("gaussian"))
    three = Leaf((2,), np.full((3, 1), 1 / 3), Column("categorical", 3))
    model = layered(3, Product((leaf(0, 0.5), gauss, three)))
    kinds = [(layer.family, layer.num_values) for layer in model.circuit.layers if isinstance(layer, InputLayer)]
    assert kinds == [("categorical", 2), ("gaussian", 2), ("categorical", 3)]
    expected = -0.5 * np.log(2 * np.pi) - np.log(6.0) - 0.125
    assert_close(log_values(model, np.array([[1.0, 0.5, 2.0]])), [expected])


def test_a_network_of_one_leaf_is_a_circuit_of_one_node():
    assert_close(np.exp(log_values(layered(1, leaf(0, 0.3)), np.array([[0], [1], [-1]]))), [0.7, 0.3, 1.0])


def test_very_deep_networks_need_no_recursion():
    node = leaf(0, 0.3)
    for _ in range(3000):
        node = Sum((node,), np.ones(1))
    assert len([layer for layer in layered(1, node).circuit.layers if isinstance(layer, SumLayer)]) == 3000


def test_a_product_over_overlapping_leaves_is_refused():
    with pytest.raises(CircuitError, match="not decomposable"):
        layered(2, Product((leaf(0, 0.5), Leaf((0, 1), np.full((2, 2), 0.5)))))
