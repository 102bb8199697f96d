"""A store that is open: it reads in the thread that asks, and writes in one of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from spncore.store.engines import said
from spncore.store.opening import opened
from spncore.store.place import MEMORY, PATIENCE, Patience, Place, StoreError
from spncore.store.writing import Writer

T = TypeVar("T")
P = ParamSpec("P")
Question: TypeAlias = Callable[Concatenate[Connection, P], T]  # a function of `reading` or `changes`


class Store:
    """A store in its place; use it as a context, or `close` it.

    `why_read_only` says why nothing can be written, if that is so; `notices` are for whoever runs the lab.
    """

    def __init__(self, place: Place = MEMORY, patience: Patience = PATIENCE) -> None:
        """StoreError in a sentence where it cannot be opened."""
        self.place = place
        self._opened = opened(place, patience)
        self.why_read_only, self.notices = self._opened.why_read_only, self._opened.notices
        self._writer = None if self.why_read_only else Writer(self._opened.engine, self._opened.turns, patience)

    @property
    def lasts(self) -> bool:
        """Whether it outlives this process."""
        return self.place != MEMORY

    def read(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> T:
        """The answer of a function of `reading`; StoreError where the store cannot be read."""
        try:
            with self._opened.turns, self._opened.engine.connect() as connection:
                return what(connection, *asked, **named)
        except (SQLAlchemyError, ValueError) as error:  # the latter of what is damaged in a way of its own
            raise StoreError(f"The store of runs cannot be read: {said(error)}.") from None

    def write(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> Future[T]:
        """Have a function of `changes` called; the future has its answer once that is committed, else a StoreError."""
        if self._writer is None:
            refused: Future[T] = Future()
            refused.set_exception(StoreError(f"Not saved: {self.why_read_only}."))
            return refused
        return self._writer.ask(lambda connection: what(connection, *asked, **named))

    def close(self) -> None:
        """Write what was asked for, and let go of the place."""
        if self._writer is not None:
            self._writer.close()
        self._opened.let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
