"""The heaviest tree and the weight of all trees: what listing them says, found without listing them."""

import numpy as np
from hypothesis import given, settings

from spncore.structures import random_partitions
from spncore.trees.induced import enumerate_trees, num_trees, tree
from spncore.trees.models import edge_weights
from spncore.trees.steps import tree_weights
from spncore.trees.weights import heaviest_tree, log_total_weight
from tests.circuits import random_asked, seeds
from tests.closeness import assert_close


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_heaviest_tree_is_the_heaviest_of_the_list_and_all_weigh_what_the_list_adds_up_to(seed):
    model, _ = random_asked(seed)
    weights = edge_weights(model)
    if num_trees(model.circuit) > 5_000 or not weights.size:
        return
    listed = tree_weights(weights, enumerate_trees(model.circuit))
    found = heaviest_tree(model.circuit, np.log(weights))
    assert_close(listed[found], listed.max())
    assert_close(np.exp(log_total_weight(model.circuit, np.log(weights))), listed.sum())


def test_the_total_of_many_steps_is_that_of_each():
    model, rng = random_asked(3)
    steps = np.log(edge_weights(model) * rng.uniform(0.5, 2.0, (2, 5, model.circuit.num_edges)))
    together = log_total_weight(model.circuit, steps)
    one_by_one = [[log_total_weight(model.circuit, row) for row in rows] for rows in steps]
    assert_close(together, one_by_one)


def test_of_more_trees_than_fit_a_machine_word_the_heaviest_is_found_by_its_number():
    circuit = random_partitions(100, 7, 3, np.random.default_rng(0))
    assert num_trees(circuit) > 2**63
    log_weights = np.random.default_rng(1).normal(size=circuit.num_edges)
    number = heaviest_tree(circuit, log_weights)
    best = log_weights[tree(circuit, number).edges].sum()
    others = [log_weights[tree(circuit, (number + k**9) % num_trees(circuit)).edges].sum() for k in range(1, 60)]
    assert best >= max(others)
