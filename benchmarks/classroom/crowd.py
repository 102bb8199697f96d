"""More sessions than a class: each opens a link of its own, which trains it, and changes a control now and then."""

from __future__ import annotations

import asyncio
import json
import re
import time
from http.client import HTTPException
from typing import Any

from websockets.exceptions import WebSocketException

from benchmarks.classroom.pressing import study
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors, quantiles
from benchmarks.pages import Answer, fetched, sent
from benchmarks.server import Server
from benchmarks.visitors import Session, connected

CROWDS = (100, 200)
CONTROL_EVERY = 10.0
ASK_SECONDS = 2.0  # between the questions of a waiting page
TICKET = re.compile(r"api/door\?ticket=[\w-]+")


class Visitor:
    """One of the crowd: when it came in, if it did, and its page."""

    def __init__(self, port: int, seed: int, offset: float) -> None:
        self.port, self.link, self.offset = port, study(seed), offset
        self.session: Session | None = None
        self.waited = False
        self.opening: float | None = None

    async def stay(self, until: float) -> None:
        """Come, wait in line where there is one, and use the page."""
        await asyncio.sleep(self.offset)
        try:
            cookies = await self._let_in(until)
            if cookies is not None:
                await self._open(cookies)
        except (OSError, HTTPException, WebSocketException):
            return
        if self.session is not None:
            await self._use(self.session, until)

    async def _use(self, session: Session, until: float) -> None:
        try:
            await asyncio.gather(session.follow(until - time.perf_counter()), self._change(session, until))
        except (OSError, EOFError, WebSocketException) as error:
            session.errors.append(f"the connection was lost ({type(error).__name__})")

    async def _let_in(self, until: float) -> dict[str, str] | None:
        """Load the page, asking as a waiting page does while one comes instead; None where nothing else ever comes."""
        page = await self._fetch("/", {})
        while time.perf_counter() < until and page.status == 503 and (ask := TICKET.search(page.text)):
            self.waited = True
            await asyncio.sleep(ASK_SECONDS)
            place = await self._fetch(f"/{ask[0]}", page.cookies)
            if place.status == 200 and json.loads(place.text)["place"] == 0:
                page = await self._fetch("/", page.cookies)
        return page.cookies if page.status == 200 else None

    async def _fetch(self, path: str, cookies: dict[str, str]) -> Answer:
        return await asyncio.to_thread(fetched, self.port, path, cookies)

    async def _open(self, cookies: dict[str, str]) -> None:
        """Connect the page and run its script, which is to mount a run."""
        session = Session(self.port, self.link, await connected(self.port, cookies=sent(cookies)))
        self.opening = await session.rerun()
        if session.run_id:
            self.session = session
        else:
            await session.close()

    async def _change(self, session: Session, until: float) -> None:
        await asyncio.sleep(CONTROL_EVERY)
        while time.perf_counter() < until:
            session.controls.append(await session.rerun())
            await asyncio.sleep(CONTROL_EVERY)


async def crowd(server: Server, sizes: Sizes, of: int) -> dict[str, Any]:
    """So many visitors, until some time after the last has come."""
    until = time.perf_counter() + sizes.crowd_seconds
    count = round(of * sizes.crowd_share)
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
        "inside_at_once": sum(visitor.session is not None and not visitor.waited for visitor in visitors),
        "inside_later": sum(visitor.session is not None and visitor.waited for visitor in visitors),
        "in_line": sum(visitor.session is None and visitor.waited for visitor in visitors),
        "refused": sum(visitor.session is None and not visitor.waited for visitor in visitors),
        **quantiles("opening", [1000 * visitor.opening for visitor in visitors if visitor.opening is not None]),
        **quantiles("control", [1000 * each for session in inside for each in session.controls]),
        "with_a_point": sum(bool(session.points) for session in inside),
        "ended": sum(session.ended is not None for session in inside),
        **errors(inside),
    }
