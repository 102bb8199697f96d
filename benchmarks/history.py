"""Measures what it costs a class that every run is kept: `python -m benchmarks.history`, prints one JSON document.

The class of `benchmarks.classroom`, 30 pages that press Train at once with seeds of their own, so that 30 runs are put
into the store while controls are used, beside the last build without a store, in turns on fresh servers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.classroom.__main__ import attempted
from benchmarks.classroom.measures import EARLIER, NOW
from benchmarks.classroom.sizes import SMALLEST, Sizes
from benchmarks.document import ROOT, Measure, document, found, write
from benchmarks.earlier.checkout import RevisionError, lay_out

WITHOUT_STORE = "2befec5"
ROUNDS = 5
TIMES = {
    "a control's answer, half of them": "control_p50_ms",
    "a control's answer, 95 of 100": "control_p95_ms",
    "from Train to the first point, 95 of 100": "first_point_p95_ms",
    "until all runs have ended": "all_finished_seconds",
}


def rounds(number: int, earlier: Path, sizes: Sizes) -> dict[str, list[dict[str, Any]]]:
    """What both builds give the class, so many times in turns; who begins changes."""
    places = {EARLIER: earlier, NOW: ROOT}
    played: dict[str, list[dict[str, Any]]] = {name: [] for name in places}
    for turn in range(number):
        for name in list(places)[:: -1 if turn % 2 else 1]:
            with tempfile.TemporaryDirectory(prefix="spnlab-store-") as folder:
                os.environ["SPNLAB_STORE"] = f"{folder}/spnlab.db"  # an earlier build does not ask for it
                played[name].append(attempted("press", name, places[name], sizes))
    return played


def measures(played: dict[str, list[dict[str, Any]]]) -> list[Measure]:
    """The median round of both, and that of now over that of before."""
    rows = []
    for words, name in TIMES.items():
        before, now = (float(np.median([each[name] for each in played[build]])) for build in (EARLIER, NOW))
        unit = "s" if name.endswith("seconds") else "ms"
        ratio = found(now / before, "times as long with it", at_most=1.0)
        times = found(before, f"{unit} without a store"), found(now, f"{unit} with it")
        rows.append(Measure(f"A class of 30: {words}; the median of {len(played[NOW])} rounds", (*times, ratio)))
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Lay out the build without a store, play, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="sizes that measure nothing")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="spnlab-earlier-") as folder:
        try:
            lay_out(WITHOUT_STORE, Path(folder))
        except RevisionError as error:
            sys.exit(str(error))
        sizes, number = (SMALLEST, 1) if options.smallest else (Sizes(), ROUNDS)
        played = rounds(number, Path(folder), sizes)
    title = f"What it costs a class that every run is kept, beside the last build without a store, {WITHOUT_STORE}"
    write(document(title, "python -m benchmarks.history", measures(played), parts=played))


if __name__ == "__main__":
    main()
