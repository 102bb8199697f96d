"""Scripts of pages take turns: thirty at once would all end last, one after the other half of them in half the time.

They share one interpreter lock, so that side by side they are not faster, only all as late as the last. A script that
waits for something else lets others go meanwhile, and nobody waits long for one that computes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One after the other; who has waited `patience` seconds goes beside."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._lock = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """A script's turn."""
        self._mine.turn = self._lock.acquire(timeout=self.patience)
        try:
            yield
        finally:
            self._give_up()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While a script sleeps; it goes on where its turn comes again."""
        had = self._give_up()
        try:
            yield
        finally:
            if had:
                self._mine.turn = self._lock.acquire(timeout=self.patience)

    def _give_up(self) -> bool:
        had: bool = getattr(self._mine, "turn", False)
        self._mine.turn = False
        if had:
            self._lock.release()
        return had


TURNS = Turns(patience=1.0)
