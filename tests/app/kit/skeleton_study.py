"""What the job of the page by the kit computes: a function of a module, for another process has to find it."""

import numpy as np

from spncore import fit
from spncore.data import library
from spncore.plots.curves import Line
from spncore.runs.study import Study
from spncore.sweep import Reporter


def train(study: Study, report: Reporter) -> list[Line]:
    """Median and range over the seeds for each depth."""
    asked, lines = study.experiments(), list[Line]()
    for experiment in asked:
        report(len(lines), len(asked))
        llh = fit(experiment, library.load(experiment.dataset)).llh
        bands = (np.median(llh, axis=0), llh.min(axis=0), llh.max(axis=0))
        steps = list(range(1, llh.shape[1] + 1))
        lines.append(Line(f"L={experiment.depth}", experiment.depth, steps, *(band.tolist() for band in bands)))
    return lines
