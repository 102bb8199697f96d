"""Small tasks go to a worker in groups: how large, and how a worker answers one task by task."""

import importlib
import inspect
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from spncore.data.library import Dataset
from spncore.sweep.running import Overdue, Report, Stopped
from spncore.threads import ONE_THREAD

MAX_GROUP = 64
FIRST_GROUP = 4  # before it is known how long one takes
GROUP_SECONDS = 5.0  # what a lost worker costs, and how often one hears of a group
Check = Callable[[], None]  # called between blocks of updates; raises Stopped or Overdue, which must not be caught


def size(waiting: int, slots: int, seconds: float | None) -> int:
    """How many of the waiting tasks go together when each takes so long: towards the end fewer, for all slots."""
    most = FIRST_GROUP if seconds is None else int(GROUP_SECONDS / max(seconds, 1e-6))
    return max(1, min(most, MAX_GROUP, math.ceil(waiting / (2 * slots))))


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


def answer(compute: str, tasks: Mapping[str, str], data: Mapping[str, Dataset], check: Check) -> list[Report]:
    """What `compute` (module:function) says to each task, by its key; it is given `check` if it has such an argument.

    Whatever a task raises is its own failure and no other's. When the time is over, those that are left come back as
    lost, to be tried alone, and a task that was alone has failed. Stopped passes through.
    """
    work, reports = function(compute), dict[str, Report]()
    more = {"check": check} if "check" in inspect.signature(work).parameters else {}
    for key, task in tasks.items():
        try:
            check()
            with ONE_THREAD:
                reports[key] = Report(key, work(json.loads(task), data, **more))
        except Overdue as error:
            left = [each for each in tasks if each not in reports]
            return [*reports.values(), *(Report(each, None, str(error), len(tasks) > 1) for each in left)]
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001  see above
            reports[key] = Report(key, problem=problem(error))
    return list(reports.values())


def problem(error: BaseException) -> str:
    """An error in a line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
