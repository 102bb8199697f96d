"""Sessions whose pages are open press Train at once, each with a seed of its own and all else as it comes.

Each opens a link with its seed and K = 9, changes K to 8 by the press, and runs its script now and then afterwards, as
what changes no setting does.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from benchmarks.classroom.sizes import CORES, Sizes
from benchmarks.counting import Spent, Usage, over_ideal, pressed, quantiles, spent
from benchmarks.earlier.checkout import Build
from benchmarks.server import Server
from benchmarks.visitors import Session, link, opened

CONTROL_EVERY = 3.0
FIRST_SECONDS = 90.0  # that the runs which pages open with are waited for
Changed = Callable[[int], dict[str, float]]
FIRST_POINT_MS, GAP_MS = 1000.0, 400.0  # a class is served well within these


@contextlib.asynccontextmanager
async def class_of(port: int, count: int, seed: int | None = None) -> AsyncIterator[list[Session]]:
    """So many open pages, whose first runs have ended: from `seed` on one of each, else a run that they share.

    In pages that share one the seed and the number of updates can be set.
    """
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        links = (study(0) if seed is None else study(seed + place, num_components=9) for place in range(count))
        sessions = await asyncio.gather(*(enter(opened(port, link)) for link in links))
        await asyncio.gather(*(session.follow(FIRST_SECONDS) for session in sessions))
        if seed is None:
            await asyncio.gather(*(session.unfold() for session in sessions))
        yield list(sessions)


def study(seed: int, **settings: Any) -> str:
    """A link of the version that the earlier build reads; the present one reads it as well."""
    return link(seed, v=1, **settings)


async def follow(session: Session, seconds: float) -> None:
    """What the page does after Train was pressed: as soon as its run is there, the layout, then frames to the end."""
    await session.mounted.wait()
    await session.get(f"/api/runs/{session.run_id}/layout")
    await session.follow(seconds)


async def attend(session: Session, busy: asyncio.Future[Any], offset: float, **changed: float) -> float:
    """Press Train, then run the script every few seconds until the class is done; seconds that the press took."""
    seconds = await session.press(**changed)
    await asyncio.wait({busy}, timeout=offset)
    while not busy.done():
        session.controls.append(await session.rerun())
        await asyncio.wait({busy}, timeout=CONTROL_EVERY)
    return seconds


def as_it_comes(place: int) -> dict[str, float]:
    """The default K, in a page that opened with another one."""
    return {"control_num_components": 8.0}


async def press_all(sessions: list[Session], seconds: float, changed: Changed) -> dict[str, Any]:
    """All press at once; what they got until all runs have ended, or for so many seconds.

    `changed` says what each changes by the press, by its place among them.
    """
    for session in sessions:
        session.mounted.clear()
        session.controls.clear()
    busy = asyncio.gather(*(follow(session, seconds) for session in sessions))
    offsets = (CONTROL_EVERY * place / len(sessions) for place in range(len(sessions)))
    attending = [
        attend(session, busy, offset, **changed(place))
        for place, (session, offset) in enumerate(zip(sessions, offsets, strict=True))
    ]
    presses = await asyncio.gather(*attending)
    await busy
    return {
        "sessions": len(sessions),
        **quantiles("press", [1000 * each for each in presses]),
        **pressed(sessions, time.perf_counter()),
    }


async def class_presses(server: Server, sizes: Sizes) -> dict[str, Any]:
    """The class, beside the CPU seconds that the same studies take alone in a process."""
    async with class_of(server.port, sizes.students, 1000) as sessions:
        before = Usage.of(server)
        found = await press_all(sessions, sizes.class_seconds, as_it_comes)
        used = spent(before, Usage.of(server))
    alone = await asyncio.to_thread(alone_seconds, server, sizes.students)
    return {**found, **shares(found, used, alone)}


def shares(found: dict[str, Any], used: Spent, alone: float) -> dict[str, Any]:
    """The time until all had finished over what the cores need for the same work, by either count of it."""
    finished = found["all_finished_seconds"]
    return {
        "cpu_seconds_alone": round(alone, 2),
        "cpu_seconds_trained": round(used.training, 2),
        "cpu_seconds_served": round(used.serving, 2),
        "finished_over_ideal": over_ideal(finished, alone, CORES),
        "finished_over_trained": over_ideal(finished, used.training, CORES),
    }


def alone_seconds(server: Server, count: int) -> float:
    """CPU seconds of so many studies of default size, one after the other in a process of the server's build."""
    with Build(server.folder) as build:
        found = [build.ask("lab_study", seed=seed, iterations=500) for seed in range(count + 1)]
    return sum(float(each["seconds"]) for each in found[1:])  # the first one is slower once


async def cores_that_train(server: Server, sizes: Sizes) -> dict[str, Any]:
    """CPU seconds of training per second, while a class waits for runs of which none ends."""
    async with class_of(server.port, sizes.students) as sessions:
        seconds = sizes.settle_seconds + sizes.watched_seconds

        def long(place: int) -> dict[str, float]:
            return {"control_seed": 2000 + place, "control_iterations": sizes.long_updates}

        pressing = asyncio.create_task(press_all(sessions, seconds + 2, long))
        await asyncio.sleep(sizes.settle_seconds)
        before, begin = Usage.of(server), time.perf_counter()
        await asyncio.sleep(sizes.watched_seconds)
        used, lasted = spent(before, Usage.of(server)), time.perf_counter() - begin
        found = await pressing
    return {
        "sessions": len(sessions),
        "updates": sizes.long_updates,
        "cores_training": round(used.training / lasted, 3),
        "cores_serving": round(used.serving / lasted, 3),
        "unfinished": found["unfinished"],
        "errors": found["errors"],
        "kinds_of_errors": found["kinds_of_errors"],
    }


async def students_per_core(server: Server, sizes: Sizes) -> dict[str, Any]:
    """The largest class of which 95 of 100 have a point within a second and a further one every 0.4 s."""
    alone = await asyncio.to_thread(alone_seconds, server, 3) / 3
    rows: list[dict[str, Any]] = []
    for count in sizes.classes:
        async with class_of(server.port, count, 10_000 * count) as sessions:
            found = await press_all(sessions, sizes.class_seconds, as_it_comes)
        ratio = over_ideal(found["all_finished_seconds"], alone * count, CORES)
        rows.append({"finished_over_ideal": ratio, **found})
        if not served_well(rows[-1]):
            break
    return {**largest(rows), "classes": rows}


def served_well(row: dict[str, Any]) -> bool:
    """Whether 95 of 100 first points and further points came in time, all finished, and there was no error."""
    return (
        not (row["errors"] or row["unfinished"])
        and row["first_point_p95_ms"] <= FIRST_POINT_MS
        and row["data_gap_p95_ms"] <= GAP_MS
    )


def largest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The largest class before the first that was not served well; and per core."""
    well = [row["sessions"] for row in rows if served_well(row)]
    most = max(well, default=0)
    return {"students": most, "students_per_core": most / CORES, "tried_no_more": len(well) == len(rows)}
