"""The tables of the store, the same in SQLite and PostgreSQL, and how an older store becomes one of this release.

A study is named by content, so that what two people trained is kept once; an entry says that somebody has it. Numbers
are doubles, arrays their raw bytes (little-endian float64) beside their SHA-256.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)

from spncore.store.migrations import rooms_have_events

METADATA = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")  # which numbers rows by itself only in columns of its own kind
HASH = String(64)

schema_version = Table("schema_version", METADATA, Column("version", Integer, nullable=False))
study = Table(
    "study",
    METADATA,
    Column("key", HASH, primary_key=True),  # SHA-256 of the engine's number, the rows' SHA-256 and the settings
    Column("fold", HASH, nullable=False, index=True),  # the same for all studies that differ in their seeds alone
    Column("settings", JSON, nullable=False),
    Column("summary", JSON, nullable=False),  # what a list shows of it
    Column("dataset", Text, nullable=False),
    Column("title", Text, nullable=False),  # of the data
    Column("data_sha256", HASH, nullable=False),
    Column("num_rows", BigInteger, nullable=False),
    Column("num_variables", Integer, nullable=False),
    Column("engine", Integer, nullable=False),
    Column("seconds", Double, nullable=False),  # of CPU, spent in training
    Column("num_bytes", BigInteger, nullable=False),  # of its traces
    Column("end_llh", Double),  # the highest median end among its curves
)
# All that lists are filtered, ordered and bounded by, so that they need not read the settings of every study.
Index(
    "study_in_lists",
    *(study.c[name] for name in ("key", "fold", "dataset", "title", "end_llh", "seconds", "num_bytes")),
)
result = Table(
    "result",
    METADATA,
    Column("study", HASH, ForeignKey("study.key", ondelete="CASCADE"), primary_key=True),
    Column("curve", Integer, primary_key=True),
    Column("seed", BigInteger, primary_key=True),
    Column("depth", Integer, nullable=False),
    Column("learner", Text, nullable=False),
    Column("updates", Integer, nullable=False),
    Column("first_llh", Double),
    Column("final_llh", Double),
    Column("level", Double),  # of LLH, at which the seed is compared with others of its study; none where it is not
    Column("reached", BigInteger),  # after how many updates it was first there, if it was
    Column("stopped", Text),
    Column("blas_kernel", Text, nullable=False),
    Column("simd", Text, nullable=False),
    Column("blas_threads", Text, nullable=False),
    Column("versions", JSON, nullable=False),
)
trace = Table(
    "trace",
    METADATA,
    Column("study", HASH, primary_key=True),
    Column("curve", Integer, primary_key=True),
    Column("seed", BigInteger, primary_key=True),
    Column("quantity", String(20), primary_key=True),
    Column("sha256", HASH, nullable=False),
    Column("numbers", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["study", "curve", "seed"], ["result.study", "result.curve", "result.seed"], ondelete="CASCADE"
    ),
)
room = Table(
    "room",
    METADATA,
    Column("code", String(16), primary_key=True),
    Column("made_at", Double, nullable=False),
    Column("ends_at", Double),  # when it is gone, with its events
    Column("owner", HASH),  # who opened it; none of those that schema 1 has
    Column("settings", JSON),
    Column("num_bytes", BigInteger, nullable=False, server_default="0"),  # of its events
)
room_event = Table(
    "room_event",
    METADATA,
    Column("room", String(16), ForeignKey("room.code", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),  # 1, 2, … without gaps
    Column("kind", String(20), nullable=False),
    Column("member", HASH, nullable=False),  # whose act it was, under a name of this room alone
    Column("key", String(64), nullable=False),  # a member's own, so that what is sent twice is there once
    Column("payload", JSON, nullable=False),
    Column("at", Double, nullable=False),
)
Index("room_event_once", room_event.c.room, room_event.c.member, room_event.c.key, unique=True)
entry = Table(
    "entry",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=True),  # the order in which they came, whatever a clock says
    Column("owner", HASH, nullable=False),
    Column("room", String(16), ForeignKey("room.code", ondelete="SET NULL")),
    Column("study", HASH, ForeignKey("study.key"), nullable=False, index=True),
    Column("name", Text),  # none where nobody gave it one: such entries make room for others
    Column("note", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False, default=list),
    Column("made_at", Double, nullable=False),  # seconds since 1970, UTC
    Column("deleted_at", Double),
    sqlite_autoincrement=True,  # a number is never given again
)
Index("entry_of_owner", entry.c.owner, entry.c.study, unique=True)
Index("entry_in_order", entry.c.owner, entry.c.deleted_at, entry.c.id)
Index("entry_of_room", entry.c.room)
cell = Table(
    "cell",
    METADATA,
    Column("key", HASH, primary_key=True),
    Column("outcome", Text, nullable=False),
)

# What leads from version n to n + 1 stands at place n - 1. Never change one that was released: add another.
MIGRATIONS: Sequence[Callable[[Connection], None]] = (rooms_have_events,)
SCHEMA = 1 + len(MIGRATIONS)


def version_of(connection: Connection) -> int:
    """The schema that a store has; 0 where it has none yet."""
    if not inspect(connection).has_table(schema_version.name):
        return 0
    found = connection.scalars(select(schema_version.c.version)).first()
    return 0 if found is None else found


def create(connection: Connection) -> None:
    """Make the tables of this release."""
    METADATA.create_all(connection)
    connection.execute(insert(schema_version).values(version=SCHEMA))


def migrate(connection: Connection, version: int) -> None:
    """Make a store of an older version one of this release, in the transaction that is under way."""
    for step in MIGRATIONS[version - 1 :]:
        step(connection)
    connection.execute(update(schema_version).values(version=SCHEMA))
