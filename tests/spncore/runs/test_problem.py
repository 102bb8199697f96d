"""The problem of an experiment, made once; and that of a circuit's trees: the same function, other dynamics."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from spncore import Experiment, ExperimentError, Trainer, fit, load, problem_of, trainer_of
from spncore.circuits.overparam import edge_nodes, effective_weights
from spncore.data import library
from spncore.inference.values import log_partition, log_values
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.problem import in_one_row, plain_problem
from spncore.runs.problem import _structure as model_cache_of_structures
from spncore.runs.problem import model_of
from spncore.runs.training import learner_of, traced
from spncore.structures import LEARNED
from spncore.structures.nodes import Column, Leaf, Product, Sum, layered
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
        assert again.bag is made[0].bag and again.objective is made[0].objective
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
    trace = traced(trainer, DEEP)
    assert trace.problem is trainer.problem is problem
    assert trace.sums is problem.sums


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
    trace = traced(trainers[1], DEEP)
    assert trace.weights.shape == (2, 9, num_trees(trainers[0].problem.circuit))


def test_too_many_trees_are_refused_with_what_to_lower():
    many = DEEP.replace(structure="random_partitions", num_components=64, split_depth=3)
    with pytest.raises(ExperimentError, match="induced trees are too many .* lower components, splits"):
        trees_trainer(many)


TWIN_TREE = Experiment(dataset="nltcs-twin", structure="chow_liu", component_init="fitted", init_noise=0.0, floor=1e-12)
WAYS = [{"optimiser": name} for name in LEARNERS] + [{"parametrisation": "log"}]
SCALES = [
    {"init_scale": scale, "init_convention": word} for scale in (1e-2, 1.0, 3.0) for word in ("per_layer", "matched")
]


def learned_llh(experiment, data):
    """LLH of what was learned with the structure."""
    model = model_of(experiment, data)
    return data.counts @ log_values(model, data.rows.astype(np.int8)) / data.num_rows - log_partition(model)


@pytest.mark.parametrize("structure", sorted(LEARNED))
@pytest.mark.parametrize("topology", ["tree", "private", "shared"])
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("change", WAYS + SCALES, ids=str)
def test_a_learned_structure_starts_as_it_was_learned(structure, topology, depth, change):
    data = load("nltcs-twin")
    experiment = TWIN_TREE.replace(structure=structure, topology=topology, depth=depth, **change)
    trainer = trainer_of(experiment, data)
    seen = trainer.seen(trainer.init())
    assert_close(seen.llh[0], learned_llh(experiment, data), rtol=1e-8)  # simplices end at the floor of 1e-12
    if LEARNERS[experiment.optimiser].geometry is None:
        scale = experiment.init_scale ** (depth if experiment.init_convention == "per_layer" else 1)
        edges = effective_weights(seen.layer_weights, trainer.problem.sums)[0]
        sums = np.bincount(edge_nodes(trainer.problem.circuit), edges)
        assert_close(sums / np.bincount(edge_nodes(trainer.problem.circuit)), np.full_like(sums, scale))


def test_the_real_tree_starts_where_it_was_fitted():
    if not library.available("nltcs"):
        pytest.skip("the real rows are not at hand")
    experiment = Experiment(structure="chow_liu", component_init="fitted", depth=1)
    trainer = trainer_of(experiment)
    assert abs(trainer.seen(trainer.init()).llh[0] + 6.76) < 0.001


def test_seeds_of_a_learned_start_are_one_run_unless_something_random_enters():
    runs = {
        name: fit(TWIN_TREE.replace(dataset="two-clusters", num_seeds=3, iterations=5, init_scale=1.0, **change))
        for name, change in {
            "nothing": {},
            "noise": {"init_noise": 0.01},
            "weights": {"weight_init": "random"},
        }.items()
    }
    for name, trace in runs.items():
        assert all(np.array_equal(trace.llh[0], llh) for llh in trace.llh) == (name == "nothing")


def uneven(num_variables):
    """A sum of one product of leaves and one of as many sums: a small starting weight makes their shares far apart."""
    column, halves = Column("categorical", 2), np.array([0.4, 0.6])
    leaves = [Leaf((v,), np.full((2, 1), 0.5), column) for v in range(num_variables)]
    others = [Leaf((v,), np.array([[0.3], [0.7]]), column) for v in range(num_variables)]
    mixed = tuple(Sum(pair, halves) for pair in zip(leaves, others, strict=True))
    return layered(num_variables, Sum((Product(tuple(leaves)), Product(mixed)), halves))


def test_sum_weights_that_would_round_to_0_are_refused(monkeypatch):
    data = load("nltcs-twin")
    model = uneven(data.num_variables)
    monkeypatch.setattr("spncore.runs.problem.model_of", lambda experiment, dataset: model)
    deep = TWIN_TREE.replace(init_scale=1e-3, depth=8)
    with pytest.raises(ExperimentError, match="init_scale: so small that learned weights would round to 0; choose a"):
        trainer_of(deep, data)
    trainer = trainer_of(deep.replace(depth=3), data)
    expected = data.counts @ log_values(model, data.rows.astype(np.int8)) / data.num_rows - log_partition(model)
    assert_close(trainer.seen(trainer.init()).llh[0], expected)


def test_what_is_learned_elsewhere_starts_with_equal_sum_weights():
    problem = problem_of(DEEP.replace(component_init="fitted"))
    layers, _ = problem.split(problem.start(0)[None])
    assert_close(layers[0], np.full(layers.shape[1], DEEP.init_scale))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_problem_and_a_run_can_be_sent_to_another_process_which_trains_the_same(objective):
    experiment = DEEP.replace(objective=objective)
    run, sent = (pickle.loads(pickle.dumps(made)) for made in (fit(experiment), problem_of(experiment)))
    assert sent.objective == OBJECTIVES[objective]
    assert np.array_equal(traced(Trainer(sent, learner_of(experiment)), experiment).llh, run.llh)
