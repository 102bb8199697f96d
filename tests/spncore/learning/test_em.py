import numpy as np
import pytest

from spncore import load
from spncore.data.library import from_array, known_mixture
from tests import oracles
from tests.closeness import assert_close
from tests.fitted_mixture import fit_mixture


def test_em_never_lowers_the_likelihood():
    dataset = load("two-clusters")
    curve = [fit_mixture(dataset, 4, np.random.default_rng(0), iterations=n).llh for n in range(25)]
    assert (np.diff(curve) > -1e-10).all() and curve[-1] > curve[0] + 0.1


def test_em_finds_the_known_mixture():
    dataset, known = load("two-clusters"), known_mixture("two-clusters")
    found = fit_mixture(dataset, 2, np.random.default_rng(0), iterations=1000)
    order = np.argsort(-found.weights)
    expected = np.argsort(-np.asarray(known.weights))
    assert_close(found.weights[order], np.asarray(known.weights)[expected], rtol=0, atol=0.05)  # 2,000 rows
    probabilities = np.asarray(known.probabilities)[expected]
    assert_close(found.probabilities[order], probabilities, rtol=0, atol=0.06)  # 2,000 rows


@pytest.mark.parametrize("num_components", [1, 3])
def test_the_reported_likelihood_is_that_of_the_returned_parameters(num_components):
    dataset = load("two-clusters")
    found = fit_mixture(dataset, num_components, np.random.default_rng(1), iterations=7)
    leaf_weights = np.stack([1 - found.probabilities, found.probabilities])
    values = [oracles.mixture_value(found.weights, leaf_weights, row) for row in dataset.rows]
    assert_close(found.llh, dataset.counts @ np.log(values) / dataset.num_rows)
    assert_close(found.weights.sum(), 1.0)


def test_probabilities_stay_away_from_0_and_1():
    dataset = from_array(np.tile(np.array([[1, 0, 1]], dtype=np.uint8), (5, 1)), name="constant")
    found = fit_mixture(dataset, 3, np.random.default_rng(0))
    assert found.probabilities.min() > 0 and found.probabilities.max() < 1 and np.isfinite(found.llh)
