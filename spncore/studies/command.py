"""The command `study`: what a page of the lab shows, trained here and written, or made anew where it ships."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from tqdm import tqdm

from spncore.data import library
from spncore.data.library import DataError, Dataset
from spncore.files.strict_json import shown
from spncore.record import ExperimentError
from spncore.studies import classes, envelope, figure3, held_equal, linear, phase, update2020
from spncore.studies.envelope import StudyError
from spncore.sweep import SweepError, to_csv

STUDIES: Mapping[str, ModuleType] = {
    "figure3": figure3,
    "held_equal": held_equal,
    "update2020": update2020,
    "phase": phase,
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
        own.add_argument("settings", nargs="*", metavar="name=value", help=", ".join(settings_of(study.SHIPPED[0])))
        own.add_argument("--out", type=Path, metavar="FOLDER", help="for the results (JSON) and their table (CSV)")
        own.add_argument("--ship", action="store_true", help="make the file that ships in data/")
        own.set_defaults(command=command, study=name)


def command(options: argparse.Namespace) -> int:
    """0 when the results are written, 2 when it is refused, 130 after Ctrl-C."""
    name, study = options.study, STUDIES[options.study]
    try:
        if options.ship and (options.settings or name not in envelope.FILES):
            raise StudyError(
                "--ship: leave the settings out" if options.settings else f"--ship: nothing of {name} ships"
            )
        if not (options.ship or options.out):
            raise StudyError("--out FOLDER: say where the results go")
        records = asked(study.SHIPPED, options.settings)
        data = {each: library.load(each) for each in map(_dataset, records) if each}
        results = [_run(study, record, data.get(_dataset(record))) for record in records]
    except (StudyError, ExperimentError, DataError, SweepError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What is done is kept: the same command goes on from there.", file=sys.stderr)
        return 130
    text = envelope.write(name, {each: rows.sha256 for each, rows in data.items()}, study.pack(results))
    if options.ship:
        _write(envelope.place(name), text)
    if options.out:
        _write(options.out / f"{name}.json", text)
        _write(options.out / f"{name}.csv", to_csv(_table(study, records, results)))
    return 0


def settings_of(record: Any) -> dict[str, Any]:
    """A record's settings by name, with those of a record in it."""
    found: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        found |= settings_of(value) if is_dataclass(value) else {field.name: value}
    return found


def asked(records: Sequence[Any], settings: Sequence[str]) -> list[Any]:
    """The records with settings changed, each once; StudyError or ExperimentError names what is refused."""
    texts = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or name in texts:
            raise StudyError(f"{shown(setting)}: write name=value, each name once")
        if name not in settings_of(records[0]):
            raise StudyError(f"{shown(name)}: no such setting; known are {', '.join(settings_of(records[0]))}")
        texts[name] = text
    return list(dict.fromkeys(_changed(record, texts) for record in records))


def _changed(record: Any, texts: Mapping[str, str]) -> Any:
    values = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            values[field.name] = _changed(value, texts)
        elif field.name in texts:
            values[field.name] = _read(field.name, texts[field.name], value)
    return replace(record, **values)


def _read(name: str, text: str, before: Any) -> Any:
    """The value that a text gives a setting which has another one."""
    if isinstance(before, str):
        return text
    try:
        values = tuple(json.loads(f"[{text}]"))
        return values if isinstance(before, tuple) else type(before)(*values)
    except (TypeError, ValueError):
        raise StudyError(f"{name}: {shown(text)} is not understood; what ships has {before}") from None


def _dataset(record: Any) -> str:
    return str(settings_of(record).get("dataset", ""))


def _run(study: ModuleType, record: Any, data: Dataset | None) -> Any:
    """One result, with a progress bar on a terminal."""
    with tqdm(unit="run", disable=None, file=sys.stderr) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return study.run(record, data, report)


def _table(study: ModuleType, records: Sequence[Any], results: Sequence[Any]) -> list[dict[str, Any]]:
    """All rows, with the settings in which the records differ."""
    settings = [settings_of(record) for record in records]
    differ = [name for name in settings[0] if len({each[name] for each in settings}) > 1]
    return [
        {**{name: own[name] for name in differ}, **row}
        for own, result in zip(settings, results, strict=True)
        for row in study.tidy(result)
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(path)
