import numpy as np
import pytest

from spncore.circuits.circuit import CircuitError
from spncore.data.dataset import from_array
from spncore.inference.values import log_values
from spncore.structures import STRUCTURES, StructureSettings
from tests import oracles
from tests.closeness import assert_close

RANDOM = ("mixture", "random_partitions", "rat", "rat_elementwise")
SETTINGS = [StructureSettings(1, 0, 1), StructureSettings(3, 2, 2), StructureSettings(2, 5, 1)]


def small_data(num_variables, seed=0):
    """Rows in which neighbours agree more often than not."""
    rng = np.random.default_rng(seed)
    flips = rng.random((200, num_variables)) < 0.25
    return from_array((np.cumsum(flips, axis=1) % 2).astype(np.uint8))


def arrays(model):
    layers = model.circuit.layers
    indices = [array for layer in layers for array in layer if isinstance(array, np.ndarray)]
    return [*indices, *model.parameters.sums, *model.parameters.inputs]


def same(one, other):
    one, other = arrays(one), arrays(other)
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("num_variables", [1, 2, 3, 5])
@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_is_a_distribution_over_all_worlds_and_equals_enumeration(name, num_variables, settings):
    model = STRUCTURES[name](small_data(num_variables), settings, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    worlds = oracles.worlds(num_variables)
    values = np.exp(log_values(model, worlds))
    assert_close(values.sum(), 1.0)
    partial = np.where(rng.random(worlds.shape) < 0.5, -1, worlds).astype(np.int8)
    for rows in (worlds, partial):
        assert_close(np.exp(log_values(model, rows)), [oracles.model_value(model, row) for row in rows])


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_same_seed_gives_the_same_circuit_bit_for_bit(name):
    data = small_data(6)
    one, other = (STRUCTURES[name](data, StructureSettings(), np.random.default_rng(3)) for _ in range(2))
    assert same(one, other)


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_gives_another_model(name):
    data = small_data(6)
    one, other = (STRUCTURES[name](data, StructureSettings(), np.random.default_rng(seed)) for seed in (3, 4))
    assert not same(one, other)


@pytest.mark.parametrize("name", RANDOM)
def test_a_circuit_beyond_the_limits_is_refused_before_it_is_built(name):
    with pytest.raises(
        CircuitError, match=r"nodes and .* weighted edges, the lab builds at most 200,000 and 2,000,000"
    ):
        STRUCTURES[name](small_data(64), StructureSettings(300_000, 8, 16), np.random.default_rng(0))


def test_a_learned_structure_fits_its_data_better_than_independent_variables():
    data = small_data(6)
    independent = STRUCTURES["mixture"](data, StructureSettings(1, 0, 1), np.random.default_rng(0))
    theta = np.stack([1 - data.counts @ data.rows / data.num_rows, data.counts @ data.rows / data.num_rows])
    independent.parameters.inputs[0][...] = theta[:, None]
    bar = data.counts @ log_values(independent, data.rows)
    for name in ("chow_liu", "learn_spn"):
        model = STRUCTURES[name](data, StructureSettings(), np.random.default_rng(0))
        assert data.counts @ log_values(model, data.rows) > bar + 10.0
