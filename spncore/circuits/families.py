"""Exponential families of input nodes: what a leaf needs to be evaluated, trained, sampled and asked.

A family says log C(x) = natural · statistics(x) + observed + log_base(x) for an observed value and `marginal` for one
that is summed out. Everything else in the engine (features, one matrix product, flows, EM) follows from that. A new
family is one more row of `FAMILIES`; its contract test compares it with SciPy's distribution.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import gammaln

from spncore.arrays import Array, Bools, Floats, Generator

FloatsOrBools = TypeVar("FloatsOrBools", Floats, Bools)
_TINY = float(np.finfo(np.float64).tiny)  # a weight of 0 enters linear coefficients as this; see leaves.impossible
_HALF_LOG_TAU = 0.5 * np.log(2.0 * np.pi)
SMALLEST_SCALE = 1e-3  # of a Gaussian's standard deviation: a component on one point would have unbounded density


class Coefficients(NamedTuple):
    """`natural` (…, T, N, S) of the statistics, `observed` (…, N, S) of every observed value, `marginal` (…, N, S)."""

    natural: Floats
    observed: Floats
    marginal: Floats


class Moments(NamedTuple):
    """Flow-weighted sums over rows: `statistics` (…, T, N, S); `observed`, `missing` (…, N, S), the flow itself."""

    statistics: Floats
    observed: Floats
    missing: Floats


class Family(NamedTuple):
    """One exponential family; N nodes over S variables each, P parameters and T statistics per variable.

    The first `num_implied` statistics have a natural parameter of 0: `observed` holds it, flows are summed over them.
    `parameters` arrays are (…, P, N, S). `derivative(parameters, moments)` is θ ∂𝓛/∂θ, the flow, for a parameter whose
    entry of `positive` is true (a weight or scale, trained like the weights of sums), else ∂𝓛/∂θ. `maximise` is the M
    step of EM. `mode` is the most probable value; `support` names the allowed values and `supports(x)` checks them:
    of whole numbers all from 0 up to the largest, if there is one.
    """

    num_parameters: int
    num_statistics: int
    num_implied: int
    positive: tuple[bool, ...]
    support: str
    supports: Callable[[Array], Bools]
    statistics: Callable[[Array], Array]  # x (…) -> (T, …)
    log_base: Callable[[Floats], Floats] | None
    coefficients: Callable[[Floats], Coefficients]
    derivative: Callable[[Floats, Moments], Floats]
    maximise: Callable[[Floats, Moments], Floats]
    start: Callable[[Floats, Floats, Generator], Floats]  # mean, deviation (N, S) of the data -> parameters
    mean: Callable[[Floats], Floats]  # -> (…, N, S)
    variance: Callable[[Floats], Floats]
    mode: Callable[[Floats], Floats]
    sample: Callable[[Floats, Generator], Floats]  # one value for every entry of (…, N, S)


def _each(parameters: Floats) -> Floats:
    """Parameter by parameter, (P, …, N, S)."""
    return np.moveaxis(parameters, -3, 0)


def _first(parameters: Floats) -> Floats:
    """The first parameter, (…, N, S)."""
    return parameters[..., 0, :, :]


def _wide(values: FloatsOrBools) -> FloatsOrBools:
    """One value for all parameters, (…, 1, N, S)."""
    return values[..., None, :, :]


def categorical(num_values: int) -> Family:
    """Unnormalised weights θ_v of the values 0 … V−1; with V = 2 the 0/1 leaf sums of the paper.

    Indicators are weights of 0 and 1, so a Bernoulli leaf is a sum over two indicators (Peharz et al., 2015). Value 0
    is implied, to save work on the way up; its flow is summed over its own rows, as every other's: the difference of
    two sums would cancel where its weight is small.
    """

    def statistics(x: Array) -> Bools:
        found = np.empty((num_values, *x.shape), dtype=bool)
        for value in range(num_values):
            np.equal(x, value, out=found[value, ...])
        return found

    return Family(
        num_values,
        num_values,
        1,
        (True,) * num_values,
        f"whole numbers from 0 to {num_values - 1}",
        lambda x: (x >= 0) & (x < num_values) & (x == np.floor(x)),
        statistics,
        None,
        _categorical_coefficients,
        _categorical_flows,
        _categorical_flows,
        lambda mean, deviation, rng: rng.dirichlet(np.full(num_values, 2.0), mean.shape).transpose(2, 0, 1),
        lambda theta: _categorical_moment(theta, 1),
        lambda theta: _categorical_moment(theta, 2) - _categorical_moment(theta, 1) ** 2,
        lambda theta: np.argmax(theta, axis=-3).astype(float),
        _categorical_sample,
    )


def _categorical_coefficients(theta: Floats) -> Coefficients:
    theta = np.maximum(theta, _TINY)
    log_theta = np.log(theta)
    first = _first(log_theta)
    return Coefficients(log_theta - _wide(first), first, np.log(_total(theta)))


def _categorical_flows(theta: Floats, moments: Moments) -> Floats:
    shares = moments.missing / np.maximum(_total(theta), _TINY)
    return np.add(theta * _wide(shares), moments.statistics)


def _shares(theta: Floats) -> Floats:
    return theta / _wide(_total(theta))


def _categorical_moment(theta: Floats, power: int) -> Floats:
    values = np.arange(theta.shape[-3], dtype=float) ** power
    return np.tensordot(np.moveaxis(_shares(theta), -3, -1), values, axes=1)


def _categorical_sample(theta: Floats, rng: Generator) -> Floats:
    below = np.cumsum(_shares(theta), axis=-3)[..., :-1, :, :] < _wide(rng.random(_total(theta).shape))
    return np.asarray(np.add.reduce(below, axis=-3, dtype=float))


def _total(theta: Floats) -> Floats:
    """Σ over the third axis from the end; of the few values of most leaves without the cost of a reduction."""
    if theta.shape[-3] > 2:
        total: Floats = np.add.reduce(theta, axis=-3)
        return total
    first = _first(theta)
    return first if theta.shape[-3] == 1 else first + theta[..., 1, :, :]


def _normal_coefficients(parameters: Floats) -> Coefficients:
    mean, deviation = _each(parameters)
    precision = deviation**-2.0
    natural = np.stack([mean * precision, -0.5 * precision], axis=-3)
    return Coefficients(natural, -0.5 * mean**2 * precision - np.log(deviation) - _HALF_LOG_TAU, np.zeros_like(mean))


def _normal_derivative(parameters: Floats, moments: Moments) -> Floats:
    mean, deviation = _each(parameters)
    first, second = _each(moments.statistics)
    squares = second - 2.0 * mean * first + mean**2 * moments.observed  # Σ flow (x − mean)²
    slope = (first - mean * moments.observed) / deviation**2
    return np.stack([slope, squares / deviation**2 - moments.observed], axis=-3)


def _or_one(values: Floats) -> Floats:
    """Divisors: 1 where a value is not above 0."""
    return np.where(values > 0, values, 1.0)


def _normal_maximise(parameters: Floats, moments: Moments) -> Floats:
    total = _or_one(moments.observed)
    first, second = _each(moments.statistics)
    mean = first / total
    square = np.maximum(second / total - mean**2, SMALLEST_SCALE**2)
    return np.where(_wide(moments.observed > 0), np.stack([mean, np.sqrt(square)], axis=-3), parameters)


def _count_statistics(x: Floats) -> Floats:
    return x[None]


def _poisson_coefficients(parameters: Floats) -> Coefficients:
    rate = _first(parameters)
    return Coefficients(np.log(parameters), -rate, np.zeros_like(rate))


def _poisson_maximise(parameters: Floats, moments: Moments) -> Floats:
    rate = moments.statistics / _wide(_or_one(moments.observed))
    return np.where(_wide(moments.observed > 0), np.maximum(rate, SMALLEST_SCALE), parameters)


def _exponential_coefficients(parameters: Floats) -> Coefficients:
    rate = _first(parameters)
    return Coefficients(-parameters, np.log(rate), np.zeros_like(rate))


def _exponential_maximise(parameters: Floats, moments: Moments) -> Floats:
    total = _first(moments.statistics)
    rate = moments.observed / _or_one(total)
    return np.where(_wide((moments.observed > 0) & (total > 0)), _wide(np.maximum(rate, SMALLEST_SCALE)), parameters)


GAUSSIAN = Family(
    2,
    2,
    0,
    (False, True),
    "real numbers below 1e100",
    lambda x: np.abs(x) < 1e100,  # their squares are finite
    lambda x: np.stack([x, x**2]),
    None,
    _normal_coefficients,
    _normal_derivative,
    _normal_maximise,
    lambda means, deviations, rng: np.stack(
        [means + deviations * rng.standard_normal(means.shape), np.maximum(deviations, SMALLEST_SCALE)]
    ),
    _first,
    lambda parameters: parameters[..., 1, :, :] ** 2,
    _first,
    lambda parameters, rng: rng.normal(_first(parameters), parameters[..., 1, :, :]),
)

POISSON = Family(
    1,
    1,
    0,
    (True,),
    "whole numbers from 0",
    lambda x: np.isfinite(x) & (x >= 0) & (x == np.floor(x)),
    _count_statistics,
    lambda x: -gammaln(x + 1.0),
    _poisson_coefficients,
    lambda parameters, moments: moments.statistics - parameters * _wide(moments.observed),
    _poisson_maximise,
    lambda means, deviations, rng: np.maximum(means * rng.uniform(0.5, 1.5, means.shape), SMALLEST_SCALE)[None],
    _first,
    _first,
    lambda parameters: np.floor(_first(parameters)),
    lambda parameters, rng: rng.poisson(_first(parameters)).astype(float),
)

EXPONENTIAL = Family(
    1,
    1,
    0,
    (True,),
    "real numbers from 0",
    lambda x: np.isfinite(x) & (x >= 0),
    _count_statistics,
    None,
    _exponential_coefficients,
    lambda parameters, moments: _wide(moments.observed) - parameters * moments.statistics,
    _exponential_maximise,
    lambda means, deviations, rng: 1.0 / np.maximum(means * rng.uniform(0.5, 1.5, means.shape), SMALLEST_SCALE)[None],
    lambda parameters: 1.0 / _first(parameters),
    lambda parameters: _first(parameters) ** -2.0,
    lambda parameters: np.zeros_like(_first(parameters)),
    lambda parameters, rng: rng.exponential(1.0 / _first(parameters)),
)

# A family by its name and number of values, which only the categorical one has.
FAMILIES: Mapping[str, Callable[[int], Family]] = {
    "categorical": lru_cache(categorical),
    "gaussian": lambda num_values: GAUSSIAN,
    "poisson": lambda num_values: POISSON,
    "exponential": lambda num_values: EXPONENTIAL,
}
