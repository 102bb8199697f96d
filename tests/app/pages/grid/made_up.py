"""A grid with numbers drawn at random, and what its table says of every run."""

import numpy as np

from spncore import Experiment
from spncore.studies import grid
from spncore.studies.arrivals import FAILED, MISSED, THROWN
from spncore.studies.axes import Axis
from spncore.studies.grid import Found, Grid
from spncore.sweep import to_csv
from tests.recount.evidence.counting import table, when

BASE = Experiment(dataset="two-clusters", iterations=60, num_seeds=6)
AXES = (Axis("learning_rate", (0.001, 0.01, 0.1)), Axis("topology", ("tree", "private")), Axis("depth", (1, 2)))


def made_up(seeds=6, asked="level", numbers=0):
    """Numbers drawn at random, of cells that arrive, miss, are thrown off and fail."""
    rng = np.random.default_rng(numbers)
    updates = rng.integers(1, 12, (3, 2, 2, seeds))
    updates[rng.random(updates.shape) < 0.1] = MISSED
    updates[0, 0, 0], updates[0, 1, 0], updates[0, 0, 1] = MISSED, THROWN, FAILED
    llh = np.where(updates >= 0, -5.0 - updates / 7, -np.inf)
    data = {"title": "made up", "sha256": "0" * 64, "synthetic": True, "rows": 1}
    return Found(Grid(BASE.replace(num_seeds=seeds), AXES, asked), data, updates, llh)


def runs_of(found):
    """By settings of a cell, as the table that is handed out says them, the updates of every seed."""
    cells = {}
    for row in table(to_csv(grid.tidy(found))):
        place = tuple(row[axis.name] for axis in found.grid.axes)
        cells.setdefault(place, {})[row["seed"]] = when(row["updates"])
    return cells
