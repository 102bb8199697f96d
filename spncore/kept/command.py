"""The command `history`: what was kept by `fit --keep` or came in a file; listed, shown, proved, taken away, ended.

It has a list of its own in the store, beside those of the lab's visitors: who reaches the store reaches all of it, so
there is nothing that a token of its own would protect.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from spncore.data import library, table_file
from spncore.data.dataset import Dataset, is_upload
from spncore.files.results import NOT_SAVED, saved
from spncore.files.whole import check_place, whole
from spncore.kept import bundle, repeat, runs, tables, tidy, unpacking
from spncore.kept.runs import COMMAND_LINE, KeptError
from spncore.limits import LIMITS
from spncore.runs.study import Study
from spncore.runs.trace import Trace
from spncore.store import MEMORY, Place, Store, StoreError, changes, default_place, place_of, reading
from spncore.store.rows import Entry
from spncore.studies import history
from spncore.studies.target import fixed
from spncore.words import counted

ENDINGS = (".spnlab", ".csv", ".parquet", ".py", ".ipynb")
STORE_HELP = "a file or postgresql://…; else what SPNLAB_STORE says, or this user's data folder"


def add_to(commands: Any) -> None:
    """Add `history` to an argument parser's sub-commands; its `command` takes the options and gives the exit code."""
    parser = commands.add_parser("history", help="list, show, prove and take away the runs that were kept")
    actions = parser.add_subparsers(required=True, metavar="action")
    listed = actions.add_parser("list", help="the kept runs, newest first")
    listed.add_argument(
        "words", nargs="*", metavar="WORD", help="in names, notes, tags, data and settings; all of them"
    )
    listed.add_argument("--json", action="store_true", help="a JSON object for each, on a line of its own")
    shown = actions.add_parser("show", help="one run: settings, ends, what made it")
    shown.add_argument("run", metavar="RUN", help="its number in the list, or its name")
    shown.add_argument("--recompute", action="store_true", help="train it again; 1 unless every number comes back")
    shown.add_argument("--data", type=Path, metavar="FILE", help="the table it was trained on, where that was a file")
    taken = actions.add_parser("export", help="write runs to a file; its ending says which kind")
    taken.add_argument("runs", nargs="*", metavar="RUN", help="numbers or names; without any, the whole list")
    taken.add_argument("--out", type=Path, required=True, metavar="FILE", help=f"ends in {', '.join(ENDINGS)}")
    came = actions.add_parser("import", help="take in the runs of a .spnlab file; what is here stays as it is")
    came.add_argument("file", type=Path, metavar="FILE")
    ended = actions.add_parser("prune", help="end the unnamed runs of everybody in the store that are older")
    ended.add_argument("--before", required=True, metavar="DATE", help="such as 2026-11-28, in UTC")
    ended.add_argument("--yes", action="store_true", help="do it; without, the number that would go is said")
    for action, command in ((listed, _list), (shown, _show), (taken, _export), (came, _import), (ended, _prune)):
        add_store_to(action)
        action.set_defaults(command=command)


def add_store_to(parser: argparse.ArgumentParser) -> None:
    """Add `--store`, which says where kept runs are."""
    parser.add_argument("--store", metavar="PLACE", help=STORE_HELP)


@contextmanager
def opened(place: str | None, to_write: bool = False) -> Iterator[Store]:
    """The store that a command names; StoreError where it cannot be opened, or written if that is asked for.

    None is made where nothing is to be written: an empty one is looked at then.
    """
    asked = _named(place)
    if not to_write and asked.file is not None and not asked.file.exists():
        asked = MEMORY
    with Store(asked) as store:
        if to_write and store.why_read_only:
            raise StoreError(f"{store.why_read_only}; name another with --store")
        for notice in store.notices:
            print(notice, file=sys.stderr)
        yield store


def _named(place: str | None) -> Place:
    return place_of(place) if place else default_place()


@contextmanager
def keeping(name: str | None, place: str | None) -> Iterator[Callable[[Dataset, Trace, float], bool]]:
    """What puts a trace, trained in so many seconds, into the command line's list, if it is to have a name there.

    It says so on stderr, or why not, and whether all is well. StoreError, before anything is trained, where nothing can
    be kept or the name is refused.
    """
    if name is None:
        yield lambda dataset, trace, seconds: True
        return
    if not changes.text_of(name, "--keep", changes.NAME_CHARACTERS):
        raise StoreError("--keep: the name is empty; say what the run is to be called")
    with opened(place, to_write=True) as store:

        def keep(dataset: Dataset, trace: Trace, seconds: float) -> bool:
            experiment = trace.experiment
            if (trace.stopped or "").startswith("interrupted"):
                print("Not kept: it was stopped before its end.", file=sys.stderr)
                return False
            study = Study(experiment, (experiment.depth,))
            kept = history.finished(study, dataset, [trace], fixed(experiment, dataset), seconds)
            before = store.read(reading.of_study, COMMAND_LINE, kept.key)
            asked = store.write(changes.keep, kept, COMMAND_LINE, name=name)
            called = (
                f", until now called {ascii(before.name)[:60]}" if before and before.name not in (None, name) else ""
            )
            return _written(lambda: f"kept as run {asked.result()}{called}", sys.stderr) == 0

        yield keep


def _list(options: argparse.Namespace) -> int:
    query = reading.Query(COMMAND_LINE, words=" ".join(options.words))
    with opened(options.store) as store:
        if not store.lasts:
            print(f"{_named(options.store)}: there is no store; nothing is kept there", file=sys.stderr)
        if not options.json:
            print(tables.HEAD)
        for entry in runs.listed(store, query):
            print(json.dumps(tables.plain(entry)) if options.json else tables.line(entry))
    return 0


def _show(options: argparse.Namespace) -> int:
    with opened(options.store) as store:
        [entry] = runs.chosen(store, COMMAND_LINE, [options.run])
        rows = store.read(reading.results, [entry.study]).get(entry.study, [])
        print(tables.about(entry, rows[0]["versions"] if rows else {}))
        if not options.recompute:
            return 0
        proof = runs.recomputed(store, entry, _data(entry, options.data))
    print("\n".join(proof.sentences))
    return 0 if proof.same else 1


def _data(entry: Entry, file: Path | None) -> Dataset:
    """The rows that a run was trained on; KeptError where they are others."""
    if file is not None:
        with file.open("rb") as opened_file:
            dataset, _ = table_file.read_csv(opened_file.read(LIMITS.upload_bytes + 1), file.name)
    elif is_upload(entry.dataset):
        raise KeptError(
            f"run {entry.id}: it was trained on a file, {ascii(entry.title)[:60]}; name it with --data FILE"
        )
    else:
        dataset = library.load(entry.dataset)
    if dataset.sha256 != entry.data_sha256:
        raise KeptError(f"run {entry.id}: these are other rows than it was trained on, SHA-256 {entry.data_sha256}")
    return dataset


def _export(options: argparse.Namespace) -> int:
    kind = options.out.suffix
    if kind not in ENDINGS:
        allowed = f"allowed: a name that ends in {', '.join(ENDINGS)}"
        raise KeptError(f"--out: {ascii(options.out.name)[:60]} is refused; {allowed}")
    check_place(options.out)
    with opened(options.store) as store:
        chosen = runs.chosen(store, COMMAND_LINE, options.runs)
        query = reading.Query(COMMAND_LINE, descending=False)
        selection = runs.of_store(store, (lambda: chosen) if chosen else lambda: runs.listed(store, query))
        if not any(True for _ in selection.entries()):
            raise KeptError("there is nothing to export; keep a run: fit … --keep NAME")
        if not saved(lambda: _write(options.out, kind, selection)):
            return NOT_SAVED
    print(options.out)
    return 0


def _write(path: Path, kind: str, selection: runs.Selection) -> None:
    with whole(path) as file:
        if kind == ".spnlab":
            bundle.write(file, selection.runs())
        elif kind == ".csv":
            tidy.write_csv(file, selection)
        elif kind == ".parquet":
            tidy.write_parquet(file, selection)
        else:
            make = repeat.script_of if kind == ".py" else repeat.notebook_of
            few = [run for run, _ in zip(selection.runs(), range(repeat.MOST + 1), strict=False)]
            file.write(make(few).encode())


def _import(options: argparse.Namespace) -> int:
    with options.file.open("rb") as file:
        found = unpacking.read(file.read(LIMITS.bundle_bytes + 1))
    with opened(options.store, to_write=True) as store:
        return _written(lambda: tables.came(bundle.take_in(store, found.runs, COMMAND_LINE)))


def _prune(options: argparse.Namespace) -> int:
    before = _seconds(options.before)
    with opened(options.store, to_write=options.yes) as store:
        if options.yes:
            asked = store.write(changes.prune, before)
            return _written(lambda: f"{counted(asked.result(), 'run')} ended")
        number = store.read(changes.would_go, before)
    print(f"{counted(number, 'run')} would go; --yes ends them")
    return 0


def _written(write: Callable[[], str], out: TextIO | None = None) -> int:
    """0 when something is written, which is then said; 3 when it is not, and stderr says why."""
    try:
        print(write(), file=out)
    except StoreError as error:
        print(error, file=sys.stderr)
        return NOT_SAVED
    return 0


def _seconds(day: str) -> float:
    """Seconds since 1970 at a day's beginning, in UTC."""
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise KeptError(f"--before: {ascii(day)[:40]} is no day; allowed: one such as 2026-11-28") from None
