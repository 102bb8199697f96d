"""Lists of runs, the same in both databases: whose they are, what is found in them, what makes room, what is undone."""

import pytest

from spncore.store import StoreError, changes, reading, rooms
from spncore.store.reading import ORDERS, Query
from spncore.store.rows import Limits
from tests.spncore.store.made import OTHER, OWNER, finished, key_of


def keep(store, number, owner=OWNER, **said):
    return store.write(changes.keep, finished(number, **said.pop("study", {})), owner, **said).result()


def found(store, **asked):
    return [entry.study for entry in store.read(reading.entries, Query(OWNER, **asked))]


def test_a_run_that_two_have_is_stored_once_and_named_by_each(store):
    first, second = keep(store, 1, name="mine"), keep(store, 1, owner=OTHER, name="theirs")
    assert first != second and keep(store, 1) == first, "kept again it is the same entry, with its name"
    assert [store.read(reading.of_study, owner, key_of(1)).name for owner in (OWNER, OTHER)] == ["mine", "theirs"]
    assert len(store.read(reading.results, [key_of(1)])[key_of(1)]) == 4
    assert not store.write(changes.describe, OTHER, first, "stolen").result()
    assert store.write(changes.remove, OTHER, [first]).result() == 0
    assert store.read(reading.own, OTHER, [first]) == []


def test_what_was_deleted_comes_back_for_a_day_and_is_then_gone(store, monkeypatch):
    numbers = [keep(store, number) for number in (1, 2, 3)]
    assert store.write(changes.remove, OWNER, numbers[:2]).result() == 2
    assert found(store) == [key_of(3)] and found(store, deleted=True) == [key_of(2), key_of(1)]
    assert store.write(changes.restore, OWNER, numbers[:1]).result() == 1
    assert found(store) == [key_of(3), key_of(1)]
    assert store.write(changes.prune).result() == 0
    later = changes.time.time() + changes.UNDO_SECONDS + 1
    monkeypatch.setattr(changes.time, "time", lambda: later)
    assert store.write(changes.prune).result() == 1
    assert store.write(changes.restore, OWNER, numbers).result() == 0 and found(store, deleted=True) == []
    assert store.read(reading.traces, key_of(2)) == {}, "nobody has it any more"
    assert keep(store, 2) > max(numbers), "a number is never given again"


def test_the_oldest_without_a_name_make_room_and_those_with_one_never_do(store):
    size = finished(0).num_bytes
    limits = Limits(owner=3 * size, room=0, whole=0)
    keep(store, 0, limits=limits, name="kept")
    for number in range(1, 6):
        keep(store, number, limits=limits)
    assert found(store) == [key_of(5), key_of(4), key_of(0)] and not store.read(reading.traces, key_of(3))
    for number in (4, 5):
        entry = store.read(reading.of_study, OWNER, key_of(number))
        store.write(changes.describe, OWNER, entry.id, "kept too").result()
    with pytest.raises(StoreError, match="^Your list is full: .* MB of runs that have names, .*; delete some of them"):
        keep(store, 6, limits=limits)
    assert found(store) == [key_of(5), key_of(4), key_of(0)] and not store.read(reading.traces, key_of(6))
    keep(store, 7, owner=OTHER, limits=limits)


def test_a_room_and_the_whole_store_make_room_among_all(store):
    size = finished(0).num_bytes
    store.write(rooms.open_room, "room", OWNER, {}, 0.0, 1e12).result()
    for number, owner in enumerate((OWNER, OTHER, OWNER, OTHER)):
        keep(store, number, owner=owner, limits=Limits(0, 2 * size, 0), in_room="room")
    assert found(store) == [key_of(2)] and store.read(reading.count, Query(OTHER)) == 1
    keep(store, 9, limits=Limits(0, 0, size))
    assert found(store) == [key_of(9)] and store.read(reading.count, Query(OTHER)) == 0
    with pytest.raises(StoreError, match="^Not saved: "):
        keep(store, 10, in_room="no such room")
    assert found(store) == [key_of(9)]


@pytest.mark.fault("F15")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("'; DROP TABLE entry; --", "'; DROP TABLE entry; --"),
        ('"quoted" and \\back', '"quoted" and \\back'),
        ("two\nlines\tand\x00NUL", "two lines and NUL"),
        ("  spaces   around  ", "spaces around"),
        ("\u202egnirts", "gnirts"),
        ("\ud800 half", "half"),
        ("Überblick ß 漢字 🎈", "Überblick ß 漢字 🎈"),
        ("100 % _under_", "100 % _under_"),
        ("", None),
        (" \n ", None),
    ],
)
def test_a_name_is_kept_as_text_whatever_is_in_it_and_found_by_it(said, kept, store):
    number = keep(store, 1)
    keep(store, 2, name="another")
    assert store.write(changes.describe, OWNER, number, said, said, [said]).result()
    entry = store.read(reading.of_study, OWNER, key_of(1))
    assert entry.name == kept and entry.tags == ((kept,) if kept else ())
    if kept:
        assert found(store, words=kept) == found(store, tag=kept) == [key_of(1)]
        assert store.read(reading.tags, OWNER) == [kept]


@pytest.mark.fault("F15")
def test_a_name_a_note_or_a_tag_that_is_too_long_is_refused_with_the_limit(store):
    number = keep(store, 1, name="first")
    for said, words in (
        ({"name": "n" * 10_000_000}, "name: 10,000,000 characters are too many; allowed: 120"),
        ({"note": "n" * 4_001}, "note: 4,001 characters are too many; allowed: 4,000"),
        ({"tags": ["t" * 41]}, "tag: 41 characters are too many; allowed: 40"),
        ({"tags": [str(n) for n in range(21)]}, "tags: 21 are too many; allowed: 20"),
    ):
        with pytest.raises(StoreError, match=f"^{words}$"):
            store.write(changes.describe, OWNER, number, **said).result()
    assert store.read(reading.of_study, OWNER, key_of(1)).name == "first"


def test_a_list_is_searched_filtered_ordered_and_given_in_parts(store):
    for number in range(1, 7):
        title = {"title": "Été", "dataset": "own"} if number % 2 else {}
        keep(
            store, number, study={**title, "seconds": float(-number)}, name=f"Run {number % 4}" if number > 2 else None
        )
    all_of_them = [*map(key_of, (6, 5, 4, 3, 2, 1))]
    assert found(store) == all_of_them
    assert found(store, descending=False) == all_of_them[::-1]
    assert found(store, order="end", descending=False) == all_of_them, "the later, the lower here"
    assert found(store, order="seconds") == all_of_them[::-1]
    assert found(store, order="name", descending=False) == [*map(key_of, (4, 5, 6, 3, 2, 1))], "the unnamed last"
    assert found(store, order="name") == [*map(key_of, (3, 6, 5, 4, 2, 1))]
    assert found(store, order="data", descending=False) == [*map(key_of, (6, 4, 2, 5, 3, 1))]
    assert found(store, most=2, skip=3) == all_of_them[3:5]
    assert found(store, words="rUn 3") == [key_of(3)] and found(store, words="run nothing") == []
    assert found(store, words="Été") == found(store, dataset="own") == [*map(key_of, (5, 3, 1))]
    assert found(store, named=True) == all_of_them[:4]
    assert found(store, settings={"seed": 4}) == [key_of(4)]
    assert found(store, settings={"learning_rate": 0.05, "dataset": "nltcs", "depth": 2}) == all_of_them
    assert found(store, settings={"depth": 3}) == [] == found(store, words="%")
    assert store.read(reading.datasets, OWNER) == {"nltcs": "NLTCS", "own": "Été"}
    for order in ORDERS:
        assert sorted(found(store, order=order)) == sorted(all_of_them)
        assert store.read(reading.count, Query(OWNER, order=order)) == 6
    assert [entry.study for entry in store.read(reading.own, OWNER, [3, 1, 99])] == [key_of(3), key_of(1)]


def test_a_long_list_is_given_whole_where_that_is_asked_for(store):
    futures = [store.write(changes.keep, finished(number, updates=0, seeds=1), OWNER) for number in range(1200)]
    numbers = [future.result() for future in futures]
    assert len(found(store, most=10_000)) == 1200
    assert len(store.read(reading.own, OWNER, numbers)) == 1200
    assert store.write(changes.remove, OWNER, numbers).result() == 1200


def test_a_run_without_any_number_and_one_without_an_end_are_kept(store):
    none = finished(1, updates=0)
    empty = [each._replace(llh=each.llh[:0], stopped="diverged") for each in none.results]
    keep(store, 1, study={"results": empty, "summary": {"end": None}})
    keep(store, 2)
    assert found(store, order="end") == [key_of(2), key_of(1)]
    assert all(len(numbers) == 0 for numbers in store.read(reading.traces, key_of(1)).values())
    assert {row["final_llh"] for row in store.read(reading.results, [key_of(1)])[key_of(1)]} == {None}


def test_cells_are_replaced_and_asked_for_in_any_number(store):
    cells = {f"{number:064x}": f"{number}" for number in range(1500)}
    store.write(changes.put_cells, cells).result()
    store.write(changes.put_cells, {f"{1:064x}": "new"}).result()
    store.write(changes.put_cells, {}).result()
    assert store.read(reading.outcomes, [*cells, "f" * 64]) == cells | {f"{1:064x}": "new"}
