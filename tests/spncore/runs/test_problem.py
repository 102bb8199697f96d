"""The problem of an experiment, made once; and that of a circuit's trees: the same function, other dynamics."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, Recorder, Trainer, problem_of, trainer_of
from spncore.circuits.overparam import effective_weights
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.problem import in_one_row, plain_problem
from spncore.runs.problem import _structure as model_cache_of_structures
from spncore.runs.training import learner_of
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


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_equal_experiments_give_equal_problems_whatever_was_made_before(objective):
    one, other = Experiment(dataset="two-clusters", depth=3, objective=objective, num_seeds=2), DEEP
    made = [problem_of(one), problem_of(other), problem_of(one.replace())]
    model_cache_of_structures.cache_clear()
    made.append(problem_of(one.replace(learning_rate=0.5)))
    for again in made[2:]:
        assert same(again.circuit.layers, made[0].circuit.layers) and same(again.sums, made[0].sums)
        assert same(again.bag[:2], made[0].bag[:2]) and again.objective is made[0].objective
        assert (again.bag.spread != made[0].bag.spread).nnz == 0
        assert all(same([again.start(seed)], [made[0].start(seed)]) for seed in one.seeds)


def same(some, others):
    """Whether arrays, or tuples that hold some, are alike to the bit."""
    return all(
        same(one, other) if isinstance(one, tuple) else np.array_equal(one, other)
        for one, other in zip(some, others, strict=True)
    )


def test_a_problem_cannot_be_changed_and_a_run_carries_the_one_it_was_made_from():
    problem = problem_of(DEEP)
    with pytest.raises(FrozenInstanceError):
        problem.sums = None
    trainer = Trainer(problem, learner_of(DEEP))
    recorder = Recorder(DEEP, problem)
    assert list(recorder.follow(trainer.states(2))) == [1, 2, 3]
    assert recorder.trace().problem is trainer.problem is problem
    assert recorder.trace().sums is problem.sums


def test_a_row_of_weights_is_split_and_put_together_again():
    problem = problem_of(DEEP)
    row = problem.start(0)
    layers, inputs = problem.split(row[None])
    assert len(row) == problem.num_weights == layers.size + sum(array.size for array in inputs)
    assert np.array_equal(np.concatenate([layers.ravel(), *map(np.ravel, inputs)]), row)
    plain = plain_problem(problem.model(row), problem.bag, problem.objective)
    assert np.array_equal(in_one_row(plain.model(plain.start(0))), plain.start(0))


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
    assert list(recorder.follow(trainers[1].states(DEEP.iterations))) == list(range(1, 10))
    assert recorder.trace().weights.shape == (2, 8, num_trees(trainers[0].problem.circuit))


def test_too_many_trees_are_refused_with_what_to_lower():
    many = DEEP.replace(structure="random_partitions", num_components=64, split_depth=3)
    with pytest.raises(ExperimentError, match="induced trees are too many .* lower components, splits"):
        trees_trainer(many)
