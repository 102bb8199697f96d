"""The command `sweep`: settings with several values, all their combinations, one table."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from spncore.data import library
from spncore.data.library import Dataset
from spncore.files.results import NOT_SAVED, STOPPED, saved_or_printed
from spncore.files.whole import check_place
from spncore.record import by_name
from spncore.runs.experiment import FIELDS, Experiment
from spncore.store import StoreError
from spncore.sweep.cells import Cell, Outcome, SweepError, Target, grid, table, to_csv
from spncore.sweep.kept import KeptOutcomes, sentence
from spncore.sweep.running import Workers, run_cells
from spncore.sweep.where import ALLOWED, CLUSTER, computed_on, opener
from spncore.words import counted


def add_to(commands: Any) -> None:
    """Add `sweep` to an argument parser's sub-commands; its `command` takes the options and gives the exit code."""
    parser = commands.add_parser("sweep", help="train every combination of settings and write one table as CSV")
    parser.add_argument("settings", nargs="+", metavar="field=value,value…", help=", ".join(FIELDS))
    parser.add_argument("--target", action="append", default=[], metavar="llh=-7.2|gain=0.9", help="may be repeated")
    places = parser.add_mutually_exclusive_group()
    places.add_argument("--workers", type=int, metavar="N", help="processes of this computer; 1 by default")
    add_cluster_to(places)
    parser.add_argument(
        "--store", type=Path, metavar="DIR", help="a folder where outcomes are kept; else they are in the store of runs"
    )
    parser.add_argument(
        "--shard", metavar="I/N", help="compute the I-th of N shares into the store, and write no table"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the table; needed without --shard")
    parser.set_defaults(command=sweep)


def add_cluster_to(parser: Any) -> None:
    """Add `--cluster`, which says where tasks are computed."""
    parser.add_argument("--cluster", metavar="ADDRESS", help=f"{ALLOWED}; else what {CLUSTER} says, if anything")


def sweep(options: argparse.Namespace) -> int:
    """0 when every cell has its numbers, 1 when some failed, 3 when not all is saved, 130 after Ctrl-C.

    The table has what there is. ExperimentError, SweepError or DataError names what is refused, OSError a place that
    cannot be written, before anything is computed.
    """
    outcomes: dict[str, Outcome] = {}
    cells = _cells(options.settings, options.target)
    if not (options.out or options.shard):
        raise SweepError("--out FILE: say where the table goes")
    if options.out and options.shard:
        raise SweepError("--out: a share writes no table; leave it out, and give it without --shard in the end")
    data = {name: library.load(name) for name in sorted({cell.experiment.dataset for cell in cells})}
    if options.shard:
        cells = share(cells, data, options.shard)
    with computed_on(options.cluster if options.workers is None else ""):
        opened = opener(data, 1 if options.workers is None else options.workers)
    with _ready(options) as kept:
        try:
            stopped = _follow(cells, data, opened, kept, outcomes)
        except (SweepError, OSError):
            if kept.not_kept:  # what nobody would have any more
                _saved(options, kept, to_csv(table(cells, outcomes, data)))
            raise
    all_saved = _saved(options, kept, to_csv(table(cells, outcomes, data)))
    failed = [outcome for outcome in outcomes.values() if outcome.status == "failed"]
    retries = sum(outcome.attempts - 1 for outcome in outcomes.values())
    print(f"{len(outcomes) - len(failed)} of {len(set(cells))} cells done, {len(failed)} failed, {retries} retries")
    if stopped:
        on = "" if kept.not_kept else " What is done is kept: the same command goes on from there."
        print(f"Stopped.{on}", file=sys.stderr)
        return STOPPED
    return NOT_SAVED if not all_saved else 1 if failed else 0


def _ready(options: argparse.Namespace) -> KeptOutcomes:
    """Refuse a place that cannot be written; without the store, which nobody named, it goes on."""
    if options.out:
        check_place(options.out)
    named = options.store or options.shard
    try:
        if options.store:
            kept = KeptOutcomes.in_folder(options.store, options.shard)
        else:
            kept = KeptOutcomes.by_default(options.shard)
    except (StoreError, OSError) as error:
        kept = KeptOutcomes(None, fault=sentence(error))
    if kept.fault and named:
        kept.close()
        raise SweepError(kept.fault)
    if kept.fault:
        print(f"Outcomes cannot be saved: {kept.fault}; the table will be complete", file=sys.stderr)
    return kept


def _saved(options: argparse.Namespace, kept: KeptOutcomes, csv: str) -> bool:
    """Whether the table is written, or of a share all outcomes are kept; else the table is printed."""
    if kept.not_kept:
        print(f"{counted(kept.not_kept, 'outcome')} not saved: {kept.fault}", file=sys.stderr)
    if options.out:
        return saved_or_printed(options.out, csv) and not kept.not_kept
    if kept.not_kept:
        print(csv, end="")
    return not kept.not_kept


def share(cells: Sequence[Cell], data: Mapping[str, Dataset], shard: str) -> tuple[Cell, ...]:
    """The cells of the I-th of N shares, `I/N`: by their keys, so that each job finds its own; SweepError if not so."""
    found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", shard, re.ASCII)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise SweepError(
            f"--shard: {ascii(shard)[:40]} is refused; allowed: I/N with I from 1 to N, N at most 99999, as 3/8"
        )
    by_key = {cell.key(data[cell.experiment.dataset].sha256): cell for cell in cells}
    return tuple(by_key[key] for key in sorted(by_key)[int(found[1]) - 1 :: int(found[2])])


def _follow(
    cells: Sequence[Cell],
    data: Mapping[str, Dataset],
    opened: Callable[[int], Workers],
    kept: KeptOutcomes,
    outcomes: dict[str, Outcome],
) -> bool:
    """Collect outcomes with a progress bar on a terminal; True when Ctrl-C ended it."""
    if not cells:
        return False  # more shares than cells
    workers: list[Workers] = []
    with tqdm(total=len(set(cells)), unit="cell", disable=None, file=sys.stderr) as bar:

        def open_workers(missing: int) -> Workers:
            workers.append(opened(missing))
            return workers[0]

        def report(done: int, total: int) -> None:
            bar.set_postfix_str(", ".join(each.words() for each in workers), refresh=False)
            bar.update(done - bar.n)

        steps: Any = run_cells(cells, data, open_workers, kept, report)
        try:
            for outcome in steps:
                outcomes[outcome.key] = outcome
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
