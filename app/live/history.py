"""What the server keeps of runs: every one that comes to its end goes into the list of whoever asked for it.

Owners are browsers, known by the door's cookie; no names, no accounts. A session whose browser shows none has a list
that ends with it. Where nothing can be written, lists last as long as the server, which is said.
"""

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple, ParamSpec, TypeVar

from app.live.limits import server_limits
from app.live.run import LiveRun
from spncore.store import MEMORY, Place, Question, Store, StoreError, changes, default_place, rooms
from spncore.store.rows import Limits, owner_of
from spncore.studies.history import finished

LOG = logging.getLogger(__name__)
MOST_SESSIONS = 10_000  # whose owners are remembered
WAIT_SECONDS = 5.0  # that a page waits for what it writes
T = TypeVar("T")
P = ParamSpec("P")


class Saved(NamedTuple):
    """Whether a run is in its owner's list, and in a sentence why it is not; empty while nothing is to be said."""

    state: Literal["", "saving", "saved", "unsaved"] = ""
    why: str = ""


class History:
    """The store of this server and who its sessions belong to; any thread may call any method.

    `place` says where the store is, when it is first asked for.
    """

    def __init__(self, place: Callable[[], Place] = default_place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._owners: dict[Hashable, str] = {}
        self._rows = ThreadPoolExecutor(1, "spnlab-history")  # where runs become rows, which no page waits for
        self.fault = ""  # why what is kept ends with the server

    @property
    def store(self) -> Store:
        """The store, opened when it is first asked for; in memory where its place cannot be used."""
        with self._lock:
            if self._store is None:
                self._store = self._opened()
            return self._store

    def belongs(self, session: Hashable, token: str | None) -> str:
        """The owner of a session's runs: the browser that shows this token, or the session alone."""
        owner = owner_of(token if token is not None else f"session {session!r}")
        self._owners.pop(session, None)
        self._owners[session] = owner  # now the one that was here last
        while len(self._owners) > MOST_SESSIONS:
            del self._owners[next(iter(self._owners))]
        return owner

    def owner(self, session: Hashable) -> str:
        """Who a session belongs to."""
        return self._owners.get(session) or self.belongs(session, None)

    def keep(self, run: LiveRun) -> "Future[int]":
        """Put a run that has ended into its owner's list; the future has the entry's number once that is committed."""
        return self._rows.submit(self._keep, run)

    def name(self, run: LiveRun, name: str) -> int | None:
        """Give a run a name, now or when it ends (None then); StoreError in a sentence where that cannot be."""
        name = changes.text_of(name, "name", changes.NAME_CHARACTERS)
        run.name = name
        if run.saving is None:
            return None
        number = self.result(run.saving)
        self.write(changes.describe, self.owner(run.session), number, name)
        return number

    def read(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> T:
        """The answer of a function of `spncore.store.reading`."""
        return self.store.read(what, *asked, **named)

    def write(self, what: Question[P, T], *asked: P.args, **named: P.kwargs) -> T:
        """What a function of `spncore.store.changes` has changed, once it is committed; StoreError where it is not."""
        return self.result(self.store.write(what, *asked, **named))

    def result(self, future: "Future[T]") -> T:
        """What is written, in the time that a page has; StoreError in a sentence."""
        try:
            return future.result(WAIT_SECONDS)
        except TimeoutError:
            raise StoreError("The store does not answer; it is tried again, look in a minute.") from None

    def limits(self) -> Limits:
        """What lists may take; in memory little."""
        limits = server_limits()
        whole = limits.store_bytes if self.store.lasts else min(limits.store_bytes, limits.unsaved_bytes)
        return Limits(limits.owner_bytes, limits.room_bytes, whole)

    def close(self) -> None:
        """Write what is to be written, and let go of the store."""
        self._rows.shutdown()
        with self._lock:
            if self._store is not None:
                self._store.close()
            self._store, self._rows = None, ThreadPoolExecutor(1, "spnlab-history")

    def _keep(self, run: LiveRun) -> int:
        computation = run.computation
        traces = computation.traces()
        rows = finished(computation.study, run.dataset, traces, computation.target, computation.seconds)
        owner = self.owner(run.session)
        asked = self.store.write(changes.keep, rows, owner, self.limits(), run.name or None)
        try:
            return asked.result()
        except StoreError as error:
            LOG.warning("a run was not saved: %s", error, extra={"run": run.id})
            raise

    def _opened(self) -> Store:
        try:
            store = Store(self._place())
        except StoreError as error:
            self.fault = str(error)
            LOG.warning("runs are kept in memory until the server ends: %s", error)
            return Store(MEMORY)
        for notice in store.notices:
            LOG.warning("the store of runs: %s", notice)
        if store.why_read_only:
            self.fault = store.why_read_only
        else:
            store.write(changes.prune)  # what was deleted long ago
            store.write(rooms.expire)
        return store


def saved(run: LiveRun) -> Saved:
    """Whether a run is in its owner's list."""
    future = run.saving
    if future is None:
        return Saved("saving" if run.is_kept else "")  # it is asked for in a moment
    if not future.done():
        return Saved("saving")
    error = future.exception()
    return Saved("saved") if error is None else Saved("unsaved", str(error))


HISTORY = History()
