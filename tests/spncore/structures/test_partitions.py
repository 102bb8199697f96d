import numpy as np
import pytest

from spncore.circuits.circuit import ProductLayer
from spncore.structures import random_partitions


def depth_below(circuit):
    """The largest number of splits on a path from each node down."""
    depths = [0] * circuit.offsets[len(circuit.input_layers)]
    for layer in circuit.layers[len(circuit.input_layers) :]:
        split = isinstance(layer, ProductLayer)
        repeat = 1 if split else layer.num_sums
        depths += [max(depths[c] for c in children) + split for children in layer.children for _ in range(repeat)]
    return depths


def test_depth_one_is_the_mixture():
    circuit = random_partitions(5, 1, 3, np.random.default_rng(0))
    (inputs,), (sums,) = circuit.input_layers, circuit.sum_layers
    assert inputs.variables.tolist() == [[0, 1, 2, 3, 4]] and inputs.num_inputs == 3
    assert sums.children.tolist() == [[0, 1, 2]] and len(circuit.layers) == 2


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_variables_are_split_once_less_than_there_are_levels_of_products(depth):
    circuit = random_partitions(40, depth, 2, np.random.default_rng(1))
    assert depth_below(circuit)[-1] == depth - 1
    assert all(layer.children.shape[1] == 2 for layer in circuit.sum_layers)
    assert sum(layer.children.shape[1] == 2 for layer in circuit.layers if isinstance(layer, ProductLayer)) > 0


def test_every_part_is_a_tree_of_its_own_so_no_node_is_shared():
    circuit = random_partitions(12, 3, 4, np.random.default_rng(2))
    assert (circuit.uses[:-1] == 1).all()


def test_splits_stop_at_single_variables():
    circuit = random_partitions(2, 8, 4, np.random.default_rng(0))
    assert depth_below(circuit)[-1] == 1
    assert {layer.variables.shape[1] for layer in circuit.input_layers} == {1}
