"""What can be changed in a store: every function takes the connection of a transaction, and does nothing when repeated.

To be asked of a `Writer`, or called inside a transaction of one's own.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from spncore.store.place import StoreError
from spncore.store.rows import ARITHMETIC, LLH, NO_LIMITS, Ends, Finished, Limits, octets
from spncore.store.schema import cell, entry, result, study, trace

NAME_CHARACTERS, NOTE_CHARACTERS, TAG_CHARACTERS, TAGS = 120, 4_000, 40, 20
UNDO_SECONDS = 24 * 3600.0  # after which what was deleted is gone


def keep(
    connection: Connection,
    finished: Finished,
    owner: str,
    limits: Limits = NO_LIMITS,
    name: str | None = None,
    in_room: str | None = None,
) -> int:
    """Put a finished study into somebody's list and return the entry's number; a name that is given replaces an older.

    StoreError where the list is full of named runs; nothing is kept then.
    """
    name = None if name is None else text_of(name, "name", NAME_CHARACTERS)
    _add(connection, finished)
    values = {"owner": owner, "study": finished.key, "room": in_room, "made_at": time.time(), "name": name}
    new = _insert(connection, entry)
    again = {"deleted_at": None, **({} if name is None else {"name": new.excluded.name})}
    put = new.on_conflict_do_update(index_elements=[entry.c.owner, entry.c.study], set_=again).returning(entry.c.id)
    number: int = connection.scalars(put, {**values, "note": "", "tags": []}).one()
    _make_room(connection, entry.c.owner == owner, limits.owner, number, "Your list")
    if in_room is not None:
        _make_room(connection, entry.c.room == in_room, limits.room, number, "The room's list")
    if limits.whole and _size(connection) > limits.whole:
        _make_room(connection, entry.c.id > 0, limits.whole, number, "The server's store")
    return number


def take_in(
    connection: Connection,
    finished: Finished,
    owner: str,
    limits: Limits = NO_LIMITS,
    name: str | None = None,
    note: str = "",
    tags: Sequence[str] = (),
    made_at: float | None = None,
) -> bool:
    """Keep a study from elsewhere with what was said of it there; False where the owner has it, which stays as it is.

    One that the owner deleted comes back as it was.
    """
    own = (entry.c.owner == owner) & (entry.c.study == finished.key)
    before = connection.execute(select(entry.c.deleted_at).where(own)).first()
    number = keep(connection, finished, owner, limits)
    if before is not None:
        return before.deleted_at is not None
    describe(connection, owner, number, name, note, tags)
    if made_at is not None:
        connection.execute(update(entry).where(own).values(made_at=made_at))
    return True


def describe(
    connection: Connection,
    owner: str,
    number: int,
    name: str | None = None,
    note: str | None = None,
    tags: Sequence[str] | None = None,
) -> bool:
    """Give an own entry another name (an empty one takes it away), note or tags; False where there is no such entry."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = text_of(name, "name", NAME_CHARACTERS) or None
    if note is not None:
        values["note"] = text_of(note, "note", NOTE_CHARACTERS, lines=True)
    if tags is not None:
        values["tags"] = list(dict.fromkeys(filter(None, (text_of(tag, "tag", TAG_CHARACTERS) for tag in tags))))
        if len(values["tags"]) > TAGS:
            raise StoreError(f"tags: {len(values['tags'])} are too many; allowed: {TAGS}")
    own = (entry.c.owner == owner) & (entry.c.id == number) & entry.c.deleted_at.is_(None)
    if not values:
        return connection.scalars(select(entry.c.id).where(own)).first() is not None
    return connection.execute(update(entry).where(own).values(values)).rowcount > 0


def remove(connection: Connection, owner: str, numbers: Iterable[int]) -> int:
    """Delete own entries, which `restore` brings back for a day; how many there were."""
    own = (entry.c.owner == owner) & entry.c.id.in_([*numbers]) & entry.c.deleted_at.is_(None)
    return connection.execute(update(entry).where(own).values(deleted_at=time.time())).rowcount


def restore(connection: Connection, owner: str, numbers: Iterable[int]) -> int:
    """Bring deleted entries back; how many there were."""
    own = (entry.c.owner == owner) & entry.c.id.in_([*numbers]) & entry.c.deleted_at.is_not(None)
    return connection.execute(update(entry).where(own).values(deleted_at=None)).rowcount


def prune(connection: Connection, before: float | None = None) -> int:
    """End what was deleted a day ago, and with `before` every unnamed entry made earlier; how many entries went."""
    number = connection.execute(delete(entry).where(_going(before))).rowcount
    _drop_unowned(connection)
    return number


def would_go(connection: Connection, before: float | None = None) -> int:
    """How many entries `prune` would end now; nothing is changed."""
    return int(connection.scalar(select(func.count()).select_from(entry).where(_going(before))) or 0)


def _going(before: float | None) -> Any:
    gone = entry.c.deleted_at < time.time() - UNDO_SECONDS
    return gone if before is None else gone | (entry.c.name.is_(None) & (entry.c.made_at < before))


def put_cells(connection: Connection, outcomes: Mapping[str, str]) -> None:
    """Keep outcomes of cells by their keys; what is there already is replaced."""
    if outcomes:
        new = _insert(connection, cell)
        put = new.on_conflict_do_update(index_elements=[cell.c.key], set_={"outcome": new.excluded.outcome})
        connection.execute(put, [{"key": key, "outcome": outcomes[key]} for key in sorted(outcomes)])


def text_of(said: str, what: str, most: int, lines: bool = False) -> str:
    """A text that somebody wrote, as it is kept: printable, without spaces around; StoreError where it is too long."""
    if len(said) > most:
        raise StoreError(f"{what}: {len(said):,} characters are too many; allowed: {most:,}")
    kept = "".join(sign if sign.isprintable() or (lines and sign == "\n") else " " for sign in said)
    return kept.strip() if lines else " ".join(kept.split())


def _add(connection: Connection, finished: Finished) -> None:
    """Keep a study with its results and traces, unless it is there."""
    names = [column.name for column in study.columns]
    new = _insert(connection, study).on_conflict_do_nothing()
    if not connection.execute(new, {name: getattr(finished, name) for name in names}).rowcount:
        return
    arithmetic = (finished.versions.get(name, "unknown") for name in ARITHMETIC)
    made = dict(zip(("blas_kernel", "simd", "blas_threads"), arithmetic, strict=True)) | {
        "versions": dict(finished.versions)
    }
    rows, traces = [], []
    for each in finished.results:
        key = {"study": finished.key, "curve": each.curve, "seed": each.seed}
        said = {"depth": each.depth, "learner": each.learner, "stopped": each.stopped}
        rows.append({**key, **said, **made, **Ends.of(each.llh, each.level)._asdict()})
        kept = octets(each.llh)
        traces.append({**key, "quantity": LLH, "sha256": hashlib.sha256(kept).hexdigest(), "numbers": kept})
    _insert_new(connection, result, rows)
    _insert_new(connection, trace, traces)


def _insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose keys are not there yet."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: Table) -> Any:
    """An insertion in the words of the connection's database, which say what becomes of rows that are there."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _make_room(connection: Connection, of: Any, most: int, newest: int, whose: str) -> None:
    """Let the oldest unnamed entries go, those that were deleted first, until the traces of the others are few enough.

    StoreError where that is not enough.
    """
    if not most:
        return
    joined = entry.join(study, entry.c.study == study.c.key)
    total = int(connection.scalar(select(func.sum(study.c.num_bytes)).select_from(joined).where(of)) or 0)
    if total <= most:
        return
    spare = entry.c.name.is_(None) | entry.c.deleted_at.is_not(None)
    found = (
        select(entry.c.id, study.c.num_bytes)
        .select_from(joined)
        .where(of, spare, entry.c.id != newest)
        .order_by(entry.c.deleted_at.is_(None), entry.c.id)
    )
    going = []
    for number, size in connection.execute(found):
        if total <= most:
            break
        going.append(number)
        total -= size
    if total > most:
        raise StoreError(
            f"{whose} is full: {total / 1e6:,.0f} MB of runs that have names, and {most / 1e6:,.0f} MB are allowed; "
            "delete some of them, or take their names away"
        )
    connection.execute(delete(entry).where(entry.c.id.in_(going)))
    _drop_unowned(connection)


def _drop_unowned(connection: Connection) -> None:
    """Let studies go that are in nobody's list."""
    connection.execute(delete(study).where(~select(entry.c.id).where(entry.c.study == study.c.key).exists()))


def _size(connection: Connection) -> int:
    """Bytes that the store takes, about; of a server's those of the traces, which are most of them."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(select(func.pg_total_relation_size(trace.name))) or 0)
    taken = "SELECT (page_count - freelist_count) * page_size FROM {}"
    pragmas = ", ".join(f"pragma_{name}()" for name in ("page_count", "freelist_count", "page_size"))
    return int(connection.exec_driver_sql(taken.format(pragmas)).scalar() or 0)
