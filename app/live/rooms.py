"""Rooms of classes: a teacher opens one, thirty phones follow, and all that happens is in the store.

Nothing lives in a session: who comes back has the seat of before, and what is new by the number of the last event it
knows. A server that was killed has lost nothing that it acknowledged. Several servers on one store have the same rooms.

`ROOMS.open(owner, agenda)` gives a code, `join(code, owner)` a seat, `act(code, owner, kind, said)` does what
`spncore.studies.classroom.acts` knows, `take(code, owner, run)` takes a finished run as a seat's result,
`study(code, owner)` says what a seat trains, `state(code)` how the room stands. Owners are those of `HISTORY`. Whatever
cannot be is a `RoomRefused` in one sentence. All of these wait for the store: not on an event loop.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from app.live.door.refusals import Refused
from app.live.history import HISTORY, History
from app.live.limits import ServerLimits, server_limits
from app.live.news import News
from app.live.run import LiveRun
from spncore.runs.study import Study
from spncore.store import Question, StoreError, rooms
from spncore.store.rooms import Room, RoomLimits
from spncore.studies import statistics
from spncore.studies.classroom.acts import OF_TEACHER, ActError, checked
from spncore.studies.classroom.seats import packed, seat_study
from spncore.studies.classroom.state import Agenda, Place, RoomState, fold

LOOK_SECONDS = 1.0  # after which other servers are asked for what happened there
TIDY_SECONDS = 600.0  # between two times that what is over goes
HERE_SECONDS = 15.0  # since a phone asked last
MOST_HELD = 256  # rooms that are kept in memory; all are in the store
TRIES = 20  # of codes, until one is free
T = TypeVar("T")
P = ParamSpec("P")
KEY = re.compile(r"[A-Za-z0-9_-]{8,40}")
KEY_WORDS = "key: give 8 to 40 letters, digits, - or _, another one for every act."


class RoomRefused(Refused, kind="room"):
    """A room does not do this; the text says why and what to do, `status` is HTTP's."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Held:
    """A room in memory: its state as far as it was read, who waits for more, and when each member was seen last."""

    def __init__(self, room: Room) -> None:
        self.room, self.state = room, RoomState(Agenda(**room.settings))
        self.lock, self.news, self.looked = threading.Lock(), News(), 0.0
        self.seen: dict[str, float] = {}
        self.drawn: dict[str, tuple[Any, Any]] = {}  # what was made of a state, by name, and of what

    @property
    def fresh(self) -> bool:
        """Whether all that happened until a moment ago is in it."""
        return self.looked > time.monotonic() - LOOK_SECONDS and self.room.ends_at > time.time()

    def is_teacher(self, owner: str | None) -> bool:
        """Whether an owner has opened the room."""
        return owner == self.room.owner

    def member(self, owner: str) -> str:
        """What the room calls an owner."""
        return rooms.member_of(self.room.code, owner)

    def place(self, owner: str) -> Place | None:
        """What is known of a member."""
        return self.state.members.get(self.member(owner))

    def greet(self, owner: str) -> None:
        """A member is here."""
        if self.place(owner) is not None:
            self.seen[self.member(owner)] = time.monotonic()

    @property
    def here(self) -> int:
        """How many members asked this server a moment ago."""
        since = time.monotonic() - HERE_SECONDS
        return sum(seen > since for seen in tuple(self.seen.values()))

    def once(self, name: str, of: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for equal values of `of`."""
        if name not in self.drawn or self.drawn[name][0] != of:
            self.drawn[name] = (of, make())
        return self.drawn[name][1]


class Rooms:
    """The rooms in a store; any thread may call any method."""

    def __init__(self, history: History = HISTORY, limits: ServerLimits | None = None) -> None:
        self.history, self.limits = history, limits or server_limits()
        self._lock, self._held = threading.Lock(), dict[str, Held]()  # least recently used first
        self._tidied = -TIDY_SECONDS

    @property
    def _most(self) -> RoomLimits:
        of = self.limits
        return RoomLimits(
            of.rooms,
            of.rooms_per_owner,
            of.room_members,
            of.room_events,
            of.room_events_per_member,
            of.room_event_bytes,
            of.room_log_bytes,
        )

    def open(self, owner: str, agenda: Agenda) -> str:
        """Open a room and return its code."""
        self._tidy()
        made_at = time.time()
        ends_at = made_at + (self.limits.room_seconds or 10 * 365 * 86_400.0)
        for _ in range(TRIES):
            code = rooms.new_code()
            if self._write(rooms.open_room, code, owner, agenda.settings(), made_at, ends_at, self._most):
                return code
        raise RoomRefused("No code is free; try again.", 503)

    def of(self, owner: str) -> list[Room]:
        """The rooms that an owner has opened, the newest first."""
        return self._read(rooms.of_owner, owner)

    def close(self, code: str, owner: str) -> None:
        """Delete an own room with all that happened in it."""
        held = self.held(code)
        if not self._write(rooms.close_room, held.room.code, owner):
            raise _of_the_teacher()
        with self._lock:
            self._held.pop(held.room.code, None)
        held.news.tell()

    def state(self, code: str) -> RoomState:
        """How a room stands."""
        return self.held(code).state

    def at_hand(self, code: str) -> Held | None:
        """A room of which all is in memory; None where the store has to be asked, as `held` does."""
        found = self._held.get(rooms.code_of(code))
        return found if found is not None and found.fresh else None

    def held(self, code: str) -> Held:
        """A room with all that has happened in it."""
        found = self.at_hand(code)
        if found is not None:
            return found
        self._tidy()
        code = rooms.code_of(code)
        room = self._read(rooms.find, code)
        statistics.spread([0.0])  # what it needs takes half a second to load, for which no answer is to wait
        with self._lock:
            kept = self._held.pop(code, None)
            if room is None:
                raise RoomRefused(f"There is no room {code[:8]}, or no longer; look at the code once more.", 404)
            if kept is None or kept.room.made_at != room.made_at:
                kept = Held(room)
            self._held[code] = kept
            while len(self._held) > MOST_HELD:
                del self._held[next(iter(self._held))]
        self._look(kept)
        return kept

    def is_teacher(self, code: str, owner: str) -> bool:
        """Whether an owner has opened a room."""
        return self.held(code).is_teacher(owner)

    def join(self, code: str, owner: str) -> int:
        """The seat of an owner in a room, 1, 2, …; a new one for who has none."""
        held = self.held(code)
        place = held.place(owner)
        if place is None:
            if held.state.ended:
                raise RoomRefused("The teacher has ended the room.", 409)
            self._write(rooms.join, held.room.code, held.member(owner), self._most)
            self._look(held)
            place = held.place(owner)
            assert place is not None
        held.greet(owner)
        return place.seat

    def study(self, code: str, owner: str) -> Study | None:
        """What an owner's seat trains of the study that is on; None where there is none."""
        held = self.held(code)
        place, asked = held.place(owner), held.state.asked
        return None if place is None or asked is None else seat_study(asked.study, place.seat)

    def act(self, code: str, owner: str, kind: str, said: Mapping[str, Any], key: str | None = None) -> int:
        """Do what a member or the teacher asks, and return the number of its event, once that is committed.

        What is asked again under the same `key` is the same event.
        """
        held = self.held(code)
        teachers = kind in OF_TEACHER
        self._refuse_others(held, owner, teachers)
        if key is not None and not KEY.fullmatch(key):
            raise RoomRefused(KEY_WORDS)
        try:
            payload = checked(held.state, kind, said, self.limits.room_members or rooms.RoomLimits().members)
        except ActError as error:
            raise RoomRefused(str(error)) from None
        place = held.place(owner)
        if kind == "nickname" and place is not None and place.removed:
            raise RoomRefused("The teacher has taken this seat's nickname away; there is no other.", 409)
        return self._post(held, kind, "" if teachers else held.member(owner), payload, key)

    def take(self, code: str, owner: str, run: LiveRun, seat: int | None = None) -> int:
        """Take a finished run as the result of the owner's own seat, and return the number of its event.

        The teacher may fill another announced seat: its numbers follow from the study, whoever trains it.
        """
        held = self.held(code)
        asked, place = held.state.asked, held.place(owner)
        if seat is None:
            self._refuse_others(held, owner, teachers=False)
            seat = place.seat if place is not None else 0
        elif not held.is_teacher(owner):
            raise _of_the_teacher()
        elif asked is None or not 1 <= seat <= (asked.announced or 0):
            raise RoomRefused("seat: give one of those that were announced.")
        if asked is None or held.state.ended:
            raise RoomRefused("The room has no study now.", 409)
        if run.study != seat_study(asked.study, seat):
            raise RoomRefused(f"This run is not what seat {seat} trains in this room; start that one.", 409)
        if not run.whole:
            raise RoomRefused("This run has not come to its end yet.", 409)
        if seat in held.state.arrived:
            return held.state.arrived[seat].seq
        payload = packed(asked.study, asked.number, seat, run.traces(), run.computation.target)
        return self._post(held, "result", held.member(owner), payload, f"result-{asked.number}-{seat}")

    def _post(self, held: Held, kind: str, member: str, payload: Mapping[str, Any], key: str | None) -> int:
        code, key = held.room.code, key or secrets.token_urlsafe(12)
        if kind == "remove":
            named = next(name for name, place in held.state.members.items() if place.seat == payload["seat"])
            seq = self._write(rooms.take_away, code, "nickname", named, kind, payload, key)
        else:
            limits = self._most if member else self._most._replace(events=0, log_bytes=0)  # a teacher goes on
            seq = self._write(rooms.post, code, kind, member, payload, key, limits)
        self._look(held)
        return seq

    def _refuse_others(self, held: Held, owner: str, teachers: bool) -> None:
        if teachers and not held.is_teacher(owner):
            raise _of_the_teacher()
        if not teachers and held.place(owner) is None:
            raise RoomRefused("Join the room first.", 403)

    def _look(self, held: Held) -> None:
        """Read what has happened since, and wake those who wait for it."""
        with held.lock:
            before, looked = held.state.seq, time.monotonic()
            more = True
            while more:
                events = self._read(rooms.events_after, held.room.code, held.state.seq)
                held.state, more = fold(held.state, events), len(events) == rooms.MOST_READ
            held.looked = looked
        if held.state.seq > before:
            held.news.tell()

    def _tidy(self) -> None:
        """Let go of rooms that are over, now and then."""
        now = time.monotonic()
        if now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            self._write(rooms.expire)

    def _read(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> T:
        try:
            return self.history.read(what, *asked, **named)
        except StoreError as error:
            raise _refusal(error) from None

    def _write(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> T:
        try:
            return self.history.write(what, *asked, **named)
        except StoreError as error:
            raise _refusal(error) from None


def _of_the_teacher() -> RoomRefused:
    return RoomRefused("Only who opened the room may do this.", 403)


def _refusal(error: StoreError) -> RoomRefused:
    status = {rooms.RoomLimitError: 429, rooms.RoomGoneError: 404}.get(type(error), 503)
    return RoomRefused(str(error), status)


ROOMS = Rooms()
