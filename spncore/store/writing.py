"""One thread writes to a store: what others ask for meanwhile is committed together, and said to be saved only then."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from spncore.store.opening import WRITES, said
from spncore.store.place import StoreError

MOST = 256  # changes that are committed together
RETRY_SECONDS = 90.0  # that a store may be locked, or its server away, before it is said that nothing was saved
PAUSE_SECONDS = 0.2
PASSING = ("locked", "busy")  # in SQLite's words of what goes by
OF_SERVER = ("OperationalError", "AdminShutdown", "CannotConnectNow", "CrashShutdown")  # PostgreSQL's
T = TypeVar("T")
Change = Callable[[Connection], T]


class Writer:
    """Takes changes from any thread and makes them one after the other; `close` makes what was taken, then ends.

    A change may be made twice where the connection broke while it was committed, so it must do nothing the second time.
    """

    def __init__(self, engine: Engine, turns: AbstractContextManager[Any]) -> None:
        self._turns = turns
        self._engine = engine.execution_options(**{WRITES: True})
        self._asked: queue.SimpleQueue[tuple[Change[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="spnlab-store", daemon=True)
        self._thread.start()

    def ask(self, change: Change[T]) -> Future[T]:
        """Have a change made; the future has its result once it is committed, or the StoreError that hindered it."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(StoreError("The store is closed."))
        else:
            self._asked.put((change, future))
        return future

    def close(self) -> None:
        """Make what was asked for, and end."""
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

    def _make(self, together: list[tuple[Change[Any], Future[Any]]]) -> None:
        """Commit changes in one transaction, each of which may fail alone; again where what hinders goes by."""
        until = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                results = self._committed([change for change, _ in together])
            except (SQLAlchemyError, OSError) as error:
                if _passing(error) and time.monotonic() < until:
                    time.sleep(PAUSE_SECONDS)
                    continue
                results = [StoreError(f"Not saved: {said(error)}.")] * len(together)
            break
        for (_, future), result in zip(together, results, strict=True):
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _committed(self, changes: list[Change[Any]]) -> list[Any]:
        results: list[Any] = []
        with self._turns, self._engine.begin() as connection:
            for change in changes:
                try:
                    with connection.begin_nested():
                        results.append(change(connection))
                except DBAPIError as error:
                    if _of_all(error):
                        raise
                    results.append(StoreError(f"Not saved: {said(error)}."))
                except Exception as error:  # noqa: BLE001  of this change alone; whoever asked for it hears of it
                    results.append(error)
        return results


def _passing(error: BaseException) -> bool:
    """Whether the same may go well in a moment: another process holds the lock, or the connection broke."""
    if not isinstance(error, DBAPIError):
        return False
    of_server = type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ in OF_SERVER
    return error.connection_invalidated or of_server or any(word in said(error) for word in PASSING)


def _of_all(error: DBAPIError) -> bool:
    """Whether it is not this change's own fault."""
    return error.connection_invalidated or type(error.orig).__name__ in ("OperationalError", "DatabaseError")
