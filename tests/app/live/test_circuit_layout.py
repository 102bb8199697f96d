"""The drawing of a circuit: every node where it belongs, and nothing lost when parts are folded away."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from app.live.circuit_layout import View, automatic, drawing, plan_of, toggled
from spncore.circuits.circuit import mixture
from spncore.circuits.model import random_model
from spncore.structures import random_partitions, rat
from spncore.trees.induced import edge_ends
from tests.circuits import ALL, random_circuit, seeds

NAMES = [f"v{i}" for i in range(40)]


def drawn(circuit, **more):
    return drawing(circuit, NAMES[: circuit.num_variables], **more)


def partitions(depth=3, components=2, variables=16):
    return random_partitions(variables, depth, components, np.random.default_rng(0))


def regions(depth=2, repetitions=2, components=4, variables=16):
    return rat(variables, depth, repetitions, components, "pairs", np.random.default_rng(0))


def reachable(circuit):
    return plan_of(circuit).row >= 0


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_a_small_circuit_is_drawn_whole_with_every_weighted_edge_once(seed):
    circuit = random_circuit(np.random.default_rng(seed), 4, ALL)
    picture = drawn(circuit, most=10_000)
    assert sorted(node["id"] for node in picture["nodes"]) == np.flatnonzero(reachable(circuit)).tolist()
    above = {
        (picture["nodes"][e["from"]]["id"], picture["nodes"][e["to"]]["id"], n)
        for e in picture["edges"]
        for n in e["edges"]
    }
    ends = edge_ends(circuit)
    expected = {(*end, n) for n, end in enumerate(ends.tolist()) if reachable(circuit)[end[0]]}
    assert above == expected
    assert json.loads(json.dumps(picture, allow_nan=False)) == picture


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_lines_lead_down_and_items_of_a_row_keep_their_distance(seed):
    circuit = random_circuit(np.random.default_rng(seed), 5)
    picture = drawn(circuit)
    nodes = picture["nodes"]
    assert all(nodes[edge["from"]]["y"] < nodes[edge["to"]]["y"] for edge in picture["edges"])
    for row in range(picture["height"]):
        places = sorted(node["x"] for node in nodes if node["y"] == row)
        assert places, "no row is empty"
        # each place is rounded to three decimals, so that a distance of 1 may read 0.999 and no less
        assert all(round(right - left, 3) >= 0.999 for left, right in pairwise(places))
        assert 0.499 < places[0] and places[-1] < picture["width"]


def test_the_lines_of_a_tree_do_not_cross():
    picture = drawn(partitions())
    nodes, by_row = picture["nodes"], {}
    for edge in picture["edges"]:
        one, other = nodes[edge["from"]], nodes[edge["to"]]
        if other["y"] == one["y"] + 1:
            by_row.setdefault(one["y"], []).append((one["x"], other["x"]))
    for lines in by_row.values():
        lines.sort()
        assert all(a[1] <= b[1] for a, b in pairwise(lines))


@pytest.mark.parametrize("circuit", [partitions(4, 8), regions(3, 4, 4), mixture(500, 16)])
def test_a_large_circuit_is_folded_until_it_fits_and_says_how_much_is_hidden(circuit):
    picture = drawn(circuit, most=60)
    assert len(picture["nodes"]) <= 60 < picture["num_nodes"]
    assert not picture["complete"]
    for node in picture["nodes"]:
        assert (node["hidden"] > 0) == (node["group"] in picture["folded"])
    assert len(picture["nodes"]) > 1


def test_nodes_of_one_region_become_one_block_that_can_be_opened():
    circuit = regions()
    plan, picture = plan_of(circuit), drawn(regions(), most=40)
    blocks = [node for node in picture["nodes"] if len(node["nodes"]) > 1]
    assert blocks and picture["folded"] == []
    view = automatic(plan, 40)
    opened = toggled(plan, view, next(node["group"] for node in blocks if node["kind"] == "sum"))
    assert len(drawn(circuit, view=opened)["nodes"]) == len(picture["nodes"]) + 3  # a block of four comes apart


def test_a_press_folds_what_is_below_and_the_next_brings_it_back():
    circuit = partitions()
    plan = plan_of(circuit)
    whole = automatic(plan)
    below_root = plan.below[int(plan.group[-1])][0]
    folded = toggled(plan, whole, below_root)
    smaller = drawn(circuit, view=folded)
    assert len(smaller["nodes"]) + next(n["hidden"] for n in smaller["nodes"] if n["hidden"]) == circuit.num_nodes
    assert drawn(circuit, view=toggled(plan, folded, below_root)) == drawn(circuit, view=whole)


def test_every_shown_node_is_found_and_every_hidden_one_is_missing():
    circuit = partitions(4, 8)
    picture = drawn(circuit, most=50)
    for node, place in enumerate(picture["row_of_node"]):
        assert place == -1 or node in picture["nodes"][place]["nodes"]
    assert sum(len(node["nodes"]) for node in picture["nodes"]) == sum(place >= 0 for place in picture["row_of_node"])


def test_a_row_that_folding_has_left_empty_is_passed_over():
    circuit = random_circuit(np.random.default_rng(18), 5, ALL)
    plan = plan_of(circuit)
    for group in plan.members:
        picture = drawn(circuit, view=toggled(plan, automatic(plan), group))
        assert all(np.isfinite(node["x"]) for node in picture["nodes"])


def test_unknown_groups_in_a_view_are_left_out():
    circuit = partitions()
    unknown = frozenset({10**9})
    assert drawn(circuit, view=View(unknown, unknown)) == drawn(circuit, view=View(frozenset(), frozenset()))


def test_a_leaf_says_its_variables_and_its_parameters():
    circuit = partitions()
    model = random_model(circuit, np.random.default_rng(1))
    leaf = next(n for n in drawn(circuit, parameters=model.parameters)["nodes"] if n["kind"] == "leaf")
    variable = int(np.flatnonzero(circuit.scopes[leaf["id"]])[0])
    assert f"v{variable}" in leaf["label"]
    values = [
        array[1, leaf["id"] - first, 0] / array[:, leaf["id"] - first, 0].sum()
        for array, first in zip(model.parameters.inputs, circuit.offsets, strict=False)
        if first <= leaf["id"] < first + array.shape[1]
    ]
    assert f"P(v{variable} = 1) = {values[0]:.3f}" in leaf["title"]


def test_a_leaf_bears_its_whole_name_in_words():
    circuit = partitions()
    names = [f"getting_about_outside_{v}" for v in range(circuit.num_variables)]
    labels = {node["label"] for node in drawing(circuit, names)["nodes"] if node["kind"] == "leaf"}
    assert {label.partition(" +")[0] for label in labels} <= {name.replace("_", " ") for name in names}
