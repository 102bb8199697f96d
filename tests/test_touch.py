"""What `benchmarks.touch` makes of what it has seen."""

import json
from itertools import pairwise

import pytest

from benchmarks.document import document
from benchmarks.readme import table
from benchmarks.touch.measures import KINDS, measures, pooled
from benchmarks.touch.shift import score
from benchmarks.touch.sizes import Sizes

WHO = ("alone", "among", "touched")
BEFORE = {f"touched_{kind}_ms": [] for kind in ("whole", "work", "pressed")}
CHANGE = {f"{who}_{kind}_ms": [100.0, 300.0] for who in WHO for kind in ("whole", "work", "pressed")}
SHIFT = {"Lab, laptop": [0.02], "Lab, phone": [0.2]}
ANSWERS = {kind: [16.0, 208.0, 40.0] for kind in KINDS}
PAGE = {"heap_mb": [10.0, 10.4], "data_mb": [8.0, 8.01], "nodes": [4000, 4000], "listeners": [500, 700]}
GROWTH = {**PAGE, "server_mb": [300.0, 301.0]}


def shifts(*pairs):
    return [{"at": at, "value": value} for at, value in pairs]


@pytest.mark.parametrize(
    ("seen", "largest"),
    [
        (shifts(), 0.0),
        (shifts((0, 0.1), (900, 0.2)), 0.3),
        (shifts((0, 0.1), (1000, 0.2)), 0.2),  # a second's pause ends a window
        (shifts(*((900 * i, 0.1) for i in range(7))), 0.6),  # and so do five seconds
    ],
)
def test_a_page_s_score_is_its_largest_window(seen, largest):
    assert score(seen) == pytest.approx(largest)


def test_every_part_has_rows_with_goals_and_beside_each_the_same_of_the_build_before():
    parts = {"change": CHANGE, "shift": SHIFT, "answering": ANSWERS, "growth": GROWTH}
    builds = {name: {"0": lists, "1": lists} for name, lists in parts.items()}
    seen = measures({**builds, "change": {"0": CHANGE, "1": {**CHANGE, **BEFORE}}}, Sizes())
    rows = [row.what for row in seen]
    assert len(rows) == 2 * (2 + 1 + len(KINDS) + len(GROWTH)) + 1, "the build before has no touches"
    same = [row.endswith(": the same") for row in rows]
    assert sum(same) == len(rows) // 2 and not any(one and other for one, other in pairwise(same))
    text = table(json.loads(json.dumps(document("Felt", "command", seen))))
    assert "200 ms; 300 ms; 200 ms (goal ≤ 150: missed); 300 ms" in text
    assert "0.02 on a laptop (goal ≤ 0.1: met); 0.2 on a phone (goal ≤ 0.1: missed)" in text
    assert "40 ms; 208 ms (goal ≤ 200: missed)" in text
    assert "500 listeners; 700 listeners; 1.4 times (goal ≤ 1.05: missed)" in text


def test_rounds_are_pooled():
    assert pooled([{"a": [1], "b": []}, {"a": [2], "b": [3]}]) == {"a": [1, 2], "b": [3]}
