"""The row-sized work of a mixture in all its ways, against the evaluator, fifty digits and itself."""

import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer, mixture
from spncore.data import library
from spncore.data.dataset import from_array
from spncore.inference import dense, half_patterns
from spncore.inference.mixture import MixtureRows
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, Labels, data_and_partition
from tests import exact_mixture
from tests.closeness import assert_close

TWIN = library.load("nltcs-twin")
GENERATIVE = OBJECTIVES["generative"]
WAYS = ("tables", "dense", "dense in blocks")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way is made to be taken wherever it can be."""
    monkeypatch.setattr(half_patterns, "WORTH_IT", np.inf)
    if request.param == "dense in blocks":
        monkeypatch.setattr(dense, "SMALLEST_BLOCK", 7)
        monkeypatch.setattr(dense, "BLOCK_BYTES", 1)
    return request.param


class Mixture:
    """One seed of a mixture on a bag: what the evaluator makes of it, and what `MixtureRows` does."""

    def __init__(self, theta, bag, objective=GENERATIVE, dtype=np.float64, family="categorical"):
        layer = mixture(theta.shape[1], bag.rows.shape[1]).input_layers[0]
        layer = InputLayer(layer.variables, layer.num_inputs, family, len(theta) if family == "categorical" else 2)
        self.theta, self.bag, self.objective, self.dtype = theta, bag, objective, dtype
        self.design = leaves.design(layer, bag.rows)

    def rows(self, tables, **switches):
        shares = self.bag.counts / self.bag.num_rows
        made = MixtureRows(self.design, self.bag.weights, shares, self.dtype, tables=tables, **switches)
        return made

    def coefficients(self, weights):
        found = leaves.coefficients(self.theta, self.design)
        found[:, -2:] += np.log(weights)[:, None]
        return found

    def seen(self, weights, way="dense", **switches):
        """LLH, log Z, flow of the weights and of all leaf weights, per row; and the rows' log-values if kept."""
        rows = self.rows(way == "tables", row_weights=self.objective.row_weights, **switches)
        sums = np.empty((len(weights), self.design.summed.shape[1]))
        with np.errstate(all="ignore"):
            rows(self.coefficients(weights), sums)
        sums /= self.bag.num_rows
        flows = self.design.layer.distribution.derivative(self.theta, leaves.moments(sums, self.design))
        return rows.llh, rows.log_partition, sums[:, -2] + sums[:, -1], flows, rows.log_values

    def evaluated(self, weights):
        circuit = mixture(*self.theta.shape[1:])
        seen = Evaluator(circuit, self.bag, self.objective, self.dtype)(weights[None], [self.theta[None]])
        flows = self.design.layer.distribution.derivative(self.theta[None], seen.moments[0])[0]
        return seen.llh[0], seen.log_partition[0], seen.flow[0], flows


def drawn(num_components, num_variables, seed=0, low=0.1):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.2, 1.0, num_components), rng.uniform(low, 1.0, (2, num_components, num_variables))


def random_data(num_variables, num_rows=300, seed=0):
    rng = np.random.default_rng(seed)
    return from_array((rng.random((num_rows, num_variables)) < rng.uniform(0.1, 0.9, num_variables)).astype(int))


def assert_same(found, expected, rtol=1e-12):
    for one, other in zip(found, expected, strict=False):
        assert_close(one, other, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("num_components", [1, 2, 8, 64])
def test_every_way_gives_what_the_evaluator_gives_on_the_twin(way, num_components):
    weights, theta = drawn(num_components, 16)
    asked = Mixture(theta, data_and_partition(TWIN))
    assert_same(asked.seen(weights, way), asked.evaluated(weights))


@pytest.mark.parametrize("num_variables", [1, 2, 3, 9, 24, 25, 100])
def test_every_way_gives_what_the_evaluator_gives_on_any_number_of_columns(way, num_variables):
    weights, theta = drawn(5, num_variables)
    asked = Mixture(theta, data_and_partition(random_data(num_variables)))
    assert_same(asked.seen(weights, way), asked.evaluated(weights))


def test_the_twin_is_worth_tables_and_few_rows_many_columns_or_missing_values_are_not():
    def of(bag):
        return half_patterns.split(Mixture(drawn(2, bag.rows.shape[1])[1], bag).design)

    assert of(data_and_partition(TWIN)) is not None
    assert of(data_and_partition(random_data(16))) is None
    assert of(data_and_partition(random_data(25, 5000))) is None
    assert of(OBJECTIVES["discriminative"].bag(TWIN, Labels(3))) is None


@pytest.mark.parametrize("floor", [1e-4, 1e-8, 1e-12])
@pytest.mark.parametrize("seed", range(2))
def test_the_datas_flow_of_every_leaf_weight_has_thirteen_digits(way, floor, seed):
    weights, theta = drawn(3, 5, seed, 0.3)
    for value in (0, 1):
        theta[value][np.random.default_rng([seed, value]).random(theta[value].shape) < 0.3] = floor
    data = random_data(5, 400, seed)
    llh, _, of_weights, of_theta, _ = Mixture(theta, data_and_partition(data), DATA_FLOW).seen(weights, way)
    exact = exact_mixture.flows(*map(exact_mixture.exact, (weights, theta)), data.rows, data.counts, data_only=True)
    assert_close(of_weights, np.array(exact[1], dtype=float), rtol=1e-13, atol=0)
    assert_close(of_theta, np.array(exact[2], dtype=float), rtol=1e-12, atol=0)  # log-values are sums of logs near −28
