import numpy as np
import pytest

from spncore.learning import simplex
from spncore.learning.parametrisation import PARAMETRISATIONS, expectation, exponentiated, linear, log, projected
from tests.closeness import assert_close

FLOOR = 1e-4
ON_SIMPLEX = {"exponentiated": exponentiated, "projected": projected, "expectation": expectation}
GROUPS = simplex.groups_of(np.array([1, 0, 1, 0, 1]))  # two mixtures, of the odd and of the even entries
DATA = np.random.default_rng(0).uniform(0.05, 1.0, (5, 9))  # value of every entry's component on nine rows
FREE = simplex.groups_of(np.array([0, -1, 0]))


def objective(weights):
    """Sum over both mixtures of mean log(Σ w · values) − log Σ w: concave where the weights of each add to one."""
    mixed = simplex.totals((weights[:, None] * DATA).T, GROUPS)
    return np.log(mixed).mean(axis=0).sum() - np.log(simplex.totals(weights, GROUPS)).sum()


def data_flows(weights):
    """The posterior mean of every entry (P,), or (S, P)."""
    values = weights[..., None, :] * DATA.T
    return (values / simplex.spread(simplex.totals(values, GROUPS), GROUPS, 1.0)).mean(axis=-2)


def flows(weights):
    return data_flows(weights) - weights / simplex.spread(simplex.totals(weights, GROUPS), GROUPS, 1.0)


def gradient(weights, step=1e-6):
    """Central differences of the objective."""
    return np.array(
        [(objective(weights + h) - objective(weights - h)) / (2 * step) for h in step * np.eye(len(weights))]
    )


def random_weights(seed, *shape):
    return np.random.default_rng(seed).uniform(0.1, 1.0, (*shape, 5))


def after_step(made, weights, rate, direction=flows):
    """Weights after one step of plain ascent from these, which `made` may first normalise."""
    parameters = made.parameters(weights)
    weights = made.weights(parameters)
    return made.weights(made.project(parameters + rate * made.gradient(weights, direction(weights))))


@pytest.mark.parametrize("name", PARAMETRISATIONS)
def test_the_user_s_parametrisations_keep_the_weights_and_need_no_groups(name):
    made, weights = PARAMETRISATIONS[name](FLOOR, None), random_weights(0, 3)
    parameters = made.parameters(weights)
    assert_close(made.weights(made.project(parameters)), weights)
    assert parameters is not weights


def test_linear_and_log_are_flow_over_weight_and_flow_to_the_bit():
    weights = random_weights(1, 3)
    weights[0, :2] = 1e-9
    seen = flows(weights)
    assert (linear(FLOOR, None).gradient(weights, seen) == seen / weights).all()
    assert (linear(FLOOR, None).project(weights) == np.maximum(weights, FLOOR)).all()
    assert log(FLOOR, None).gradient(weights, seen) is seen
    assert log(FLOOR, None).project(weights) is weights


@pytest.mark.parametrize("make", [linear, exponentiated, projected])
def test_flow_over_weight_is_the_gradient_in_the_weight(make):
    weights = random_weights(2)
    assert_close(make(FLOOR, GROUPS).gradient(weights, flows(weights)), gradient(weights), atol=1e-8)  # differences


@pytest.mark.parametrize("make", ON_SIMPLEX.values(), ids=ON_SIMPLEX)
def test_on_a_simplex_the_start_is_normalised_and_projecting_it_changes_nothing(make):
    made, weights = make(FLOOR, GROUPS), random_weights(3, 2)
    parameters = made.parameters(weights)
    assert_close(made.weights(parameters), simplex.normalise(weights, GROUPS, FLOOR))
    assert_close(made.project(parameters), parameters)


@pytest.mark.parametrize("make", ON_SIMPLEX.values(), ids=ON_SIMPLEX)
@pytest.mark.parametrize("rate", [1e-3, 0.5, 1e5])
def test_after_any_step_every_group_adds_to_one_above_the_floor(make, rate):
    made = make(FLOOR, GROUPS)
    rate = min(rate, 1.0) if make is expectation else rate  # beyond its flows EM does not go
    weights = after_step(made, random_weights(4, 3), rate, data_flows)
    assert_close(simplex.totals(weights, GROUPS), np.ones((3, 2)))
    assert weights.min() >= made.floor


@pytest.mark.parametrize("make", [exponentiated, projected])
def test_a_weight_driven_down_is_held_at_the_floor_to_the_last_bit(make):
    made = make(FLOOR, GROUPS)
    weights = after_step(made, random_weights(4), 1e5)
    assert np.count_nonzero(weights == made.floor) == 3  # all but the best of each group
    assert_close(made.floor, FLOOR)


def test_a_weight_without_data_is_held_at_the_floor_by_em_to_the_last_bit():
    made, weights = expectation(FLOOR, GROUPS), random_weights(4, 3)
    unseen = np.arange(5) >= 3
    for _ in range(3):
        weights = after_step(made, weights, 1.0, lambda weights: np.where(unseen, 0.0, data_flows(weights)))
        assert ((weights == made.floor) == unseen).all()


@pytest.mark.parametrize("make", [exponentiated, projected])
def test_on_a_simplex_the_partition_s_flow_makes_no_difference(make):
    made, weights = make(FLOOR, GROUPS), random_weights(5)
    assert_close(after_step(made, weights, 0.3, data_flows), after_step(made, weights, 0.3, flows))


def test_exponentiated_gradient_multiplies_by_exp_of_rate_times_gradient_and_normalises():
    start = simplex.normalise(random_weights(6), GROUPS, FLOOR)
    raised = start * np.exp(0.2 * gradient(start))
    expected = np.empty(5)
    for number in range(2):
        members = GROUPS.of == number
        expected[members] = raised[members] / raised[members].sum()
    assert_close(after_step(exponentiated(FLOOR, GROUPS), start, 0.2), expected, rtol=1e-7)  # differences


def test_projected_gradient_goes_to_the_nearest_point_after_the_plain_step():
    start = simplex.normalise(random_weights(7), GROUPS, FLOOR)
    expected = simplex.project(start + 0.2 * gradient(start), GROUPS, FLOOR)
    assert_close(after_step(projected(FLOOR, GROUPS), start, 0.2), expected, rtol=1e-7)  # differences


def test_a_whole_step_of_expectation_is_em_and_a_part_of_it_that_part_of_the_way():
    start = simplex.normalise(random_weights(8), GROUPS, FLOOR)
    posterior_means = np.zeros(5)
    for number in range(2):
        members = np.flatnonzero(GROUPS.of == number)
        for row in range(9):
            joint = start[members] * DATA[members, row]
            posterior_means[members] += joint / joint.sum() / 9
    made = expectation(FLOOR, GROUPS)
    assert_close(after_step(made, start, 1.0, data_flows), posterior_means)
    assert_close(after_step(made, start, 0.3, data_flows), 0.7 * start + 0.3 * posterior_means)


def test_a_group_that_no_data_reached_keeps_its_weights():
    start = simplex.normalise(random_weights(9, 2), GROUPS, FLOOR)
    reached = data_flows(start) * np.where(GROUPS.of == 0, 0.0, 1.0)
    direction = expectation(FLOOR, GROUPS).gradient(start, reached)
    assert (direction[:, GROUPS.of == 0] == 0).all() and (direction[:, GROUPS.of == 1] != 0).all()


@pytest.mark.parametrize("make", ON_SIMPLEX.values(), ids=ON_SIMPLEX)
def test_a_weight_in_no_group_moves_freely_but_not_below_the_floor(make):
    made = make(FLOOR, FREE)
    parameters = made.parameters(np.array([[1.0, 5.0, 3.0], [1.0, 1e-9, 3.0]]))
    assert_close(made.weights(parameters), [[0.25, 5.0, 0.75], [0.25, FLOOR, 0.75]])
    moved = made.weights(made.project(parameters - np.array([0.0, 2.0, 0.0])))
    assert moved[0, 1] == made.weights(parameters - np.array([0.0, 2.0, 0.0]))[0, 1]
    assert moved[1, 1] == made.floor


def test_expectation_leaves_a_weight_in_no_group_where_it_is():
    direction = expectation(FLOOR, FREE).gradient(np.array([0.4, 5.0, 0.6]), np.array([0.2, 0.7, 0.6]))
    assert_close(direction, [0.25 - 0.4, 0.0, 0.75 - 0.6])


@pytest.mark.parametrize("make", [linear, log, *ON_SIMPLEX.values()])
def test_small_steps_climb_a_concave_objective_without_a_slip(make):
    made, weights = make(FLOOR, GROUPS), random_weights(10)
    curve = []
    for _ in range(40):
        weights = after_step(made, weights, 0.05, data_flows if make is expectation else flows)
        curve.append(objective(weights))
    assert (np.diff(curve) > 0).all()


def test_a_scale_on_no_simplex_takes_a_step_of_its_logarithm_under_exponentiated_gradient():
    groups = simplex.groups_of(np.array([0, 0, -1]))
    weights, flows = np.array([0.4, 0.6, 1e-3]), np.array([0.1, -0.1, 0.2])
    assert_close(exponentiated(1e-6, groups).gradient(weights, flows), [0.25, -1.0 / 6.0, 0.2])
