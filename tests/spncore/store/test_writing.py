"""What is said to be saved is saved: whoever holds the lock, whatever another change does, however it ends."""

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

import pytest
from sqlalchemy import insert, text

from spncore.store import MEMORY, Place, Store, StoreError, changes, reading
from spncore.store.reading import Query
from spncore.store.schema import cell
from tests import disks
from tests.spncore.store.made import OWNER, finished, key_of, looked_through
from tests.waiting import until


def num_studies(store):
    return store.read(lambda connection: connection.scalar(text("SELECT count(*) FROM study")))


def test_what_is_kept_is_read_back_to_the_bit(store):
    for number in (1, 2):
        store.write(changes.keep, finished(number), OWNER).result()
        traces = store.read(reading.traces, key_of(number))
        expected = {(each.curve, each.seed): each.llh.tobytes() for each in finished(number).results}
        assert {place: numbers.tobytes() for place, numbers in traces.items()} == expected


@pytest.mark.fault("F02")
def test_30_threads_write_at_once_and_nothing_is_lost(place):
    with Store(place) as store, ThreadPoolExecutor(30) as threads:
        done = [threads.submit(store.write, changes.keep, finished(n % 40), f"{n % 3}" * 64) for n in range(120)]
        numbers = [each.result().result() for each in done]
        assert len(set(numbers)) == len({(n % 40, n % 3) for n in range(120)})
    whole = looked_through(place)
    assert whole.keys == {key_of(n) for n in range(40)} and not whole.wrong


@pytest.mark.fault("F15")
def test_a_change_that_fails_spoils_no_other_that_is_committed_with_it(store):
    hold, held = threading.Event(), threading.Event()

    def slow(connection):
        held.set()
        hold.wait()

    first = store.write(slow)
    held.wait()
    together = [
        store.write(changes.keep, finished(1), OWNER),
        store.write(changes.keep, finished(2), OWNER, name="n" * 121),
        store.write(lambda connection: connection.execute(text("SELECT * FROM no_such_table"))),
        store.write(lambda connection: connection.execute(insert(cell), {"key": "\ud800", "outcome": ""})),
        store.write(changes.keep, finished(3, summary={"end": float("nan")}), OWNER),
        store.write(lambda connection: 1 / 0),
        store.write(changes.keep, finished(4), OWNER),
    ]
    hold.set()
    first.result()
    errors = [each.exception() for each in together]
    assert [type(each) for each in errors] == [type(None), *[StoreError] * 4, ZeroDivisionError, type(None)]
    assert str(errors[1]).startswith("name: 121 characters are too many")
    assert all(str(each).startswith("Not saved: ") and "\n" not in str(each) for each in errors[2:5])
    found = {entry.study for entry in store.read(reading.entries, Query(OWNER))}
    assert found == {key_of(1), key_of(4)} and num_studies(store) == 2


def test_what_was_asked_for_before_the_end_is_written_and_what_comes_after_is_refused(place):
    store = Store(place)
    futures = [store.write(changes.keep, finished(number), OWNER) for number in range(20)]
    store.close()
    store.close()
    assert all(each.done() and each.exception() is None for each in futures)
    with pytest.raises(StoreError, match="^Not saved: the store is closed"):
        store.write(changes.keep, finished(21), OWNER).result()
    assert len(looked_through(place).keys) == 20


def test_what_nobody_waits_for_any_more_is_not_written(store):
    hold = threading.Event()
    store.write(lambda connection: hold.wait())
    unwanted = store.write(changes.keep, finished(1), OWNER)
    assert unwanted.cancel()
    hold.set()
    store.write(changes.keep, finished(2), OWNER).result()
    assert num_studies(store) == 1


def test_a_store_in_memory_does_the_same_and_does_not_last():
    with Store(MEMORY) as store, ThreadPoolExecutor(8) as threads:
        assert not store.lasts
        wait([threads.submit(store.write(changes.keep, finished(n), OWNER).result) for n in range(20)])
        assert store.read(reading.count, Query(OWNER)) == 20


@pytest.fixture
def locked(tmp_path):
    """Another process's lock on the file, as a function that lets it go."""
    with Store(Place(file=tmp_path / "spnlab.db")) as store:
        store.write(changes.keep, finished(0), OWNER).result()
    with closing(sqlite3.connect(tmp_path / "spnlab.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield lambda: other.execute("ROLLBACK") if other.in_transaction else None


@pytest.mark.fault("F05")
def test_a_lock_that_is_held_longer_than_one_wait_is_tried_again_until_it_is_free(tmp_path, locked, hasty):
    with Store(Place(file=tmp_path / "spnlab.db"), hasty._replace(retry=600)) as store:
        saved = store.write(changes.keep, finished(1), OWNER)
        begin = time.monotonic()
        until(lambda: time.monotonic() > begin + 4 * hasty.busy)
        assert not saved.done() and num_studies(store) == 1, "who reads does not wait"
        locked()
        assert saved.result() == 2
    assert not looked_through(Place(file=tmp_path / "spnlab.db")).wrong


@pytest.mark.fault("F05")
def test_a_lock_that_is_held_too_long_is_said_and_the_next_write_is_made(tmp_path, locked, hasty):
    with Store(Place(file=tmp_path / "spnlab.db"), hasty) as store:
        with pytest.raises(StoreError, match=r"^Not saved: database is locked.*another process") as refused:
            store.write(changes.keep, finished(1), OWNER).result()
        assert "\n" not in str(refused.value)
        locked()
        assert store.write(changes.keep, finished(1), OWNER).result() == 2


@pytest.mark.fault("F05")
def test_a_lock_of_another_on_the_server_is_waited_for_too(server, hasty):
    from spncore.store.engines import WRITING
    from spncore.store.place import place_of

    place = place_of(server.database())
    with Store(place, hasty) as store, Store(place, hasty._replace(retry=600)) as patient:
        hold, held = threading.Event(), threading.Event()

        def holding(connection):
            held.set()
            hold.wait()

        other = Store(place)
        other.write(holding)
        held.wait()
        assert WRITING
        waiting = patient.write(changes.keep, finished(1), OWNER)
        with pytest.raises(StoreError, match="^Not saved: .*lock timeout.*another process"):
            store.write(changes.keep, finished(2), OWNER).result()
        assert not waiting.done()
        hold.set()
        waiting.result()
        other.close()
    assert looked_through(place).keys == {key_of(1)}


@pytest.mark.fault("F03")
def test_on_a_full_disk_nothing_is_saved_and_said_and_all_is_well_when_there_is_room(tmp_path):
    with disks.small_disk(tmp_path / "disk", "size=2m") as disk:
        place = Place(file=disk / "spnlab.db")
        with Store(place) as store:
            for number in range(3):
                store.write(changes.keep, finished(number), OWNER).result()
            disks.fill(disk)
            together = [store.write(changes.keep, finished(number, updates=5_000), OWNER) for number in range(3, 9)]
            for each in together:
                with pytest.raises(StoreError, match=r"^Not saved: [a-z /]*(full|I/O error)[^\n]*\.$"):
                    each.result()
            assert {entry.study for entry in store.read(reading.entries, Query(OWNER))} == {*map(key_of, range(3))}
            (disk / "filling").unlink()
            store.write(changes.keep, finished(9), OWNER).result()
        whole = looked_through(place)
    assert whole.keys == {*map(key_of, (0, 1, 2, 9))} and not whole.wrong


@pytest.mark.fault("F03")
def test_what_is_too_large_for_a_disk_does_not_keep_what_is_small_from_it(tmp_path):
    with disks.small_disk(tmp_path / "disk", "size=2m") as disk, Store(Place(file=disk / "spnlab.db")) as store:
        hold = threading.Event()
        store.write(lambda connection: hold.wait())
        small = store.write(changes.keep, finished(1), OWNER)
        large = store.write(changes.keep, finished(2, updates=200_000), OWNER)
        hold.set()
        assert small.result() == 1
        with pytest.raises(StoreError, match="^Not saved: "):
            large.result()
        assert store.write(changes.keep, finished(3), OWNER).result() > 1
