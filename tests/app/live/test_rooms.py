"""Rooms of a server: seats last, what one server acknowledged another has, and results come from runs alone."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.live import rooms as rooms_module
from app.live.history import History
from app.live.limits import ServerLimits
from app.live.rooms import RoomRefused, Rooms
from app.live.runs import RunRegistry
from spncore import Dataset, Experiment, fit
from spncore.runs.study import Study
from spncore.store import Place
from spncore.store.rows import owner_of
from spncore.studies.classroom.seats import seat_study
from spncore.studies.classroom.state import Agenda
from spncore.studies.history import settings_of
from tests.app.live.conftest import ended
from tests.waiting import until

AGENDA = Agenda("depth", 8, votes={"which": 3}, guesses={"curve": 2})
STUDY = Study(Experiment(dataset="two-clusters", num_components=2, iterations=40, seed=3, init_noise=1e-2), (1, 2))
TEACHER, ANN, BOB = (owner_of(name) for name in ("teacher", "ann", "bob"))
LIMITS = ServerLimits()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """Servers on one store, as many as are asked for."""
    made = list[History]()

    def another(**limits: Any) -> Rooms:
        made.append(History(lambda: Place(file=tmp_path / "spnlab.db")))
        return Rooms(made[-1], replace(LIMITS, **limits))

    yield another
    for each in made:
        each.close()


@pytest.fixture
def rooms(server: Any) -> Rooms:
    made: Rooms = server()
    return made


def vote(rooms: Rooms, code: str, owner: str, choice: int, key: str | None = None) -> int:
    return rooms.act(code, owner, "vote", {"question": "which", "choice": choice}, key)


def test_who_joins_has_a_seat_and_has_it_again_after_a_restart(server: Any) -> None:
    first = server()
    code = first.open(TEACHER, AGENDA)
    assert [first.join(code, owner) for owner in (ANN, BOB, ANN)] == [1, 2, 1]
    vote(first, code, ANN, 2)
    first.history.close()
    again = server()
    assert again.join(code.lower(), BOB) == 2 and again.join(code, ANN) == 1
    assert again.state(code) == first.state(code) and again.state(code).tally("which") == [0, 0, 1]
    assert [room.code for room in again.of(TEACHER)] == [code] and again.is_teacher(code, TEACHER)


def test_a_vote_that_is_sent_twice_under_one_key_is_one(rooms: Rooms) -> None:
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    assert vote(rooms, code, ANN, 1, "key-0001") == vote(rooms, code, ANN, 1, "key-0001") == 2
    assert rooms.state(code).seq == 2 and rooms.state(code).tally("which") == [0, 1, 0]


def test_thirty_vote_at_once_and_all_are_counted_once(rooms: Rooms) -> None:
    code = rooms.open(TEACHER, AGENDA)
    owners = [owner_of(str(number)) for number in range(30)]

    def come(owner: str) -> int:
        rooms.join(code, owner)
        return vote(rooms, code, owner, 1)

    with ThreadPoolExecutor(30) as threads:
        numbers = [*threads.map(come, owners)]
    state = rooms.state(code)
    assert len({*numbers}) == 30 and state.seq == 60 and state.tally("which") == [0, 30, 0]
    assert sorted(place.seat for place in state.members.values()) == [*range(1, 31)]


def test_what_happens_at_one_server_is_soon_known_at_the_other(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = server(), server()
    code = one.open(TEACHER, AGENDA)
    assert other.state(code).seq == 0
    one.join(code, ANN)
    other.join(code, BOB)
    monkeypatch.setattr(rooms_module, "LOOK_SECONDS", 0.0)
    assert one.state(code) == other.state(code) and one.state(code).seq == 2


def test_only_members_act_as_members_and_only_the_teacher_as_one(rooms: Rooms) -> None:
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    for kind, said in (("step", {"step": 1}), ("end", {}), ("announce", {"number": 3}), ("remove", {"seat": 1})):
        with pytest.raises(RoomRefused, match="Only who opened the room may do this") as refused:
            rooms.act(code, ANN, kind, said)
        assert refused.value.status == 403
    with pytest.raises(RoomRefused, match="Join the room first"):
        vote(rooms, code, BOB, 1)
    with pytest.raises(RoomRefused, match="Only who opened"):
        rooms.close(code, ANN)
    assert rooms.state(code).seq == 1


def test_a_room_that_is_not_there_is_said_and_one_that_was_deleted_is_gone(rooms: Rooms) -> None:
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    rooms.close(code, TEACHER)
    for asked in (lambda: rooms.state(code), lambda: rooms.join(code, ANN), lambda: vote(rooms, code, ANN, 1)):
        with pytest.raises(RoomRefused, match=f"There is no room {code}, or no longer") as refused:
            asked()
        assert refused.value.status == 404


def kept(rooms: Rooms) -> list[str]:
    """The codes in the store, whether their time is over or not."""
    return [code for (code,) in rooms.history.read(lambda c: c.exec_driver_sql("SELECT code FROM room").all())]


def test_a_room_goes_when_its_time_is_over_at_the_next_start_or_when_another_is_asked_for(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e9]
    monkeypatch.setattr(time, "time", lambda: now[0])
    rooms = server(room_seconds=3600.0)
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    now[0] += 3599.0
    assert rooms.join(code, ANN) == 1
    now[0] += 2.0
    for asked in (lambda: rooms.state(code), lambda: vote(rooms, code, ANN, 1)):
        with pytest.raises(RoomRefused, match="There is no room"):
            asked()
    assert kept(rooms) == [code], "it was looked after a moment ago"
    next_start = server()
    until(lambda: not kept(next_start))
    late = rooms.open(TEACHER, AGENDA)
    now[0] += 3601.0
    monkeypatch.setattr(rooms_module, "TIDY_SECONDS", 0.0)
    assert rooms.open(TEACHER, AGENDA) in kept(rooms) and late not in kept(rooms)


def test_a_removed_nickname_is_nowhere_and_the_seat_gets_no_other(rooms: Rooms) -> None:
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    rooms.act(code, ANN, "nickname", {"name": "Unmistakable"})
    rooms.act(code, TEACHER, "remove", {"seat": 1})
    said = rooms.history.read(lambda c: c.exec_driver_sql("SELECT payload FROM room_event").all())
    assert "Unmistakable" not in str(said)
    with pytest.raises(RoomRefused, match="has taken this seat's nickname away"):
        rooms.act(code, ANN, "nickname", {"name": "Again"})


def test_limits_of_rooms_are_refused_with_429(server: Any) -> None:
    rooms = server(rooms_per_owner=1, room_members=1, room_events_per_member=2)
    code = rooms.open(TEACHER, AGENDA)
    rooms.join(code, ANN)
    vote(rooms, code, ANN, 1)
    for asked in (
        lambda: rooms.open(TEACHER, AGENDA),
        lambda: rooms.join(code, BOB),
        lambda: vote(rooms, code, ANN, 2),
    ):
        with pytest.raises(RoomRefused) as refused:
            asked()
        assert refused.value.status == 429
    rooms.act(code, TEACHER, "step", {"step": 1})


@pytest.fixture
def training(make: Any, data: Dataset, rooms: Rooms) -> Any:
    """A room with a study and two members, and how a run is trained."""
    registry: RunRegistry = make()
    code = rooms.open(TEACHER, AGENDA)
    for owner in (ANN, BOB):
        rooms.join(code, owner)
    rooms.act(code, TEACHER, "study", {"study": settings_of(STUDY)})

    def trained(study: Study | None) -> Any:
        assert study is not None
        return ended(registry, registry.start(study, data, "session"))

    return code, trained


def test_a_result_is_the_runs_own_numbers_of_the_seats_own_seed(training: Any, rooms: Rooms, data: Dataset) -> None:
    code, trained = training
    run = trained(rooms.study(code, BOB))
    seq = rooms.take(code, BOB, run)
    assert rooms.take(code, BOB, run) == seq == rooms.state(code).seq
    result = rooms.state(code).arrived[2]
    expected = [fit(each, data).llh[0, -1] for each in seat_study(STUDY, 2).experiments()]
    assert [curve.end for curve in result.curves] == expected and STUDY.experiment.seed + 1 == 4


def test_a_run_of_another_seed_or_one_that_has_not_ended_is_no_result(training: Any, rooms: Rooms) -> None:
    code, trained = training
    with pytest.raises(RoomRefused, match="This run is not what seat 1 trains"):
        rooms.take(code, ANN, trained(rooms.study(code, BOB)))
    run = trained(rooms.study(code, ANN))
    run.stop()
    run._stopped_at = 3  # as if it had been stopped on the way
    with pytest.raises(RoomRefused, match="has not come to its end"):
        rooms.take(code, ANN, run)
    assert not rooms.state(code).arrived


def test_the_teacher_fills_announced_seats_that_nobody_has_and_no_others(training: Any, rooms: Rooms) -> None:
    code, trained = training
    rooms.act(code, TEACHER, "announce", {"number": 4})
    run = trained(seat_study(STUDY, 4))
    with pytest.raises(RoomRefused, match="Only who opened"):
        rooms.take(code, ANN, run, seat=4)
    rooms.take(code, TEACHER, run, seat=4)
    with pytest.raises(RoomRefused, match="seat: give one of those that were announced"):
        rooms.take(code, TEACHER, trained(seat_study(STUDY, 5)), seat=5)
    assert [*rooms.state(code).arrived] == [4]
    with pytest.raises(RoomRefused, match="who has seen some"):
        rooms.act(code, TEACHER, "announce", {"number": 5})
