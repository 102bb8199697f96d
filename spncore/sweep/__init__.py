"""Many experiments, one table: cells are computed by processes, kept by content, and done only once.

A `Cell` is an experiment with what is asked of it, an `Outcome` the answer. `run_cells` yields outcomes as they come;
what is among `kept.KeptOutcomes` already is not computed again, so a sweep that was cut short goes on where it stopped.
That one brings the database along, which processes that only compute need not load.
"""

from spncore.sweep.cells import (
    MAX_CELLS,
    Cell,
    Outcome,
    SeedOutcome,
    SweepError,
    Target,
    to_csv,
)
from spncore.sweep.local import LocalWorkers
from spncore.sweep.running import Reporter, Stopped, quiet, run_cells, run_tasks

__all__ = [
    "MAX_CELLS",
    "Cell",
    "LocalWorkers",
    "Outcome",
    "Reporter",
    "Stopped",
    "SeedOutcome",
    "SweepError",
    "Target",
    "quiet",
    "run_cells",
    "run_tasks",
    "to_csv",
]
