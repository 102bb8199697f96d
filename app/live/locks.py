"""What the links that opened pages lock: settings that neither a control nor a touch on a drawing changes there.

A page's script tells it by the name of its session; the routes of runs, which know no page, ask.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Hashable
from typing import Any

from app.live.catalogues import catalogue
from app.live.limits import server_limits
from spncore.record import Record
from spncore.runs.changes import read_all
from spncore.words import listed


class Locks:
    """What is locked in the sessions that were told of last, `most` of them or, by 0, all; any thread may call."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._locked: OrderedDict[Hashable, frozenset[str]] = OrderedDict()
        self.most = most

    def tell(self, session: Hashable, locked: Collection[str]) -> None:
        """The page that a session shows locks these settings, and no others."""
        with self._lock:
            self._locked.pop(session, None)
            if locked:
                self._locked[session] = frozenset(locked)
            while self.most and len(self._locked) > self.most:
                self._locked.popitem(last=False)

    def of(self, session: Hashable) -> frozenset[str]:
        """The settings that are locked in a session."""
        with self._lock:
            return self._locked.get(session, frozenset())


LOCKS = Locks(server_limits().locked_sessions)


def locked(names: Collection[str], before: Record, after: Record) -> str | None:
    """Why a record may not become another one: the sentence names what is locked and would change; None if it may."""
    old, new = _values(before), _values(after)
    changed = [name for name in old if name in names and old[name] != new.get(name)]
    sentence: str = catalogue("teach")["locked"]
    return sentence.format(names=listed(changed)) if changed else None


def _values(record: Record) -> dict[str, Any]:
    """The settings by name; other learning rates on the way are part of the learning rate, too."""
    values = record.settings()
    rates = [change for change in read_all(values.get("changes", ())) if change.of_rate]
    return {**values, "learning_rate": (values.get("learning_rate"), rates)}
