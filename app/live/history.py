"""What the server keeps of runs: every one that comes to its end goes into the list of whoever asked for it.

Owners are browsers, known by the door's cookie; no names, no accounts. A session whose browser shows none has a list
that ends with it. Where nothing can be written, lists last as long as the server, which is said; a place that cannot be
opened is tried again, and takes what was kept until then.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple, ParamSpec, TypeVar

from app.live.limits import server_limits
from app.live.run import LiveRun
from spncore.kept import bundle
from spncore.kept.runs import listed, whole
from spncore.store import MEMORY, Place, Question, Store, StoreError, changes, default_place, reading, rooms
from spncore.store.rows import Limits, owner_of
from spncore.studies.history import finished

LOG = logging.getLogger(__name__)
MOST_SESSIONS = 10_000  # whose owners are remembered
WAIT_SECONDS = 5.0  # that a page waits for what it writes
AGAIN_SECONDS = 60.0  # until a place that could not be opened is tried once more
LEAVE_SECONDS = 1.0  # in which whoever has the store in memory in hand is done with it
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
        self._again_at = math.inf
        self._owners: dict[Hashable, str] = {}
        self._rows = ThreadPoolExecutor(1, "spnlab-history")  # where runs become rows, which no page waits for
        self.fault = ""  # why what is kept ends with the server

    @property
    def store(self) -> Store:
        """The store, opened when it is first asked for; in memory while its place cannot be used."""
        with self._lock:
            if self._store is None:
                self._store = self._opened()
            elif time.monotonic() >= self._again_at:
                self._again_at = math.inf  # for this attempt
                self._rows.submit(self._try_again)
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
            self.fault, self._again_at = str(error), time.monotonic() + AGAIN_SECONDS
            LOG.warning("runs are kept in memory until the server ends or the store can be opened: %s", error)
            return Store(MEMORY)
        for notice in store.notices:
            LOG.warning("the store of runs: %s", notice)
        if store.why_read_only:
            self.fault = store.why_read_only
        else:
            store.write(changes.prune)  # what was deleted long ago
            store.write(rooms.expire)
        return store

    def _try_again(self) -> None:
        """Open the place that could not be opened before; what was kept in memory since then goes there.

        Not while a class is in a room, which would lose it.
        """
        before = self._store
        try:
            if before is None or before.read(rooms.counts).rooms:
                raise StoreError("a room is open")
            store = Store(self._place())
        except StoreError:
            self._again_at = time.monotonic() + AGAIN_SECONDS
            return
        if store.why_read_only:
            return store.close()
        with self._lock:
            self._store, self.fault = store, ""
        LOG.warning("the store of runs can be opened now; what was kept in memory goes there")
        time.sleep(LEAVE_SECONDS)
        for owner in before.read(reading.owners):
            runs = (whole(before, entry) for entry in listed(before, reading.Query(owner)))
            try:
                bundle.take_in(store, runs, owner, self.limits())
            except StoreError as error:
                LOG.warning("of what was kept in memory, not all was saved: %s", error)
        before.close()


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
