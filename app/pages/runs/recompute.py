"""The job that trains a stored run again and says whether all that is stored of it came back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.kept.runs import Proof, proved
from spncore.runs.trace import Trace
from spncore.store.rows import Entry
from spncore.studies import history
from spncore.sweep import Reporter

NONE = np.zeros(0)
Kept = Mapping[tuple[int, int], Floats]


def recomputed(
    entry: Entry, rows: Sequence[Mapping[str, Any]], stored: Kept, dataset: Dataset, report: Reporter
) -> Proof:
    """Train a run curve by curve, and compare what it gives with its rows of results and its numbers."""
    study, traces = history.study_of(entry.settings), list[Trace]()
    report(0, len(study.experiments()))
    for trace in history.retrained(study, dataset):
        # the rest of what is recorded is a hundred times as large
        traces.append(replace(trace, flow=NONE, weights=NONE, log_masses=NONE, final_state=None))
        report(len(traces), len(study.experiments()))
    return proved(entry, rows, stored, traces)


def digest(entry: Entry, rows: Sequence[Mapping[str, Any]], stored: Kept) -> str:
    """What is stored of a run, by its content."""
    found = hashlib.sha256(repr((entry, rows)).encode())
    for key in sorted(stored):
        found.update(f"{key}".encode() + stored[key].tobytes())
    return found.hexdigest()
