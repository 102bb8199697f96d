"""Which finished runs make room for others."""

from collections.abc import Iterable

from app.live.computation import Computation


def chosen(finished: Iterable[Computation], memory_bytes: int, disk_bytes: int) -> list[Computation] | None:
    """The first of these that give so many bytes in memory and on disk; None if all together do not."""
    found = list[Computation]()
    for computation in finished:
        if memory_bytes <= 0 and disk_bytes <= 0:
            break
        found.append(computation)
        memory_bytes, disk_bytes = memory_bytes - computation.memory_bytes, disk_bytes - computation.disk_bytes
    return found if memory_bytes <= 0 and disk_bytes <= 0 else None
