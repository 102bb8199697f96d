"""Small tasks go to a worker in groups: how large, how long they may take, and how a worker answers task by task."""

import importlib
import inspect
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from spncore.data.library import Dataset
from spncore.sweep.running import Overdue, Report, Stopped
from spncore.threads import ONE_THREAD

MAX_GROUP = 48
GROUP_SECONDS = 5.0  # what a lost worker costs, and how often one hears of a group
LONGEST_SECONDS = 60.0  # of a group that turns out otherwise; then its tasks go alone, with a task's own limit
Check = Callable[[], None]  # called between blocks of updates; raises Stopped or Overdue, which must not be caught
# What computes all tasks of a group at once, by what computes one; both as module:function. It is given the tasks in
# order, the data and a check, and gives their results in that order.
TOGETHER = {"spncore.sweep.computing:compute_json": "spncore.sweep.computing:compute_group_json"}


class Pace:
    """How many seconds a task takes, as groups that have ended say; unknown at first, and then tasks go alone."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def heard(self, number: int, seconds: float) -> None:
        """So many tasks took so long."""
        each = seconds / number
        self.seconds = each if self.seconds is None else (self.seconds + each) / 2

    def size(self, waiting: int, slots: int) -> int:
        """How many of the waiting tasks go together: where there are several slots, towards the end fewer for each."""
        shares = 2 * slots if slots > 1 else 1
        most = 1 if self.seconds is None else int(GROUP_SECONDS / max(self.seconds, 1e-6))
        return max(1, min(most, MAX_GROUP, math.ceil(waiting / shares)))


class Line:
    """Tasks that wait; one that was taken before goes alone from then on, and takes no others along."""

    def __init__(self) -> None:
        self.waiting, self._taken = dict[str, str](), set[str]()

    def take(self, number: int) -> dict[str, str]:
        """Up to so many of the first ones, by their keys."""
        keys = list(self.waiting)[:number]
        again = [key for key in keys if key in self._taken]
        tasks = {key: self.waiting.pop(key) for key in again[:1] or keys}
        self._taken |= tasks.keys()
        return tasks


def seconds_for(number: int, task_seconds: float) -> float:
    """How long so many tasks together may take."""
    return task_seconds if number == 1 else min(task_seconds, LONGEST_SECONDS)


def limited(wanted: Callable[[], bool], seconds: float) -> Check:
    """A check that raises Stopped when the work is not wanted any more, and Overdue after so many seconds from now."""
    end = time.monotonic() + seconds

    def check() -> None:
        if not wanted():
            raise Stopped
        if time.monotonic() > end:
            raise Overdue(f"timed out after {seconds:g} s")

    return check


def function(name: str) -> Callable[..., Any]:
    """The function that module:function names."""
    module, _, rest = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), rest)
    return found


def answers(compute: str, tasks: Mapping[str, str], data: Mapping[str, Dataset], check: Check) -> Iterator[Report]:
    """What `compute` (module:function) says to each task, as it is known; given `check` if it has such an argument.

    Whatever a task raises is its own failure and no other's. When the time is over, those that are left are lost, to be
    tried alone, and a task that was alone has failed. Stopped passes through.
    """
    left = dict(tasks)
    try:
        for report in _together(compute, tasks, data, check) or _one_by_one(compute, tasks, data, check):
            del left[report.key]
            yield report
    except Overdue as error:
        yield from [Report(key, None, str(error), len(tasks) > 1) for key in left]


def _together(compute: str, tasks: Mapping[str, str], data: Mapping[str, Dataset], check: Check) -> list[Report]:
    """All at once, where there is a way; none where one of them fails, for each by itself will say which."""
    if compute not in TOGETHER or len(tasks) == 1:
        return []
    try:
        with ONE_THREAD:
            results = function(TOGETHER[compute])([json.loads(task) for task in tasks.values()], data, check)
    except (Stopped, Overdue):
        raise
    except Exception:  # noqa: BLE001  see above
        return []
    return [Report(key, result) for key, result in zip(tasks, results, strict=True)]


def _one_by_one(compute: str, tasks: Mapping[str, str], data: Mapping[str, Dataset], check: Check) -> Iterator[Report]:
    work = function(compute)
    more = {"check": check} if "check" in inspect.signature(work).parameters else {}
    for key, task in tasks.items():
        check()
        try:
            with ONE_THREAD:
                result = work(json.loads(task), data, **more)
            json.dumps(result, allow_nan=False)
        except (Stopped, Overdue):
            raise
        except Exception as error:  # noqa: BLE001  whatever a cell raises is that cell's failure and no other's
            yield Report(key, problem=problem(error))
        else:
            yield Report(key, result)


def problem(error: BaseException) -> str:
    """An error in a line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
