"""The command `sweep`: settings with several values, all their combinations, one table."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from spncore.data import library
from spncore.record import by_name
from spncore.runs.experiment import FIELDS, Experiment
from spncore.sweep.cells import Cell, Outcome, SweepError, Target, grid, table, to_csv
from spncore.sweep.local import LocalWorkers
from spncore.sweep.running import run_cells
from spncore.sweep.store import Store


def add_to(commands: Any) -> None:
    """Add `sweep` to an argument parser's sub-commands; its `command` takes the options and gives the exit code."""
    parser = commands.add_parser("sweep", help="train every combination of settings and write one table as CSV")
    parser.add_argument("settings", nargs="+", metavar="field=value,value…", help=", ".join(FIELDS))
    parser.add_argument("--target", action="append", default=[], metavar="llh=-7.2|gain=0.9", help="may be repeated")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes of this computer")
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="where outcomes are kept; the cache folder by default"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the table")
    parser.set_defaults(command=sweep)


def sweep(options: argparse.Namespace) -> int:
    """0 when every cell has its numbers, 1 when some failed, 130 after Ctrl-C; the table has what there is.

    ExperimentError, SweepError or DataError names what is refused.
    """
    outcomes: dict[str, Outcome] = {}
    cells = _cells(options.settings, options.target)
    data = {name: library.load(name) for name in sorted({cell.experiment.dataset for cell in cells})}
    workers = LocalWorkers(data, options.workers)
    steps = run_cells(cells, data, lambda missing: workers, Store(options.store))
    stopped = _follow(steps, len(set(cells)), outcomes)
    options.out.write_text(to_csv(table(cells, outcomes, data)), encoding="utf-8")
    failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
    retries = sum(outcome.attempts - 1 for outcome in outcomes.values())
    print(f"{len(outcomes) - len(failed)} of {len(set(cells))} cells done, {len(failed)} failed, {retries} retries")
    if stopped:
        print("Stopped. What is done is kept: the same command goes on from there.", file=sys.stderr)
        return 130
    return 1 if failed else 0


def _follow(steps: Any, total: int, outcomes: dict[str, Outcome]) -> bool:
    """Collect outcomes with a progress bar on a terminal; True when Ctrl-C ended it."""
    with tqdm(total=total, unit="cell", disable=None, file=sys.stderr) as bar:
        try:
            for outcome in steps:
                outcomes[outcome.key] = outcome
                bar.update()
        except KeyboardInterrupt:
            steps.close()
            return True
    return False


def _cells(settings: Sequence[str], targets: Sequence[str]) -> tuple[Cell, ...]:
    texts = by_name(settings, "field=value,value, for example depth=1,2,3", "give all its values in one")
    axes = {
        name: [Experiment.known(name).parse(value) for value in text.split(",")] if text else []
        for name, text in texts.items()
    }
    return grid(Cell(Experiment(), tuple(_target(text) for text in targets)), axes)


def _target(text: str) -> Target:
    kind, _, number = text.partition("=")
    try:
        return Target(kind, float(number))  # type: ignore[arg-type]  # other kinds are refused there
    except ValueError as error:
        known = isinstance(error, SweepError)
        raise SweepError(str(error) if known else f"--target: {ascii(text)[:40]}: write llh=-7.2 or gain=0.9") from None
