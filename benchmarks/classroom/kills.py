"""kill −9 of the trainer that is at work, again and again: every run must end as it would have without."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.classroom.pressing import class_of
from benchmarks.classroom.sizes import Sizes
from benchmarks.counting import errors
from benchmarks.server import Server
from benchmarks.visitors import ENDED, Session

RUN_SECONDS = 60.0  # that a run is waited for
LOOK_SECONDS = 0.03  # over which the busiest child is found
ASK_SECONDS = 0.015  # between questions, so that it is seen when updates come


class Watched(NamedTuple):
    """A run as it was seen: (moment, states so far) at each answer, its end, and a digest of all its numbers."""

    seen: list[tuple[float, int]]
    state: str
    digest: str


class Killed(NamedTuple):
    """What a kill cost: the updates that were lost at most, those that come at a time, seconds until more came."""

    repeated: float
    at_a_time: int
    stalled: float


async def kills(server: Server, sizes: Sizes) -> dict[str, Any]:
    """A run and a kill per round, beside the same runs on a server that is left alone."""
    if not server.children_cpu():
        return {"children": 0}
    seeds = range(1, sizes.kills + 1)
    alone = await undisturbed(server, seeds)
    chance, killed, same, ended = random.Random(0), list[Killed](), 0, 0
    async with class_of(server.port, 1) as (session,):
        for seed in seeds:
            running = asyncio.create_task(run(session, seed))
            moment = await kill_during(server, session, chance.uniform(0.1, 0.6) * length_of(alone[seed]))
            found = await running
            ended += found.state == "done"
            same += found.digest == alone[seed].digest
            if moment is not None and moment < found.seen[-1][0]:
                killed.append(cost(found.seen, moment))
        return {
            "children": len(server.children_cpu()),
            **summary(sizes.kills, killed, same, ended),
            **errors([session]),
        }


async def undisturbed(server: Server, seeds: range) -> dict[int, Watched]:
    """The same studies on a server of the same build that nobody disturbs."""
    other = await asyncio.to_thread(Server, server.folder)
    try:
        async with class_of(other.port, 1) as (session,):
            return {seed: await run(session, seed) for seed in seeds}
    finally:
        await asyncio.to_thread(other.close)


async def run(session: Session, seed: int) -> Watched:
    """Press Train and ask for frames until the run has ended and all are here."""
    pressing = asyncio.create_task(session.press(control_seed=seed))
    await asyncio.sleep(0)
    await session.mounted.wait()
    seen, until, complete = list[tuple[float, int]](), time.perf_counter() + RUN_SECONDS, False
    while not complete and time.perf_counter() < until:
        header = await session.ask()
        seen.append((time.perf_counter(), session.done))
        complete = session.state in ENDED and session.length >= header.get("length", 0)
        await asyncio.sleep(ASK_SECONDS)
    await pressing
    if not complete:
        raise TimeoutError(f"a run of default size did not end within {RUN_SECONDS:g} s")
    return Watched(seen, session.state, session.frames.hexdigest())


def length_of(watched: Watched) -> float:
    """Seconds from the first update that was seen to the last."""
    moments = [moment for moment, done in watched.seen if done]
    return moments[-1] - moments[0] if moments else 0.0


async def kill_during(server: Server, session: Session, seconds: float) -> float | None:
    """So long after a run's first point kill the child that is busiest; when it was done, None where none is busy."""
    await asyncio.sleep(0)
    await session.mounted.wait()
    while not session.points and session.state not in ENDED:
        await asyncio.sleep(ASK_SECONDS)
    await asyncio.sleep(seconds)
    before = server.children_cpu()
    await asyncio.sleep(LOOK_SECONDS)
    used = {pid: after - before.get(pid, 0.0) for pid, after in server.children_cpu().items()}
    busiest = max(used, key=lambda pid: used[pid])
    if not used[busiest] or session.state in ENDED:
        return None
    os.kill(busiest, signal.SIGKILL)
    return time.perf_counter()


def cost(seen: list[tuple[float, int]], killed: float) -> Killed:
    """Of a run whose trainer was killed at a moment.

    What the trainer did since updates last came is lost and made again: that time times the run's pace, at most.
    """
    grown = [(later, now - before) for (_, before), (later, now) in pairwise(seen) if now > before]
    first, last = next((moment, done) for moment, done in seen if done), max(seen, key=lambda each: each[1])
    came = [(moment, steps) for moment, steps in grown if moment <= killed]
    since = max((moment for moment, _ in came), default=first[0])
    next_one = min((moment for moment, _ in grown if moment > killed), default=seen[-1][0])
    stalled = next_one - since
    pace = (last[1] - first[1]) / max(last[0] - first[0] - stalled, 1e-9)
    return Killed(pace * max(killed - since, 0.0), max((steps for _, steps in grown), default=0), next_one - killed)


def summary(rounds: int, killed: list[Killed], same: int, ended: int) -> dict[str, Any]:
    """The worst of all rounds."""
    shares = [each.repeated / each.at_a_time for each in killed if each.at_a_time]
    return {
        "rounds": rounds,
        "kills_during_a_run": len(killed),
        "runs_done": ended,
        "runs_with_the_same_numbers": same,
        "updates_repeated_at_most": round(max((each.repeated for each in killed), default=0.0), 1),
        "updates_at_a_time_at_most": max((each.at_a_time for each in killed), default=0),
        "slices_repeated_at_most": round(max(shares, default=0.0), 2),
        "longest_stall_ms": round(1000 * max((each.stalled for each in killed), default=0.0), 1),
    }
