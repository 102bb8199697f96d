"""Rooms of classes: who opened one, and what happened in it as events that are numbered 1, 2, … without gaps.

Every function takes a connection: those that change something the one of a transaction, which the writer takes one
after the other, so that a number that can be read has all those before it. What events mean is said by
`spncore.studies.classroom`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from spncore.store.place import StoreError
from spncore.store.schema import room, room_event

LETTERS = "BCDFGHJKMNPRSTVXZ"  # no vowels, so no words, and none that looks like another letter or a digit
CODE_LETTERS = 5
JOIN = "join"  # the kind and the key of an event that gives a member a seat
MOST_READ = 1_000  # events at a time


class RoomLimitError(StoreError):
    """A room, or who opens one, has as much as is allowed; the text says how much that is."""


class RoomGoneError(StoreError):
    """There is no such room, or no longer."""


class Room(NamedTuple):
    """A room; times in seconds since 1970."""

    code: str
    owner: str
    settings: Mapping[str, Any]
    made_at: float
    ends_at: float


class Event(NamedTuple):
    """What happened as number `seq` of its room; `member` is who did it."""

    seq: int
    kind: str
    member: str
    payload: Mapping[str, Any]
    at: float


class RoomLimits(NamedTuple):
    """What rooms may take; 0 for no limit. Bytes are those of payloads, as JSON."""

    rooms: int = 200  # in all
    per_owner: int = 5
    members: int = 250
    events: int = 20_000
    events_per_member: int = 300
    event_bytes: int = 16_000
    log_bytes: int = 16_000_000


NO_ROOM_LIMITS = RoomLimits(0, 0, 0, 0, 0, 0, 0)


class RoomCounts(NamedTuple):
    """How many rooms there are, and events and bytes in them."""

    rooms: int
    events: int
    num_bytes: int


def new_code() -> str:
    """A code for a room that can be read out and typed; nobody can foretell it."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))


def code_of(said: str) -> str:
    """A code as it is kept, of one that somebody typed: in capitals, without what stands between letters."""
    return "".join(sign for sign in said[:40].upper() if sign.isalnum())


def member_of(code: str, owner: str) -> str:
    """What a room calls an owner of lists: who reads rooms learns neither whose list it is nor who else was where."""
    return hashlib.sha256(f"spnlab room\n{code}\n{owner}".encode()).hexdigest()


def open_room(
    connection: Connection,
    code: str,
    owner: str,
    settings: Mapping[str, Any],
    made_at: float,
    ends_at: float,
    limits: RoomLimits = NO_ROOM_LIMITS,
) -> bool:
    """Make a room; False where another has the code. RoomLimitError where the owner, or everybody, has many."""
    there = connection.execute(select(room.c.owner, room.c.made_at).where(room.c.code == code)).first()
    if there is not None:
        return bool(there.owner == owner and there.made_at == made_at)  # this one, made twice
    going_on = select(func.count()).select_from(room).where(room.c.ends_at > made_at)
    if limits.per_owner and _number(connection, going_on.where(room.c.owner == owner)) >= limits.per_owner:
        raise RoomLimitError(f"You have {limits.per_owner} rooms already; delete one of them.")
    if limits.rooms and _number(connection, going_on) >= limits.rooms:
        raise RoomLimitError(f"There are {limits.rooms} rooms already; try again when one of them has gone.")
    values = {"code": code, "owner": owner, "settings": dict(settings), "made_at": made_at, "ends_at": ends_at}
    connection.execute(insert(room).values(values))
    return True


def find(connection: Connection, code: str) -> Room | None:
    """A room that has not gone yet."""
    mine = (room.c.code == code) & room.c.owner.is_not(None) & (room.c.ends_at > time.time())
    row = connection.execute(select(*(room.c[name] for name in Room._fields)).where(mine)).first()
    return None if row is None else Room(**row._mapping)


def of_owner(connection: Connection, owner: str) -> list[Room]:
    """The rooms of an owner that have not gone, the newest first."""
    mine = (room.c.owner == owner) & (room.c.ends_at > time.time())
    rows = connection.execute(select(*(room.c[name] for name in Room._fields)).where(mine))
    return sorted((Room(**row._mapping) for row in rows), key=lambda each: -each.made_at)


def join(connection: Connection, code: str, member: str, limits: RoomLimits = NO_ROOM_LIMITS) -> int:
    """Give a member a seat, 1, 2, …, and return its number: for ever the same one. RoomLimitError in a full room."""
    joined = select(room_event.c.payload).where(room_event.c.room == code, room_event.c.kind == JOIN)
    own = connection.scalars(joined.where(room_event.c.member == member)).first()
    if own is not None:
        return int(own["seat"])
    inside = _number(connection, select(func.count()).select_from(joined.subquery()))
    if limits.members and inside >= limits.members:
        raise RoomLimitError(f"The room is full: {limits.members} are in it.")
    post(connection, code, JOIN, member, {"seat": inside + 1}, JOIN, limits)
    return inside + 1


def post(
    connection: Connection,
    code: str,
    kind: str,
    member: str,
    payload: Mapping[str, Any],
    key: str,
    limits: RoomLimits = NO_ROOM_LIMITS,
) -> int:
    """Append an event and return its number; a member's event of the same key is there already, and has it.

    RoomGoneError where there is no such room any more, RoomLimitError where it has no place for another event.
    """
    mine = (room_event.c.room == code) & (room_event.c.member == member)
    again = connection.scalar(select(room_event.c.seq).where(mine, room_event.c.key == key))
    if again is not None:
        return int(again)
    taken = connection.scalar(select(room.c.num_bytes).where(room.c.code == code, room.c.ends_at > time.time()))
    if taken is None:
        raise RoomGoneError(f"There is no room {code} any more.")
    size = len(json.dumps(payload, ensure_ascii=False, allow_nan=False).encode())
    last = _number(connection, select(func.max(room_event.c.seq)).where(room_event.c.room == code))
    own = _number(connection, select(func.count()).select_from(room_event).where(mine)) if member else 0
    _refuse_more(limits, size, taken, last, own)
    values = {"room": code, "seq": last + 1, "kind": kind, "member": member, "key": key, "payload": dict(payload)}
    connection.execute(insert(room_event).values(**values, at=time.time()))
    connection.execute(update(room).where(room.c.code == code).values(num_bytes=taken + size))
    return last + 1


def _refuse_more(limits: RoomLimits, size: int, taken: int, last: int, own: int) -> None:
    """RoomLimitError where one more event of `size` bytes is too much, after `last`, of which `own` by this member."""
    if limits.event_bytes and size > limits.event_bytes:
        raise RoomLimitError(f"What was sent has {size:,} bytes; allowed: {limits.event_bytes:,}.")
    if limits.events_per_member and own >= limits.events_per_member:
        raise RoomLimitError(f"You have sent {own:,} times; more is not taken in one room.")
    if (limits.events and last >= limits.events) or (limits.log_bytes and taken + size > limits.log_bytes):
        raise RoomLimitError("The room is full: as much has happened in it as is kept; open another one.")


def events_after(connection: Connection, code: str, seq: int, limit: int = MOST_READ) -> list[Event]:
    """The events of a room after number `seq`, in order; at most so many."""
    after = (room_event.c.room == code) & (room_event.c.seq > seq)
    found = select(*(room_event.c[name] for name in Event._fields)).where(after)
    return [Event(**row._mapping) for row in connection.execute(found.order_by(room_event.c.seq).limit(limit))]


def take_away(
    connection: Connection, code: str, kind: str, member: str, said_as: str, payload: Mapping[str, Any], key: str
) -> int:
    """Blank what a member's events of a kind say, for good, and append an event that says so; its number."""
    those = (room_event.c.room == code) & (room_event.c.kind == kind) & (room_event.c.member == member)
    connection.execute(update(room_event).where(those).values(payload={}))
    return post(connection, code, said_as, "", payload, key)


def close_room(connection: Connection, code: str, owner: str) -> bool:
    """Delete an own room with all that happened in it; False where there is no such room."""
    return connection.execute(delete(room).where(room.c.code == code, room.c.owner == owner)).rowcount > 0


def expire(connection: Connection) -> int:
    """Delete the rooms whose time is over, with all that happened in them; how many there were."""
    return connection.execute(delete(room).where(room.c.ends_at <= time.time())).rowcount


def counts(connection: Connection) -> RoomCounts:
    """What there is, of all rooms that have not gone."""
    there = room.c.ends_at > time.time()
    number, size = connection.execute(select(func.count(), func.sum(room.c.num_bytes)).where(there)).one()
    inside = select(func.count()).select_from(room_event.join(room, room_event.c.room == room.c.code))
    return RoomCounts(int(number), _number(connection, inside.where(there)), int(size or 0))


def _number(connection: Connection, asked: Any) -> int:
    return int(connection.scalar(asked) or 0)
