"""How the weight is spread over components: against sums over all worlds, and counted by hand."""

import itertools
import math

import numpy as np
import pytest

from spncore import Experiment, fit, load, trainer_of
from spncore.dynamics.shares import ALL, alone_since, component_shares, effective_number, log_masses
from tests.closeness import assert_close


def brute(weights, leaves):
    """exp of the entropy of what every component holds of Σ_x f(x), summed world by world."""
    num_components, num_variables = leaves.shape[1:]
    mass = [
        sum(
            weights[k] * math.prod(leaves[bit, k, d] for d, bit in enumerate(world))
            for world in itertools.product((0, 1), repeat=num_variables)
        )
        for k in range(num_components)
    ]
    shares = [m / sum(mass) for m in mass]
    return shares, math.exp(-sum(z * math.log(z) for z in shares if z > 0))


def test_shares_and_their_number_are_those_of_a_sum_over_all_worlds():
    rng = np.random.default_rng(3)
    weights, leaves = rng.gamma(1.0, size=(4, 5)), rng.gamma(1.0, size=(4, 2, 5, 3))
    weights[1, 2] = 0.0
    for seed in range(4):
        shares, number = brute(weights[seed], leaves[seed])
        assert_close(component_shares(weights, log_masses(leaves))[seed], shares)
        assert_close(effective_number(component_shares(weights, log_masses(leaves)))[seed], number)


def test_equal_components_count_fully_and_one_that_holds_all_counts_as_one():
    assert_close(effective_number(np.full(8, 1 / 8)), 8.0)
    assert_close(effective_number(np.eye(3)), np.ones(3))


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize("learner", ["gradient_ascent", "em"])
def test_a_run_records_the_number_of_every_state_its_start_and_its_end_included(parametrisation, learner):
    if (parametrisation, learner) == ("log", "em"):
        pytest.skip("EM has a geometry of its own")
    experiment = Experiment(
        dataset="two-clusters",
        num_components=3,
        num_seeds=2,
        iterations=4,
        depth=2,
        init_noise=0.1,
        parametrisation=parametrisation,
        optimiser=learner,
    )
    data = load("two-clusters")
    trace, trainer = fit(experiment, data), trainer_of(experiment, data)
    assert trace.components.shape == trace.llh.shape == (2, 5)
    state = trainer.init()
    for t in range(5):
        layers, inputs = trainer.problem.split(trainer.weights(state.parameters))
        for seed in range(2):
            products = [math.prod(layers[seed, trace.sums.paths[:, k]]) for k in range(3)]
            few = inputs[0][seed][:, :, :6]
            rest = inputs[0][seed][:, :, 6:].sum(axis=0).prod(axis=-1)  # the others' worlds, in closed form
            _, number = brute(np.array(products) * rest, few)
            assert_close(trace.components[seed, t], number)
        state, _ = trainer.step(state)


def test_a_deep_circuit_has_edges_and_no_such_number():
    data = load("two-clusters")
    trace = fit(Experiment(dataset="two-clusters", structure="chow_liu", iterations=1, depth=1), data)
    assert np.isnan(trace.components).all()


def test_alone_is_counted_from_the_first_state_after_which_nothing_else_has_weight():
    low, high = ALL - 0.005, ALL + 0.005
    rows = {
        (high, high, low, low): 2,
        (low, low, low, low): 0,
        (low, high, low, low): 2,
        (high, low, low, high): None,
        (high, low, low, math.nan): None,
        (high, high, high, low): 3,
    }
    assert alone_since(np.array(list(rows))) == list(rows.values())
    assert alone_since(np.empty((2, 0))) == [None, None]
