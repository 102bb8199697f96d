"""A store in a file of this computer: SQLite's, with its log beside it (https://sqlite.org/wal.html)."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from spncore.files.whole import remove_strays
from spncore.store import schema
from spncore.store.engines import HELD, WRITES, Opened, known, of_file, said
from spncore.store.place import VARIABLE, Patience, StoreError, shared_file_system

MAGIC, HEADER = b"SQLite format 3\x00", 100
LOG, UNDO = "-wal", "-journal"  # of SQLite's, beside the file: what is not in it yet, or is to be taken back
IN_USE = "-in-use"  # ours: it lies there until the last who uses a store has closed it
CHECKED_BYTES = 256_000_000  # a larger store is not read through when it is opened
LEFT = "it was left as it is; move it away or name another file"


def opened(file: Path, shared: bool, patience: Patience) -> Opened:
    """Open the store in a file, make it where there is none; StoreError where something else lies there."""
    kind = shared_file_system(file)
    journal = "DELETE" if kind or shared else "WAL"  # the log needs all who use it on one computer
    if not file.exists():
        _made(file, journal, shared, patience)
    _look_at(file)
    notices = _log_that_is_gone(file)
    if kind and not shared:
        notices.append(
            f"{file} is on a file system that several computers share ({kind}): only one of them may use it at a time, "
            f"and it is slower; several take a PostgreSQL server ({VARIABLE})"
        )
    if not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        return _read_only(file, f"{file} may be read only by this user", notices, patience)
    try:
        return _to_write(file, journal, notices, patience)
    except (OperationalError, sqlite3.OperationalError) as error:
        if any(word in said(error) for word in HELD):
            raise
        try:  # on a full disk it is read as far as that can be
            return _read_only(file, f"{file} cannot be written: {said(error)}", notices, patience)
        except (SQLAlchemyError, OSError):
            raise error from None


def _to_write(file: Path, journal: str, notices: list[str], patience: Patience) -> Opened:
    """A store that can be written, moved on where an earlier release has made it."""
    moved = _moved_on(file, journal, patience) if _checked(file, patience) < schema.SCHEMA else []
    engine = of_file(file, "rw", journal, patience.busy)
    try:
        with engine.connect() as connection:
            schema.version_of(connection)  # from now on its log is there
    except SQLAlchemyError:
        engine.dispose()
        raise
    mark = _beside(file, IN_USE)
    if journal == "WAL":
        with suppress(OSError):
            mark.touch()

    def let_go() -> None:
        engine.dispose()
        if not _beside(file, LOG).exists():  # nobody else has it open
            with suppress(OSError):
                mark.unlink(missing_ok=True)

    return Opened(engine, notices=(*notices, *moved), let_go=let_go)


def _made(file: Path, journal: str, shared: bool, patience: Patience) -> None:
    """A new store, which appears whole or not at all; another process may be faster."""
    file.parent.mkdir(parents=True, exist_ok=True)
    remove_strays(file.parent)
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    engine = of_file(part, "rwc", journal, patience.busy)
    try:
        with engine.begin() as connection:
            schema.create(connection)
        engine.dispose()
        if not shared:
            part.chmod(0o600)  # what people trained is theirs
        _put_in_place(part, file)
    except SQLAlchemyError as error:
        raise StoreError(f"{file}: cannot be made: {said(error)}; name a place that can be written") from None
    finally:
        engine.dispose()
        for each in (part, _beside(part, LOG), _beside(part, "-shm"), _beside(part, UNDO)):
            each.unlink(missing_ok=True)


def _put_in_place(part: Path, file: Path) -> None:
    """Give a finished file its name, unless something has it; a link, unlike a rename, overwrites nothing."""
    try:
        os.link(part, file)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not file.exists():
            os.replace(part, file)


def _look_at(file: Path) -> None:
    """StoreError where a file is no whole database; before it is opened, which might change it."""
    with file.open("rb") as opened_file:
        head = opened_file.read(HEADER)
    size = file.stat().st_size
    if not size:
        raise StoreError(f"{file}: it is empty (0 bytes), not a store; {LEFT}")
    if not head.startswith(MAGIC) or len(head) < HEADER:
        raise StoreError(f"{file}: it is not a database; {LEFT}")
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    whole = (65_536 if page == 1 else page) * pages
    if size < whole and not (_filled(file, LOG) or _filled(file, UNDO)):
        raise StoreError(f"{file}: it is cut short, {size:,} of {whole:,} bytes; {LEFT}. A backup may be whole")


def _log_that_is_gone(file: Path) -> list[str]:
    """What to say where a store was not closed and the log that it then has is not there."""
    if not _beside(file, IN_USE).exists() or _beside(file, LOG).exists():
        return []
    return [
        f"{file} was not closed, and {file.name}{LOG}, where the last that was saved then is, is gone: runs may be "
        "missing. Put the log back beside it, or a backup in its place, before anything is written"
    ]


def _checked(file: Path, patience: Patience) -> int:
    """The version of a store, found out before anything is changed; StoreError where it is another or damaged."""
    url = f"{file.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(url, uri=True, timeout=patience.migration)) as raw:
        try:
            version = known(_version(raw, file), str(file))
            sound = "ok"
            if file.stat().st_size <= CHECKED_BYTES:
                sound = str(raw.execute("PRAGMA integrity_check(1)").fetchone()[0])
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, UnicodeError) as error:
            sound = said(error)
        if sound != "ok":
            raise StoreError(
                f"{file}: the database is damaged ({sound.splitlines()[0]}); {LEFT}. A backup may be whole"
            )
    return version


def _version(raw: sqlite3.Connection, file: Path) -> int:
    strange = StoreError(f"{file}: it is a database, but not a store of SPN Lab; name another file")
    names = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {schema.schema_version.name, schema.study.name, schema.entry.name} <= names:
        raise strange
    columns = [row[1] for row in raw.execute("PRAGMA table_info(schema_version)")]
    found = raw.execute("SELECT version FROM schema_version").fetchone() if "version" in columns else None
    if not found or not isinstance(found[0], int):
        raise strange
    return found[0]


def _read_only(file: Path, why: str, notices: list[str], patience: Patience) -> Opened:
    """A store that can only be read. Where a log is beside it that is not in it yet, that is read as well."""
    copied = None
    engine = of_file(file, "ro", None, patience.busy, immutable=not _filled(file, LOG))
    try:
        with engine.connect() as connection:
            version = schema.version_of(connection)
    except SQLAlchemyError:
        engine.dispose()
        if not _filled(file, LOG):
            raise
        copied = tempfile.TemporaryDirectory(prefix="spnlab-store-")  # gone with this process
        for each in (file, _beside(file, LOG)):
            shutil.copyfile(each, Path(copied.name) / each.name)
        engine = of_file(Path(copied.name) / file.name, "rw", None, patience.busy)
        with engine.connect() as connection:
            version = schema.version_of(connection)

    def let_go() -> None:
        engine.dispose()
        if copied is not None:
            copied.cleanup()

    if known(version, str(file)) < schema.SCHEMA:
        let_go()
        raise StoreError(f"{why}, and it is of schema {version}: let it be written once, so that it becomes readable")
    return Opened(engine, why, tuple(notices), let_go=let_go)


def _moved_on(file: Path, journal: str, patience: Patience) -> list[str]:
    """Move an older store on, in one transaction, after a copy; of several processes the first does it."""
    # keys that are foreign are looked at in the end, or a table that is made anew takes with it what refers to it
    engine = of_file(file, "rw", journal, patience.migration, foreign_keys=False)
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            version = known(schema.version_of(connection), str(file))
            if version == schema.SCHEMA:
                return []
            backup = _beside(file, f".schema-{version}.backup")
            _copy(file, backup)
            schema.migrate(connection, version)
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if broken is not None:
                raise StoreError(f"{file}: rows of {broken[0]} refer to what is not there; it was left as it is")
    finally:
        engine.dispose()
    return [f"{file} was moved from schema {version} to {schema.SCHEMA}; as it was before it is in {backup.name}"]


def _copy(file: Path, backup: Path) -> None:
    """A copy of what has been committed; it appears whole or not at all."""
    part = backup.with_name(f"{backup.name}.{secrets.token_hex(4)}.part")
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.replace(part, backup)
    finally:
        part.unlink(missing_ok=True)


def _filled(file: Path, ending: str) -> bool:
    """Whether something lies beside a file, with something in it."""
    beside = _beside(file, ending)
    return beside.exists() and beside.stat().st_size > 0


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)
