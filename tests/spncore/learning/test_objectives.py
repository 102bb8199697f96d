"""Objectives as weighted bags: every weight, partner and accuracy against plain loops, and the identities they obey."""

import math

import numpy as np
import pytest

from spncore.data.library import from_array
from spncore.learning.objectives import MARGINALISED, OBJECTIVES, Labels, accuracy
from spncore.runs.experiment import Experiment
from spncore.runs.training import run, trainer_of
from tests.closeness import assert_close
from tests.oracles import mixture_value

WITH_CLASS = [name for name, objective in OBJECTIVES.items() if objective.needs_class]
CLASS = 1
RAW = (np.random.default_rng(3).random((24, 4)) < [0.3, 0.5, 0.6, 0.5]).astype(np.uint8)
ROWS = from_array(RAW, "rows")
UPLOAD = f"sha256:{ROWS.sha256}"
BASE = Experiment(
    dataset=UPLOAD,
    num_components=3,
    depth=2,
    class_variable=CLASS + 1,
    component_init="random",
    init_scale=0.5,
    learning_rate=0.01,
    iterations=12,
    num_seeds=2,
)


def labels(**settings):
    return Labels(CLASS, **settings)


def hidden(row):
    """The row without its class."""
    return tuple(MARGINALISED if d == CLASS else int(x) for d, x in enumerate(row))


def weights_by_row(bag):
    return {tuple(row.tolist()): weight for row, weight in zip(bag.rows, bag.weights, strict=True) if weight}


def network(seed=0):
    """A mixture with weights and leaf weights that are not normalised."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.2, 2.0, 3), rng.uniform(0.1, 1.5, (2, 3, 4))


def objective_by_hand(name, known, mix):
    """N𝓛 row by row: `known` says for each row of RAW whether its class is."""
    weights, leaves = network()
    log_z = math.log(mixture_value(weights, leaves, [MARGINALISED] * 4))
    total = 0.0
    for row, is_known in zip(RAW, known, strict=True):
        both = math.log(mixture_value(weights, leaves, row.astype(int)))
        rest = math.log(mixture_value(weights, leaves, hidden(row)))
        generative = {"discriminative": 0.0, "hybrid": mix, "semi_supervised": 1.0}[name]
        own = both if is_known or name != "semi_supervised" else rest
        total += generative * (own - log_z) + (1.0 - generative) * (own - rest)
    return total / len(RAW)


@pytest.mark.parametrize("name", WITH_CLASS)
def test_the_bag_s_weighted_sum_is_the_objective_row_by_row(name):
    mix = 0.3
    bag = OBJECTIVES[name].bag(ROWS, labels(mix=mix, labelled=1.0))
    weights, leaves = network()
    log_values = np.array([math.log(mixture_value(weights, leaves, row)) for row in bag.rows.tolist()])
    value = OBJECTIVES[name].value(bag.weights, log_values, bag.num_rows)
    assert_close(value, objective_by_hand(name, [True] * len(RAW), mix))


def test_without_any_label_the_semi_supervised_objective_is_the_likelihood_of_the_rest():
    bag = OBJECTIVES["semi_supervised"].bag(ROWS, labels(labelled=0.0))
    weights, leaves = network()
    log_values = np.array([math.log(mixture_value(weights, leaves, row)) for row in bag.rows.tolist()])
    value = OBJECTIVES["semi_supervised"].value(bag.weights, log_values, bag.num_rows)
    assert_close(value, objective_by_hand("semi_supervised", [False] * len(RAW), 1.0))


@pytest.mark.parametrize(("name", "mix", "empty"), [("discriminative", 0.5, 0.0), ("hybrid", 0.25, -0.25)])
def test_weights_are_counts_of_the_row_and_of_its_kin(name, mix, empty):
    found = weights_by_row(OBJECTIVES[name].bag(ROWS, labels(mix=mix)))
    generative = mix if name == "hybrid" else 0.0
    for row in RAW:
        same = int((RAW == row).all(axis=1).sum())
        kin = sum(hidden(other) == hidden(row) for other in RAW)
        assert_close(found[tuple(row.tolist())], same)
        assert_close(found[hidden(row)], -(1.0 - generative) * kin)
    assert_close(found.get((MARGINALISED,) * 4, 0.0), empty * len(RAW))


@pytest.mark.parametrize("name", WITH_CLASS)
def test_a_partner_is_the_row_without_its_class_and_only_full_rows_have_one(name):
    bag = OBJECTIVES[name].bag(ROWS, labels())
    full = [
        (row, partner) for row, partner in zip(bag.rows.tolist(), bag.partner.tolist(), strict=True) if partner >= 0
    ]
    assert sorted(tuple(row) for row, _ in full) == sorted({tuple(row) for row in RAW.tolist()})
    for row, partner in full:
        assert tuple(bag.rows[partner].tolist()) == hidden(row)


@pytest.mark.parametrize("name", WITH_CLASS)
def test_all_flows_of_scale_cancel(name):
    """log f → log f + c leaves an objective alone: the weights of its log-values add to zero."""
    bag = OBJECTIVES[name].bag(ROWS, labels(mix=0.3, labelled=0.5))
    assert_close(bag.weights.sum(), 0.0)
    assert_close(bag.counts.sum(), len(RAW))


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_counts_the_rows_whose_own_class_has_the_larger_value(seed):
    weights, leaves = network(seed)
    bag = OBJECTIVES["discriminative"].bag(ROWS, labels())
    log_values = np.array([math.log(mixture_value(weights, leaves, row)) for row in bag.rows.tolist()])
    right = 0
    for row in RAW.astype(int):
        other = [1 - x if d == CLASS else x for d, x in enumerate(row)]
        right += mixture_value(weights, leaves, row) > mixture_value(weights, leaves, other)
    assert 0 < right < len(RAW)
    assert_close(accuracy(bag, log_values), right / len(RAW))


def test_a_tie_counts_one_half():
    bag = OBJECTIVES["discriminative"].bag(ROWS, labels())
    log_values = np.zeros(len(bag.rows))
    log_values[bag.partner >= 0] = -math.log(2.0)
    assert_close(accuracy(bag, log_values), 0.5)


@pytest.mark.parametrize(
    ("name", "settings", "same"),
    [
        ("semi_supervised", {"labelled_share": 1.0}, "generative"),
        ("hybrid", {"hybrid_mix": 1.0}, "generative"),
        ("hybrid", {"hybrid_mix": 0.0}, "discriminative"),
    ],
)
def test_at_its_end_an_objective_is_its_neighbour(name, settings, same):
    def trace(**changes):
        steps = list(run(BASE.replace(**changes), ROWS))
        return np.array([info.llh for _, info in steps]), np.array([info.value for _, info in steps]), steps[-1][0]

    llh, value, last = trace(objective=name, **settings)
    other_llh, other_value, other_last = trace(objective=same)
    assert_close(llh, other_llh, rtol=1e-12)
    assert_close(value, other_value, rtol=1e-12)
    assert_close(last.parameters, other_last.parameters, rtol=1e-12)


@pytest.mark.parametrize("name", WITH_CLASS)
def test_an_objective_with_a_class_climbs(name):
    values = [info.value for _, info in run(BASE.replace(objective=name, learning_rate=1e-3), ROWS)]
    assert (np.diff(values, axis=0) > 0).all()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_batch_of_all_rows_is_the_whole_bag(name):
    trainer = trainer_of(BASE.replace(objective=name, hybrid_mix=0.3, labelled_share=0.5), ROWS)
    bag = trainer.evaluator.bag
    batch = bag.batch(np.repeat(np.arange(len(bag.items)), bag.items))
    assert batch.num_rows == bag.num_rows == len(RAW)
    assert_close(batch.weights, bag.weights[batch.rows])
    assert_close(batch.shares, bag.counts[batch.rows] / len(RAW))
    left_out = np.setdiff1d(np.arange(len(bag.rows)), batch.rows)
    assert not bag.weights[left_out].any() and not bag.counts[left_out].any()
    _, inputs = trainer.problem.split(trainer.weights(trainer.init().parameters))
    edges = np.stack([np.full(3, 0.25)] * 2)
    whole, part = trainer.evaluator(edges, inputs), trainer.evaluator(edges, inputs, [batch, batch])
    assert_close(part.value, whole.value)
    assert_close(part.flow, whole.flow)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_epoch_of_mini_batches_sees_every_row_once(name):
    size = 6
    trainer = trainer_of(BASE.replace(objective=name, hybrid_mix=0.3, labelled_share=0.5, batch_size=size), ROWS)
    bag = trainer.evaluator.bag
    weights, shares = np.zeros(len(bag.rows)), np.zeros(len(bag.rows))
    for iteration in range(len(RAW) // size):
        batch = trainer.batches(iteration)[0]
        assert batch.num_rows == size
        weights[batch.rows] += batch.weights
        shares[batch.rows] += batch.shares * size
    assert_close(weights, bag.weights)
    assert_close(shares, bag.counts)


def test_the_share_of_known_classes_is_drawn_once_per_seed():
    first, again, other = (
        OBJECTIVES["semi_supervised"].bag(ROWS, labels(labelled=0.5, seed=seed)).items for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    known = first[: ROWS.num_distinct]
    assert ((known >= 0) & (known <= ROWS.counts)).all()
    assert np.array_equal(known + first[ROWS.num_distinct :], ROWS.counts)
