"""The one table of what the server gives; the environment may set any of it: `SPNLAB_SESSIONS=60` for `sessions`.

What a run or a file may ask for stands in `spncore.limits`.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from spncore.limits import LIMITS

PREFIX = "SPNLAB_"
CGROUP = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
MEMORY_LIMITS = ("memory.max", "memory.limit_in_bytes")  # of control groups, version 2 and 1
CORE_LIMITS = (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us"))  # the same: a quota in a period


LEAST_JOB_BYTES = 250_000_000  # LearnSPN on NLTCS takes half of it
OWN_BYTES = 350_000_000  # of the server, two trainers and their data


class LimitError(ValueError):
    """A limit in the environment is no number of its kind; the text names it, what it says and what is allowed."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def allowed_memory() -> int:
    """Bytes that this process may use, by its control groups or the machine."""
    machine = 2 * LIMITS.run_bytes
    if hasattr(os, "sysconf"):
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(said[0] for name in MEMORY_LIMITS for said in _said("memory", name))])


def allowed_cores() -> float:
    """How many cores' time this process may use, by its control groups or the machine; it may be part of one."""
    return min([cores(), *(quota / period for names in CORE_LIMITS for quota, period in _said("cpu", *names))])


def _said(controller: str, *names: str) -> Iterator[list[int]]:
    """The numbers in files of this process's control group and those above it; nothing of one without a limit."""
    for folder in _groups(controller):
        try:
            words = " ".join((folder / name).read_text(encoding="ascii") for name in names).split()
        except OSError:
            continue
        if all(word.isdigit() for word in words):
            yield [int(word) for word in words]


def _groups(controller: str) -> set[Path]:
    """The folders of these groups, in both versions' places; inside a container only the uppermost may be there."""
    lines = OWN_GROUPS.read_text(encoding="utf-8").splitlines() if OWN_GROUPS.exists() else []
    own = [path for _, of, path in (line.split(":", 2) for line in lines) if not of or controller in of.split(",")]
    places = [place for path in ("/", *own) for place in (Path(path), *Path(path).parents)]
    return {root / str(place).strip("/") for root in (CGROUP, CGROUP / controller) for place in places}


@dataclass(frozen=True)
class ServerLimits:
    """What the server gives; sizes in bytes, times in seconds; 0 where a limit is off."""

    trainers: int = cores()  # processes that train
    niceness: int = 10  # by how much they give way to the server's process
    queue: int = 300  # runs that wait for memory
    sessions: int = 200
    unfinished_per_session: int = 4  # one on every page that trains, and one to spare
    runs_per_session: int = 12
    cpu_per_session: float = 1800.0  # seconds of training within an hour
    memory_bytes: int = LIMITS.run_bytes  # of all runs
    spool_bytes: int = 4_000_000_000  # on disk, of runs whose traces would take much memory; 0 for none
    owner_bytes: int = 256_000_000  # of the traces in one owner's list of runs; the oldest without a name go first
    room_bytes: int = 512_000_000  # and in that of a room
    store_bytes: int = 4_000_000_000  # and of the whole store
    rooms: int = 200  # of classes, at one time
    rooms_per_owner: int = 5
    room_members: int = 250
    room_seconds: float = 12 * 3600.0  # after which a room is gone with all that happened in it
    room_events: int = 20_000  # that a room takes
    room_events_per_member: int = 300
    room_event_bytes: int = 16_000  # of one of them
    room_log_bytes: int = 16_000_000  # of all of them
    room_post_bytes: int = 4_000  # that a phone sends
    unsaved_bytes: int = 64_000_000  # the same where lists are kept in memory alone
    unused_bytes: int = 128_000_000  # of finished runs that nobody looks at, kept in case somebody asks
    run_seconds: float = LIMITS.run_seconds
    pause_after: float = 90.0  # without a heartbeat; a hidden tab may ask as seldom as once a minute
    free_after: float = 180.0
    pins_per_session: int = 8
    tables_per_session: int = 8
    upload_bytes_per_session: int = 80_000_000
    upload_bytes_in_all: int = 400_000_000
    requests_per_second: float = 100.0  # of one browser, static files not counted
    requests_at_once: int = 400  # as many may come together before the rate counts
    address_requests_per_second: float = 0.0  # off: a whole class may sit behind one address
    waiting: int = 1000  # browsers in line for a place
    place_left: float = 5.0  # for a browser whose page was closed, since it may be loading it anew
    place_promised: float = 30.0  # for a page that was handed out and has not connected yet
    drain_seconds: float = 4.0  # for runs under way, when the server was told to end
    released_keep: float = 75.0  # after a lost connection: Streamlit keeps a session for 60 s, a page asks every 5
    touch_bytes: int = 300  # of what a touch on a drawing asks for
    locked_sessions: int = 2_000  # whose links lock something; of more those heard of last are remembered
    answer_bytes: int = 20_000  # of a reader's answers to a lesson, as their browser sends them
    handins_per_session: int = 300  # files of a class that are open at once
    handin_bytes_per_session: int = 64_000_000  # of the numbers of their runs, equal ones once
    drawing_bytes: int = 2_000_000  # of one figure that a PDF is made of
    drawing_seconds: float = 30.0  # until that PDF has to be there
    job_bytes: int = LIMITS.run_bytes  # that a job may take
    jobs_waiting: int = 60
    jobs_per_session: int = 6  # that wait
    jobs_kept: int = 256  # ended ones, with what they made
    jobs_kept_bytes: int = 64_000_000
    quick_job_seconds: float = 10.0  # what was expected to take about one and takes longer goes on among the long ones
    job_seconds: float = 3600.0
    job_stop_seconds: float = 3.0  # that a job may take to notice that nobody wants it any more

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ServerLimits":
        """The limits of this machine, with those that the environment sets; LimitError where one is no number."""
        spare = max(allowed_memory() - OWN_BYTES, allowed_memory() // 4)
        said: dict[str, Any] = {
            "memory_bytes": min(LIMITS.run_bytes, spare // 2),
            "upload_bytes_in_all": min(cls.upload_bytes_in_all, spare // 4),
            "job_bytes": min(LIMITS.run_bytes, max(LEAST_JOB_BYTES, allowed_memory() // 4)),
        }
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
