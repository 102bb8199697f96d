"""One thread writes to a store: what others ask for meanwhile is committed together, and said to be saved only then."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnection

from spncore.store.engines import HELD, WRITES, said
from spncore.store.place import PATIENCE, Patience, StoreError

MOST = 256  # changes that are committed together
# What goes by, in PostgreSQL's codes: no connection, another transaction in the way, stopped; no lock, no room
LOCK_NOT_AVAILABLE, TOO_MANY_CONNECTIONS = "55P03", "53300"
PASSING_CLASSES, PASSING_STATES = ("08", "40", "57"), (LOCK_NOT_AVAILABLE, TOO_MANY_CONNECTIONS)
T = TypeVar("T")
Change = Callable[[Connection], T]
Asked = tuple[Change[Any], Future[Any]]


class Writer:
    """Takes changes from any thread and makes them one after the other; `close` makes what was taken, then ends.

    A change may be made twice where the connection broke while it was committed, so it must do nothing the second time.
    """

    def __init__(self, engine: Engine, turns: AbstractContextManager[Any], patience: Patience = PATIENCE) -> None:
        self._turns, self._patience = turns, patience
        self._engine = engine.execution_options(**{WRITES: True})
        self._asked: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._closed, self._asking = False, threading.Lock()
        self._thread = threading.Thread(target=self._work, name="spnlab-store", daemon=True)
        self._thread.start()

    def ask(self, change: Change[T]) -> Future[T]:
        """Have a change made; the future has its result once it is committed, or the StoreError that hindered it."""
        future: Future[T] = Future()
        with self._asking:  # nothing comes after the end
            if self._closed:
                future.set_exception(StoreError("Not saved: the store is closed."))
            else:
                self._asked.put((change, future))
        return future

    def close(self) -> None:
        """Make what was asked for, and end."""
        with self._asking:
            self._closed = True
            self._asked.put(None)
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            found = [self._asked.get()]
            try:
                while len(found) < MOST:
                    found.append(self._asked.get_nowait())
            except queue.Empty:
                pass
            going_on = None not in found
            together = [each for each in found if each is not None and each[1].set_running_or_notify_cancel()]
            if together:
                self._make(together)

    def _make(self, together: list[Asked]) -> None:
        """Commit changes in one transaction, each of which may fail alone; where that cannot be, each by itself."""
        try:
            results = self._committed([change for change, _ in together])
        except Exception as error:  # noqa: BLE001  whatever it is, who waits hears of it, and this thread goes on
            if len(together) > 1 and not _passing(error):
                for each in together:
                    self._make([each])
                return
            results = [StoreError(f"Not saved: {said(error)}{self._waited(error)}.")] * len(together)
        for (_, future), result in zip(together, results, strict=True):
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _waited(self, error: Exception) -> str:
        """What there is to add where waiting did not help."""
        if not _passing(error):
            return ""
        what = "another process writes to the store" if _held(error) else "the server was not reached"
        return f"; {what}, and that for {self._patience.retry:g} s"

    def _committed(self, changes: list[Change[Any]]) -> list[Any]:
        """What the changes give; made again where what hinders them goes by, for as long as there is patience."""
        until = time.monotonic() + self._patience.retry
        while True:
            try:
                return self._together(changes) or self._apart(changes)
            except (SQLAlchemyError, OSError) as error:
                if not _passing(error) or time.monotonic() >= until:
                    raise
            time.sleep(self._patience.pause)

    def _together(self, changes: list[Change[Any]]) -> list[Any]:
        """What they give, which is usual; nothing where one of them fails, and then none is made."""
        try:
            with self._turns, self._engine.begin() as connection:
                return [change(connection) for change in changes]
        except DBAPIError as error:
            if _of_all(error):
                raise
        except Exception:  # noqa: BLE001  found out below whose it is
            pass
        return []

    def _apart(self, changes: list[Change[Any]]) -> list[Any]:
        """What they give, each of which may fail: its place then has the error."""
        results: list[Any] = []
        with self._turns, self._engine.begin() as connection:
            for change in changes:
                try:
                    results.append(_made(change, connection))
                except DBAPIError as error:
                    if _of_all(error):
                        raise
                    results.append(StoreError(f"Not saved: {said(error)}."))
                except (StatementError, ValueError) as error:  # no number or no text in any database
                    results.append(StoreError(f"Not saved: {said(error)}."))
                except Exception as error:  # noqa: BLE001  of this change alone; whoever asked for it hears of it
                    results.append(error)
        return results


def _made(change: Change[T], connection: Connection) -> T:
    """What a change gives; where it fails, nothing of it is left, or the database has ended the whole transaction."""
    savepoint = connection.begin_nested()
    try:
        result = change(connection)
    except Exception as error:
        try:
            savepoint.rollback()
        except DBAPIError:
            if isinstance(error, DBAPIError):
                raise error from None  # a full disk ends it, and is what there is to say
            raise
        raise
    savepoint.commit()
    return result


def _passing(error: BaseException) -> bool:
    """Whether the same may go well in a moment: another process holds the lock, or the connection broke."""
    if isinstance(error, NoConnection) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return any(word in said(error) for word in HELD)
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in PASSING_CLASSES or state in PASSING_STATES


def _held(error: Exception) -> bool:
    """Whether it is another's lock that hinders, and not a connection."""
    orig = error.orig if isinstance(error, DBAPIError) else None
    return isinstance(orig, sqlite3.Error) or getattr(orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def _of_all(error: DBAPIError) -> bool:
    """Whether it is not this change's own fault."""
    damaged = type(error.orig) is sqlite3.DatabaseError  # the file itself is not what it should be
    return damaged or _passing(error) or isinstance(error, OperationalError)
