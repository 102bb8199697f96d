"""The one table of what the server gives; the environment may set any of it: `SPNLAB_SESSIONS=60` for `sessions`.

What a run or a file may ask for stands in `spncore.limits`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from spncore.limits import LIMITS

PREFIX = "SPNLAB_"
CGROUP = Path("/sys/fs/cgroup")
MEMORY_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")  # of control groups, version 2 and 1


class LimitError(ValueError):
    """A limit in the environment is no number of its kind; the text names it, what it says and what is allowed."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def allowed_memory() -> int:
    """Bytes that this process may use, by its control group or the machine."""
    machine = 2 * LIMITS.run_bytes
    if hasattr(os, "sysconf"):
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in MEMORY_LIMITS:
        try:
            said = (CGROUP / name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        return min(machine, int(said)) if said.isdigit() else machine
    return machine


@dataclass(frozen=True)
class ServerLimits:
    """What the server gives; sizes in bytes, times in seconds; 0 where a limit is off."""

    trainers: int = cores()  # processes that train
    niceness: int = 10  # by how much they give way to the server's process
    queue: int = 60  # runs that wait for memory
    sessions: int = 200
    unfinished_per_session: int = 4  # one on every page that trains, and one to spare
    runs_per_session: int = 12
    cpu_per_session: float = 1800.0  # seconds of training within an hour
    memory_bytes: int = LIMITS.run_bytes  # of all runs
    unused_bytes: int = 128_000_000  # of finished runs that nobody looks at, kept in case somebody asks
    run_seconds: float = LIMITS.run_seconds
    pause_after: float = 90.0  # without a heartbeat; a hidden tab may ask as seldom as once a minute
    free_after: float = 180.0
    released_keep: float = 75.0  # after a lost connection: Streamlit keeps a session for 60 s, a page asks every 5

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ServerLimits":
        """The limits of this machine, with those that the environment sets; LimitError where one is no number."""
        said: dict[str, Any] = {"memory_bytes": min(LIMITS.run_bytes, allowed_memory() // 2)}
        for field in fields(cls):
            text = environment.get(PREFIX + field.name.upper())
            if text is not None:
                said[field.name] = _number(PREFIX + field.name.upper(), text, type(field.default))
        return cls(**said)


def _number(name: str, text: str, kind: type) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        words = "a whole number" if kind is int else "a number"
        raise LimitError(f"{name}={text[:40]!r}: give {words}, 0 or more")
    found: int | float = number
    return found


@cache
def server_limits() -> ServerLimits:
    """The limits of this server, read once."""
    return ServerLimits.of(os.environ)
