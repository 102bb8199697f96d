"""The contract of every family of leaves, against SciPy's distribution of that name."""

import numpy as np
import pytest
from scipy import stats

from spncore.circuits.families import FAMILIES, SMALLEST_SCALE, Moments
from tests import oracles
from tests.closeness import assert_close

NODES, VARIABLES = 3, 2
CASES = [("categorical", 2), ("categorical", 5), ("gaussian", 2), ("poisson", 2), ("exponential", 2)]
every_family = pytest.mark.parametrize(("name", "num_values"), CASES)


def parameters_of(name, num_values, rng):
    """Some parameters (P, N, S); categorical weights do not add up to one."""
    shape = NODES, VARIABLES
    return {
        "categorical": lambda: rng.uniform(0.2, 2.0, (num_values, *shape)),
        "gaussian": lambda: np.stack([rng.normal(0, 2, shape), rng.uniform(0.3, 2.0, shape)]),
        "poisson": lambda: rng.uniform(0.3, 4.0, (1, *shape)),
        "exponential": lambda: rng.uniform(0.3, 4.0, (1, *shape)),
    }[name]()


def scipy_of(name, parameters):
    """SciPy's distribution with the parameters (P,) of one leaf."""
    if name == "categorical":
        return stats.rv_discrete(values=(np.arange(len(parameters)), parameters / parameters.sum()))
    if name == "gaussian":
        return stats.norm(*parameters)
    return stats.poisson(parameters[0]) if name == "poisson" else stats.expon(scale=1 / parameters[0])


def values_of(name, num_values, rng, size):
    """Values (size,) that the family supports."""
    return {
        "categorical": lambda: rng.integers(0, num_values, size).astype(float),
        "gaussian": lambda: rng.normal(0.5, 2.0, size),
        "poisson": lambda: rng.poisson(2.0, size).astype(float),
        "exponential": lambda: rng.exponential(1.0, size),
    }[name]()


def made(name, num_values, seed=0):
    rng = np.random.default_rng(seed)
    return FAMILIES[name](num_values), parameters_of(name, num_values, rng), rng


def log_density(family, parameters, x):
    """log C(x) of every leaf (N, S) at x, through the linear form."""
    natural, observed, _ = family.coefficients(parameters)
    base = 0.0 if family.log_base is None else family.log_base(np.asarray(x))
    return np.einsum("tns,t->ns", natural, family.statistics(np.asarray(x))) + observed + base


def leaf_by_leaf(parameters, function):
    """function(parameters (P,)) for every leaf, (N, S)."""
    return np.array([[function(parameters[:, n, s]) for s in range(VARIABLES)] for n in range(NODES)])


@every_family
def test_the_density_is_scipys_times_what_a_missing_value_is_worth(name, num_values):
    family, parameters, rng = made(name, num_values)
    marginal = family.coefficients(parameters).marginal
    log_of = "logpdf" if name in ("gaussian", "exponential") else "logpmf"
    for x in values_of(name, num_values, rng, 6):
        expected = leaf_by_leaf(parameters, lambda p, x=x: getattr(scipy_of(name, p), log_of)(x))
        assert_close(log_density(family, parameters, x) - marginal, expected)
    total = leaf_by_leaf(parameters, lambda p: np.log(p.sum()) if name == "categorical" else 0.0)
    assert_close(marginal, total)


@every_family
def test_mean_and_variance_are_scipys(name, num_values):
    family, parameters, _ = made(name, num_values)
    assert_close(family.mean(parameters), leaf_by_leaf(parameters, lambda p: scipy_of(name, p).mean()))
    assert_close(family.variance(parameters), leaf_by_leaf(parameters, lambda p: scipy_of(name, p).var()))


@every_family
def test_nothing_is_denser_than_the_mode(name, num_values):
    family, parameters, rng = made(name, num_values)
    mode = family.mode(parameters)
    assert family.supports(mode).all()
    peak = leaf_by_leaf(np.concatenate([parameters, mode[None]]), lambda p: density_at(family, p[:-1], p[-1]))
    for x in values_of(name, num_values, rng, 200):
        assert (log_density(family, parameters, x) <= peak + 1e-12).all()


def density_at(family, parameters, x):
    return log_density(family, parameters[:, None, None], x).item()


@every_family
def test_samples_follow_scipys_distribution(name, num_values):
    family, parameters, rng = made(name, num_values)
    many = 5_000
    drawn = family.sample(np.repeat(parameters, many, axis=1), rng).reshape(NODES, many, VARIABLES)
    assert family.supports(drawn).all()
    for n, s in np.ndindex(NODES, VARIABLES):
        expected = scipy_of(name, parameters[:, n, s])
        if name in ("gaussian", "exponential"):
            assert stats.kstest(drawn[n, :, s], expected.cdf).pvalue > 1e-4
        else:
            values = np.arange(num_values if name == "categorical" else 4)
            counts = np.array([(drawn[n, :, s] == v).sum() for v in values])
            shares = expected.pmf(values)
            if name == "poisson":
                counts, shares = np.append(counts, many - counts.sum()), np.append(shares, 1 - shares.sum())
            assert stats.chisquare(counts, many * shares).pvalue > 1e-4


@every_family
def test_only_possible_values_are_supported(name, num_values):
    family = FAMILIES[name](num_values)
    values = np.array([-1.0, 0.0, 0.5, 1.0, float(num_values), np.inf, -1e200])
    expected = {
        "categorical": [False, True, False, True, False, False, False],
        "gaussian": [True, True, True, True, True, False, False],
        "poisson": [False, True, False, True, True, False, False],
        "exponential": [False, True, True, True, True, False, False],
    }[name]
    assert family.supports(values).tolist() == expected


def weighted(family, name, num_values, rng, missing=True):
    """Values with weights (M, N, S) and the moments they give; some of the weight belongs to missing values."""
    x = values_of(name, num_values, rng, 40)
    weights = rng.uniform(0.0, 1.0, (40, NODES, VARIABLES))
    none = rng.uniform(0.5, 2.0, (NODES, VARIABLES)) * missing
    statistics = np.einsum("tm,mns->tns", family.statistics(x), weights)
    return x, weights, none, Moments(statistics, weights.sum(axis=0), none)


def weighted_likelihood(family, parameters, x, weights, none):
    """Σ weight · log C(x) of all leaves, missing values included."""
    seen = sum((w * log_density(family, parameters, value)).sum() for value, w in zip(x, weights, strict=True))
    return float(seen + (none * family.coefficients(parameters).marginal).sum())


@every_family
def test_the_derivative_is_the_slope_of_the_weighted_likelihood(name, num_values):
    family, parameters, rng = made(name, num_values)
    x, weights, none, moments = weighted(family, name, num_values, rng)
    slope = oracles.numerical_gradient(
        lambda changed: weighted_likelihood(family, changed, x, weights, none), parameters.copy()
    )
    factor = np.where(np.array(family.positive)[:, None, None], parameters, 1.0)
    assert_close(family.derivative(parameters, moments), factor * slope, rtol=1e-6, atol=1e-7)  # differences


@every_family
def test_the_m_step_has_the_largest_weighted_likelihood(name, num_values):
    family, parameters, rng = made(name, num_values)
    x, weights, none, moments = weighted(family, name, num_values, rng, missing=False)
    found = family.maximise(parameters, moments)

    def likelihood(changed):
        normalised = changed / changed.sum(axis=0) if name == "categorical" else changed
        return weighted_likelihood(family, normalised, x, weights, none)

    best = likelihood(found)
    for _ in range(20):
        assert likelihood(found * rng.uniform(0.9, 1.1, found.shape)) < best
    assert best > likelihood(parameters)


@every_family
def test_an_m_step_without_any_flow_stays_finite(name, num_values):
    """A component nobody uses keeps its parameters; a categorical one returns counts, which the caller smooths."""
    family, parameters, _ = made(name, num_values)
    nothing = np.zeros((NODES, VARIABLES))
    moments = Moments(np.zeros((family.num_statistics, NODES, VARIABLES)), nothing, nothing)
    found = family.maximise(parameters, moments)
    assert_close(found, np.zeros_like(parameters) if name == "categorical" else parameters)


def test_a_gaussian_on_one_point_keeps_a_width():
    family, ones = FAMILIES["gaussian"](2), np.ones((1, 1))
    found = family.maximise(np.ones((2, 1, 1)), Moments(np.array([3.0, 9.0]).reshape(2, 1, 1), ones, 0 * ones))
    assert_close(found.ravel(), [3.0, SMALLEST_SCALE])


@every_family
def test_a_start_is_a_normalised_model_near_the_data(name, num_values):
    family, _, rng = made(name, num_values)
    means, deviations = rng.uniform(0.0, 2.0, (50, 3)), rng.uniform(0.0, 2.0, (50, 3))
    started = family.start(means, deviations, rng)
    assert started.shape == (family.num_parameters, 50, 3)
    assert np.isfinite(started).all() and (started[np.array(family.positive)] > 0).all()
    assert_close(family.coefficients(started).marginal, np.zeros((50, 3)))
    assert np.isfinite(family.mean(started)).all()


def test_a_weight_of_zero_excludes_its_value_and_no_other():
    family = FAMILIES["categorical"](3)
    theta = np.array([0.0, 0.25, 0.75]).reshape(3, 1, 1)
    assert_close(log_density(family, theta, 1.0), [[np.log(0.25)]])
    assert log_density(family, theta, 0.0).item() < -700
    assert family.mode(theta).item() == 2.0
    assert (family.sample(np.repeat(theta, 1000, axis=1), np.random.default_rng(0)) > 0).all()


@every_family
def test_a_family_that_has_a_whole_number_has_all_from_0_up_to_it(name, num_values):
    supported = FAMILIES[name](num_values).supports(np.arange(300))
    assert supported[0] and not (supported[1:] > supported[:-1]).any()
