"""Scores of a classifier against enumeration; the labelled set's known answer; curves of a run."""

import json
import math

import numpy as np
import pytest

from spncore.data.library import SHIPPED, DataError, KnownMixture, from_array, hold_out, known_mixture, load
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import MARGINALISED, OBJECTIVES, Labels
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.scores import (
    OBJECTIVE,
    QUANTITIES,
    Curves,
    best_possible,
    read_curves,
    scored,
    train,
    train_json,
)
from spncore.runs.training import fit, run, trainer_of
from tests.closeness import assert_close
from tests.oracles import mixture_llh, mixture_value, worlds

RAW = (np.random.default_rng(5).random((30, 4)) < [0.4, 0.6, 0.5, 0.5]).astype(np.uint8)
SMALL = from_array(RAW, "small")
DATA = {"train": SMALL, "test": from_array(RAW[:9], "small")}
BASE = Experiment(
    dataset=f"sha256:{SMALL.sha256}",
    num_components=3,
    depth=2,
    class_variable=2,
    component_init="random",
    init_scale=0.5,
    learning_rate=0.01,
    iterations=5,
    num_seeds=2,
)


@pytest.mark.parametrize("objective", ["generative", "discriminative"])
def test_scores_are_those_of_plain_loops_whatever_was_trained_for(objective):
    trainer = trainer_of(BASE.replace(objective=objective), SMALL)
    state = fit(BASE.replace(objective=objective), SMALL).final_state
    proper = OBJECTIVES["discriminative"]
    scores = scored(trainer, state, Evaluator(trainer.problem.circuit, proper.bag(DATA["test"], Labels(1)), proper))
    for seed in range(2):
        model = trainer.model(state, seed)
        weights, leaves = model.parameters.sums[0][0, 0], model.parameters.inputs[0]
        right, conditional = 0, 0.0
        for row in RAW[:9].astype(int):
            value = [mixture_value(weights, leaves, [row[0], y, *row[2:]]) for y in (0, 1)]
            right += value[row[1]] > value[1 - row[1]]
            conditional += math.log(value[row[1]] / sum(value))
        assert_close(scores.accuracy[seed], right / 9)
        assert_close(scores.conditional[seed], conditional / 9)
        assert_close(scores.llh[seed], mixture_llh(weights, leaves, RAW[:9]))


def test_curves_hold_the_objective_and_the_scores_of_every_state():
    curves = train(BASE.replace(objective="discriminative"), DATA)
    steps = list(run(BASE.replace(objective="discriminative"), SMALL))
    assert_close(curves.values[OBJECTIVE], np.array([info.value for _, info in steps]).T)
    assert_close(curves.values["train conditional"], curves.values[OBJECTIVE])
    assert_close(curves.values["train accuracy"], np.array([info.accuracy for _, info in steps]).T)
    assert curves.values["test llh"].shape == (2, 6) and curves.stopped is None


def test_curves_go_through_json_to_the_bit():
    experiment = BASE.replace(objective="hybrid")
    text = train_json(json.loads(experiment.to_json()), DATA)
    read, curves = read_curves(text), train(experiment, DATA)
    assert isinstance(read, Curves) and read.stopped is None
    assert tuple(read.values) == tuple(curves.values) == QUANTITIES
    assert all(np.array_equal(read.values[name], curves.values[name]) for name in QUANTITIES)


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(ExperimentError, match="class_variable: 9 is no column"):
        train(BASE.replace(class_variable=9), DATA)


def test_the_best_possible_classifier_is_that_of_all_rows_there_are():
    rng = np.random.default_rng(1)
    weights, probabilities = rng.dirichlet(np.ones(3)), rng.uniform(0.1, 0.9, (3, 4))
    leaves = np.stack([1.0 - probabilities, probabilities])
    for y in range(4):
        accuracy = conditional = 0.0
        for world in worlds(4):
            joint = mixture_value(weights, leaves, world)
            rest = mixture_value(weights, leaves, [MARGINALISED if d == y else x for d, x in enumerate(world)])
            accuracy += max(joint, rest - joint) / 2.0  # each pair of rows comes twice
            conditional += joint * math.log(joint / rest)
        assert_close(best_possible(KnownMixture(weights, probabilities, 0.0, {}), y), (accuracy, conditional))


def test_the_labelled_clusters_state_what_the_best_classifier_attains():
    stored = json.loads((SHIPPED / "labelled-clusters.json").read_text(encoding="utf-8"))
    assert stored["class_variable"] == load("labelled-clusters").num_variables
    expected = best_possible(known_mixture("labelled-clusters"), stored["class_variable"] - 1)
    assert_close((stored["bayes_accuracy"], stored["bayes_conditional_llh"]), expected)


def test_the_class_of_the_labelled_clusters_is_independent_of_the_columns_that_matter_most():
    known = known_mixture("labelled-clusters")
    marginal = known.weights @ known.probabilities
    pairwise = (known.weights[:, None] * known.probabilities).T @ known.probabilities
    with_class = pairwise[12, :12] - marginal[12] * marginal[:12]
    assert_close(with_class[:8], np.zeros(8))
    assert (with_class[8:] > 0.1).all()


def test_rows_held_out_and_kept_are_all_rows_once():
    kept, held = hold_out(SMALL, 0.25, np.random.default_rng(0))
    assert (kept.num_rows, held.num_rows) == (22, 8) and kept.name == held.name == SMALL.name
    both = np.concatenate([np.repeat(part.rows, part.counts, axis=0) for part in (kept, held)])
    assert sorted(map(tuple, both.tolist())) == sorted(map(tuple, RAW.tolist()))


def test_both_parts_have_a_row_and_a_single_row_is_refused():
    kept, held = hold_out(from_array(RAW[:2]), 0.01, np.random.default_rng(0))
    assert kept.num_rows == held.num_rows == 1
    with pytest.raises(DataError, match="at least two rows"):
        hold_out(from_array(RAW[:1]), 0.5, np.random.default_rng(0))
