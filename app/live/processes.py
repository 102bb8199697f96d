"""What this process and those that it started take, as Linux says; nothing where the system does not say."""

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Taken(NamedTuple):
    """Seconds of CPU since the start, and bytes of memory now."""

    cpu_seconds: float = 0.0
    memory_bytes: float = 0.0


def taken_by(process: int) -> Taken:
    """What one process has taken; nothing if it is gone."""
    try:
        fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()  # from its state on
    except OSError:
        return Taken()
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return Taken(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


def started_by(process: int) -> list[int]:
    """The processes that a process started, those that these started, and so on."""
    found: list[int] = []
    for children in (PROC / str(process) / "task").glob("*/children"):
        try:
            found += [int(number) for number in children.read_text().split()]
        except OSError:  # the thread or the process has ended
            continue
    return found + [further for child in found for further in started_by(child)]


def open_files() -> int:
    """How many descriptors this process holds."""
    folder = PROC / "self" / "fd"
    return len(os.listdir(folder)) if folder.is_dir() else 0
