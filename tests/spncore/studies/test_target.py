"""The target of live runs: from the training rows and the start alone, against counts made from the definition."""

import heapq
from itertools import combinations, product
from math import log

import numpy as np
import pytest

from spncore import Dataset, Experiment, fit, load
from spncore.data.library import from_array, product_of_marginals_llh
from spncore.runs.trace import first_at
from spncore.studies.presets import PRESETS
from spncore.studies.target import DECIMALS, PUBLISHED, fixed, tree_gain
from spncore.sweep import Cell, Target
from spncore.sweep.computing import compute
from tests.closeness import assert_close

SMALL = Experiment(dataset="two-clusters", num_components=3, iterations=60, num_seeds=3, init_noise=1e-2)
HELD = SMALL.replace(
    component_init="fitted",
    train_components=False,
    num_components=8,
    init_scale=0.1,
    learning_rate=3e-3,
    iterations=200,
)


def rows_of(seed: int, number: int = 80, columns: int = 5) -> Dataset:
    """Rows in which some columns repeat others, more or less."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 2, (number, columns))
    for column in range(1, columns):
        copied = rng.random(number) < 0.5
        rows[copied, column] = rows[copied, rng.integers(0, column)]
    return from_array(rows.astype(np.uint8), "rows")


def shared(dataset: Dataset, one: int, other: int) -> float:
    """Mutual information of two columns in nats, from its definition."""
    rows, total = np.repeat(dataset.rows, dataset.counts, axis=0), 0.0
    for a, b in product((0, 1), repeat=2):
        both = float(np.mean((rows[:, one] == a) & (rows[:, other] == b)))
        if both:
            total += both * log(both / (np.mean(rows[:, one] == a) * np.mean(rows[:, other] == b)))
    return total


def trees(count: int):
    """All trees over so many nodes, as lists of edges, by their Prüfer codes."""
    for code in product(range(count), repeat=count - 2):
        degree = [1 + code.count(node) for node in range(count)]
        leaves = [node for node in range(count) if degree[node] == 1]
        heapq.heapify(leaves)
        edges = []
        for node in code:
            edges.append((heapq.heappop(leaves), node))
            degree[node] -= 1
            if degree[node] == 1:
                heapq.heappush(leaves, node)
        yield [*edges, (heapq.heappop(leaves), heapq.heappop(leaves))]


@pytest.mark.parametrize("seed", range(6))
def test_the_gain_of_a_tree_is_that_of_the_best_of_all_trees(seed):
    dataset = rows_of(seed)
    information = {pair: shared(dataset, *pair) for pair in combinations(range(5), 2)}
    best = max(sum(information[min(edge), max(edge)] for edge in tree) for tree in trees(5))
    assert_close(tree_gain(dataset), best)


def test_half_of_what_a_tree_gains_is_the_target_of_any_data():
    dataset = rows_of(3)
    experiment = SMALL.replace(dataset=f"sha256:{dataset.sha256}")
    level = product_of_marginals_llh(dataset) + tree_gain(dataset) / 2
    target = fixed(experiment, dataset)
    assert target is not None and target.rule == "tree" and len(set(target.levels)) == 1
    assert abs(target.levels[0] - level) <= 0.5 * 10**-DECIMALS and len(target.levels) == 3


def test_on_nltcs_and_its_stand_in_it_is_the_published_level():
    target = fixed(SMALL.replace(dataset="nltcs-twin"), load("nltcs-twin"))
    assert target is not None and target.levels == (PUBLISHED,) * 3 and target.title == "−7.2"


def test_with_components_held_it_is_what_a_sweep_waits_for():
    data = load("two-clusters")
    target = fixed(HELD, data)
    assert target is not None and target.rule == "gain" and len(set(target.levels)) == 3
    own = first_at(fit(HELD.replace(depth=3), data).value, np.array(target.levels)[:, None])
    outcome = compute(Cell(HELD.replace(depth=3), (Target("gain", 0.9),)), data)
    assert own == [seed.reached[0] for seed in outcome.seeds] and any(own)


@pytest.mark.parametrize(
    "changes",
    [
        {"objective": "unnormalised"},
        {"objective": "discriminative"},
        {"train_components": False},
        {"train_components": False, "component_init": "fitted", "num_components": 1},
        {"component_init": "fitted"},
    ],
)
def test_where_no_level_is_fair_there_is_none(changes):
    assert fixed(SMALL.replace(**changes), load("two-clusters")) is None


@pytest.mark.parametrize("rows", [[[0], [1], [1]], [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]])
def test_rows_without_dependence_have_none(rows):
    dataset = from_array(np.array(rows, np.uint8), "rows")
    assert fixed(SMALL.replace(dataset=f"sha256:{dataset.sha256}"), dataset) is None


def test_neither_depth_nor_learner_nor_length_moves_it():
    data = load("two-clusters")
    for experiment in (SMALL, HELD):
        changed = [experiment, experiment.replace(depth=3), experiment.replace(iterations=9), experiment.rival("adam")]
        assert len({fixed(each, data) for each in changed}) == 1


def test_every_preset_of_one_objective_has_a_target_on_the_stand_in():
    data = load("nltcs-twin")
    for preset in PRESETS.values():
        experiment = preset.on("nltcs-twin").experiment
        assert (fixed(experiment, data) is None) == (experiment.objective != "generative"), preset.name
