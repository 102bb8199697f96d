"""Predicting a class: what is waited for, what ships, what nothing can pass, and files of before."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from spncore.data import library
from spncore.runs import scores
from spncore.runs.scores import QUANTITIES
from spncore.runs.study import Study
from spncore.studies import classes as classes_study
from spncore.studies import envelope
from spncore.studies.classes import CHOICES, DEFAULT, DEPTHS, SETUPS, Comparison
from tests.closeness import assert_close

SMALL = Study(
    DEFAULT.experiment.replace(dataset="two-clusters", num_components=2, iterations=6, num_seeds=2, class_variable=3),
    (1, 3),
)


@pytest.fixture(scope="module")
def small() -> Comparison:
    return made(SMALL)


def made(study):
    """What a job computes, without a process of its own."""
    rows = classes_study.rows_of(study, library.load(study.experiment.dataset))
    curves = {name: scores.train(each, rows) for name, each in classes_study.networks(study).items()}
    return classes_study.comparison(study, rows, curves)


def test_the_first_at_nine_tenths_of_the_plain_networks_gain_is_found_in_updates():
    values = {
        "plain": np.array([[0.0, 0.5, 0.89, 0.9, 1.0], [0.0, 0.0005, 0.0, 0.0, 0.0]]),
        "fast": np.array([[0.0, 0.95, 3.0, 0.2, 0.1], [0.0, 1.0, 0.0, 0.0, 0.0]]),
    }
    gains, reached = classes_study.first_at_gain(values, 1e-3)
    assert gains == [1.0, 0.0005]
    assert reached == {"plain": [3, None], "fast": [1, None]}, "a gain too small to be one is nobody's"


def test_no_rival_moves_what_is_waited_for(small):
    values = {"plain": np.array([[0.0, 0.5, 1.0]]), "deep": np.array([[0.0, 5.0, 9.0]])}
    alone = classes_study.first_at_gain({"plain": values["plain"]}, 1e-3)
    assert classes_study.first_at_gain(values, 1e-3)[0] == alone[0]
    assert classes_study.first_at_gain(values, 1e-3)[1]["plain"] == alone[1]["plain"] == [2]
    without = made(Study(SMALL.experiment, (1, 2)))
    assert without.gains == small.gains
    assert without.networks["L=1"].reached == small.networks["L=1"].reached


def test_a_run_that_ended_at_once_reaches_nothing():
    gains, reached = classes_study.first_at_gain({"a": np.zeros((2, 0)), "b": np.array([[0.0, 1.0]] * 2)}, 1e-3)
    assert gains == [1.0, 1.0] and reached == {"a": [None, None], "b": [1, 1]}


def test_all_networks_of_a_seed_start_as_the_same_function(small):
    for quantity in QUANTITIES:
        starts = {tuple(network.curves[quantity]["median"][:1]) for network in small.networks.values()}
        assert len(starts) == 1


def test_each_depth_is_set_against_one_layer_at_that_many_times_the_rate(small):
    assert list(small.networks) == ["L=1", "L=3", "L=1 at 3η"]
    faster = classes_study.networks(small.study)["L=1 at 3η"]
    assert faster.depth == 1 and faster.learning_rate == pytest.approx(3 * SMALL.experiment.learning_rate)


def test_seeds_that_are_one_run_are_counted_once(small):
    same = SMALL.experiment.replace(component_init="uniform", init_noise=0.0, num_seeds=4)
    shown = made(Study(same, (1, 3)))
    assert shown.one_run and not small.one_run
    assert {len(network.final["objective"]) for network in shown.networks.values()} == {1}
    assert {len(network.reached["test llh"]) for network in shown.networks.values()} == {1}
    alone = made(Study(same.replace(num_seeds=1), (1, 3)))
    assert alone.networks == shown.networks and not alone.one_run
    seeds = {row[4] for row in classes_study.rows(shown) if row[4] not in classes_study.STATISTICS}
    assert seeds == {0}


def test_every_objective_ships_with_everything_and_with_sum_weights_trained():
    found = classes_study.shipped()
    assert set(found) == {
        Study(setup.replace(objective=objective), DEPTHS) for setup in SETUPS.values() for objective in CHOICES
    }
    assert {each.sha256 for each in found.values()} == {library.load("labelled-clusters").sha256}


def test_the_first_iterations_of_a_shipped_run_can_be_repeated():
    shipped = classes_study.shipped()[DEFAULT]
    short = Study(DEFAULT.experiment.replace(iterations=2), (1,))
    rows = classes_study.rows_of(short, library.load("labelled-clusters"))
    curves = scores.train(classes_study.networks(short)["L=1"], rows)
    network = shipped.networks["L=1"]
    assert list(network.iterations[:3]) == [0, 1, 2]
    for part in ("accuracy", "conditional", "llh"):
        again = np.median(curves.values[f"test {part}"], axis=0)
        assert_close(again, network.curves[f"test {part}"]["median"][:3], atol=6e-5)  # four decimals ship


def test_trained_for_the_class_the_labelled_clusters_are_told_and_trained_for_the_rows_they_are_not():
    accuracy = {
        objective: np.median(
            classes_study.shipped()[Study(SETUPS["everything"].replace(objective=objective), DEPTHS)]
            .networks["L=1"]
            .final["test accuracy"]
        )
        for objective in ("generative", "discriminative")
    }
    assert accuracy["generative"] < 0.62 and accuracy["discriminative"] > 0.78


def test_nothing_passes_the_bounds_of_the_test_rows_and_the_distribution_itself_may():
    """Counted row by row: the majority of each group of equal rows, and the frequencies in it."""
    table = library.load("labelled-clusters", "test")
    column = DEFAULT.experiment.labels(table.num_variables).class_variable
    groups = {}
    for row, count in zip(table.rows.tolist(), table.counts.tolist(), strict=True):
        label = row.pop(column)
        groups.setdefault(tuple(row), [0, 0])[label] += count
    pairs = [(each, sum(pair)) for pair in groups.values() for each in pair if each]
    rows = table.num_rows
    found = classes_study.bounds_of(table, column)
    assert_close(found["test accuracy"], sum(map(max, groups.values())) / rows, atol=1e-6)  # six decimals are kept
    assert_close(found["test conditional"], sum(n * math.log(n / total) for n, total in pairs) / rows, atol=1e-6)
    assert_close(found["test llh"], sum(n * math.log(n / rows) for n, _ in pairs) / rows, atol=1e-6)
    for shown in classes_study.shipped().values():
        for network in shown.networks.values():
            for quantity, bound in found.items():
                assert max(network.final[quantity]) <= bound + 1e-6


def test_a_file_that_counted_states_from_one_is_read_as_updates(small):
    text = envelope.write("classes", {}, classes_study.pack([small]))
    [new] = classes_study.unpack(envelope.read(text, "classes"))
    assert new == replace(small, made_by=new.made_by)
    old = json.loads(text)
    old["format"] = 2
    for each in old["body"]["comparisons"]:
        each["experiment"] |= {"schema": 2, "iterations": SMALL.experiment.iterations + 1}
        del each["bounds"]
        for network in each["networks"].values():
            network["iterations"] = [at + 1 for at in network["iterations"]]
            for seeds in network["reached"].values():
                seeds[:] = [None if at is None else at + 1 for at in seeds]
    [read] = classes_study.unpack(envelope.read(json.dumps(old), "classes"))
    assert replace(read, bounds=small.bounds, made_by=new.made_by) == new
