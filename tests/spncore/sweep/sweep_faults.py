"""What can befall a worker: functions that a sweep's tests let it call instead of the real one."""

import os
import time
from pathlib import Path

from spncore.sweep.cells import Cell
from spncore.sweep.computing import compute_json
from tests.waiting import PATIENCE

FOLDER = "SPNLAB_TEST_FOLDER"
FOR_EVER = 10 * PATIENCE  # seconds: no test waits so long, so none passes because a worker came to its end


def noted(cell, data):
    """Compute as always, and leave a mark that the cell was computed."""
    folder = Path(os.environ[FOLDER])
    with (folder / f"depth-{cell['experiment']['depth']}").open("a") as file:
        file.write("x")
    return compute_json(cell, data)


def faulty(cell, data):
    """By depth: 2 raises, 3 hangs, 4 gives NaN, 5 kills its worker, 6 does so the first time; others are computed."""
    depth = cell["experiment"]["depth"]
    if depth == 2:
        raise RuntimeError("depth 2 is not to my taste")
    if depth == 3:
        time.sleep(FOR_EVER)
    if depth == 4:
        return float("nan")
    if depth == 5:
        os.abort()
    if depth == 6:
        before = Path(os.environ[FOLDER]) / "been-here"
        if not before.exists():
            before.touch()
            os.kill(os.getpid(), 9)
    return compute_json(cell, data)


def slow(cell, data):
    """Leave the process number, then take for ever for depths above 1."""
    (Path(os.environ[FOLDER]) / f"pid-{os.getpid()}").touch()
    if Cell.from_dict(cell).experiment.depth > 1:
        time.sleep(FOR_EVER)
    return compute_json(cell, data)
