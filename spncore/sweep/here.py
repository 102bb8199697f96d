"""Tasks computed by the process that asks for them: for one that is a worker already."""

import time
from collections.abc import Callable, Mapping

from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.sweep import groups
from spncore.sweep.running import Report


class Here:
    """This process, one group of tasks at a time; Stopped comes out of `reports` soon after `wanted()` is False."""

    def __init__(self, data: Mapping[str, Dataset], compute: str, wanted: Callable[[], bool]) -> None:
        self._data, self._compute, self._wanted = data, compute, wanted
        self._line, self._pace = groups.Line(), groups.Pace()

    def room(self) -> int:
        """Any number of tasks: they wait here."""
        return 1

    def submit(self, key: str, cell: str) -> None:
        """Take a task."""
        self._line.waiting[key] = cell

    def reports(self, seconds: float) -> list[Report]:  # noqa: ARG002  it takes as long as the tasks do
        """Compute the next group."""
        tasks = self._line.take(self._pace.size(len(self._line.waiting), 1))
        begin = time.monotonic()
        check = groups.limited(self._wanted, groups.seconds_for(len(tasks), LIMITS.run_seconds))
        reports = list(groups.answers(self._compute, tasks, self._data, check))
        self._pace.heard(len(tasks), time.monotonic() - begin)
        return reports

    def words(self) -> str:
        """Where it is computed."""
        return "this process"

    def close(self) -> None:
        """Nothing goes on outside of `reports`."""
