"""A circuit and the mixture of its trees: the same function at the start, other dynamics afterwards."""

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, Recorder, trainer_of
from spncore.circuits.overparam import effective_weights
from spncore.loop import updates
from spncore.trees.induced import enumerate_trees, num_trees
from spncore.trees.steps import edge_flow_of, tree_weights
from tests.closeness import assert_close
from tests.mixture_of_trees import trees_trainer

DEEP = Experiment(
    dataset="two-clusters",
    structure="random_partitions",
    num_components=2,
    split_depth=1,
    depth=2,
    init_scale=0.7,
    init_noise=0.1,
    floor=1e-9,
    learning_rate=0.05,
    iterations=8,
    num_seeds=2,
)


@pytest.fixture(scope="module")
def trainers():
    return trainer_of(DEEP), trees_trainer(DEEP)


def test_both_start_at_the_same_log_likelihood_and_differ_after_a_step(trainers):
    states, seen = [trainer.init() for trainer in trainers], []
    for _ in range(3):
        stepped = [trainer.step(state) for trainer, state in zip(trainers, states, strict=True)]
        states = [state for state, _ in stepped]
        seen.append([info.llh for _, info in stepped])
    assert_close(*seen[0])
    assert np.abs(seen[2][0] - seen[2][1]).max() > 1e-5


def test_the_flow_of_an_edge_is_the_sum_of_the_flows_of_its_trees_at_the_start(trainers):
    deep, shallow = (trainer.step(trainer.init())[1].flow for trainer in trainers)
    trees = enumerate_trees(trainers[0].problem.circuit)
    assert_close(deep, edge_flow_of(shallow, trees))  # Trapp et al. (2019), eq. (7)


def test_trees_start_with_the_product_of_their_edges(trainers):
    deep, shallow = trainers
    edges = effective_weights(deep.problem.split(deep.init().parameters)[0], deep.problem.sums)
    trees = enumerate_trees(deep.problem.circuit)
    assert_close(shallow.problem.split(shallow.init().parameters)[0], tree_weights(edges, trees))


def test_it_is_recorded_like_any_other_run(trainers):
    recorder = Recorder(DEEP, trainers[1].problem)
    assert list(recorder.follow(trainers[1].until(updates(DEEP.iterations)))) == list(range(1, 9))
    assert recorder.trace().weights.shape == (2, 8, num_trees(trainers[0].problem.circuit))


def test_too_many_trees_are_refused_with_what_to_lower():
    many = DEEP.replace(structure="random_partitions", num_components=64, split_depth=3)
    with pytest.raises(ExperimentError, match="induced trees are too many .* lower components, splits"):
        trees_trainer(many)
