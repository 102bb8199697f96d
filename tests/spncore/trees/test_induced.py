import numpy as np
import pytest
from hypothesis import given, settings

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer, mixture
from spncore.trees.induced import (
    TreeError,
    edge_ends,
    edge_trees,
    enumerate_trees,
    node_trees,
    num_trees,
    tree,
)
from tests.circuits import paired_circuit, random_asked, seeds
from tests.tree_oracle import edge_numbers, halving, induced_trees, numbered_trees


def sets(trees):
    """Every listed tree as (sorted edges, sorted inputs)."""
    return [
        (np.flatnonzero(e).tolist(), np.flatnonzero(i).tolist())
        for e, i in zip(trees.edges.toarray(), trees.inputs.toarray(), strict=True)
    ]


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_the_listed_trees_are_those_of_the_definition_in_the_order_of_their_choices(seed):
    circuit = random_asked(seed)[0].circuit
    expected = numbered_trees(circuit)
    assert num_trees(circuit) == len(expected)
    assert sets(enumerate_trees(circuit)) == [(edges, inputs) for edges, inputs, _ in expected]


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_numbers_and_trees_are_one_to_one(seed):
    circuit = random_asked(seed)[0].circuit
    expected = numbered_trees(circuit)
    for number in range(0, len(expected), 1 + len(expected) // 6):
        found = tree(circuit, number)
        assert (found.edges.tolist(), found.inputs.tolist(), found.nodes.tolist()) == expected[number]
    assert len({tuple(edges) for edges, _ in sets(enumerate_trees(circuit))}) == len(expected)


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_a_tree_meets_every_node_at_most_once_and_covers_every_variable_once(seed):
    """Although nodes are shared among trees: the children of a product have disjoint scopes."""
    circuit = random_asked(seed)[0].circuit
    for edges, inputs, nodes in induced_trees(circuit):
        assert len(set(edges)) == len(edges) and len(set(nodes)) == len(nodes)
        assert (circuit.scopes[list(inputs)].sum(axis=0) == 1).all()
    trees = enumerate_trees(circuit)
    assert set(trees.edges.data) | set(trees.inputs.data) == {1.0}


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_trees_through_a_node_or_an_edge_are_counted_without_listing_them(seed):
    circuit = random_asked(seed)[0].circuit
    trees = enumerate_trees(circuit)
    through = edge_trees(circuit)
    assert through.tolist() == trees.edges.sum(axis=0).astype(int).tolist()
    assert (edge_trees(circuit) == 1).tolist() == [count == 1 for count in through]
    for node in range(0, circuit.num_nodes, 3):
        assert node_trees(circuit)[node] == len(induced_trees(circuit, node))


def test_edges_are_numbered_sum_by_sum_in_order_of_evaluation():
    circuit = paired_circuit()
    places = sorted(edge_numbers(circuit), key=edge_numbers(circuit).get)
    assert len(places) == circuit.num_edges
    assert edge_ends(circuit)[:, 0].tolist() == [parent for parent, _ in places]
    assert edge_ends(circuit)[[0, 4, 16, 28]].tolist() == [[8, 0], [9, 0], [16, 12], [19, 16]]


@pytest.mark.parametrize(("height", "num_sums"), [(1, 3), (2, 2), (5, 10), (8, 3)])
def test_the_count_of_a_deep_circuit_is_exact_however_large(height, num_sums):
    """κ = (sums per region)^(2 · number of products in a tree), here up to 3^510."""
    circuit = halving(height, num_sums)
    assert num_trees(circuit) == num_sums ** (2 * (2**height - 1))
    assert set(edge_trees(circuit)[-(num_sums**2) :]) == {num_trees(circuit) // num_sums**2}


def test_trees_of_a_deep_circuit_are_stepped_through_by_numbers_beyond_any_machine_integer():
    circuit = halving(5, 10)  # 10^62 trees, two digits for each of the 31 sums that a tree meets
    first, second, last = (tree(circuit, number) for number in (0, 1, 10**62 - 1))
    assert first.edges.tolist() != second.edges.tolist()
    assert len(first.edges) == 31 and len(first.inputs) == 32 and len(first.nodes) == 31 + 31 + 32
    assert (first.inputs % 10 == 0).all() and (last.inputs % 10 == 9).all()
    number = 73 * 10**60 + 5
    at_root = tree(circuit, number).edges[-1] - (circuit.num_edges - 100)
    assert at_root == 73


def test_too_many_trees_are_refused_with_their_number():
    with pytest.raises(TreeError, match=r"1\.0e\+62 induced trees, at most 100,000 are listed; sample some instead"):
        enumerate_trees(halving(5, 10))
    with pytest.raises(TreeError, match="8 induced trees, at most 7"):
        enumerate_trees(mixture(8, 2), limit=7)
    for number in (-1, 8):
        with pytest.raises(TreeError, match=rf"tree {number}: .* numbers 0 to 7"):
            tree(mixture(8, 2), number)


def test_a_circuit_without_sums_is_its_one_tree():
    circuit = Circuit(2, (InputLayer(np.array([[0], [1]]), 1), ProductLayer(np.array([[0, 1]]))))
    trees = enumerate_trees(circuit)
    assert num_trees(circuit) == 1
    assert trees.edges.shape == (1, 0) and trees.inputs.toarray().tolist() == [[1, 1]]
    assert tree(circuit, 0).nodes.tolist() == [0, 1, 2] and edge_ends(circuit).shape == (0, 2)


def test_nodes_out_of_reach_have_trees_of_their_own_but_no_part_in_the_roots():
    inputs = InputLayer(np.array([[0]]), 3)
    circuit = Circuit(1, (inputs, SumLayer(np.array([[0, 1, 2]]), 1), SumLayer(np.array([[1, 2]]), 1)))
    assert node_trees(circuit).tolist() == [1, 1, 1, 3, 2]
    assert edge_trees(circuit).tolist() == [0, 0, 0, 1, 1]
