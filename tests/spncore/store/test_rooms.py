"""Rooms in the store: events are numbered without gaps, there once, within limits, and gone when their time is over."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from spncore.store import Store, StoreError, rooms
from spncore.store.rooms import LETTERS, RoomGoneError, RoomLimitError, RoomLimits, member_of
from tests.spncore.store.made import OTHER, OWNER

CODE = "BCDFG"
ANN, BOB = member_of(CODE, OWNER), member_of(CODE, OTHER)


def opened(store, code=CODE, owner=OWNER, seconds=3600.0, **limits):
    now = time.time()
    most = RoomLimits(**{**rooms.NO_ROOM_LIMITS._asdict(), **limits})
    return store.write(rooms.open_room, code, owner, {"name": "Überblick"}, now, now + seconds, most).result()


def vote(store, member, choice, key, limits=rooms.NO_ROOM_LIMITS):
    return store.write(rooms.post, CODE, "vote", member, {"choice": choice}, key, limits).result()


def events(store, after=0, **asked):
    return store.read(rooms.events_after, CODE, after, **asked)


def test_a_room_is_found_by_its_code_and_by_who_opened_it(store):
    assert opened(store) and opened(store, "GHJKM", OTHER)
    room = store.read(rooms.find, CODE)
    assert (room.code, room.owner, room.settings) == (CODE, OWNER, {"name": "Überblick"})
    assert store.read(rooms.find, "XXXXX") is None
    assert [each.code for each in store.read(rooms.of_owner, OTHER)] == ["GHJKM"]


def test_a_code_that_another_room_has_is_not_given_and_the_same_room_made_twice_is_one(store):
    now = time.time()
    made = (CODE, OWNER, {}, now, now + 60)
    assert store.write(rooms.open_room, *made).result() and store.write(rooms.open_room, *made).result()
    assert not opened(store) and not opened(store, owner=OTHER)
    assert store.read(rooms.counts).rooms == 1


def test_codes_have_five_letters_that_nobody_confuses_or_reads_as_a_word():
    codes = {rooms.new_code() for _ in range(2000)}
    assert len(codes) > 1990 and {len(code) for code in codes} == {5}
    assert {letter for code in codes for letter in code} == {*LETTERS}
    assert not {*LETTERS} & {*"AEIOUYLQW0123456789"}
    assert rooms.code_of(" bcd-fg\n") == CODE and len(rooms.code_of("b" * 1000)) == 40


def test_seats_are_numbered_as_people_come_and_stay_theirs(store):
    opened(store)
    assert [store.write(rooms.join, CODE, member).result() for member in (ANN, BOB, ANN, BOB)] == [1, 2, 1, 2]
    assert [(event.seq, event.kind, event.member) for event in events(store)] == [(1, "join", ANN), (2, "join", BOB)]


def test_an_event_of_the_same_key_is_there_once_and_another_members_is_its_own(store):
    opened(store)
    assert [vote(store, ANN, 1, "one"), vote(store, ANN, 2, "one"), vote(store, BOB, 1, "one")] == [1, 1, 2]
    assert vote(store, ANN, 2, "two") == 3
    assert [event.payload["choice"] for event in events(store)] == [1, 1, 2]


def test_numbers_have_no_gaps_whoever_writes_at_once_and_whatever_fails_between(place):
    with Store(place) as one, Store(place) as other, ThreadPoolExecutor(16) as threads:
        opened(one)
        limits = RoomLimits(event_bytes=40)

        def post(number):
            store = (one, other)[number % 2]
            payload = {"text": "x" * 99} if number % 7 == 0 else {"number": number}
            try:
                return store.write(rooms.post, CODE, "vote", ANN, payload, f"key {number}", limits).result()
            except RoomLimitError:
                return 0

        numbers = [*threads.map(post, range(200))]
        found = events(one)
    written = [number for number in numbers if number]
    assert len(written) == 171 and [event.seq for event in found] == sorted(written) == [*range(1, 172)]


def test_who_reads_sees_no_number_before_all_that_are_smaller(place):
    seen, done = list[list[int]](), threading.Event()
    with Store(place) as store, Store(place) as reader:
        opened(store)

        def watch():
            while not done.is_set():
                seen.append([event.seq for event in reader.read(rooms.events_after, CODE, 0)])

        watching = threading.Thread(target=watch)
        watching.start()
        for number in range(60):
            vote(store, ANN, number, f"key {number}")
        done.set()
        watching.join()
    assert all(numbers == [*range(1, len(numbers) + 1)] for numbers in seen)


def test_events_are_read_from_a_number_on_in_portions(store):
    opened(store)
    for number in range(5):
        vote(store, ANN, number, f"key {number}")
    assert [event.seq for event in events(store, 2)] == [3, 4, 5]
    assert [event.seq for event in events(store, 2, limit=2)] == [3, 4]
    assert events(store, 5) == []


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"event_bytes": 12}, "What was sent has 13 bytes; allowed: 12"),
        ({"events_per_member": 2}, "You have sent 2 times"),
        ({"events": 3}, "as much has happened in it as is kept"),
        ({"log_bytes": 50}, "as much has happened in it as is kept"),
    ],
)
def test_what_is_more_than_a_room_takes_is_refused_and_nothing_of_it_is_kept(limits, said, store):
    opened(store)
    for number in range(2):
        vote(store, ANN, number, f"key {number}")
    vote(store, BOB, 1, "key")
    before = store.read(rooms.counts)
    with pytest.raises(RoomLimitError, match=said):
        vote(store, ANN, 3, "another", RoomLimits(**{**rooms.NO_ROOM_LIMITS._asdict(), **limits}))
    assert store.read(rooms.counts) == before and before.events == 3 and before.num_bytes == 39
    assert vote(store, BOB, 1, "key", RoomLimits(events=1)) == 3, "what is there already is acknowledged again"


def test_rooms_of_one_owner_of_all_and_seats_are_limited(store):
    assert opened(store) and opened(store, "GHJKM", per_owner=2)
    with pytest.raises(RoomLimitError, match="You have 2 rooms already; delete one"):
        opened(store, "NPRST", per_owner=2)
    with pytest.raises(RoomLimitError, match="There are 2 rooms already"):
        opened(store, "NPRST", OTHER, rooms=2)
    assert store.write(rooms.join, CODE, ANN, RoomLimits(members=1)).result() == 1
    with pytest.raises(RoomLimitError, match="The room is full: 1 are in it"):
        store.write(rooms.join, CODE, BOB, RoomLimits(members=1)).result()
    assert store.write(rooms.join, CODE, ANN, RoomLimits(members=1)).result() == 1


def test_a_room_whose_time_is_over_takes_nothing_and_goes_with_all_that_happened_in_it(store):
    opened(store)
    opened(store, "GHJKM")
    vote(store, ANN, 1, "key")
    past = store.write(
        lambda connection: connection.exec_driver_sql("UPDATE room SET ends_at = 1 WHERE code = 'BCDFG'")
    )
    past.result()
    assert store.read(rooms.find, CODE) is None and store.read(rooms.counts) == (1, 0, 0)
    with pytest.raises(RoomGoneError, match="There is no room BCDFG any more"):
        vote(store, ANN, 1, "another")
    assert store.write(rooms.expire).result() == 1 and not events(store)
    assert store.read(rooms.find, "GHJKM") is not None and store.write(rooms.expire).result() == 0


def test_only_who_opened_a_room_deletes_it_and_nothing_of_it_is_left(store):
    opened(store)
    vote(store, ANN, 1, "key")
    assert not store.write(rooms.close_room, CODE, OTHER).result() and len(events(store)) == 1
    assert store.write(rooms.close_room, CODE, OWNER).result()
    assert not events(store) and store.read(rooms.find, CODE) is None
    with pytest.raises(StoreError):
        vote(store, ANN, 1, "another")


def test_what_is_taken_away_is_nowhere_in_the_store_and_numbers_stay(store):
    opened(store)
    for member, name in ((ANN, "Rude"), (BOB, "Kind")):
        store.write(rooms.post, CODE, "nickname", member, {"name": name}, "name").result()
    taken = store.write(rooms.take_away, CODE, "nickname", ANN, "remove", {"seat": 1}, "teacher").result()
    found = events(store)
    assert taken == 3 and [event.payload for event in found] == [{}, {"name": "Kind"}, {"seat": 1}]


def test_a_rooms_name_of_an_owner_is_another_in_every_room_and_tells_nothing():
    names = {member_of(code, owner) for code in (CODE, "GHJKM") for owner in (OWNER, OTHER)}
    assert len(names) == 4 and not names & {OWNER, OTHER}
