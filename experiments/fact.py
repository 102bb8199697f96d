"""One row of the table of measured facts, and how iterations over seeds are put into words."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Fact(NamedTuple):
    """One row of the table; `remark` says why, where the two sides differ or mean different things."""

    claim: str
    notes: str
    measured: str
    agrees: bool
    remark: str = ""


def first(condition: np.ndarray) -> list[float]:
    """Per row of `condition` (S, T) the first iteration, counted from 1, at which it holds; infinite if never."""
    return [int(np.argmax(row)) + 1 if row.any() else np.inf for row in condition]


def summary(iterations: Iterable[float]) -> str:
    """Median and range of those that got there, and how many never did."""
    every = list(iterations)
    reached = [i for i in every if np.isfinite(i)]
    if not reached:
        return "never"
    never = f", {len(every) - len(reached)} of {len(every)} never" if len(reached) < len(every) else ""
    return f"{np.median(every):g} ({min(reached)}–{max(reached)}{never})"
