"""What is found in a list of runs: searched, filtered, in any order, a part at a time, with seeds together."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from spncore import Experiment
from spncore.store import Store, changes, reading
from spncore.store.place import Place
from spncore.store.reading import Query
from spncore.store.rows import Finished, Result

OWNER = "o" * 64
LLH = np.array([-9.0, -7.0])
RATES = (0.001, 0.01, 0.1)


def made(number: int, seeds: int = 2, **more: Any) -> Finished:
    """A study of two curves; those of one rate differ in their seeds alone."""
    rate = RATES[number % len(RATES)]
    results = [
        Result(curve, number * seeds + seed, curve + 1, "gradient_ascent", None, LLH - [0.0, number / 1e4], -7.0003)
        for curve in range(2)
        for seed in range(seeds)
    ]
    settings = {"experiment": {"learning_rate": rate, "topology": "tree", "seed": number}, "depths": [1, 2]}
    summary = {"curves": [], "end": -7.0 - number / 1e4, "target": None, "at": [0, 1], "line": [-9.0, -7.0]}
    fold = f"{number % len(RATES):064x}"
    about = ("nltcs" if number % 2 else "two-clusters", f"Data {number % 2}", "d" * 64, 10, 4, 3)
    values = (f"{number:064x}", fold, settings, summary, *about, float(number), {"numpy": "2"}, results)
    return Finished(*values)._replace(**more)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """Nine runs of one owner, six of them with names, and one of another."""
    with Store(place) as store:
        for number in range(9):
            store.write(changes.keep, made(number), OWNER, name=f"Run {number}" if number % 3 else None)
        store.write(changes.keep, made(0), "another").result()
        yield store


def numbers(entries: list[Any]) -> list[int]:
    return [int(entry.study, 16) for entry in entries]


def found(store: Store, **asked: Any) -> list[int]:
    return numbers(store.read(reading.entries, Query(OWNER, **asked)))


def test_a_part_of_the_list_in_an_order_is_that_part_of_the_whole_in_that_order(store: Store) -> None:
    assert found(store) == [8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert found(store, descending=False, skip=2, most=3) == [2, 3, 4]
    part = store.read(reading.part, Query(OWNER, words="run", most=2))
    assert numbers(part.entries) == [8, 7] and part.total == 6
    assert store.read(reading.part, Query(OWNER, skip=20)).total == 9, "also of a part beyond the end"
    assert found(store, order="end") == [*range(9)] and found(store, order="seconds") == [*range(8, -1, -1)]
    assert found(store, order="name", descending=False) == [1, 2, 4, 5, 7, 8, 6, 3, 0], "those without a name come last"


def test_every_word_is_to_stand_somewhere_and_no_sign_of_it_means_anything_else(store: Store) -> None:
    assert found(store, words="run 4") == [4] and found(store, words="RUN tree") == [8, 7, 5, 4, 2, 1]
    assert (
        found(store, words="0.001") == [6, 3, 0] and found(store, words="%") == [] and found(store, words="_un") == []
    )
    assert store.read(reading.count, Query(OWNER, words="run")) == 6


def test_filters_hold_together(store: Store) -> None:
    store.write(changes.describe, OWNER, 5, tags=["good", "a, b"]).result()
    assert found(store, dataset="nltcs", named=True) == [7, 5, 1]
    assert found(store, tag="good") == [4] == found(store, tag="a, b") and found(store, tag="goo") == []
    assert found(store, settings={"learning_rate": 0.1}) == [8, 5, 2]
    assert found(store, fold=f"{1:064x}"[:12]) == [*range(8, -1, -1)], "keys here begin alike"
    assert found(store, fold=f"{1:064x}") == [7, 4, 1]


def test_studies_that_differ_in_their_seeds_alone_are_one_and_all_their_seeds_count_once(store: Store) -> None:
    query = Query(OWNER)
    folds = store.read(reading.folds, query, ("experiment", "learning_rate"), True)
    assert [(int(fold.fold, 16), fold.studies) for fold in folds] == [(0, 3), (1, 3), (2, 3)], (
        "in the order of the rate"
    )
    assert store.read(reading.count_folds, query) == 3
    ends = store.read(reading.ends, query, [fold.fold for fold in folds])
    for place, fold in enumerate(folds):
        of = {seed for number in (place, place + 3, place + 6) for seed in (2 * number, 2 * number + 1)}
        assert {curve: {*by_seed} for curve, by_seed in ends[fold.fold].items()} == {0: of, 1: of}
        for seed, end in ends[fold.fold][0].items():
            assert end[:4] == (1, -9.0, -7.0 - (seed // 2) / 1e4, -7.0003)
            assert end.reached == (1 if seed // 2 <= 3 else None)
    named = store.read(reading.ends, Query(OWNER, named=True), [folds[0].fold])
    assert not named, "only of the runs that are asked for"


def test_a_key_s_beginning_finds_ones_own_run_also_where_it_was_deleted_and_nobody_else_s(store: Store) -> None:
    kept = made(20, key="ab" + "0" * 62)
    store.write(changes.keep, kept, OWNER).result()
    entry = store.read(reading.begun, OWNER, "ab0000000000")
    assert entry is not None and entry.study == kept.key and entry.deleted_at is None
    store.write(changes.remove, OWNER, [entry.id]).result()
    gone = store.read(reading.begun, OWNER, "ab0000000000")
    assert gone is not None and gone.deleted_at is not None
    assert store.read(reading.begun, "another", "ab0000000000") is None
    assert store.read(reading.begun, OWNER, "ac0000000000") is None


@pytest.mark.benchmark
def test_the_first_page_of_ten_thousand_runs_comes_in_a_tenth_of_a_second(tmp_path: Any) -> None:
    curve = {"name": "L=1", "stopped": None, "end": [-7.0] * 4, "updates": 10, "span": [9, 11, 0.95], "never": 0}
    line = {"curves": [curve] * 3, "target": None, "at": [*range(32)], "line": [-9.12345 + at / 32 for at in range(32)]}
    with Store(Place(file=tmp_path / "many.db")) as store:
        for number in range(10_000):
            settings = {"experiment": Experiment(seed=number).to_dict(), "depths": [1, 2, 3], "rivals": []}
            kept = made(number, 1, settings=settings, summary={**line, "end": -7.0 - number / 1e4})
            asked = store.write(changes.keep, kept, OWNER, name=f"Run {number}")
        asked.result()
        for query in (
            Query(OWNER, most=20),
            Query(OWNER, words="run 77", most=20),
            Query(OWNER, dataset="nltcs", order="end", most=20),
            Query(OWNER, words="tree", order="name", descending=False, most=20),
        ):
            seconds = []
            for _ in range(5):
                begin = time.perf_counter()
                found = store.read(reading.part, query)
                assert len(found.entries) == 20 < found.total
                store.read(reading.tags, OWNER)
                store.read(reading.datasets, OWNER)
                seconds.append(time.perf_counter() - begin)
            print(query, [f"{1000 * each:.0f} ms" for each in seconds])
            assert sorted(seconds)[2] < 0.1, query
