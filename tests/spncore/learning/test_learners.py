import numpy as np
import pytest

from spncore import Experiment, fit, trainer_of
from spncore.circuits.circuit import mixture
from spncore.circuits.families import categorical
from spncore.data.library import from_array
from spncore.learning import simplex
from spncore.learning.evaluator import Evaluator
from spncore.learning.learners import LEARNERS, LearnerSettings, prepare, weights_of
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, data_and_partition
from spncore.learning.optimisers import OPTIMISERS
from spncore.learning.parametrisation import PARAMETRISATIONS
from tests import oracles
from tests.closeness import assert_close

K, D, FLOOR = 3, 4, 1e-4
ROWS = (np.random.default_rng(0).random((60, D)) < np.repeat([[0.8], [0.3]], 30, axis=0)).astype(np.uint8)
LEAVES = K + np.arange(K * D)  # a leaf's two values stand K·D apart
GROUPS = simplex.groups_of(np.concatenate([np.zeros(K, dtype=int), LEAVES - K + 1, LEAVES - K + 1]))


def train(name, *, parametrisation="linear", rate=0.02, steps=25, num_seeds=1, first_seed=0, rows=ROWS):
    """A mixture of K components under a learner: weights (S, K + 2·K·D) and LLH (S,) at every step."""
    learner = LEARNERS[name]
    geometry, optimiser = prepare(LearnerSettings(name, parametrisation, FLOOR, rate, 0.5), GROUPS)
    dataset = from_array(rows, name="rows")
    objective = DATA_FLOW if learner.data_flow_only else OBJECTIVES["generative"]
    evaluator = Evaluator(mixture(K, D), data_and_partition(dataset), objective)
    seeds = range(first_seed, first_seed + num_seeds)
    start = np.stack([np.random.default_rng(seed).uniform(0.2, 1.0, len(GROUPS.of)) for seed in seeds])
    parameters = geometry.parameters(start)
    state, curve, visited = optimiser.init(parameters), [], []
    for _ in range(steps):
        weights = geometry.weights(parameters)
        seen = evaluator(weights[:, :K], [weights[:, K:].reshape(-1, 2, K, D)])
        leaf_flow = categorical(2).derivative(weights[:, K:].reshape(-1, 2, K, D), seen.moments[0])
        flows = np.concatenate([seen.flow, leaf_flow.reshape(len(weights), -1)], axis=1)
        increment, state = optimiser.update(geometry.gradient(weights, flows), state)
        parameters = geometry.project(parameters + increment)
        curve.append(seen.llh)
        visited.append(weights)
    return np.stack(visited), np.stack(curve)


def em_by_hand(weights, leaf_weights):
    """Every expected count, row by row, over the number of rows it is a part of."""
    counts, ones = np.zeros(K), np.zeros((K, D))
    for row in ROWS:
        alone = [oracles.mixture_value(weights * (np.arange(K) == k), leaf_weights, row) for k in range(K)]
        posterior = np.array(alone) / sum(alone)
        counts += posterior
        ones += posterior[:, None] * row
    return counts / len(ROWS), ones / counts[:, None]


def test_the_learners_are_those_the_lab_compares():
    assert set(LEARNERS) == {
        "gradient_ascent",
        "momentum",
        "nesterov",
        "adagrad",
        "adam",
        "exponentiated_gradient",
        "projected_gradient",
        "em",
        "online_em",
    }
    assert all(learner.optimiser in OPTIMISERS for learner in LEARNERS.values())


@pytest.mark.parametrize("parametrisation", PARAMETRISATIONS)
@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_climbs(name, parametrisation):
    _, llh = train(name, parametrisation=parametrisation)
    assert llh[-1, 0] > llh[0, 0] + 0.01 and (np.diff(llh[:, 0]) > -1e-3).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_seeds_together_give_the_weights_of_each_alone_to_the_bit(name):
    together, _ = train(name, num_seeds=3, steps=10)
    for seed in range(3):
        assert (together[:, seed] == train(name, first_seed=seed, steps=10)[0][:, 0]).all()


@pytest.mark.parametrize("name", ["exponentiated_gradient", "projected_gradient", "em", "online_em"])
def test_learners_with_a_geometry_of_their_own_start_alike_whatever_the_user_s_parametrisation(name):
    visited, _ = train(name, steps=5)
    assert (visited == train(name, parametrisation="log", steps=5)[0]).all()
    assert_close(visited[0], train("em", steps=1)[0][0])
    assert_close(simplex.totals(visited, GROUPS), np.ones((5, 1, 1 + K * D)))


def test_em_never_lowers_the_likelihood_and_each_step_is_the_one_worked_out_by_hand():
    visited, llh = train("em", rate=0.7, steps=60)
    assert (np.diff(llh[:, 0]) > -1e-12).all()
    for before, after in zip(visited[:3, 0], visited[1:4, 0], strict=True):
        weights, ones = em_by_hand(before[:K], before[K:].reshape(2, K, D))
        assert_close(after[:K], weights)
        assert_close(after[K:].reshape(2, K, D), np.stack([1 - ones, ones]))


def test_online_em_takes_part_of_the_step_of_em():
    whole, part = train("em", steps=2)[0][:, 0], train("online_em", rate=0.25, steps=2)[0][:, 0]
    assert_close(part[1], 0.75 * whole[0] + 0.25 * whole[1])


@pytest.mark.parametrize("rows", [ROWS[:1], np.ones((5, D), dtype=np.uint8)], ids=["one row", "all alike"])
@pytest.mark.parametrize("name", ["em", "online_em", "exponentiated_gradient", "projected_gradient"])
def test_probabilities_stay_above_the_floor_on_degenerate_data(name, rows):
    visited, llh = train(name, rate=0.9, steps=40, rows=rows)
    assert np.isfinite(llh).all() and visited.min() > 0.999 * FLOOR
    assert llh[-1, 0] > -0.01  # the single row has nearly all the probability


def test_online_em_refuses_steps_beyond_those_of_em():
    with pytest.raises(ValueError, match="online_em takes steps of at most 1, got 1.5"):
        prepare(LearnerSettings("online_em", "linear", FLOOR, 1.5, 0.0), GROUPS)


@pytest.mark.parametrize("name", ["gradient_ascent", "exponentiated_gradient", "em"])
@pytest.mark.parametrize("train_components", [True, False])
def test_saved_parameters_are_read_as_the_weights_they_stand_for(name, train_components):
    experiment = Experiment(dataset="two-clusters", optimiser=name, train_components=train_components, iterations=3)
    trainer, trace = trainer_of(experiment), fit(experiment)
    parameters = trace.final_state.parameters
    assert_close(weights_of(name, "linear", parameters, trainer.num_trained), trainer.weights(parameters))
