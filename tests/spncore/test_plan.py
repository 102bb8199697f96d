"""A plan does again what functions did once, with the same bits, on whatever its inputs hold."""

import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer
from spncore.circuits.families import FAMILIES
from spncore.learning.optimisers import OPTIMISERS
from spncore.learning.parametrisation import PARAMETRISATIONS, expectation, exponentiated, projected
from spncore.learning.simplex import groups_of, normalise
from spncore.plan import Plan, whole


def planned(function, *examples):
    """A function compiled on examples, to be called with other arrays of the same shapes."""
    plan = Plan()
    symbols = [plan.symbol(f"x{place}", example.copy()) for place, example in enumerate(examples)]
    results = function(*symbols)

    def run(*arrays):
        for symbol, array in zip(symbols, arrays, strict=True):
            symbol.array[...] = array
        plan.run()
        return [each.array.copy() for each in (results if isinstance(results, tuple) else (results,))]

    return run, plan


def agrees(function, shapes, rng, low=0.1):
    run, _ = planned(function, *(rng.uniform(low, 1.0, shape) for shape in shapes))
    for _ in range(3):
        arrays = [rng.uniform(low, 1.0, shape) for shape in shapes]
        expected = function(*(array.copy() for array in arrays))
        for found, one in zip(run(*arrays), expected if isinstance(expected, tuple) else (expected,), strict=True):
            assert np.array_equal(found, one)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_is_the_same_planned(name):
    optimiser, rng = OPTIMISERS[name](0.1, 0.9), np.random.default_rng(0)
    state = optimiser.init(np.zeros((2, 5)))

    def step(gradient, *kept):
        increment, after = optimiser.update(gradient, kept)
        return increment, *after

    agrees(step, [(2, 5), *(array.shape for array in state)], rng)


@pytest.mark.parametrize("make", [*PARAMETRISATIONS.values(), exponentiated, projected, expectation])
def test_every_parametrisation_is_the_same_planned(make):
    made, rng = make(1e-3, groups_of(np.array([0, 1, 0, 1, -1]))), np.random.default_rng(0)
    agrees(lambda weights, flows: (made.gradient(weights, flows), made.project(weights + flows)), [(2, 5)] * 2, rng)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("num_values", [2, 3])
def test_every_family_is_the_same_planned(family, num_values):
    """Coefficients, with a missing flag and with a weight on every node, and flows from moments."""
    rng = np.random.default_rng(0)
    rows = np.array([[1.0, 0.0], [np.nan, 1.0], [0.0, 1.0], [np.nan, np.nan]])
    layer = InputLayer(np.array([[0, 1]]), 3, family, num_values)
    prepared, made = leaves.design(layer, rows), layer.distribution

    def both(parameters, log_weights, sums):
        moments = leaves.moments(sums, prepared)
        linear = leaves.coefficients(parameters, prepared, log_weights)
        return linear, made.derivative(parameters, moments), made.maximise(parameters, moments)

    agrees(both, [(2, made.num_parameters, 3, 2), (2, 3), (2, 3, prepared.num_summed)], rng)


def test_a_plan_reads_as_mathematics():
    plan = Plan()
    x = plan.symbol("x", np.array([1.0, 2.0]))
    half = plan.named("h", np.log(x)[1:] * 0.5)
    plan.named("y", np.concatenate([half, np.add.reduce(x + 1.0, keepdims=True)]) / np.sqrt(half))
    assert str(plan) == "h = (log x)[1:] · 0.5\ny = [h, Σ (x + 1)] / √h"


def test_what_depends_on_no_symbol_is_done_once():
    plan, constant = Plan(), np.array([4.0])
    x = plan.symbol("x", np.array([1.0]))
    plan.named("y", x + np.sqrt(constant))
    assert len(plan) == 1


def test_an_array_in_place_is_written_to_in_place():
    def fill(x):
        y = x * 2.0
        y[..., 1:] += 1.0
        y[..., np.array([0, 2])] = x[..., :2]
        np.multiply(x[..., 0], 3.0, out=y[..., 1])
        return y

    agrees(fill, [(2, 3)], np.random.default_rng(0))


def test_a_function_that_branches_is_one_call_if_it_says_so_and_refused_if_not():
    def fold(x):
        return -x if (x < 0.5).any() else x

    x = Plan().symbol("x", np.array([1.0]))
    with pytest.raises((TypeError, AttributeError)):
        fold(x)
    agrees(whole(fold), [(3,)], np.random.default_rng(0))
    with pytest.raises(TypeError, match="cannot branch"):
        bool(x < 0.5)
    with pytest.raises(TypeError, match="no plain array"):
        np.asarray(x)


def test_normalising_takes_the_way_that_its_values_need_each_time():
    groups = groups_of(np.array([0, 0, 0]))
    run, plan = planned(lambda x: normalise(x, groups, 0.1), np.array([1.0, 2.0, 3.0]))
    assert len(plan) == 1
    for values in ([1.0, 2.0, 3.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]):
        assert np.array_equal(run(np.array(values))[0], normalise(np.array(values), groups, 0.1))
