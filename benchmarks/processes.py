"""What a process and its children use, read from /proc (Linux only)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Processes that this one started, and those that they started."""
    parents = dict(_parents())
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return sorted(found[1:])


def cpu_seconds(pid: int) -> float:
    """CPU seconds of all threads so far, those that have ended among them; 0 where there is no such process."""
    return _cpu(PROC / str(pid))


def cpu_by_thread(pid: int) -> dict[str, float]:
    """CPU seconds of every thread that there is, by its number."""
    with contextlib.suppress(OSError):
        return {task.name: _cpu(task) for task in (PROC / str(pid) / "task").iterdir()}
    return {}


def share_mb(pid: int) -> float:
    """Memory of a process, what it shares divided among those that share it; 0 where there is no such process."""
    with contextlib.suppress(OSError):
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("Pss:"))
    return 0.0


def _parents() -> Iterator[tuple[int, int]]:
    """(process, its parent) of all there are."""
    for place in PROC.iterdir():
        if place.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(place.name), int(_fields(place)[1])


def _cpu(place: Path) -> float:
    with contextlib.suppress(OSError):
        fields = _fields(place)
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def _fields(place: Path) -> list[str]:
    """What stands in `stat` after the name in brackets: the state first, then the parent."""
    return (place / "stat").read_text().rpartition(")")[2].split()
