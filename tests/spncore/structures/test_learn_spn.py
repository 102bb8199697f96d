import numpy as np
import pytest
from scipy.stats import chi2_contingency

from spncore.circuits.circuit import CircuitError, SumLayer
from spncore.inference.values import log_partition, log_values
from spncore.structures.factorised import factorised_leaves, two_clusters
from spncore.structures.learn_spn import LearnSettings, learn_spn
from spncore.structures.nodes import Column
from spncore.structures.tables import coded, g_statistics, pair_tables
from tests.closeness import assert_close

MIXED = [Column("categorical", 3), Column("gaussian"), Column("poisson"), Column("exponential"), Column()]


def mixed_rows(rng, num_rows=400):
    """Two groups of rows that differ in all five columns; columns are independent within a group."""
    group = rng.random(num_rows) < 0.4
    rows = np.stack(
        [
            np.where(group, rng.choice(3, num_rows, p=[0.8, 0.1, 0.1]), rng.choice(3, num_rows, p=[0.1, 0.1, 0.8])),
            rng.normal(np.where(group, -2.0, 3.0), 1.0),
            rng.poisson(np.where(group, 1.0, 8.0)),
            rng.exponential(np.where(group, 1.0, 6.0)),
            rng.random(num_rows) < np.where(group, 0.9, 0.2),
        ],
        axis=1,
    )
    return rows, group


def test_two_clusters_find_the_two_groups_of_mixed_columns():
    rng = np.random.default_rng(0)
    rows, group = mixed_rows(rng)
    second = two_clusters(rows, np.ones(len(rows)), MIXED, rng)
    agreement = (second == group).mean()
    assert max(agreement, 1 - agreement) > 0.95


def test_mixed_columns_are_learned_as_one_sum_over_two_factorised_groups():
    rng = np.random.default_rng(1)
    rows, _ = mixed_rows(rng)
    model = learn_spn(rows, np.ones(len(rows)), MIXED, rng)
    (layer,) = [layer for layer in model.circuit.layers if isinstance(layer, SumLayer)]
    assert layer.children.shape == (1, 2)
    assert {layer.family for layer in model.circuit.input_layers} == {column.family for column in MIXED}
    assert_close(log_partition(model), 0.0)


def test_independent_columns_are_learned_as_one_product():
    rng = np.random.default_rng(2)
    rows = (rng.random((500, 6)) < 0.3).astype(np.int8)
    model = learn_spn(rows, np.ones(500), [Column()] * 6, rng, LearnSettings(significance=1e-6, smoothing=0.5))
    assert [layer.num_nodes for layer in model.circuit.layers] == [6, 1, 1]
    ones = (rows.sum(axis=0) + 0.5) / (500 + 2 * 0.5)
    assert_close(np.exp(log_values(model, np.ones((1, 6), dtype=np.int8))), [ones.prod()])


def test_independent_blocks_of_dependent_columns_are_factors():
    rng = np.random.default_rng(3)
    left, right = rng.integers(0, 2, (2, 600, 1))
    rows = np.concatenate([left, left, right, right], axis=1).astype(np.int8)
    model = learn_spn(rows, np.ones(600), [Column()] * 4, rng, LearnSettings(significance=1e-6))
    *_, product, root = model.circuit.layers
    assert root.children.shape == (1, 1)
    scopes = [np.flatnonzero(scope).tolist() for scope in model.circuit.scopes[product.children[0]]]
    assert sorted(scopes) == [[0, 1], [2, 3]]


def test_a_row_with_count_two_is_two_rows():
    rng = np.random.default_rng(4)
    rows = rng.integers(0, 2, (60, 5)).astype(np.int8)
    rows[:, 1] = rows[:, 0] ^ (rng.random(60) < 0.1)
    settings = LearnSettings(0.05, 10.0)
    once, counts = np.unique(np.concatenate([rows, rows]), axis=0, return_counts=True)
    one = learn_spn(once, counts, [Column()] * 5, np.random.default_rng(0), settings)
    other = learn_spn(once, counts.astype(float), [Column()] * 5, np.random.default_rng(0), settings)
    assert_close(log_values(one, rows), log_values(other, rows))
    tables = [
        pair_tables(*_coded(data, weights)).counts
        for data, weights in ((once, counts), (np.concatenate([rows, rows]), np.ones(120)))
    ]
    assert_close(tables[0], tables[1])


def _coded(rows, weights):
    codes, num_codes = coded(rows, weights, [Column()] * rows.shape[1])
    return codes, weights, num_codes


@pytest.mark.parametrize("missing", [-1, np.nan])
def test_missing_values_are_left_out_of_the_leaves(missing):
    rows = np.array([[0, 1], [1, missing], [1, 0], [missing, 0]])
    rows = rows if np.isnan(missing) else rows.astype(np.int8)
    leaves = factorised_leaves(rows, np.array([1.0, 2.0, 1.0, 1.0]), np.arange(2), [Column()] * 2, 0.0)
    assert_close(leaves[0].parameters[:, 0], [1 / 4, 3 / 4])
    assert_close(leaves[1].parameters[:, 0], [2 / 3, 1 / 3])


def test_rows_with_missing_values_are_learned_from_and_normalised():
    rng = np.random.default_rng(5)
    rows, _ = mixed_rows(rng)
    rows[rng.random(rows.shape) < 0.3] = np.nan
    model = learn_spn(rows, np.ones(len(rows)), MIXED, rng)
    assert_close(log_partition(model), 0.0)
    assert np.isfinite(log_values(model, rows)).all()


def test_gaussian_leaves_have_the_mean_and_deviation_of_their_known_values():
    values = np.array([[1.0], [2.0], [np.nan], [6.0]])
    (leaf,) = factorised_leaves(values, np.array([1.0, 1.0, 5.0, 2.0]), np.array([3]), [Column("gaussian")], 0.1)
    assert leaf.variables == (3,)
    assert_close(leaf.parameters[:, 0], [15 / 4, np.sqrt(77 / 4 - (15 / 4) ** 2)])


def test_the_g_test_is_scipy_s():
    rng = np.random.default_rng(6)
    rows = rng.integers(0, 3, (200, 3))
    rows[:, 2] = (rows[:, 0] + rng.integers(0, 2, 200)) % 3
    rows[rng.random(rows.shape) < 0.1] = -1
    statistic, freedom = g_statistics(pair_tables(rows, np.ones(200), np.array([3, 3, 3])))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        known = rows[(rows[:, one] >= 0) & (rows[:, other] >= 0)]
        table = np.array([[((known[:, one] == a) & (known[:, other] == b)).sum() for b in range(3)] for a in range(3)])
        expected = chi2_contingency(table, correction=False, lambda_="log-likelihood")
        assert_close(statistic[one, other], expected.statistic)
        assert freedom[one, other] == expected.dof


def test_values_outside_the_column_s_family_are_refused_by_place():
    rows = np.zeros((300, 4))
    rows[150:, 1:3] = 1.0
    rows[200, 2] = 2.0
    with pytest.raises(CircuitError, match="row 201, variable 2: 2 is not possible for a categorical leaf"):
        learn_spn(rows, np.ones(300), [Column()] * 4, np.random.default_rng(0))


def test_every_variable_needs_a_family():
    with pytest.raises(CircuitError, match="4 variables need as many columns' families, got 3"):
        learn_spn(np.zeros((2, 4)), np.ones(2), [Column()] * 3, np.random.default_rng(0))
