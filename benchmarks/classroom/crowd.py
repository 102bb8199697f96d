"""More sessions than a class: each opens a link of its own, which trains it, and changes a control now and then."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle
from typing import Any

from websockets.exceptions import WebSocketException

from benchmarks.classroom.pressing import study
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors, quantiles
from benchmarks.visitors import Server, Session, connected

CONTROL_EVERY = 10.0
WAITING_SECONDS = 5.0  # after which who got no run comes again, as a waiting page does


class Visitor:
    """One of the crowd: when it came in, if it did, and its page."""

    def __init__(self, port: int, seed: int, offset: float) -> None:
        self.port, self.link, self.offset = port, study(seed), offset
        self.session: Session | None = None
        self.tried = 0
        self.opening: float | None = None

    async def stay(self, until: float) -> None:
        """Come, be let in or try again, and use the page."""
        await asyncio.sleep(self.offset)
        while self.session is None and time.perf_counter() < until:
            if not await self._enter():
                await asyncio.sleep(WAITING_SECONDS)
        if self.session is not None:
            left = until - time.perf_counter()
            await asyncio.gather(self.session.follow(left), self._change(self.session, until))

    async def _enter(self) -> bool:
        """Open the page; whether it has a run."""
        self.tried += 1
        try:
            session = Session(self.port, self.link, await connected(self.port))
            opening = await session.rerun()
        except (OSError, WebSocketException):
            return False
        if not session.run_id:
            await session.close()
            return False
        self.session, self.opening = session, opening
        return True

    async def _change(self, session: Session, until: float) -> None:
        for seed in cycle((1, 2)):
            await asyncio.sleep(CONTROL_EVERY)
            if time.perf_counter() >= until:
                return
            session.controls.append(await session.rerun(control_seed=seed))


async def crowds(server: Server, sizes: Sizes) -> dict[str, Any]:
    """One crowd after the other."""
    return {str(count): await crowd(server, count, sizes) for count in sizes.crowds}


async def crowd(server: Server, count: int, sizes: Sizes) -> dict[str, Any]:
    """So many visitors, until some time after the last has come."""
    until = time.perf_counter() + sizes.crowd_seconds
    every = sizes.arriving_seconds / count
    visitors = [Visitor(server.port, 100_000 + 10 * place, every * place) for place in range(count)]
    try:
        await asyncio.gather(*(visitor.stay(until) for visitor in visitors))
        return {"sessions": count, **found(visitors)}
    finally:
        await asyncio.gather(*(visitor.session.close() for visitor in visitors if visitor.session))


def found(visitors: list[Visitor]) -> dict[str, Any]:
    """Who got in, at once or later, and how long a control took them."""
    inside = [visitor.session for visitor in visitors if visitor.session is not None]
    return {
        "inside_at_once": sum(visitor.session is not None and visitor.tried == 1 for visitor in visitors),
        "inside_later": sum(visitor.session is not None and visitor.tried > 1 for visitor in visitors),
        "refused": len(visitors) - len(inside),
        **quantiles("opening", [1000 * visitor.opening for visitor in visitors if visitor.opening is not None]),
        **quantiles("control", [1000 * each for session in inside for each in session.controls]),
        "with_a_point": sum(bool(session.points) for session in inside),
        "ended": sum(session.ended is not None for session in inside),
        **errors(inside),
    }
