"""Measures the live lab as its users meet it, without a browser: `python -m benchmarks.live [part …]`, prints JSON.

Starts the real server on a free port of this computer and plays sessions against it: Streamlit's protobuf over a
websocket for the page, plain GETs of the run routes for the data, paced as the page paces them. The players share the
machine's cores with the server, so latencies are upper bounds. What else runs counts too: the load average before and
after each part stands beside its numbers. Linux only: CPU and memory are read from /proc.

"First point" is the first answer that brings frames of the session's run; a "gap" is the time between two answers that
do. Answers that bring nothing, as those to a run that waits in line, are counted apart and end no gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from benchmarks.counting import Usage, quantiles, spent
from benchmarks.document import Measure, document, found, write
from benchmarks.server import Server, running
from benchmarks.visitors import Session, link, opened

TARGETS = {
    "first_point_ms": 300.0,  # at most
    "answers_with_points_per_second": 9.0,  # at least
    "cores_beyond_trainer": 0.02,  # at most, one session
    "control_p95_ms": 100.0,  # at most, 30 sessions
    "data_gap_p95_ms": 350.0,  # at most, 30 sessions, for a page that asks every 250
    "memory_over_plateau": 1.10,  # at most
    "freed_seconds": 2.0,  # at most
}
WHAT = {
    "first_point": "from opening the connection and a link that trains to the first answer with frames, one tab",
    "answers_with_points_per_second": "answers with frames over the seconds of a long run watched, one tab",
    "control": "from a changed control's message to the end of the script's run, every 3 s in each tab",
    "train_to_first_point": "from the message that opens a link and trains it to the first answer with frames, per tab",
    "data_gap": "between two answers with frames, per tab, from its first one on",
    "sessions": "tabs that had a first point, and whose run had ended, at these moments",
}
TITLE = (
    "The lab's server and visitors without a browser, on the same cores, by the clock. All runs advance by turns, in "
    "as many processes as there are cores; who opens the same link shares a run"
)
NUM_SESSIONS = 30
MARK_SECONDS, WATCHED_SECONDS = 30.0, 90.0  # of many sessions: when who was served is counted, and until when


@contextlib.asynccontextmanager
async def training(server: Server, link: str) -> AsyncIterator[Session]:
    """A tab that has opened a link, which trains; its page has run once."""
    async with opened(server.port, link) as session:
        if not session.run_id:
            raise RuntimeError("the page mounted no run")
        yield session


async def one_session(server: Server) -> dict[str, Any]:
    """From opening the connection and a link to the first point; then answers with points, and CPU, of a long run."""
    first = []
    for seed in range(1000, 1080, 10):
        begin = time.perf_counter()
        async with training(server, link(seed)) as session:
            while not session.length:
                await session.ask()
            first.append(1000 * (time.perf_counter() - begin))
        await asyncio.sleep(1.5)  # until its run rests
    await asyncio.sleep(3)
    async with training(server, link(1, iterations=5000, num_seeds=12)) as session:
        await session.ask()
        before, begin, count, done = Usage.of(server), time.perf_counter(), len(session.points), session.done
        await session.follow(8)
        seconds = time.perf_counter() - begin
        used = spent(before, Usage.of(server))
        return {
            "first_point_ms": round(statistics.median(first), 1),
            "first_point_worst_ms": round(max(first), 1),
            "answers_with_points_per_second": round((len(session.points) - count) / seconds, 2),
            "iterations_per_second": round((session.done - done) / seconds, 1),
            "cores_trainer": round(used.training / seconds, 3),
            "cores_beyond_trainer": round(used.serving / seconds, 3),
            "run_lasted": session.state == "running",
            "errors": len(session.errors),
        }


async def many_sessions(server: Server, shared: bool, seconds: float = WATCHED_SECONDS) -> dict[str, Any]:
    """30 tabs that train at once, each polling and changing a control every 3 s; settings of their own, or the same."""
    settings = {"iterations": 1500}
    async with contextlib.AsyncExitStack() as stack:
        links = [link(7 if shared else 2000 + 10 * index, **settings) for index in range(NUM_SESSIONS)]
        before, begin = Usage.of(server), time.perf_counter()
        sessions = await asyncio.gather(*(stack.enter_async_context(training(server, each)) for each in links))
        opening = time.perf_counter() - begin
        jobs: list[Awaitable[None]] = []
        for index, session in enumerate(sessions):
            jobs += [session.follow(seconds - opening), session.use_controls(seconds - opening, 3.0, index / 10)]
        await asyncio.gather(*jobs)
        lasted, used = time.perf_counter() - begin, spent(before, Usage.of(server))
        return {
            "sessions": NUM_SESSIONS,
            "settings": "identical" if shared else "own",
            **settings,
            "all_opened_seconds": round(opening, 2),
            "cores_training": round(used.training / lasted, 2),
            "cores_serving": round(used.serving / lasted, 2),
            **quantiles("control", [1000 * each for session in sessions for each in session.controls]),
            **served(sessions, begin, lasted),
            "errors": sum(len(session.errors) for session in sessions),
            "kinds_of_errors": sorted({error for session in sessions for error in session.errors}),
        }


def served(sessions: list[Session], begin: float, lasted: float) -> dict[str, Any]:
    """What each session waited for: its first point, the next ones, the end of its run; and who got them by when."""
    waits = [1000 * wait for session in sessions if (wait := session.first_point) is not None]
    marks = {f"at_{MARK_SECONDS:g}_s": begin + MARK_SECONDS, "at_the_end": begin + lasted}
    return {
        **quantiles("train_to_first_point", waits),
        **quantiles("data_gap", [1000 * gap for session in sessions for gap in session.gaps]),
        "answers": sum(session.answers for session in sessions),
        "answers_with_points": sum(len(session.points) for session in sessions),
        "watched_seconds": round(lasted, 1),
        **{
            f"sessions_with_a_point_{name}": sum(session.had_point(moment) for session in sessions)
            for name, moment in marks.items()
        },
        **{
            f"sessions_ended_{name}": sum(session.had_ended(moment) for session in sessions)
            for name, moment in marks.items()
        },
    }


async def open_and_close(server: Server, cycles: int = 200) -> dict[str, Any]:
    """Memory, threads and files over many tabs that come, look and go."""
    memory = {}
    for cycle in range(1, cycles + 1):
        async with training(server, link(5000 + cycle % 20)) as session:
            await session.ask()
        if cycle % 50 == 0:
            memory[cycle] = round(server.memory_of_all_mb(), 1)
    counts = server.counts()
    await asyncio.sleep(65)  # Streamlit keeps a closed session for a minute
    async with training(server, link(5000)):  # and drops it when the next one comes
        pass
    plateau = memory[cycles // 2]
    return {
        "memory_mb": memory,
        "memory_over_plateau": round(memory[cycles] / plateau, 3),
        "memory_after_a_minute_mb": round(server.memory_of_all_mb(), 1),
        "at_the_end": counts,
        "after_a_minute": server.counts(),
    }


async def closed_tab(server: Server) -> dict[str, Any]:
    """Seconds from a closed tab until nothing trains: the CPU of the server and its children falls to nothing."""
    async with training(server, link(9, iterations=5000, num_seeds=12)) as session:
        await session.ask()
    begin = time.perf_counter()
    while time.perf_counter() - begin < 10:
        before = Usage.of(server)
        await asyncio.sleep(0.1)
        if sum(spent(before, Usage.of(server))) < 0.03:
            return {"freed_seconds": round(time.perf_counter() - begin - 0.1, 2)}
    return {"freed_seconds": None}


async def shut_down(server: Server) -> dict[str, Any]:
    """SIGTERM while a run is under way and its tab is open."""
    async with training(server, link(11, iterations=5000, num_seeds=12)) as session:
        await session.ask()
        result = await asyncio.to_thread(server.close)
        with contextlib.suppress(Exception):
            await session.socket.close()
    return result


PARTS: dict[str, Callable[[Server], Awaitable[dict[str, Any]]]] = {
    "one_session": one_session,
    "thirty_sessions": lambda server: many_sessions(server, shared=False),
    "thirty_sessions_sharing": lambda server: many_sessions(server, shared=True),
    "closed_tab": closed_tab,
    "open_and_close": open_and_close,
    "shut_down": shut_down,
}


def measures(results: dict[str, Any]) -> list[Measure]:
    """What stands in README of the parts that were played."""
    shown = []
    if one := results.get("one_session"):
        first = found(one["first_point_ms"], "ms", at_most=TARGETS["first_point_ms"])
        answers = found(one["answers_with_points_per_second"], "a second", at_least=9.0)
        shown += [
            Measure(
                "one visitor: from opening the connection and a link that trains to the first point; median of 8",
                (first,),
            ),
            Measure("the same visitor: answers that bring points, of a long run, asked ten times a second", (answers,)),
        ]
    for part, kind in (
        ("thirty_sessions", "settings of their own"),
        ("thirty_sessions_sharing", "identical settings, so one run"),
    ):
        if many := results.get(part):
            shown += of_many(many, kind)
    return shown


def of_many(many: dict[str, Any], kind: str) -> list[Measure]:
    """Who waited for what."""
    everyone, iterations = many["sessions"], many["iterations"]
    who = f"{everyone} visitors train at once, {kind} ({iterations:,} updates, three depths)"
    counts = (
        (f"sessions_with_a_point_at_{MARK_SECONDS:g}_s", f"of {everyone} by {MARK_SECONDS:g} s"),
        ("sessions_with_a_point_at_the_end", f"of {everyone} by {WATCHED_SECONDS:g} s"),
        ("sessions_ended_at_the_end", f"of {everyone} whose run has ended by then"),
    )
    first = many.get("train_to_first_point_p50_ms")
    waits = [] if first is None else [found(first / 1e3, "s")]
    later = (
        ("data_gap_p95_ms", "ms between answers", {"at_most": TARGETS["data_gap_p95_ms"]}),
        ("control_p95_ms", "ms to a control's answer", {"at_most": TARGETS["control_p95_ms"]}),
    )
    quantities = [found(many[name], unit, **goal) for name, unit, goal in later if name in many]
    return [
        Measure(
            f"{who}: from Train to the first point, median of those that got one; who has one",
            (*waits, *(found(many[name], unit) for name, unit in counts)),
        ),
        Measure(
            "of these, p95: between answers that bring points, from a visitor's first on; a control's answer",
            (*quantities, found(many["errors"], "errors")),
        ),
    ]


def main(names: list[str]) -> None:
    """Measure the named parts, or all, each on a fresh server."""
    results: dict[str, Any] = {}
    for name in names or list(PARTS):
        with running() as server:
            load = [round(os.getloadavg()[0], 1)]
            results[name] = {
                "server_start_seconds": round(server.start_seconds, 2),
                **asyncio.run(measured(name, server)),
            }
            results[name]["load_average_before_and_after"] = [*load, round(os.getloadavg()[0], 1)]
        print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
    command = " ".join(["python -m benchmarks.live", *names])
    write(document(TITLE, command, measures(results), what=WHAT, targets=TARGETS, **results))


async def measured(name: str, server: Server) -> dict[str, Any]:
    """One part; a page that was never opened is slow once, so one tab comes first."""
    async with training(server, link(99, iterations=5)):
        pass
    return await PARTS[name](server)


if __name__ == "__main__":
    main(sys.argv[1:])
