"""A class whose wifi goes for a while: every connection is cut, and the pages come back as Streamlit's and ours do."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from websockets.exceptions import WebSocketException

from benchmarks.classroom.pressing import class_of
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors
from benchmarks.server import Server
from benchmarks.visitors import ENDED, Session, connected
from tests.relay import Relay

CUTS = (3, 15, 50)  # seconds
RETRY = (0.5, 1.0, 2.0, 5.0)  # seconds between questions, after the first, second, … failure in a row
RECONNECT = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before each try to connect again
LOST = (OSError, EOFError, WebSocketException)


async def wifi(server: Server, sizes: Sizes, seconds: float) -> dict[str, Any]:
    """A cut of so many seconds."""
    return await cut_for(server.port, seconds * sizes.cut_share, sizes)


async def cut_for(port: int, seconds: float, sizes: Sizes) -> dict[str, Any]:
    """All press Train, all connections are cut for so long; who still has a session and a run, and which runs end."""
    async with Relay(port) as relay, class_of(relay.port, sizes.students) as sessions:
        for session in sessions:
            session.mounted.clear()
        until = time.perf_counter() + seconds + sizes.after_cut_seconds
        kept = [session.session_id for session in sessions]
        following = asyncio.gather(*(follow(session, until) for session in sessions))
        presses = (
            session.press(control_seed=int(1000 * seconds) + place, control_iterations=sizes.cut_updates)
            for place, session in enumerate(sessions)
        )
        await asyncio.gather(*presses)
        connections = [asyncio.create_task(stay_connected(session)) for session in sessions]
        before = [session.state in ENDED for session in sessions]
        relay.cut()
        await asyncio.sleep(seconds)
        relay.mend()
        await following
        await back(sessions)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        states = [session.state for session in sessions]
        told = await controls(sessions)  # a page whose session is a new one begins a run of its own
        for session, state in zip(sessions, states, strict=True):
            session.state = state
        return {"seconds": seconds, "cut": relay.num_cut, **found(sessions, before, kept, told)}


async def follow(session: Session, until: float) -> None:
    """Ask as the page does until the run has ended: again and again, ever more seldom, where nothing comes through."""
    await session.mounted.wait()
    failures = 0
    while session.state not in ENDED and time.perf_counter() < until:
        try:
            await session.ask()
            failures = 0
        except (OSError, EOFError):
            session.hang_up()
            failures += 1
        await asyncio.sleep(RETRY[min(failures, len(RETRY)) - 1] if failures else session.poll)


async def stay_connected(session: Session) -> None:
    """Open the page's websocket again whenever it breaks, for the session that it was."""
    while True:
        await session.socket.wait_closed()
        for wait in (*RECONNECT, *(RECONNECT[-1] for _ in range(10))):
            await asyncio.sleep(wait)
            with suppress(*LOST):
                session.socket = await connected(session.port, "none", session.session_id)
                break


async def back(sessions: list[Session]) -> None:
    """Until every page is connected again, or it takes too long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(2 * RECONNECT[-1]):
            while any(session.socket.close_code is not None for session in sessions):
                await asyncio.sleep(0.1)


async def controls(sessions: list[Session]) -> list[str]:
    """Change a control in every page; the session that each is told it has."""
    for session in sessions:
        with suppress(*LOST, TimeoutError):
            await session.rerun()
    return [session.session_id for session in sessions]


def found(sessions: list[Session], before: list[bool], kept: list[str], told: list[str]) -> dict[str, Any]:
    """Of the runs that had not ended before the cut: those that are done, and those that are lost."""
    cut = [session for session, ended in zip(sessions, before, strict=True) if not ended]
    return {
        "sessions": len(sessions),
        "unfinished_before": len(cut),
        "done": sum(session.state == "done" for session in cut),
        "lost": sum(session.state in ("interrupted", "failed", "stopped") for session in cut),
        "under_way": sum(session.state not in ENDED for session in cut),
        "sessions_kept": sum(one == other for one, other in zip(kept, told, strict=True)),
        **errors(sessions),
    }
