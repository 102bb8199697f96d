"""What the jobs of the tests compute, importable in their process."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spncore import Experiment, load
from spncore.studies.cells import outcomes
from spncore.sweep import Cell, Outcome, SweepError
from spncore.sweep.cells import grid
from tests.waiting import PATIENCE, until

Report = Callable[[int, int], object]
PLANTED = "/secret/path"  # what no page and no log may show


def given(value: Any, report: Report) -> Any:
    return value


def where(report: Report) -> tuple[int, int]:
    return os.getpid(), os.nice(0)


def patient(*_: Any, report: Report) -> None:
    until(lambda: report(0, 1))  # which raises when nobody wants it any more


def deaf(report: Report) -> None:
    report(1, 2)
    time.sleep(PATIENCE)


def refused(*_: Any, report: Report) -> None:
    raise SweepError("depth: too deep")


def broken(report: Report) -> None:
    raise KeyError(PLANTED)


def told_then_patient(report: Report) -> None:
    report(3, 7)
    until(lambda: report(4, 7))


def begun(diary: str, times: int, report: Report) -> str:
    """Write down the process; patient until it was begun so many times."""
    with Path(diary).open("a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    until(lambda: report(1, 2) or len(pids(diary)) >= times)
    return "done"


def pids(diary: str) -> list[int]:
    """Which processes have begun the job of a diary."""
    path = Path(diary)
    return [int(line) for line in path.read_text(encoding="ascii").split()] if path.exists() else []


def fills(num_bytes: int, report: Report) -> int:
    return len(np.ones(num_bytes, dtype=np.uint8))


def kills_its_process(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def cannot_be_sent(report: Report) -> Any:
    return lambda: None


def study_cells() -> list[Cell]:
    base = Experiment(dataset="two-clusters", num_components=2, iterations=3000, num_seeds=1)
    return grid(Cell(base), {"depth": [1, 2, 3], "seed": list(range(20))})


def study(number: int, report: Report) -> dict[Cell, Outcome]:
    """So many of the cells."""
    return outcomes(study_cells()[:number], load("two-clusters"), report)
