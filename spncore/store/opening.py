"""A store is opened with care: what else lies in its place is named and never overwritten, an older one is moved on."""

from __future__ import annotations

import sqlite3
import threading

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from spncore.files.whole import fault
from spncore.store import files, schema
from spncore.store.engines import MAKING, Opened, known, of_memory, of_server, said
from spncore.store.place import VARIABLE, Patience, Place, StoreError


def opened(place: Place, patience: Patience) -> Opened:
    """Open a store, make one where there is none, move an older one on; StoreError in a sentence otherwise."""
    try:
        if place.server is not None:
            return _server(place, patience)
        return files.opened(place.file, place.shared, patience) if place.file else _memory()
    except (SQLAlchemyError, sqlite3.Error, ValueError) as error:  # the last of what is damaged in a way of its own
        raise StoreError(f"{place}: {said(error)}") from None
    except OSError as error:
        raise StoreError(fault(error)) from None


def _memory() -> Opened:
    engine = of_memory()
    with engine.begin() as connection:
        schema.create(connection)
    return Opened(engine, turns=threading.Lock(), let_go=engine.dispose)


def _server(place: Place, patience: Patience) -> Opened:
    assert place.server is not None
    try:
        engine = of_server(place.server, patience)
    except ModuleNotFoundError:
        raise StoreError(f"{place}: PostgreSQL takes psycopg: pip install 'spnlab[lab]'") from None
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING})")
            version = known(schema.version_of(connection), str(place))
            if version == 0:
                strange = {*schema.METADATA.tables} & {*inspect(connection).get_table_names()}
                if strange:
                    raise StoreError(
                        f"{place}: it has a table {min(strange)} that is not of SPN Lab; name another database"
                    )
                schema.create(connection)
            elif version < schema.SCHEMA:
                schema.migrate(connection, version)
    except SQLAlchemyError as error:
        engine.dispose()
        raise StoreError(f"{place}: {said(error)}; check {VARIABLE}, the server and its password") from None
    except StoreError:
        engine.dispose()
        raise
    moved = [f"{place} was moved from schema {version} to {schema.SCHEMA}"] if 0 < version < schema.SCHEMA else []
    return Opened(engine, notices=tuple(moved), let_go=engine.dispose)
