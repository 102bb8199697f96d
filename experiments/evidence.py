"""Make the results that ship with the evidence pages: data/figure3_runs.json, held_equal.json, update2020.json.

    python -m experiments.evidence figure3          about a minute
    python -m experiments.evidence held_equal       about ten minutes
    python -m experiments.evidence update2020       about twenty minutes, nearly all of it on plants and baudio

Needs the real data (`python -m spncore data fetch NAME`, or SPNLAB_DATA_DIR). One process, one thread. Only derived
numbers are written, with all settings, versions and the SHA-256 of the rows they came from.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded: one order of arithmetic

import argparse  # noqa: E402 (the variables above must come first)
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from spncore.data import library  # noqa: E402
from spncore.files.places import SHIPPED  # noqa: E402
from spncore.studies import (  # noqa: E402
    figure3,
    update2020,
)
from spncore.studies.held_equal import CASES  # noqa: E402
from spncore.studies.shipped import FirstSteps, first_steps, registered, to_ship  # noqa: E402
from spncore.studies.update2020 import UPDATE_DATA  # noqa: E402
from spncore.sweep import Cell, Outcome, compute  # noqa: E402

FILES = {"figure3": "figure3_runs", "held_equal": "held_equal", "update2020": "update2020"}
UPDATES = [update2020.update2020_runs(name) for name in UPDATE_DATA]
POINTS = {"figure3": 200, "held_equal": 80, "update2020": 90}  # of a curve


class Book:
    """Outcomes by cell, each computed once."""

    def __init__(self) -> None:
        self.outcomes: dict[Cell, Outcome] = {}

    def __call__(self, cell: Cell) -> Outcome:
        if cell not in self.outcomes:
            outcome = self.outcomes[cell] = compute(cell, library.load(cell.experiment.dataset))
            print(f"{outcome.seconds:6.1f} s  {cell.experiment.changed()}", file=sys.stderr, flush=True)
        return self.outcomes[cell]


def fill(group: str, book: Book) -> list[FirstSteps]:
    """Compute a group's cells; the first steps that go with them."""
    if group == "figure3":
        cells = figure3.figure3_cells()
    elif group == "update2020":
        wholes = [cell for runs in UPDATES for cell in update2020.update2020_cells(runs)]
        cells = [cell for whole in wholes for cell in cells.by_seed(whole)]
    else:
        cells = [cell for case in CASES for cell in case.all_cells(book)]
    for cell in cells:
        book(cell)
    beginnings = figure3.figure3_beginnings() if group == "figure3" else []
    return [first_steps(experiment, library.load(experiment.dataset)) for experiment in beginnings]


def main() -> None:
    """Measure one group and write its file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", choices=FILES)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    book = Book()
    steps = fill(options.group, book)
    names = dict.fromkeys(cell.experiment.dataset for cell in book.outcomes)
    data = [registered(name) for name in names]
    results = book.outcomes
    if options.group == "update2020":
        by_data = [update2020.update2020_merged(book.outcomes, runs) for runs in UPDATES]
        results = {cell: outcome for merged in by_data for cell, outcome in merged.items()}
    text = to_ship(results, data, f"python -m experiments.evidence {options.group}", steps, POINTS[options.group])
    (options.out / f"{FILES[options.group]}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
