import numpy as np
import pytest

from spncore.circuits.circuit import CircuitError, ProductLayer, SumLayer
from spncore.inference.steps import WideLeaves
from spncore.inference.workspace import PairArrays, ProductArrays, SumArrays, Workspace
from spncore.structures import rat
from spncore.structures.regions import Regions, size

SHAPES = [(16, 1, 1), (16, 4, 2), (9, 2, 3), (37, 3, 2), (100, 4, 5)]


@pytest.mark.parametrize(("num_variables", "depth", "num_repetitions"), SHAPES)
def test_every_layer_of_pairs_is_fused_and_finds_its_halves_in_one_row(num_variables, depth, num_repetitions):
    circuit = rat(num_variables, depth, num_repetitions, 4, "pairs", np.random.default_rng(0))
    steps = Workspace(circuit, 3).steps
    pairs = [step for step in steps if isinstance(step, PairArrays)]
    assert len(pairs) == depth
    assert len(steps) == depth + (num_repetitions > 1)
    assert all(isinstance(side.places, slice) and side.owned for step in pairs for side in step.step.edges)


@pytest.mark.parametrize(("num_variables", "depth", "num_repetitions"), SHAPES)
def test_element_wise_layers_read_their_children_in_place_and_send_down_in_place(num_variables, depth, num_repetitions):
    circuit = rat(num_variables, depth, num_repetitions, 4, "elementwise", np.random.default_rng(0))
    work = Workspace(circuit, 3)
    products = [step for step in work.steps if isinstance(step, ProductArrays)]
    sums = [step for step in work.steps if isinstance(step, SumArrays)]
    assert len(sums) == depth and len(products) == depth - 1  # the first products are leaves themselves
    assert [type(block.block) for block in work.inputs] == [WideLeaves]
    assert all(isinstance(column.places, slice) and column.owned for step in products for column in step.step.edges)
    assert not work.copies and all(np.may_share_memory(step.sent, work.slopes) for step in sums)


@pytest.mark.parametrize("kind", ["pairs", "elementwise"])
@pytest.mark.parametrize("num_variables", [1, 2, 3, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 8])
def test_regions_are_halved_until_the_depth_or_one_variable(num_variables, depth, kind):
    circuit = rat(num_variables, depth, 2, 3, kind, np.random.default_rng(depth))
    products = [layer for layer in circuit.layers if isinstance(layer, ProductLayer)]
    assert size(Regions(num_variables, depth), 2, 3, kind) == (circuit.num_nodes, circuit.num_edges)
    assert len(products) == min(depth, int(np.ceil(np.log2(num_variables))))
    sizes = circuit.scopes.sum(axis=1)
    for layer in products:
        assert (np.abs(sizes[layer.children[:, 0]] - sizes[layer.children[:, 1]]) <= 1).all()
    inputs = sizes[: circuit.offsets[len(circuit.input_layers)]]
    deepest = max(1, int(np.ceil(num_variables / 2**depth)))
    assert inputs.max() == deepest and inputs.min() >= min(deepest, max(1, num_variables // 2**depth))


def test_the_numbers_of_nodes_are_those_of_the_paper():
    """Peharz et al. (2019): two partitions per region graph of depth 2, K² products each, K sums per inner region."""
    circuit = rat(8, 2, 1, 3, "pairs", np.random.default_rng(0))
    assert [layer.num_nodes for layer in circuit.layers] == [4 * 3, 2 * 9, 2 * 3, 9, 1]
    repeated = rat(8, 2, 5, 3, "pairs", np.random.default_rng(0))
    assert [layer.num_nodes for layer in repeated.layers] == [5 * 12, 5 * 18, 5 * 6, 5 * 9, 5, 1]
    thin = rat(8, 2, 5, 3, "elementwise", np.random.default_rng(0))
    assert [layer.num_nodes for layer in thin.layers] == [5 * 12, 5 * 6, 5 * 6, 5 * 3, 1]


def test_repetitions_split_the_variables_differently():
    circuit = rat(16, 1, 4, 2, "pairs", np.random.default_rng(0))
    halves = {frozenset(group) for layer in circuit.input_layers for group in layer.variables.tolist()}
    assert len(halves) == 8
    assert isinstance(circuit.layers[-1], SumLayer)


def test_a_network_too_large_is_refused_with_its_true_size():
    with pytest.raises(CircuitError, match="the circuit would have 1,013,777 nodes and 58,785,808 weighted edges"):
        rat(256, 4, 16, 64, "pairs", np.random.default_rng(0))
