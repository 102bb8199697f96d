"""Lets answers wait until there is something new, so that nobody has to ask in vain."""

import asyncio
import threading
from collections.abc import Callable


class News:
    """Coroutines wait, on whatever event loop; any thread tells all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self, ready: Callable[[], bool], seconds: float) -> None:
        """Until it is told after which `ready` holds, but no longer than so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not ready():
                    await self._next(ready)
        except TimeoutError:
            pass

    async def _next(self, ready: Callable[[], bool]) -> None:
        told = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.add(told)
        try:
            if not ready():  # it may have been told before this one waited
                await told
        finally:
            with self._lock:
                self._waiting.discard(told)

    def tell(self) -> None:
        """Wake all that wait."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for told in waiting:
            told.get_loop().call_soon_threadsafe(_wake, told)


def _wake(told: "asyncio.Future[None]") -> None:
    if not told.done():
        told.set_result(None)
