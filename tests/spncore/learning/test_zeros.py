"""Weights that start at 0 are structure: every learner keeps them, and they take part in nothing."""

import numpy as np
import pytest

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer, mixture
from spncore.circuits.model import Model, Parameters, model, random_model
from spncore.data.dataset import from_array
from spncore.learning.divergence import DivergenceError
from spncore.learning.learners import LEARNERS, LearnerSettings, weights_of
from spncore.learning.objectives import OBJECTIVES, data_and_partition
from spncore.learning.parametrisation import PARAMETRISATIONS
from spncore.learning.problem import plain_problem
from spncore.learning.trainer import Trainer
from spncore.limits import LIMITS
from spncore.structures import chow_liu
from spncore.tables.weighted_rows import weighted_bag
from tests import circuits, oracles
from tests.closeness import assert_close

GENERATIVE = OBJECTIVES["generative"]
WAYS = [
    (learner, parametrisation)
    for learner in LEARNERS
    for parametrisation in PARAMETRISATIONS
    if parametrisation == "linear" or LEARNERS[learner].geometry is None
]
every_learner = pytest.mark.parametrize(("learner", "parametrisation"), WAYS)


def settings(learner="gradient_ascent", parametrisation="linear", **changes):
    return LearnerSettings(learner, parametrisation, **{"floor": 1e-3, "learning_rate": 0.02, **changes})


def some_data(num_variables=4, num_rows=60):
    rng = np.random.default_rng(3)
    return from_array((rng.random((num_rows, num_variables)) < 0.3 + 0.1 * np.arange(num_variables)).astype(int))


def trained(asked, bag, how, steps=12):
    """Objectives of the steps (T,), and the model after them; every zero of the start is one of the end."""
    trainer = Trainer(plain_problem(asked, bag, GENERATIVE), how)
    state, seen = trainer.init(), []
    zeros = trainer.weights(state.parameters) == 0
    for _ in range(steps):
        state, info = trainer.step(state)
        seen.append(float(info.llh[0]))
        assert np.array_equal(trainer.weights(state.parameters) == 0, zeros)
        assert (info.flow[0] != 0).any() and np.isfinite(info.flow).all()
    return np.array(seen), trainer.model(state)


@pytest.mark.fault("K04")
@every_learner
def test_a_component_of_weight_0_takes_part_in_nothing(learner, parametrisation):
    """The mixture trains as the one without it does, and its leaves stay what they are but for partition flows of 0."""
    rng = np.random.default_rng(0)
    weights, theta = np.array([0.5, 0.0, 0.8, 0.4]), rng.uniform(0.2, 0.8, (2, 4, 4))
    bag, kept = data_and_partition(some_data()), weights > 0
    whole = Model(mixture(4, 4), Parameters((weights[None, None],), (theta,)))
    part = Model(mixture(3, 4), Parameters((weights[kept][None, None],), (theta[:, kept],)))
    found, expected = (trained(asked, bag, settings(learner, parametrisation)) for asked in (whole, part))
    assert_close(found[0], expected[0])
    assert_close(found[1].parameters.sums[0][..., kept], expected[1].parameters.sums[0])
    assert_close(found[1].parameters.inputs[0][:, kept], expected[1].parameters.inputs[0])


@pytest.mark.fault("K04")
@every_learner
def test_an_edge_of_weight_0_above_products_takes_part_in_nothing(learner, parametrisation):
    """A sum that is not folded into its leaves, in a circuit whose other branches share them."""
    leaves = InputLayer(np.array([[0], [1]]), 2)  # nodes 0, 1 | 2, 3
    pairs = np.array([[0, 2], [0, 3], [1, 2], [1, 3]])  # nodes 4 … 7
    theta = np.random.default_rng(0).uniform(0.2, 0.8, (2, 4, 1))
    weights, bag = np.array([0.3, 0.0, 0.5, 0.2]), data_and_partition(some_data(2))
    kept = np.flatnonzero(weights)
    made = [
        model(
            Circuit(2, (leaves, ProductLayer(pairs[which]), SumLayer(4 + np.arange(len(which))[None], 1))),
            (weights[which][None, None],),
            (theta,),
        )
        for which in (np.arange(4), kept)
    ]
    found, expected = (trained(asked, bag, settings(learner, parametrisation)) for asked in made)
    assert_close(found[0], expected[0])
    assert_close(found[1].parameters.sums[0][..., kept], expected[1].parameters.sums[0])


@pytest.mark.fault("K04")
@every_learner
def test_an_indicator_stays_one_and_a_chow_liu_tree_trains_from_where_it_was_learned(learner, parametrisation):
    data = some_data(5, 200)
    asked = chow_liu(data.rows, data.counts, [2] * 5)
    assert (asked.parameters.inputs[0] == 0).any()
    seen, after = trained(asked, data_and_partition(data), settings(learner, parametrisation, floor=1e-6))
    assert_close(seen[0], np.log([oracles.model_value(asked, row) for row in data.rows]) @ data.counts / data.num_rows)
    assert np.isfinite(seen).all() and seen.min() > seen[0] - 0.5  # adaptive rates step away from a maximum first
    if LEARNERS[learner].geometry is not None:
        assert_close(after.parameters.inputs[0].sum(axis=0), np.ones(after.parameters.inputs[0].shape[1:]))


@pytest.mark.fault("D02")
@pytest.mark.parametrize("seed", range(8))
def test_circuits_with_zeros_anywhere_have_the_values_of_their_definition_and_train(seed):
    asked, rng = circuits.random_asked(seed, 4)
    for array in (*asked.parameters.sums, *asked.parameters.inputs):
        array[rng.random(array.shape) < 0.15] = 0.0
    rows = oracles.worlds(4)
    values = np.array([oracles.model_value(asked, row) for row in rows])
    if np.count_nonzero(values) < 3:
        pytest.skip("these zeros leave too few rows possible")
    data = from_array(rows[values > 0])
    seen, _ = trained(asked, data_and_partition(data), settings(learning_rate=1e-4))
    assert_close(seen[0], np.log(values[values > 0]).mean() - np.log(values.sum()))
    assert seen[-1] > seen[0]


def test_a_leaf_without_any_weight_excludes_its_node_also_where_its_variable_is_missing():
    theta = np.random.default_rng(0).uniform(0.2, 0.8, (2, 3, 3))
    theta[:, 1, 2] = 0.0
    asked = model(mixture(3, 3), (np.ones((1, 1, 3)),), (theta,))
    rows = np.array([[0, 1, 1], [1, np.nan, np.nan], [0, 0, np.nan], [1, 1, 0]])
    expected = np.array([np.log(oracles.model_value(asked, row)) for row in rows])
    without = model(mixture(2, 3), (np.ones((1, 1, 2)),), (theta[:, [0, 2]],))
    bag = weighted_bag(rows, np.ones(4), 1.0)
    (seen, _), (alike, _) = (trained(each, bag, settings()) for each in (asked, without))
    assert_close(seen, alike)
    assert_close(seen[0], expected.mean() - np.log(oracles.model_value(asked, np.full(3, np.nan))))


def test_a_mean_of_0_is_a_number_like_any_other():
    layer = InputLayer(np.array([[0]]), 2, "gaussian")
    circuit = Circuit(1, (layer, SumLayer(np.array([[0, 1]]), 1)))
    asked = model(circuit, (np.full((1, 1, 2), 0.5),), (np.array([[0.0, 1.0], [1.0, 1.0]])[:, :, None],))
    bag = weighted_bag(np.random.default_rng(0).normal(2.0, 1.0, (50, 1)), np.ones(50), 1.0)
    trainer = Trainer(plain_problem(asked, bag, GENERATIVE), settings())
    assert trainer.problem.zeros is None
    state, _ = trainer.step(trainer.init())
    assert trainer.model(state).parameters.inputs[0][0, 0, 0] > 0


@every_learner
def test_saved_parameters_say_which_weights_are_0(learner, parametrisation):
    theta = np.random.default_rng(0).uniform(0.2, 0.8, (2, 2, 4))
    theta[0, 1, 2] = 0.0
    asked = Model(mixture(2, 4), Parameters((np.array([[[0.6, 0.4]]]),), (theta,)))
    problem = plain_problem(asked, data_and_partition(some_data()), GENERATIVE)
    trainer = Trainer(problem, settings(learner, parametrisation))
    state, _ = trainer.step(trainer.init())
    found = weights_of(learner, parametrisation, state.parameters, trainer.num_trained)
    assert_close(found, trainer.weights(state.parameters))
    assert np.flatnonzero(found[0] == 0).tolist() == np.flatnonzero(problem.start(0) == 0).tolist()


@pytest.mark.fault("D02", "K04")
@every_learner
@pytest.mark.parametrize("batch_size", [0, 4])
def test_an_impossible_row_is_named_as_the_cause_and_no_rate_is_advised(learner, parametrisation, batch_size):
    data = some_data()
    theta = np.full((2, 2, 4), 0.5)
    theta[1, :, 0] = 0.0  # nobody allows a 1 in the first variable
    asked = Model(mixture(2, 4), Parameters((np.full((1, 1, 2), 0.5),), (theta,)))
    how = settings(learner, parametrisation, batch_size=batch_size)
    trainer = Trainer(plain_problem(asked, data_and_partition(data), GENERATIVE), how)
    impossible = int((data.rows[:, 0] == 1).sum())
    with pytest.raises(DivergenceError) as raised:
        state = trainer.init()
        for _ in range(60):
            state, _ = trainer.step(state)
    said = str(raised.value)
    assert f"{impossible} of {data.num_distinct} different rows have probability 0" in said
    assert "no learning rate can help" in said and "below" not in said


def overflowing(learner, **changes):
    """What is said of a run whose weights leave the finite numbers."""
    asked = random_model(mixture(2, 4), np.random.default_rng(0))
    trainer = Trainer(plain_problem(asked, data_and_partition(some_data()), GENERATIVE), settings(learner, **changes))
    state, _ = trainer.step(trainer.init())
    with pytest.raises(DivergenceError) as raised:
        trainer.step(state._replace(parameters=np.full_like(state.parameters, np.nan)))
    return str(raised.value)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("rate", [0.02, LIMITS.smallest_rate])
def test_a_lower_rate_is_advised_only_to_those_who_have_one(learner, rate):
    said = overflowing(learner, learning_rate=rate)
    assert "is no longer a finite number" in said
    can = learner != "em" and rate > LIMITS.smallest_rate
    assert (f"try a learning rate below {rate:g}" in said) == can
    if learner == "em":
        assert "EM has no learning rate to lower" in said
    elif not can:
        assert "the smallest there is: try a larger starting weight" in said
        assert ("less momentum" in said) == (learner in ("momentum", "nesterov"))


def test_a_start_that_fails_by_itself_is_said_to():
    asked = random_model(mixture(2, 4), np.random.default_rng(0))
    asked.parameters.sums[0][...] = 1e308
    unnormalised = plain_problem(asked, data_and_partition(some_data()), OBJECTIVES["unnormalised"])
    trainer = Trainer(unnormalised, settings())
    with pytest.raises(DivergenceError, match="not a finite number at the start, so no learning rate can help"):
        trainer.step(trainer.init())


@pytest.mark.parametrize("where", ["both values of a leaf", "a component's only layer"])
def test_a_node_whose_log_weights_round_to_0_ends_a_run_with_the_rate_as_the_cause(where):
    asked = random_model(mixture(2, 4), np.random.default_rng(0))
    how = settings("gradient_ascent", "log", learning_rate=5.0)
    trainer = Trainer(plain_problem(asked, data_and_partition(some_data()), GENERATIVE), how)
    state, _ = trainer.step(trainer.init())
    parameters = state.parameters.copy()
    parameters[0, [2, 10] if where == "both values of a leaf" else [0]] = -800.0
    with pytest.raises(DivergenceError, match="1 update, the log.* of seed 0 is no longer a .* rate below 5$"):
        trainer.step(state._replace(parameters=parameters))
    one_value = state.parameters.copy()
    one_value[0, 2] = -800.0  # the other value of the leaf is left
    after, info = trainer.step(state._replace(parameters=one_value))
    assert np.isfinite(info.llh).all() and np.isfinite(after.parameters).all()
