"""Structures over columns of several families: the same function as factor by factor, and ready to train."""

import numpy as np
import pytest

from spncore.circuits.circuit import InputLayer
from spncore.circuits.model import random_model
from spncore.inference.values import log_partition
from spncore.structures import Column, StructureSettings, random_partitions, rat
from spncore.tables.structures import TABLE_STRUCTURES, Table, with_columns
from tests.closeness import assert_close
from tests.oracles import leaf_value, model_value

COLUMNS = (Column(), Column("gaussian"), Column("categorical", 3), Column("poisson"), Column("gaussian"))


def _circuits():
    rng = np.random.default_rng(4)
    return [
        rat(5, 1, 2, 3, "elementwise", rng),
        rat(5, 2, 2, 2, "pairs", rng),
        random_partitions(5, 2, 3, rng),
        random_partitions(5, 1, 1, rng),
    ]


def _table(rng, num_rows=60):
    rows = np.column_stack(
        [
            rng.integers(0, 2, num_rows),
            rng.normal(size=num_rows),
            rng.integers(0, 3, num_rows),
            rng.poisson(2.0, num_rows),
            rng.normal(size=num_rows),
        ]
    ).astype(float)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return Table(rows, np.ones(num_rows), COLUMNS, np.nanmean(rows, axis=0), np.nanstd(rows, axis=0))


@pytest.mark.parametrize("number", range(4))
def test_other_leaves_leave_sums_and_scopes_as_they_were(number):
    before = _circuits()[number]
    after = with_columns(before, COLUMNS)
    assert [layer.num_sums for layer in after.sum_layers] == [layer.num_sums for layer in before.sum_layers]
    inner = before.num_nodes - before.offsets[len(before.input_layers)]
    assert np.array_equal(after.scopes[-inner:], before.scopes[-inner:])
    for layer in after.input_layers:
        assert {COLUMNS[d] for d in layer.variables.ravel()} == {Column(layer.family, layer.num_values)}


@pytest.mark.parametrize("number", range(4))
def test_columns_that_are_all_0_or_1_change_nothing(number):
    before = _circuits()[number]
    after = with_columns(before, [Column()] * 5)
    assert after.num_nodes == before.num_nodes
    assert sorted(map(_leaf, after.input_layers)) == sorted(map(_leaf, before.input_layers))


def _leaf(layer: InputLayer):
    return layer.num_inputs, layer.variables.shape


def test_a_factorised_distribution_becomes_a_product_of_its_leaves():
    rng = np.random.default_rng(5)
    found = random_model(with_columns(random_partitions(5, 1, 1, rng), COLUMNS), rng)
    row = np.array([1.0, 0.3, 2.0, 4.0, -1.1])
    expected = 1.0
    for layer, parameters in zip(found.circuit.input_layers, found.parameters.inputs, strict=True):
        for place, d in enumerate(layer.variables[0]):
            expected *= leaf_value(layer.family, list(parameters[:, 0, place]), row[d])
    assert_close(model_value(found, row), expected)


@pytest.mark.parametrize("name", TABLE_STRUCTURES)
def test_every_structure_starts_as_a_distribution_over_the_columns(name):
    table = _table(np.random.default_rng(6))
    found, again = (
        TABLE_STRUCTURES[name](table, StructureSettings(3, 2, 2), np.random.default_rng(7)) for _ in range(2)
    )
    assert_close(log_partition(found), 0.0)
    assert found.circuit.scopes[-1].all()
    for one, other in zip(found.parameters.inputs, again.parameters.inputs, strict=True):
        assert np.array_equal(one, other)
