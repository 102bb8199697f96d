"""Connections to SQLite and PostgreSQL, made alike: foreign keys hold, and who writes has a turn from the start."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import QueuePool, StaticPool

from spncore.store import schema
from spncore.store.place import Patience, StoreError

POOL = {"pool_size": 5, "max_overflow": 20}
WRITES = "spnlab_writes"  # an execution option: the transaction takes the write lock when it begins
HELD = ("locked", "busy")  # in SQLite's words of what goes by
MAKING, WRITING = 0x53504E, 0x53504F  # PostgreSQL's locks while tables are made or moved on, and while rows are written
TEXT = partial(json.dumps, ensure_ascii=False, allow_nan=False)  # which can be searched as it stands


class Opened(NamedTuple):
    """An engine on a store; `why_read_only` says why nothing can be written, `notices` what its operator should know.

    `turns` is held while the engine is used, since a store in memory has one connection for all; `let_go` is called
    when it is used no more.
    """

    engine: Engine
    why_read_only: str | None = None
    notices: tuple[str, ...] = ()
    turns: AbstractContextManager[Any] = nullcontext()
    let_go: Callable[[], object] = tuple


def said(error: BaseException) -> str:
    """A database's error in a line, without the statement that met it and without any password."""
    cause = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


def known(version: int, where: str) -> int:
    """A store's version; StoreError where a newer release has made it."""
    if version > schema.SCHEMA:
        raise StoreError(
            f"{where}: schema {version}, this release knows up to {schema.SCHEMA}; it was left as it is. "
            "Install a newer release, or name another store"
        )
    return version


def of_memory() -> Engine:
    """SQLite's database in memory, with one connection."""
    return _sqlite("sqlite://", "MEMORY", 0.0, poolclass=StaticPool)


def of_file(
    file: Path, mode: str, journal: str | None, busy_seconds: float, foreign_keys: bool = True, immutable: bool = False
) -> Engine:
    """SQLite's database in a file, opened in a mode of its own: ro, rw, rwc; without `journal` that is as it is.

    Where it is `immutable` nothing beside the file is read: https://sqlite.org/uri.html.
    """
    url = f"sqlite:///{file.absolute().as_uri()}?mode={mode}&uri=true" + ("&immutable=1" if immutable else "")
    return _sqlite(url, journal, busy_seconds, foreign_keys, poolclass=QueuePool, **POOL)


def _sqlite(url: str, journal: str | None, busy_seconds: float, foreign_keys: bool = True, **pool: Any) -> Engine:
    arguments = {"timeout": busy_seconds, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, json_serializer=TEXT, **pool)
    pragmas = [f"foreign_keys={'ON' if foreign_keys else 'OFF'}", "synchronous=FULL"]
    pragmas += [f"journal_mode={journal}"] if journal else []

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # the driver begins no transactions of its own
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        mode = " IMMEDIATE" if connection.get_execution_options().get(WRITES) else ""
        connection.exec_driver_sql(f"BEGIN{mode}")

    return engine


def of_server(url: URL, patience: Patience) -> Engine:
    """A database of a PostgreSQL server. Who writes does so one after the other, as in SQLite: none meets another."""
    connecting = {
        "connect_timeout": max(1, round(patience.connect)),
        "tcp_user_timeout": 30_000,  # milliseconds: a server whose network is gone is not waited for
        "application_name": "spnlab",
    }
    engine = create_engine(url, connect_args=connecting, json_serializer=TEXT, pool_pre_ping=True, **POOL)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(1000 * patience.busy)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITING})")

    return engine
