"""Kept runs as they are gone through: listed, chosen by number or name, read whole from a store, and found at fault."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spncore import __version__
from spncore.arrays import Floats
from spncore.data.dataset import Dataset
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from spncore.store import Store, StoreError, reading
from spncore.store.rows import Ends, Entry, Finished, Result
from spncore.studies import history
from spncore.studies.target import Fixed, fixed
from spncore.sweep import Reporter, quiet

COMMAND_LINE = hashlib.sha256(b"spnlab command line").hexdigest()  # the owner that no secret token gives
PAGE = 200  # entries that are asked for at a time
DIGITS = 18  # of a run's number


class KeptError(ValueError):
    """What was asked of kept runs, or a file of them, is refused; the text says what, where, and what is allowed."""


class Run(NamedTuple):
    """A kept run as a whole: what its list says of it, and what was computed."""

    entry: Entry
    finished: Finished

    @property
    def study(self) -> Study:
        """What was trained."""
        return history.study_of(self.entry.settings)

    def curves(self) -> list[Curve]:
        """Its curves in the order of its study's; KeptError where what is stored is not a result of each seed."""
        found: dict[int, list[Result]] = {}
        for result in self.finished.results:
            found.setdefault(result.curve, []).append(result)
        experiments = self.study.experiments()
        for curve, experiment in enumerate(experiments):
            own = found.get(curve, [])
            if [each.seed for each in own] != [*experiment.seeds] or len({each.llh.size for each in own}) > 1:
                raise KeptError(f"run {self.entry.id}: curve {curve} has not the results of all its seeds; train again")
        return [
            Curve(experiment, np.array([each.llh for each in found[curve]]), found[curve][0].stopped)
            for curve, experiment in enumerate(experiments)
        ]


class Curve(NamedTuple):
    """One curve of a run: what was trained, its LLH (S, T) in nats per row, and why it ended early, if it did."""

    experiment: Experiment
    llh: Floats
    stopped: str | None


class Selection(NamedTuple):
    """Runs that are gone through one by one: `entries` begins anew when it is called, `whole` reads one of them."""

    entries: Callable[[], Iterable[Entry]]
    whole: Callable[[Entry], Run]

    def runs(self) -> Iterator[Run]:
        """Each of them as a whole; the last is forgotten when the next is read."""
        return map(self.whole, self.entries())


def of_store(store: Store, entries: Callable[[], Iterable[Entry]]) -> Selection:
    """Some entries of a store."""
    return Selection(entries, lambda entry: whole(store, entry))


def of_runs(runs: Sequence[Run]) -> Selection:
    """Runs that have been read, such as those of a file."""
    by_key = {run.entry.study: run for run in runs}
    return Selection(lambda: [run.entry for run in runs], lambda entry: by_key[entry.study])


def whole(store: Store, entry: Entry) -> Run:
    """What a store has of a run; StoreError where its numbers are not those that were written."""
    _, rows, llh = holding(store, entry)
    return run_of(entry, rows[0]["versions"] if rows else {}, [_result(row, llh) for row in rows])


def run_of(entry: Entry, versions: Mapping[str, str], results: Sequence[Result]) -> Run:
    """A run of what is said of it and its results."""
    own = {name: getattr(entry, name) for name in Finished._fields if name in Entry._fields}
    return Run(entry, Finished(**own, key=entry.study, versions=versions, results=results))


def listed(store: Store, query: reading.Query) -> Iterator[Entry]:
    """The entries that a query asks for, however many there are, read page by page; its part is not looked at."""
    skip = 0
    while True:
        page = store.read(reading.entries, query._replace(skip=skip, most=PAGE))
        yield from page
        if len(page) < PAGE:
            return
        skip += PAGE


def chosen(store: Store, owner: str, words: Iterable[str]) -> list[Entry]:
    """The runs of an owner that words name, each once: by number, or by name; KeptError names the first that is not."""
    found = [_chosen(store, owner, word) for word in words]
    return list({entry.id: entry for entry in found}.values())


def _chosen(store: Store, owner: str, word: str) -> Entry:
    if word.isascii() and word.isdigit() and len(word) <= DIGITS:
        numbered = store.read(reading.own, owner, [int(word)])
        if numbered:
            return numbered[0]
    named = [each for each in listed(store, reading.Query(owner, word, named=True)) if each.name == word]
    if len(named) == 1:
        return named[0]
    if named:
        numbers = ", ".join(str(each.id) for each in named)
        raise KeptError(f"{ascii(word)[:60]}: {len(named)} runs have this name; say one of the numbers {numbers}")
    raise KeptError(f"{ascii(word)[:60]}: no such run; allowed: a number or a name of `history list`")


def target_of(summary: Mapping[str, Any]) -> Fixed | None:
    """What a run was compared at."""
    said = summary["target"]
    return None if said is None else Fixed(said["rule"], tuple(said["levels"]))


class Proof(NamedTuple):
    """What training again has shown: whether all that is stored came back, and sentences about it."""

    same: bool
    sentences: tuple[str, ...]


class Holding(NamedTuple):
    """All that a store has of a run: the rows of its results, and its LLH (T,) in nats per row by curve and seed."""

    entry: Entry
    rows: Sequence[Mapping[str, Any]]
    llh: Mapping[tuple[int, int], Floats]


def holding(store: Store, entry: Entry) -> Holding:
    """What a store has of a run; StoreError where its numbers are not those that were written."""
    rows = store.read(reading.results, [entry.study]).get(entry.study, [])
    return Holding(entry, rows, store.read(reading.traces, entry.study))


def holding_of(run: Run) -> Holding:
    """The same of a run that is not in a store."""
    results, versions = run.finished.results, run.finished.versions
    rows = [
        {
            "curve": each.curve,
            "seed": each.seed,
            **Ends.of(each.llh, each.level)._asdict(),
            "versions": versions,
        }
        for each in results
    ]
    return Holding(run.entry, rows, {(each.curve, each.seed): each.llh for each in results})


def unkept(finished: Finished, number: int) -> Run:
    """A finished study as the run of a file, by its number there; when it was made is not said, nor by whom."""
    own = {name: getattr(finished, name) for name in Finished._fields if name in Entry._fields}
    entry = Entry(number, finished.key, None, "", (), 0.0, None, num_bytes=finished.num_bytes, **own)
    return Run(entry, finished)


def recomputed(store: Store, entry: Entry, dataset: Dataset) -> Proof:
    """Train a run again and compare all that the store has of it; see `proved`."""
    try:
        found = holding(store, entry)
    except StoreError as error:
        return Proof(False, (str(error),))
    return proved(found, dataset)


class Again(NamedTuple):
    """A run trained again: its curves, and what its settings and rows give to compare them at."""

    curves: Sequence[Curve]
    target: Fixed | None


def proved(stored: Holding, dataset: Dataset, report: Reporter = quiet) -> Proof:
    """Train a run again, curve by curve, and compare numbers, their ends, and what the list shows."""
    return compared(stored, again(stored.entry, dataset, report))


def again(entry: Entry, dataset: Dataset, report: Reporter = quiet) -> Again:
    """Train a run again, curve by curve."""
    study = history.study_of(entry.settings)
    curves, total = list[Curve](), len(study.experiments())
    report(0, total)
    for trace in history.retrained(study, dataset):
        curves.append(Curve(trace.experiment, trace.llh, trace.stopped))  # the rest is a hundred times as large
        report(len(curves), total)
    return Again(curves, None if study.deep else fixed(study.experiment, dataset))


def compared(stored: Holding, now: Again) -> Proof:
    """Whether all that is kept of a run is what training it again gave."""
    entry, rows, llh = stored
    study = history.study_of(entry.settings)
    found = history.check(llh, now.curves)
    versions = rows[0]["versions"] if rows else {}
    sentences = [history.in_words(found, study.names(), versions)]
    target = target_of(entry.summary)
    faults = _contradictions(study, rows, llh, target)
    if history.key_of(study, entry.data_sha256, entry.engine) != entry.study:
        faults.append("Its settings or its data are not those that its key was made of.")
    summary = json.loads(json.dumps(history.summary(study, now.curves, target)))
    if target is not None and not study.deep and target != now.target:
        faults.append("What its curves are compared at is not the target that its settings and rows give.")
    if found.same and versions.get("spnlab") == __version__ and summary != entry.summary:
        faults.append("What the list shows of it is not what its numbers give: its summary is not what was computed.")
    return Proof(found.same and not faults, (*sentences, *faults))


def _contradictions(
    study: Study,
    rows: Sequence[Mapping[str, Any]],
    stored: Mapping[tuple[int, int], Floats],
    target: Fixed | None,
) -> list[str]:
    """Sentences about rows of results that say something else than their numbers."""
    faults, names, levels = [], dict(enumerate(study.names())), history.levels_of(study, target)
    for row in rows:
        llh = stored.get((row["curve"], row["seed"]), np.zeros(0))
        ends, said = Ends.of(llh, levels.get(row["seed"])), Ends(*(row[name] for name in Ends._fields))
        where = f"{names.get(row['curve'], 'a curve that it has not')}, seed {row['seed']}"
        if said[:3] != ends[:3]:
            faults.append(
                f"{where}: its first and last LLH are stored as {said.first_llh!r} and {said.final_llh!r}, its "
                f"numbers begin and end with {ends.first_llh!r} and {ends.final_llh!r}: one of them is not what was "
                "computed."
            )
        elif said != ends:
            faults.append(
                f"{where}: it is stored as first at {said.level!r} after {said.reached} updates, by its numbers and "
                f"the run's target it was first at {ends.level!r} after {ends.reached}: one of them is not what was "
                "computed."
            )
    return faults


def _result(row: Mapping[str, Any], traces: Mapping[tuple[int, int], Floats]) -> Result:
    llh = traces.get((row["curve"], row["seed"]), np.zeros(0))
    return Result(row["curve"], row["seed"], row["depth"], row["learner"], row["stopped"], llh, row["level"])
