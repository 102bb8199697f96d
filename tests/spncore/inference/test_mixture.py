"""The row-sized work of a mixture in all its ways, against the evaluator, fifty digits and itself."""

import numpy as np
import pytest

from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, InputLayer, mixture
from spncore.data import library
from spncore.data.dataset import from_array
from spncore.inference import column_chunks, dense, half_patterns
from spncore.inference.mixture import MixtureRows
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import DATA_FLOW, OBJECTIVES, Labels, data_and_partition
from spncore.tables.weighted_rows import weighted_bag
from tests import exact_mixture, oracles
from tests.closeness import assert_close

TWIN = library.load("nltcs-twin")
GENERATIVE = OBJECTIVES["generative"]
WAYS = ("half patterns", "column chunks", "dense", "dense in blocks")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Each way is made to be taken wherever it can be."""
    monkeypatch.setattr(half_patterns, "WORTH_IT", np.inf)
    monkeypatch.setattr(column_chunks, "WORTH_IT", np.inf if request.param == "column chunks" else 0.0)
    if request.param == "column chunks":
        monkeypatch.setattr(half_patterns, "MAX_COLUMNS", 0)
        monkeypatch.setattr(column_chunks, "BLOCK_ROWS", 90)
    if request.param == "dense in blocks":
        monkeypatch.setattr(dense, "SMALLEST_BLOCK", 90)
        monkeypatch.setattr(dense, "BLOCK_BYTES", 1)
        monkeypatch.setattr(dense, "KEPT_BYTES", 1)
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
        rows = self.rows(not way.startswith("dense"), row_weights=self.objective.row_weights, **switches)
        sums = np.empty((len(weights), self.design.summed.shape[1]))
        with np.errstate(all="ignore"):
            rows(self.coefficients(weights), sums)
        sums /= self.bag.num_rows
        flows = self.design.layer.distribution.derivative(self.theta, leaves.moments(sums, self.design))
        return rows.llh, rows.log_partition, sums[:, -2] + sums[:, -1], flows, rows.log_values

    def evaluated(self, weights):
        circuit = Circuit(
            self.design.layer.variables.size, (self.design.layer, mixture(*self.theta.shape[1:]).layers[1])
        )
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
    expected = {"half patterns": half_patterns.HalfPatterns, "column chunks": column_chunks.ColumnChunks}.get(way)
    if expected is not None and (way != "half patterns" or 2 <= num_variables <= 24):
        assert isinstance(asked.rows(tables=True).tables, expected)
    assert_same(asked.seen(weights, way), asked.evaluated(weights))


def test_few_columns_go_in_halves_many_in_chunks_and_few_rows_or_missing_values_in_neither():
    def of(bag):
        return type(Mixture(drawn(2, bag.rows.shape[1])[1], bag).rows(tables=True).tables)

    assert of(data_and_partition(TWIN)) is half_patterns.HalfPatterns
    assert of(data_and_partition(random_data(16))) is type(None)
    assert of(data_and_partition(random_data(60, 6000))) is column_chunks.ColumnChunks
    assert of(OBJECTIVES["discriminative"].bag(TWIN, Labels(3))) is type(None)


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


@pytest.mark.parametrize("floor", [1e-4, 1e-8, 1e-12])
def test_the_gradient_at_tiny_leaf_weights_is_that_of_fifty_digits(way, floor):
    weights, theta = drawn(3, 5, low=0.3)
    theta[1][np.random.default_rng(1).random(theta[1].shape) < 0.4] = floor
    data = random_data(5, 400)
    llh, log_partition, _, of_theta, _ = Mixture(theta, data_and_partition(data)).seen(weights, way)
    exact_llh, _, exact = exact_mixture.flows(*map(exact_mixture.exact, (weights, theta)), data.rows, data.counts)
    assert_close(llh, float(exact_llh), rtol=1e-13)
    assert_close(log_partition, np.log(np.sum(weights * theta.sum(axis=0).prod(axis=1))), rtol=1e-13)
    assert_close(of_theta / theta, np.array(exact, dtype=float) / theta, rtol=1e-11)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_has_the_evaluators_flows_and_its_value_from_the_rows_log_values(way, name):
    objective, (weights, theta) = OBJECTIVES[name], drawn(4, 16)
    bag = objective.bag(TWIN, Labels(2, mix=0.3, labelled=0.4))
    asked = Mixture(theta, bag, objective)
    found = asked.seen(0.2 * weights, way, keep_values=True)
    assert_same(found, asked.evaluated(0.2 * weights))
    seen = Evaluator(mixture(4, 16), bag, objective)(0.2 * weights[None], [theta[None]])
    value = found[0] if objective.value is None else objective.value(bag.weights, found[4], bag.num_rows)
    assert_close(value, seen.value[0], rtol=1e-12)
    values = [oracles.mixture_value(0.2 * weights, theta, row) for row in bag.rows[[0, -1]]]
    assert_close(found[4][[0, -1]], np.log(values), rtol=1e-12)
    assert_close((bag.counts / bag.num_rows) @ found[4] - found[1], found[0], rtol=1e-12)


def with_gaps(family, num_rows=200, num_variables=6):
    """Real rows of which a third of the entries is missing, and parameters of five components."""
    rng = np.random.default_rng(2)
    if family == "gaussian":
        rows, theta = rng.normal(size=(num_rows, num_variables)), rng.uniform(0.5, 1.5, (2, 5, num_variables))
    else:
        rows = rng.integers(0, 3, (num_rows, num_variables)).astype(float)
        theta = rng.uniform(0.1, 1.0, (3, 5, num_variables))
    rows[rng.random(rows.shape) < 0.3] = np.nan
    return weighted_bag(rows, rng.uniform(0.5, 1.5, num_rows)), theta


@pytest.mark.parametrize("family", ["categorical", "gaussian"])
def test_missing_entries_and_other_families_are_as_in_the_evaluator(way, family):
    bag, theta = with_gaps(family)
    weights, asked = np.linspace(0.2, 1.0, 5), Mixture(theta, bag, family=family)
    assert_same(asked.seen(weights, way), asked.evaluated(weights))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("leaf", ["half", "at the floor", "far out"])
def test_many_columns_leave_the_number_range_of_no_precision(way, leaf, dtype):
    rng, data = np.random.default_rng(0), random_data(256, 100)
    theta = {
        "half": np.full((2, 8, 256), 0.5) * rng.uniform(0.9, 1.1, (2, 8, 256)),
        "at the floor": np.where(rng.random((2, 8, 256)) < 0.5, 1e-4, 0.5),
        "far out": rng.uniform(50.0, 100.0, (2, 8, 256)),
    }[leaf]
    weights, bag = rng.uniform(0.5, 1.5, 8), data_and_partition(data)
    found, expected = Mixture(theta, bag, dtype=dtype).seen(weights, way), Mixture(theta, bag).evaluated(weights)
    assert_close(found[0], expected[0], rtol=1e-11 if dtype is np.float64 else 1e-5)  # seven digits of logs near 1e3
    assert_close(found[2], expected[2], rtol=0, atol=1e-10 if dtype is np.float64 else 2e-3)
    assert np.isfinite(found[3]).all()


def test_rows_that_need_the_shift_stand_beside_rows_that_do_not(way):
    """Blocks that follow one that was shifted are shifted, too, which changes nothing but the rounding."""
    data = random_data(100, 400)
    weights, theta = drawn(3, 100)
    theta[1] *= 1e7  # rows of many ones overflow, others do not
    asked = Mixture(theta, data_and_partition(data))
    values = asked.seen(weights, way, keep_values=True)[4]
    assert values.min() < 568 < values.max()
    assert_same(asked.seen(weights, way), asked.evaluated(weights))


@pytest.mark.parametrize("num_components", [1, 2, 3, 7, 8, 64])
def test_equal_components_have_a_flow_of_exactly_zero_and_bitwise_equal_moments(way, num_components):
    weights, theta = np.full(num_components, 0.3), np.repeat(drawn(1, 16)[1], num_components, axis=1)
    _, _, flow, of_theta, _ = Mixture(theta, data_and_partition(TWIN)).seen(weights, way)
    assert (flow == 0.0).all()
    assert (of_theta == of_theta[:, :1]).all() and (of_theta != 0.0).any()


def test_components_that_are_equal_in_pairs_have_bitwise_equal_flows(way):
    weights, theta = drawn(4, 16)
    weights, theta = np.tile(weights, 2), np.tile(theta, (1, 2, 1))
    asked = Mixture(theta, data_and_partition(TWIN))
    found = asked.seen(weights, way)
    assert_same(found, asked.evaluated(weights))
    assert np.array_equal(found[2][:4], found[2][4:]) and np.array_equal(found[3][:, :4], found[3][:, 4:])


def test_single_precision_agrees_to_five_digits(way):
    weights, theta = drawn(8, 16)
    bag = data_and_partition(TWIN)
    single, double = (Mixture(theta, bag, DATA_FLOW, dtype).seen(weights, way) for dtype in (np.float32, np.float64))
    assert_close(single[0], double[0], rtol=1e-6)
    assert_close(single[2], double[2], rtol=1e-5)
    assert_close(single[3], double[3], rtol=1e-4, atol=1e-7)
    assert not np.array_equal(single[2], double[2])


def test_a_call_gives_the_same_bits_whatever_was_asked_before(way):
    asked = Mixture(drawn(8, 16)[1], data_and_partition(TWIN))
    rows, weights = asked.rows(not way.startswith("dense")), drawn(8, 16)[0]
    results = []
    for others in (None, drawn(5, 16), drawn(8, 16, low=1e-250), (np.ones(8), np.ones((2, 8, 16)))):
        if others is not None:
            rows(Mixture(others[1], asked.bag).coefficients(others[0]), np.empty((len(others[0]), 34)))
        sums = np.empty((8, 34))
        rows(asked.coefficients(weights), sums)
        results.append((rows.llh, rows.log_partition, sums.tobytes()))
    assert len(set(results)) == 1


def test_a_mini_batch_is_worked_on_in_the_same_room_as_if_it_were_alone(way):
    asked = Mixture(drawn(8, 16)[1], data_and_partition(TWIN))
    coefficients, whole = asked.coefficients(drawn(8, 16)[0]), asked.rows(not way.startswith("dense"), keep_values=True)
    whole(coefficients, np.empty((8, 34)))
    before = whole.log_values.copy()
    for size in (5, 700, 40):
        rows = np.append(np.sort(np.random.default_rng(size).permutation(2000)[:size]), len(before) - 1)
        batch = asked.design.take(rows), asked.bag.weights[rows], asked.bag.counts[rows] / size
        found, expected = np.empty((2, 8, 34))
        part, alone = whole.on(*batch), MixtureRows(*batch, tables=False)
        part(coefficients, found)
        alone(coefficients, expected)
        assert (part.llh, part.log_partition) == (alone.llh, alone.log_partition)
        assert_close(found, expected, rtol=1e-12)
        assert_close(part.log_values, before[rows], rtol=1e-12)
    assert np.array_equal(whole.log_values, before)


def test_a_component_or_value_of_weight_0_takes_part_in_nothing(way):
    weights, theta = drawn(4, 16)
    kept, bag = [0, 1, 3], data_and_partition(TWIN)
    whole, part = Mixture(theta, bag), Mixture(theta[:, kept], bag)
    zeros, found = np.zeros((4, 18)), np.empty((4, 34))
    zeros[2, -2:] = 1.0
    rows = whole.rows(not way.startswith("dense"))
    with np.errstate(all="ignore"):
        rows(whole.coefficients(weights), found, zeros)
    expected = part.seen(weights[kept], way)
    assert_close(rows.llh, expected[0], rtol=1e-12)
    assert_close(found[kept, -2] + found[kept, -1], expected[2] * TWIN.num_rows, rtol=1e-11)
    assert (found[2] == 0.0).all()


@pytest.mark.parametrize("num_components", [1, 3, 8, 64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_held_components_have_the_flows_of_those_that_could_move(num_components, dtype):
    weights, theta = drawn(num_components, 16)
    theta[:, num_components // 2] = theta[:, 0]  # one twice, of another weight
    asked = Mixture(theta, data_and_partition(TWIN), OBJECTIVES["unnormalised"], dtype)
    llh, log_partition, flow, _, log_values = Mixture(theta, asked.bag, asked.objective).seen(weights, keep_values=True)
    rows = asked.rows(tables=False, row_weights=asked.objective.row_weights, keep_values=True)
    held, found = rows.held(leaves.coefficients(theta, asked.design)), np.empty(num_components)
    held(weights, found)
    digits = {"rtol": 1e-12} if dtype is np.float64 else {"rtol": 1e-5, "atol": 1e-5}  # single precision
    assert_close(held.llh, llh, **digits)
    assert_close(held.log_partition, log_partition, **digits)
    assert_close(found / TWIN.num_rows, flow, **{"atol": 1e-12, **digits})
    assert_close(rows.log_values, log_values, **digits)


def test_held_components_that_are_all_equal_have_a_flow_of_exactly_zero():
    theta, weights = np.repeat(drawn(1, 16)[1], 7, axis=1), drawn(7, 16)[0]
    asked = Mixture(theta, data_and_partition(TWIN))
    flow = np.empty(7)
    asked.rows(tables=False).held(leaves.coefficients(theta, asked.design))(weights, flow)
    assert (flow == 0.0).all()


def test_held_components_are_right_where_the_weight_of_the_only_one_that_knows_a_row_is_tiny():
    weights, theta = np.array([1.0, 1e-300]), np.full((2, 2, 16), 0.5)
    theta[1, 0] = 1e-12  # the first knows next to nothing of rows with many ones
    asked = Mixture(theta, data_and_partition(TWIN))
    held, flow = asked.rows(tables=False).held(leaves.coefficients(theta, asked.design)), np.empty(2)
    with np.errstate(all="ignore"):
        held(weights, flow)
    llh, log_partition, expected, _ = asked.evaluated(weights)
    assert_close(held.llh, llh, rtol=1e-12)
    assert_close(held.log_partition, log_partition, rtol=1e-12)
    assert_close(flow / TWIN.num_rows, expected, rtol=1e-9)
