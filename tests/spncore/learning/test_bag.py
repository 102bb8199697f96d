"""Bags against plain loops over the rows of the data: weights, mini-batches, what is shared, what they cost."""

import gc
import tracemalloc
import weakref
from collections import Counter

import numpy as np
import pytest

from spncore.circuits.circuit import InputLayer
from spncore.data.library import from_array
from spncore.learning.objectives import MARGINALISED, OBJECTIVES, Labels, bag_of
from spncore.tables.weighted_rows import weighted_bag
from tests.closeness import assert_close

CLASS = 1
RAW = (np.random.default_rng(3).random((60, 4)) < [0.3, 0.5, 0.6, 0.5]).astype(np.uint8)
ROWS = from_array(RAW, "rows")
LABELS = Labels(CLASS, mix=0.3, labelled=0.6, seed=2)
every_objective = pytest.mark.parametrize("name", OBJECTIVES)


def contributions(name, bag, item):
    """What one occurrence of an item adds to the rows' weights, and which row it is as data."""
    row = ROWS.rows[item % ROWS.num_distinct].astype(int)
    hidden, empty = row.copy(), np.full(4, MARGINALISED)
    hidden[CLASS] = MARGINALISED
    row, hidden, empty = tuple(row.tolist()), tuple(hidden.tolist()), tuple(empty.tolist())
    unlabelled = item >= ROWS.num_distinct
    weights = {
        "generative": {row: 1.0, empty: -1.0},
        "unnormalised": {row: 1.0, empty: -1.0},
        "discriminative": {row: 1.0, hidden: -1.0},
        "hybrid": {row: 1.0, hidden: LABELS.mix - 1.0, empty: -LABELS.mix},
        "semi_supervised": {hidden if unlabelled else row: 1.0, empty: -1.0},
    }[name]
    return weights, row


def by_hand(name, bag, times):
    """Weights and counts of the rows for so many of each item, {row: weight}, {row: count}."""
    weights, counts = Counter(), Counter()
    for item, number in times.items():
        added, data = contributions(name, bag, item)
        for row, weight in added.items():
            weights[row] += weight * number
        counts[data] += number
    return weights, counts


def assert_adds(rows, values, expected):
    assert_close(values, [expected.get(tuple(row), 0.0) for row in rows.tolist()])
    rest = set(expected) - {tuple(row) for row in rows.tolist()}
    assert all(abs(expected[row]) < 1e-12 for row in rest)


@every_objective
def test_rows_are_distinct_and_weigh_what_the_objective_says(name):
    bag = OBJECTIVES[name].bag(ROWS, LABELS)
    assert len({tuple(row) for row in bag.rows.tolist()}) == len(bag.rows)
    assert (bag.rows[-1] == MARGINALISED).all()
    weights, counts = by_hand(name, bag, dict(enumerate(bag.items.tolist())))
    assert_adds(bag.rows, bag.weights, weights)
    assert_adds(bag.rows, bag.counts, counts)
    assert bag.num_rows == len(RAW)


@every_objective
@pytest.mark.parametrize("seed", range(3))
def test_a_mini_batch_is_what_its_items_add_whatever_their_order(name, seed):
    bag = OBJECTIVES[name].bag(ROWS, LABELS)
    chosen = bag.order(seed, 0)[:17]
    batch = bag.batch(chosen)
    weights, counts = by_hand(name, bag, Counter(chosen.tolist()))
    assert_adds(bag.rows[batch.rows], batch.weights, weights)
    assert_adds(bag.rows[batch.rows], batch.shares * 17, counts)
    assert batch.num_rows == 17 and batch.rows[-1] == len(bag.rows) - 1
    assert (np.diff(batch.rows) > 0).all()
    assert ((batch.weights != 0) | (batch.shares != 0))[:-1].all()
    again = bag.batch(chosen[::-1])
    assert all(np.array_equal(*pair) for pair in zip(batch, again, strict=True))


@every_objective
def test_an_epoch_is_the_permutation_of_all_occurrences_that_seed_and_epoch_decide(name):
    bag = OBJECTIVES[name].bag(ROWS, LABELS)
    occurrences = np.repeat(np.arange(len(bag.items)), bag.items)
    for seed, epoch in [(0, 0), (0, 1), (5, 0)]:
        expected = np.random.default_rng([seed, epoch]).permutation(occurrences)
        assert np.array_equal(bag.order(seed, epoch), expected)


def test_items_that_occur_once_each_are_permuted_as_others_are():
    bag = weighted_bag(np.random.default_rng(0).normal(size=(50, 2)), np.ones(50))
    assert np.array_equal(bag.order(3, 1), np.random.default_rng([3, 1]).permutation(np.arange(50)))


@every_objective
def test_equal_evidence_is_one_bag_while_somebody_has_it(name):
    objective, again = OBJECTIVES[name], from_array(RAW, "another name")
    first = bag_of(objective, ROWS, LABELS)
    assert bag_of(objective, again, LABELS) is first
    assert bag_of(objective, from_array(RAW[:-1]), LABELS) is not first
    assert (bag_of(objective, ROWS, LABELS._replace(class_variable=2)) is first) == (not objective.needs_class)
    layers = [InputLayer(np.arange(4)[None], 3), InputLayer(np.arange(4)[None], 3), InputLayer(np.array([[0, 1]]), 3)]
    one, same, other = (first.design(layer) for layer in layers)
    assert one is same and one is not other and one.evidence is other.evidence


def test_a_bag_that_nobody_has_is_gone_with_its_designs():
    rows = from_array((np.random.default_rng(8).random((100, 5)) < 0.5).astype(np.uint8))
    bag = bag_of(OBJECTIVES["generative"], rows, LABELS)
    gone = weakref.ref(bag), weakref.ref(bag.design(InputLayer(np.arange(5)[None], 1)))
    del bag
    gc.collect()
    assert [one() for one in gone] == [None, None]


@pytest.mark.parametrize(("name", "most"), [("generative", 2.5), ("discriminative", 5.0)])
def test_memory_is_linear_in_the_bytes_of_the_rows_and_a_batch_costs_what_it_is(name, most):
    rows = (np.random.default_rng(0).integers(0, 4, (200_000, 100), dtype=np.uint8) == 0).astype(np.uint8)
    data = from_array(rows)
    tracemalloc.start()
    try:
        bag = OBJECTIVES[name].bag(data, Labels(50))
        assert bag.weights[-1] + bag.counts.sum() in (0.0, len(rows))
        bag.design(InputLayer(np.arange(100)[None], 8)).take(np.arange(3))
        assert tracemalloc.get_traced_memory()[1] < most * rows.nbytes
        chosen = bag.order(0, 0)[:500]
        bag.batch(chosen)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        batch = bag.batch(chosen)
        bag.design(InputLayer(np.arange(100)[None], 8)).take(batch.rows)
        assert tracemalloc.get_traced_memory()[1] - before < 1_000_000
    finally:
        tracemalloc.stop()
