"""What the benchmarks of the server count: quantiles of waits, the gaps of curves, who used how much CPU."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from benchmarks.server import Server
from benchmarks.visitors import Session


def quantiles(name: str, values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return {f"{name}_count": 0}
    return {
        f"{name}_p50_ms": round(statistics.median(ordered), 1),
        f"{name}_p95_ms": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
        f"{name}_worst_ms": round(ordered[-1], 1),
        f"{name}_count": len(ordered),
    }


class Usage(NamedTuple):
    """CPU seconds so far: of the server's threads by number, its first one's number, and of its children."""

    main: str
    threads: Mapping[str, float]
    children: Mapping[int, float]

    @classmethod
    def of(cls, server: Server) -> Usage:
        """What a server has used until now."""
        return cls(str(server.process.pid), server.cpu(), server.children_cpu())


class Spent(NamedTuple):
    """CPU seconds between two looks: of all that trains, and of the rest of the server."""

    training: float
    serving: float


def spent(before: Usage, after: Usage) -> Spent:
    """Children train where there are any; in a server without, it is the busiest thread beside the first one."""
    children = sum(_grown(before.children, after.children))
    threads = _grown(before.threads, after.threads)
    if after.children:
        return Spent(children, sum(threads))
    others = _grown(before.threads, {name: each for name, each in after.threads.items() if name != after.main})
    training = max(others, default=0.0)
    return Spent(training, sum(threads) - training)


def _grown(before: Mapping[Any, float], after: Mapping[Any, float]) -> list[float]:
    return [seconds - before.get(name, 0.0) for name, seconds in after.items()]


def waits(sessions: Sequence[Session], until: float) -> list[float]:
    """Milliseconds from Train to the first point; of who has none, how long it has waited so far."""
    return [1000 * ((session.points[0] if session.points else until) - session.trained) for session in sessions]


def gaps_from_train(session: Session, until: float) -> list[float]:
    """Milliseconds without anything new: from Train to the first point, between points, and since the last one where
    the run has not ended."""
    moments = [session.trained, *session.points, *([] if session.ended else [until])]
    return [1000 * (later - earlier) for earlier, later in pairwise(moments)]


def pressed(sessions: Sequence[Session], until: float) -> dict[str, Any]:
    """What a class that pressed Train at once has got until a moment."""
    begin = min(session.trained for session in sessions)
    ended = [session.ended for session in sessions if session.ended and session.state == "done"]
    return {
        **quantiles("first_point", waits(sessions, until)),
        "without_a_point": sum(not session.points for session in sessions),
        **quantiles("data_gap", [gap for session in sessions for gap in gaps_from_train(session, until)]),
        **quantiles("control", [1000 * each for session in sessions for each in session.controls]),
        "unfinished": len(sessions) - len(ended),
        "all_finished_seconds": round(max(ended) - begin, 2) if len(ended) == len(sessions) else None,
        **errors(sessions),
    }


def errors(sessions: Sequence[Session]) -> dict[str, Any]:
    """How many, and which."""
    all_of_them = [error for session in sessions for error in session.errors]
    return {"errors": len(all_of_them), "kinds_of_errors": sorted(set(all_of_them))}


def over_ideal(seconds: float | None, cpu_seconds: float, cores: int) -> float | None:
    """How many times as long it took as the work takes when it is spread over all cores and nothing is lost."""
    return None if seconds is None else round(seconds / (cpu_seconds / cores), 3)
