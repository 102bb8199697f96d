"""A store is opened with care: whatever else lies in its place is named and never overwritten, older ones are moved on.

SQLite: https://sqlite.org/wal.html, https://sqlite.org/uri.html (`immutable`: a log beside the file is not read).
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import threading
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool, StaticPool

from spncore.files.whole import fault
from spncore.store import schema
from spncore.store.place import VARIABLE, Place, StoreError, shared_file_system

BUSY_SECONDS = 10.0  # that SQLite waits for another process's lock before it says so
MIGRATION_SECONDS = 60.0  # that a second server waits for the first to have moved a store on
CONNECT_SECONDS = 5
POOL, MORE_CONNECTIONS = 5, 20
MAGIC = b"SQLite format 3\x00"
WRITES = "spnlab_writes"  # an execution option: the transaction takes the write lock when it begins
LOCK = 0x53504E  # of PostgreSQL's, while tables are made or moved on


class Opened(NamedTuple):
    """An engine on a store; `why_read_only` says why nothing can be written, `notices` what its operator should know.

    `copy` is a folder that is gone with the process, where the store had to be copied to be read whole; `turns` is held
    while the engine is used, since a store in memory has one connection for all.
    """

    engine: Engine
    why_read_only: str | None = None
    notices: tuple[str, ...] = ()
    copy: tempfile.TemporaryDirectory[str] | None = None
    turns: AbstractContextManager[Any] = nullcontext()


def opened(place: Place) -> Opened:
    """Open a store, make one where there is none, move an older one on; StoreError in a sentence otherwise."""
    try:
        return _server(place) if place.server is not None else _file(place.file) if place.file else _memory()
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"{place}: {said(error)}") from None
    except OSError as error:
        raise StoreError(f"{fault(error)}") from None


def said(error: BaseException) -> str:
    """A database's error in a line, without the statement that met it and without any password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


def _memory() -> Opened:
    engine = _sqlite("sqlite://", "MEMORY", poolclass=StaticPool)
    with engine.begin() as connection:
        schema.create(connection)
    return Opened(engine, turns=threading.Lock())


def _server(place: Place) -> Opened:
    assert place.server is not None
    try:
        engine = create_engine(
            place.server,
            pool_size=POOL,
            max_overflow=MORE_CONNECTIONS,
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "spnlab"},
        )
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            version = _known(schema.version_of(connection), str(place))
            if version == 0:
                schema.create(connection)
            elif version < schema.SCHEMA:
                schema.migrate(connection, version)
    except ModuleNotFoundError:
        raise StoreError(f"{place}: PostgreSQL takes psycopg: pip install 'spnlab[lab]'") from None
    except SQLAlchemyError as error:
        raise StoreError(f"{place}: {said(error)}; check {VARIABLE}, the server and its password") from None
    notices = ["before a new release, back it up: pg_dump"] if 0 < version < schema.SCHEMA else []
    return Opened(engine, None, tuple(notices))


def _file(file: Path) -> Opened:
    """A store in a file of this computer."""
    if not file.exists():
        _made(file)
    notices = _looked_at(file)
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        return _read_only(file, notices)
    kind = shared_file_system(file)
    if kind:
        notices.append(
            f"{file} is on a file system that several computers share ({kind}): only one of them may use it at a time, "
            f"and it is slower; several take a PostgreSQL server ({VARIABLE})"
        )
    # the version is asked for before anything is changed, the journal's mode included
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=MIGRATION_SECONDS)) as raw:
        _known(_raw_version(raw, file), str(file))
        sound = raw.execute("PRAGMA quick_check(1)").fetchone()[0]
        if sound != "ok":
            raise StoreError(
                f"{file}: the database is damaged ({str(sound).splitlines()[0]}); it was left as it is. "
                "Put a backup in its place, or name another file"
            )
    engine = _sqlite(_url(file, "rw"), "DELETE" if kind else "WAL", poolclass=QueuePool)
    notices += _moved_on(engine, file)
    return Opened(engine, None, tuple(notices))


def _made(file: Path) -> None:
    """A new store, which appears whole or not at all; another process may be faster."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        engine = _sqlite(_url(part, "rwc"), "DELETE", poolclass=QueuePool)
        with engine.begin() as connection:
            schema.create(connection)
        engine.dispose()
        part.chmod(0o600)  # what people trained is theirs
        with suppress(FileExistsError):
            os.link(part, file)  # unlike a rename it overwrites nothing
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"{file}: cannot be made: {said(error)}; name a place that can be written") from None
    finally:
        part.unlink(missing_ok=True)


def _looked_at(file: Path) -> list[str]:
    """What there is to say of a file before it is opened; StoreError where it is no whole database."""
    with file.open("rb") as opened_file:
        head = opened_file.read(100)
    size = file.stat().st_size
    left = "it was left as it is; move it away or name another file"
    if not size:
        raise StoreError(f"{file}: it is empty (0 bytes), not a store; {left}")
    if not head.startswith(MAGIC) or len(head) < 100:
        raise StoreError(f"{file}: it is not a database; {left}")
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    whole = (65_536 if page == 1 else page) * pages
    if size < whole and not _log(file):
        raise StoreError(f"{file}: it is cut short, {size:,} of {whole:,} bytes; {left}. A backup may be whole")
    return []


def _read_only(file: Path, notices: list[str]) -> Opened:
    """A store that may only be read; with a log beside it that is not in it yet, a copy of both."""
    why = f"{file} may be read only by this user"
    copy = None
    if _log(file):
        copy = tempfile.TemporaryDirectory(prefix="spnlab-store-")
        for each in (file, _beside(file, "-wal")):
            shutil.copyfile(each, Path(copy.name) / each.name)
        file = Path(copy.name) / file.name
        engine = _sqlite(_url(file, "rw"), None, poolclass=QueuePool)
    else:
        engine = _sqlite(_url(file, "ro") + "&immutable=1", None, poolclass=QueuePool)
    with engine.connect() as connection:
        version = _known(schema.version_of(connection), str(file))
    if version < schema.SCHEMA:
        raise StoreError(f"{why}, and it is of schema {version}: let it be written once, so that it becomes readable")
    return Opened(engine, why, tuple(notices), copy)


def _moved_on(engine: Engine, file: Path) -> list[str]:
    """Move an older store on, in one transaction, after a copy; of several servers the first does it."""
    with engine.connect() as connection:
        if schema.version_of(connection) == schema.SCHEMA:
            return []
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        version = _known(schema.version_of(connection), str(file))
        if version == schema.SCHEMA:
            return []
        backup = _beside(file, f".schema-{version}.backup")
        _copied(file, backup)
        schema.migrate(connection, version)
    return [f"{file} was moved from schema {version} to {schema.SCHEMA}; as it was before it is in {backup.name}"]


def _copied(file: Path, backup: Path) -> None:
    """A copy of what has been committed; it appears whole or not at all."""
    part = backup.with_name(f"{backup.name}.{secrets.token_hex(4)}.part")
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.replace(part, backup)
    finally:
        part.unlink(missing_ok=True)


def _raw_version(raw: sqlite3.Connection, file: Path) -> int:
    named = raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'").fetchone()[0]
    found = raw.execute("SELECT version FROM schema_version").fetchone() if named else None
    if not found:
        raise StoreError(f"{file}: it is a database, but not a store of SPN Lab; name another file")
    return int(found[0])


def _known(version: int, where: str) -> int:
    if version > schema.SCHEMA:
        raise StoreError(
            f"{where}: schema {version}, this release knows up to {schema.SCHEMA}; it was left as it is. "
            "Install a newer release, or name another store"
        )
    return version


def _log(file: Path) -> bool:
    """Whether a write-ahead log with something in it lies beside a file."""
    log = _beside(file, "-wal")
    return log.exists() and log.stat().st_size > 0


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _url(file: Path, mode: str) -> str:
    return f"sqlite:///{file.absolute().as_uri()}?mode={mode}&uri=true"


def _sqlite(url: str, journal: str | None, poolclass: Any) -> Engine:
    room = {} if poolclass is StaticPool else {"pool_size": POOL, "max_overflow": MORE_CONNECTIONS}
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, poolclass=poolclass, connect_args=arguments, **room)

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # the driver begins no transactions of its own
        pragmas = [f"journal_mode={journal}"] if journal else []
        for pragma in [*pragmas, "synchronous=FULL", "foreign_keys=ON"]:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        mode = " IMMEDIATE" if connection.get_execution_options().get(WRITES) else ""
        connection.exec_driver_sql(f"BEGIN{mode}")

    return engine
