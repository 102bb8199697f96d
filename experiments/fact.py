"""One row of a table of measured facts: what the notes say, what comes out here, and whether the two agree."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, quantile_test

from spncore.data import library
from spncore.data.library import DataError

REFUSED = 0.05  # a level at which one true row of twenty is refused by chance


class Fact(NamedTuple):
    """One row of the table; `remark` says why, where the two sides differ or mean different things."""

    claim: str
    notes: str
    measured: str
    agrees: bool
    remark: str = ""


def first(condition: np.ndarray) -> list[float]:
    """Per row of `condition` (S, T), by state, the updates after which it first holds, 0 at the start; else infinite.

    A recorded state t is the one after t updates.
    """
    return [int(np.argmax(row)) if row.any() else np.inf for row in condition]


def summary(updates: Iterable[float]) -> str:
    """Median and range of those that got there, and how many never did."""
    every = list(updates)
    reached = [i for i in every if np.isfinite(i)]
    if not reached:
        return "never"
    never = f", {len(every) - len(reached)} of {len(every)} never" if len(reached) < len(every) else ""
    return f"{np.median(reached):g} ({min(reached)}–{max(reached)}{never})"


def median_fits(values: Iterable[float], reported: float) -> bool:
    """Whether a sign test lets `reported` be the median of what these values, some infinite, are drawn from."""
    return bool(quantile_test(list(values), q=reported, p=0.5).pvalue >= REFUSED)


def count_fits(count: int, total: int, reported: int, of: int) -> bool:
    """Whether a binomial test lets `count` of `total` come from the reported share."""
    return bool(binomtest(count, total, reported / of).pvalue >= REFUSED)


def outside(fits: Sequence[bool], names: Iterable[str]) -> str:
    """Which of the parts of a row do not fit, for its remark."""
    left = [name for name, good in zip(names, fits, strict=True) if not good]
    return "outside: " + ", ".join(left) if left else ""


def tell(source: str, groups: Iterable[Callable[[], Iterator[Fact]]]) -> None:
    """Print a Markdown table, a row per fact as it is measured; SystemExit where the real NLTCS is not at hand."""
    try:
        library.load("nltcs")
    except DataError as error:
        raise SystemExit(str(error)) from None
    print(f"| claim | {source} | measured here | agrees | remark |\n|---|---|---|---|---|")
    for group in groups:
        for fact in group():
            print("|", " | ".join([*fact[:3], "yes" if fact.agrees else "no", fact.remark]), "|", flush=True)
