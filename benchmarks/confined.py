"""A control group with a limit of memory, in which a server is begun as in a container; needs the rights of root."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


class Group:
    """A folder of version 2's tree, or of version 1's for memory; who is in it is killed where the limit is passed."""

    def __init__(self, num_bytes: int) -> None:
        """OSError where this process may not make one."""
        first = (CGROUP / "memory").is_dir()
        own = next(line for line in OWN_GROUPS.read_text("ascii").splitlines() if (":memory:" in line) == first)
        parent = (CGROUP / "memory" if first else CGROUP) / own.split(":", 2)[2].lstrip("/")
        self.folder = parent / f"spnlab-{secrets.token_hex(4)}"
        self.folder.mkdir()
        limit, self._peak, self._events = (
            ("memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.oom_control")
            if first
            else ("memory.max", "memory.peak", "memory.events")
        )
        (self.folder / limit).write_text(str(num_bytes), "ascii")

    @property
    def enter(self) -> list[str]:
        """What stands before a command that is to run inside."""
        return ["sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh"]

    @property
    def peak_mb(self) -> float:
        """The most memory that all inside have used at once, pages of files among it."""
        return int((self.folder / self._peak).read_text("ascii")) / 1e6

    @property
    def num_killed(self) -> int:
        """How many processes were killed for want of memory."""
        lines = (self.folder / self._events).read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))


@contextmanager
def confined(num_bytes: int) -> Iterator[Group]:
    """A group that is gone afterwards; by then nobody may be inside."""
    group = Group(num_bytes)
    try:
        yield group
    finally:
        group.folder.rmdir()
