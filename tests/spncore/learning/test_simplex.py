import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from spncore.learning import simplex
from tests.closeness import assert_close

FLOORS = (0.0, 1e-6, 1e-3, 0.05, 0.4)
FUNCTIONS = (simplex.normalise, simplex.project)


@st.composite
def cases(draw):
    """Groups of 1 to 7 entries and free ones in any order, values (2, P) of one magnitude for each group, a floor."""
    sizes = draw(st.lists(st.integers(1, 7), min_size=1, max_size=5))
    of = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(draw(st.integers(0, 3)), -1)])
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    magnitudes = 10.0 ** rng.integers(-4, 5, len(sizes) + 1)
    of = rng.permutation(of)
    values = magnitudes[of] * rng.normal(size=(2, len(of))).round(draw(st.integers(0, 12)))  # coarse rounding: ties
    return simplex.groups_of(of), values, draw(st.sampled_from(FLOORS))


def nearest_by_sorting(values, bound):
    """Duchi et al. (2008), Fig. 1, on one group, for weights of at least `bound`."""
    room = 1.0 - len(values) * bound
    ordered = np.sort(values - bound)[::-1]
    thresholds = (np.cumsum(ordered) - room) / np.arange(1, len(values) + 1)
    return np.maximum(values - bound - thresholds[ordered > thresholds][-1], 0.0) + bound


def each_group(groups, *arrays):
    """The rows of one group after the other, out of arrays (2, P)."""
    for number in range(len(groups.sizes)):
        for row in range(2):
            yield [array[row, groups.of == number] for array in arrays]


def bound_of(size, floor):
    return min(floor, 1 / (2 * size))


@given(cases())
@settings(max_examples=60, deadline=None)
def test_totals_and_the_largest_are_those_of_a_loop_and_spread_brings_them_back(case):
    groups, values, _ = case
    numbers = range(len(groups.sizes))
    assert_close(simplex.totals(values, groups), np.stack([values[:, groups.of == g].sum(axis=1) for g in numbers], 1))
    largest = simplex.largest(values, groups)
    assert (largest == np.stack([values[:, groups.of == g].max(axis=1) for g in numbers], 1)).all()
    expected = np.where(groups.of < 0, 7.0, largest[:, groups.of])
    assert (simplex.spread(largest, groups, 7.0) == expected).all()


@pytest.mark.parametrize("function", FUNCTIONS)
@given(case=cases())
@settings(max_examples=60, deadline=None)
def test_groups_add_to_one_above_their_bound_in_the_order_they_had_and_free_entries_stay(function, case):
    groups, values, floor = case
    result = function(values, groups, floor)
    assert_close(simplex.totals(result, groups), np.ones((2, len(groups.sizes))))
    assert (result[:, groups.of < 0] == values[:, groups.of < 0]).all()
    assert (result >= groups.bounds(floor))[:, groups.of >= 0].all()
    for before, after in each_group(groups, values, result):
        assert (np.diff(after[np.argsort(before, kind="stable")]) >= 0).all()
        assert after.min() >= bound_of(len(after), floor)


@pytest.mark.parametrize("function", FUNCTIONS)
@given(case=cases())
@settings(max_examples=60, deadline=None)
def test_what_is_on_the_simplex_stays_there(function, case):
    groups, values, floor = case
    once = function(values, groups, floor)
    assert_close(function(once, groups, floor), once)


@given(cases())
@settings(max_examples=100, deadline=None)
def test_the_projection_is_the_one_that_sorting_finds(case):
    groups, values, floor = case
    scale = np.abs(values).max(initial=1.0)
    for before, after in each_group(groups, values, simplex.project(values, groups, floor)):
        expected = nearest_by_sorting(before, bound_of(len(before), floor))
        assert_close(after, expected, atol=1e-14 * scale + 1e-12)  # the loop subtracts from values of this size


@pytest.mark.filterwarnings("ignore:Values in x were outside bounds")  # of SciPy before 1.16, about its own search
@pytest.mark.parametrize("floor", FLOORS)
def test_no_search_finds_a_nearer_point(floor):
    rng = np.random.default_rng(0)
    groups, values = simplex.groups_of(np.zeros(5, dtype=int)), rng.normal(size=5)
    start, bound = np.full(5, 0.2), bound_of(5, floor)
    constraint = {"type": "eq", "fun": lambda point: point.sum() - 1.0}
    found = minimize(
        lambda point: ((point - values) ** 2).sum(), start, bounds=[(bound, 1)] * 5, constraints=constraint, tol=1e-12
    )
    assert_close(simplex.project(values, groups, floor), found.x, rtol=0, atol=1e-6)  # the search's own precision


@given(cases())
@settings(max_examples=100, deadline=None)
def test_normalising_meets_the_conditions_for_the_most_likely_point_above_the_bound(case):
    groups, values, floor = case
    weights = np.abs(values)
    for before, after in each_group(groups, weights, simplex.normalise(weights, groups, floor)):
        bound = bound_of(len(before), floor)
        if not before.any():
            assert_close(after, np.full(len(before), 1 / len(before)))
            continue
        held = after == bound
        slopes = before[~held] / after[~held]  # ∂ Σ w log p / ∂p: one value where the point may move both ways
        assert_close(slopes, np.full(len(slopes), slopes[0]))
        assert (before[held] <= slopes[0] * bound * (1 + 1e-9)).all()


def test_weights_of_a_plain_group_are_divided_by_their_sum_and_negative_ones_count_as_zero():
    groups = simplex.groups_of(np.array([0, 1, 0, 1, 1]))
    result = simplex.normalise(np.array([1.0, 2.0, 3.0, -5.0, 6.0]), groups, 0.0)
    assert_close(result, [0.25, 0.25, 0.75, 0.0, 0.75])


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-300, 1e300, 1.7e308])
def test_no_magnitude_overflows_or_turns_into_nan(value):
    groups = simplex.groups_of(np.repeat([0, 1], [4, 2]))
    weights = np.array([value, value, value, value, 1.0, value])
    for function in FUNCTIONS:
        result = function(weights, groups, 1e-4)
        assert_close(result[:4], np.full(4, 0.25))
        assert_close(result[4:].sum(), 1.0)


def test_floors_that_leave_no_room_are_lowered_to_half_of_what_there_is():
    groups = simplex.groups_of(np.zeros(100, dtype=int))
    weights = np.zeros(100)
    weights[3] = 1.0
    for function in FUNCTIONS:
        result = function(weights, groups, 0.01)
        assert_close(result, np.where(weights == 1.0, 0.505, 0.005))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_seeds_together_give_the_numbers_of_each_alone(function):
    rng = np.random.default_rng(0)
    groups = simplex.groups_of(rng.permutation(np.repeat(np.arange(-1, 40), np.arange(1, 42))))
    values = rng.normal(size=(5, len(groups.of))) * 10.0 ** rng.integers(-5, 3, (5, 1))
    together = function(values, groups, 1e-3)
    assert (together == np.stack([function(row, groups, 1e-3) for row in values])).all()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_nan_stays_in_its_group(function):
    groups = simplex.groups_of(np.array([0, 0, 1, 1]))
    with np.errstate(all="ignore"):
        result = function(np.array([np.nan, 1.0, 1.0, 1.0]), groups, 1e-3)
    assert np.isnan(result[:2]).all() and (result[2:] == 0.5).all()


def test_without_groups_nothing_is_touched():
    groups, values = simplex.groups_of(np.full(3, -1)), np.array([[-1.0, 0.0, 5.0]])
    for function in FUNCTIONS:
        assert (function(values, groups, 0.1) == values).all()
    assert simplex.totals(values, groups).shape == (1, 0)


@pytest.mark.parametrize(("of", "said"), [([0, -2], "expected −1 or more, got -2"), ([0, 2, 2], "1 has no entry")])
def test_group_numbers_with_gaps_are_refused(of, said):
    with pytest.raises(ValueError, match=said):
        simplex.groups_of(np.array(of))
