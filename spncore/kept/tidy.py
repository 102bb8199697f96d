"""Runs as one tidy table: a row for every number of every run, as CSV or Parquet, however many runs there are.

The columns are run, name, data, the settings in which the runs differ, curve, seed, L, learner, t (updates done),
quantity (`llh`, in nats per row) and value. Settings are those of the run; a curve of another learner is told by its
own columns. Texts of CSV are safe in a spreadsheet (`spncore.files.export`); Parquet has them as they are.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import numpy as np

from spncore.files.export import Row, cell, cited, write_table
from spncore.files.provenance import citation, versions
from spncore.kept.runs import KeptError, Run, Selection
from spncore.runs.experiment import FIELDS
from spncore.store.rows import LLH

BEFORE, AFTER = ("run", "name", "data"), ("curve", "seed", "L", "learner", "t", "quantity", "value")
SAID = ("dataset", "depth", "optimiser", "seed", "num_seeds")  # settings that other columns say
NO_PARQUET = "Parquet takes pyarrow: pip install 'spnlab[lab]'"


def write_csv(file: IO[bytes], selection: Selection, link: str = "") -> None:
    """Write the table of a selection run by run, below remarks with the link, the versions and how to cite."""
    names = differing(entry.settings for entry in selection.entries())
    rows = (row for run in selection.runs() for row in _rows(run, names))
    remarks = cited(link, "t counts updates; llh is the mean log-likelihood in nats per row")
    write_table(codecs.getwriter("utf-8")(file), [*BEFORE, *names, *AFTER], rows, remarks)


def write_parquet(file: IO[bytes], selection: Selection, link: str = "") -> None:
    """Write the same table as Parquet, with link, versions and citation in its metadata under `spnlab`.

    KeptError where pyarrow is not installed.
    """
    try:
        from spncore.kept import parquet
    except ModuleNotFoundError:
        raise KeptError(NO_PARQUET) from None
    names = differing(entry.settings for entry in selection.entries())
    own = {name: FIELDS[name].kind if FIELDS[name].kind in parquet.KINDS else str for name in names}
    numbers = {"run": int, "seed": int, "L": int, "t": int, "value": float}
    kinds = {name: own.get(name) or numbers.get(name, str) for name in (*BEFORE, *names, *AFTER)}
    parts = (part for run in selection.runs() for part in _parts(run, names))
    parquet.write(file, kinds, parts, {"link": link, "versions": versions(), "cite": citation()})


def differing(settings: Iterable[Any]) -> list[str]:
    """The names of settings in which runs differ, in their order; without those that a column has for itself."""
    seen: dict[str, set[Any]] = {name: set() for name in FIELDS if name not in SAID}
    for each in settings:
        for name, values in seen.items():
            values.add(_value(each, name))
    return [name for name, values in seen.items() if len(values) > 1]


def _value(settings: Any, name: str) -> Any:
    """A setting of a run as a cell has it; changes as a link has them."""
    value = settings["experiment"].get(name, ())
    return ",".join(value) if isinstance(value, (list, tuple)) else value


def _rows(run: Run, names: Sequence[str]) -> Iterator[Row]:
    """The rows of a run, texts made safe."""
    entry = run.entry
    before = [entry.id, entry.name or "", entry.title, *(_value(entry.settings, name) for name in names)]
    safe = [cell(each) if isinstance(each, str) else each for each in before]
    curves = run.study.names()
    for each in run.finished.results:
        about = [*safe, cell(curves[each.curve]), each.seed, each.depth, each.learner]
        for t, value in enumerate(each.llh.tolist()):
            yield [*about, t, LLH, value]


def _parts(run: Run, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The same by column for every result, texts as they are."""
    entry, curves = run.entry, run.study.names()
    own = {name: _value(entry.settings, name) for name in names}
    for each in run.finished.results:
        yield {
            **{"run": entry.id, "name": entry.name, "data": entry.title, **own},
            **{"curve": curves[each.curve], "seed": each.seed, "L": each.depth, "learner": each.learner},
            **{"t": np.arange(each.llh.size), "quantity": LLH, "value": each.llh},
        }
