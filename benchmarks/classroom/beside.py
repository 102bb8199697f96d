"""A visitor with default settings beside two who opened the heaviest links there are."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from typing import Any

from benchmarks.classroom.pressing import class_of, follow, study
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors
from benchmarks.server import Server
from benchmarks.visitors import Session, opened

HEAVIEST = {"num_components": 64, "depths": "1,2,3,4,5,6,7,8", "iterations": 5000}


async def delay_beside_heavy(server: Server, sizes: Sizes) -> dict[str, Any]:
    """From Train to the end of a default run, alone and beside two heavy ones, whose pages go on asking."""
    async with class_of(server.port, 1) as (visitor,), contextlib.AsyncExitStack() as stack:
        alone = [await run_seconds(visitor, 100 + place, sizes.beside_seconds) for place in range(sizes.default_runs)]
        enter = stack.enter_async_context
        tabs = [await enter(opened(server.port, study(seed, **HEAVIEST))) for seed in (1, 2)]
        heavy = [session for session in tabs if session.run_id]
        asking = [asyncio.create_task(session.follow(3600)) for session in heavy]
        await points_of(heavy, sizes.heavy_seconds)
        beside = await runs_beside(visitor, sizes)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        return {
            "alone_seconds": [round(each, 3) for each in alone if each],
            **delays(alone, beside),
            "heavy_runs_refused": len(tabs) - len(heavy),
            "heavy_runs_with_points": sum(bool(session.points) for session in heavy),
            "heavy_runs_ended": sum(session.ended is not None for session in heavy),
            **errors([visitor, *tabs]),
        }


async def points_of(heavy: list[Session], seconds: float) -> None:
    """Until both have begun, or it takes too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not all(session.points for session in heavy):
                await asyncio.sleep(0.1)


async def runs_beside(visitor: Session, sizes: Sizes) -> list[float | None]:
    """So many default runs one after the other; none more after one that does not end."""
    found: list[float | None] = []
    for place in range(sizes.default_runs):
        found.append(await run_seconds(visitor, 200 + place, sizes.beside_seconds))
        if found[-1] is None:
            break
    return found


async def run_seconds(session: Session, seed: int, at_most: float) -> float | None:
    """Seconds from Train to the end of a run; None where it is not done in time."""
    following = asyncio.create_task(follow(session, at_most))
    await session.press(control_seed=seed)
    await following
    return session.ended - session.trained if session.ended and session.state == "done" else None


def delays(alone: list[float | None], beside: list[float | None]) -> dict[str, Any]:
    """The delay, time beside over time alone, of the medians; none where a run has not ended beside the heavy ones."""
    own = [each for each in alone if each is not None]
    ended = [each for each in beside if each is not None]
    ratio = statistics.median(ended) / statistics.median(own) if own and len(ended) == len(beside) else None
    return {
        "beside_seconds": [round(each, 3) for each in ended],
        "not_ended_beside": len(beside) - len(ended),
        "delay": None if ratio is None else round(ratio, 3),
    }
