import itertools

import numpy as np
import pytest

from spncore.circuits.circuit import CircuitError
from spncore.inference.values import log_values
from spncore.structures.chow_liu import chow_liu, fit_tree
from spncore.structures.tables import mutual_information, pair_tables
from tests.closeness import assert_close

VALUES = [(2, 2, 2, 2, 2), (3, 2, 4, 2), (2,), (2, 3)]


def some_rows(num_values, seed):
    """A few correlated variables with different numbers of values, as distinct rows with counts."""
    rng = np.random.default_rng(seed)
    hidden = rng.random((150, 1))
    noisy = np.clip(hidden + 0.3 * rng.standard_normal((150, len(num_values))), 0.0, 0.999)
    return np.unique((noisy * num_values).astype(np.int64), axis=0, return_counts=True)


def all_worlds(num_values):
    return np.array(list(itertools.product(*map(range, num_values))))


def spanning_trees(num_variables):
    edges = list(itertools.combinations(range(num_variables), 2))
    for chosen in itertools.combinations(edges, num_variables - 1):
        reached = {0}
        for _ in chosen:
            reached |= {v for edge in chosen if reached & set(edge) for v in edge}
        if len(reached) == num_variables:
            yield chosen


def information(rows, counts, one, other):
    """Mutual information by loops over values, in nats."""
    total = counts.sum()
    result = 0.0
    for a, b in {(row[one], row[other]) for row in rows.tolist()}:
        both = counts[(rows[:, one] == a) & (rows[:, other] == b)].sum() / total
        left, right = counts[rows[:, one] == a].sum() / total, counts[rows[:, other] == b].sum() / total
        result += both * np.log(both / (left * right))
    return result


@pytest.mark.parametrize("num_values", VALUES)
def test_the_circuit_is_the_tree_s_product_of_conditionals_on_every_world(num_values):
    rows, counts = some_rows(num_values, 0)
    tree, model, worlds = fit_tree(rows, counts, num_values), chow_liu(rows, counts, num_values), all_worlds(num_values)
    expected = [
        sum(
            np.log(tree.conditionals[v][max(0, world[p]) if p >= 0 else 0, world[v]])
            for v, p in enumerate(tree.parents)
        )
        for world in worlds
    ]
    assert_close(log_values(model, worlds), expected)
    assert_close(np.exp(expected).sum(), 1.0)


@pytest.mark.parametrize("num_values", VALUES)
def test_conditionals_are_the_smoothed_frequencies(num_values):
    rows, counts = some_rows(num_values, 1)
    tree = fit_tree(rows, counts, num_values)
    for v, parent in enumerate(tree.parents):
        for a, b in itertools.product(range(len(tree.conditionals[v])), range(num_values[v])):
            given = np.ones(len(rows), dtype=bool) if parent < 0 else rows[:, parent] == a
            expected = (counts[given & (rows[:, v] == b)].sum() + 0.01) / (counts[given].sum() + 0.01 * num_values[v])
            assert_close(tree.conditionals[v][a, b], expected)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("num_values", [(2, 2, 2, 2, 2), (3, 2, 4, 2)])
def test_no_other_tree_holds_more_mutual_information(num_values, seed):
    rows, counts = some_rows(num_values, seed)
    tree = fit_tree(rows, counts, num_values)
    chosen = sum(information(rows, counts, v, p) for v, p in enumerate(tree.parents) if p >= 0)
    best = max(sum(information(rows, counts, *edge) for edge in edges) for edges in spanning_trees(len(num_values)))
    assert_close(chosen, best)


def test_mutual_information_of_all_pairs_equals_its_definition():
    rows, counts = some_rows((3, 2, 4, 2), 3)
    found = mutual_information(pair_tables(rows, counts, np.array([3, 2, 4, 2])))
    for one, other in itertools.permutations(range(4), 2):
        assert_close(found[one, other], information(rows, counts, one, other), atol=1e-12)


def test_independent_variables_still_give_a_tree():
    worlds = all_worlds((2, 2, 2))
    tree = fit_tree(worlds, np.ones(8), (2, 2, 2))
    assert sum(parent < 0 for parent in tree.parents) == 1
    assert_close(np.exp(log_values(chow_liu(worlds, np.ones(8), (2, 2, 2)), worlds)), np.full(8, 1 / 8))


@pytest.mark.parametrize("value", [-1, 2, 5])
def test_missing_and_impossible_values_are_refused_by_place(value):
    with pytest.raises(CircuitError, match="row 2, variable 1: a Chow–Liu tree needs whole numbers from 0 to 1"):
        chow_liu(np.array([[0, 1], [0, value]]), np.ones(2), (2, 2))
