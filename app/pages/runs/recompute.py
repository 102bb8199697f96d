"""The job that trains a stored study again and says whether every stored number came back."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.runs.study import Study
from spncore.runs.trace import Trace
from spncore.studies import history
from spncore.studies.history import Check
from spncore.sweep import Reporter

NONE = np.zeros(0)


def recomputed(study: Study, dataset: Dataset, stored: Mapping[tuple[int, int], Floats], report: Reporter) -> Check:
    """Train a study curve by curve, and compare its LLHs with the stored ones."""
    traces, total = list[Trace](), len(study.experiments())
    report(0, total)
    for trace in history.retrained(study, dataset):
        # the rest of what is recorded is a hundred times as large
        traces.append(replace(trace, flow=NONE, weights=NONE, log_masses=NONE, final_state=None))
        report(len(traces), total)
    return history.check(stored, traces)


def digest(stored: Mapping[tuple[int, int], Floats]) -> str:
    """What stored numbers are called by their content."""
    found = hashlib.sha256()
    for key in sorted(stored):
        found.update(f"{key}".encode() + stored[key].tobytes())
    return found.hexdigest()
