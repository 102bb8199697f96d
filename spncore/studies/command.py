"""The command `study`: what a page of the lab shows, trained here and written, or made anew where it ships."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from tqdm import tqdm

from spncore.data import library
from spncore.data.library import Dataset
from spncore.files.results import NOT_SAVED, STOPPED, saved, saved_or_printed
from spncore.files.whole import check_place, write_whole
from spncore.record import Record
from spncore.studies import classes, envelope, figure3, grid, held_equal, linear, phase, update2020
from spncore.studies.envelope import StudyError
from spncore.sweep import to_csv
from spncore.sweep.command import add_cluster_to
from spncore.sweep.where import computed_on

STUDIES: Mapping[str, ModuleType] = {
    "figure3": figure3,
    "held_equal": held_equal,
    "update2020": update2020,
    "phase": phase,
    "grid": grid,
    "classes": classes,
    "linear": linear,
}


def add_to(commands: Any) -> None:
    """Add `study` to an argument parser's sub-commands; its `command` takes the options and gives the exit code."""
    parser = commands.add_parser("study", help="train what a page of the lab shows and write its results")
    names = parser.add_subparsers(required=True, metavar="study")
    for name, study in STUDIES.items():
        words = (study.__doc__ or "").split("\n")[0]
        own = names.add_parser(name, help=words, description=words)
        own.add_argument("settings", nargs="*", metavar="name=value", help=", ".join(study.SHIPPED[0].declared()))
        own.add_argument("--out", type=Path, metavar="FOLDER", help="for the results (JSON) and their table (CSV)")
        add_cluster_to(own)
        own.add_argument("--ship", action="store_true", help="make the file that ships in data/")
        own.set_defaults(command=command, study=name)


def command(options: argparse.Namespace) -> int:
    """0 when the results are written, 3 when they are printed instead, 130 after Ctrl-C.

    ExperimentError or DataError names what is refused, OSError a place that cannot be written.
    """
    name, study = options.study, STUDIES[options.study]
    if options.ship and options.settings:
        raise StudyError("--ship: leave the settings out")
    if options.ship and name not in envelope.FILES:
        raise StudyError(f"--ship: nothing of {name} ships")
    if not (options.ship or options.out):
        raise StudyError("--out FOLDER: say where the results go")
    records = asked(study.SHIPPED, options.settings)
    places = [envelope.place(name)] if options.ship else []
    places += [options.out / f"{name}.json"] if options.out else []
    for place in places:
        check_place(place)
    data = {each: library.load(each) for each in map(dataset_of, records) if each}
    try:
        with computed_on(options.cluster):
            results = [_run(study, record, data.get(dataset_of(record))) for record in records]
    except KeyboardInterrupt:
        print("Stopped. What is saved in the cache folder is not computed again.", file=sys.stderr)
        return STOPPED
    text = envelope.write(name, {each: rows.sha256 for each, rows in data.items()}, study.pack(results))
    done = [saved(partial(_write, place, text)) for place in places]
    if options.out:
        done.append(saved_or_printed(options.out / f"{name}.csv", to_csv(_table(study, records, results)), print))
    return 0 if all(done) else NOT_SAVED


def asked(records: Sequence[Record], settings: Sequence[str]) -> list[Record]:
    """The records with settings changed, each once; ExperimentError names what is refused."""
    return list(dict.fromkeys(record.changed(settings) for record in records))


def dataset_of(record: Record) -> str:
    """The name of the rows that a study needs; empty where it needs none."""
    return str(record.settings().get("dataset", ""))


def _run(study: ModuleType, record: Record, data: Dataset | None) -> Any:
    """One result, with a progress bar on a terminal."""
    with tqdm(unit="run", disable=None, file=sys.stderr) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return study.run(record, data, report)


def _table(study: ModuleType, records: Sequence[Record], results: Sequence[Any]) -> list[dict[str, Any]]:
    """All rows, with the settings in which the records differ."""
    settings = [record.settings() for record in records]
    differ = [name for name in settings[0] if len({each[name] for each in settings}) > 1]
    return [
        {**{name: own[name] for name in differ}, **row}
        for own, result in zip(settings, results, strict=True)
        for row in study.tidy(result)
    ]


def _write(path: Path, text: str) -> None:
    write_whole(path, text)
    print(path)
