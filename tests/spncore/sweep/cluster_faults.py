"""What can befall a worker of a cluster: functions that its tests let it call, and another NumPy."""

import json
import os
import time
from pathlib import Path

import numpy as np

from spncore.sweep.computing import compute_json
from spncore.threads import blas
from tests.spncore.sweep.sweep_faults import FOLDER
from tests.waiting import PATIENCE


def plain(cell, data):
    """Compute as always."""
    return compute_json(cell, data)


def marked(name):
    """Leave a line in a file: who was here."""
    folder = Path(os.environ[FOLDER])
    with (folder / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return folder


def deadly(cell, data):
    """Depth 3 always kills its worker, depth 2 the first time; others are computed."""
    depth = cell["experiment"]["depth"]
    folder = marked(f"depth-{depth}")
    if depth == 3 or (depth == 2 and len((folder / "depth-2").read_text().splitlines()) == 1):
        time.sleep(0.3)  # the others are done by then
        os.kill(os.getpid(), 9)
    return compute_json(cell, data)


def endless(cell, data, check):
    """Depths above 1 go on until they are told to end; they say when they were."""
    folder = marked(f"begun-{cell['experiment']['depth']}")
    try:
        while cell["experiment"]["depth"] > 1:
            check()
            time.sleep(0.005)
    except BaseException as error:
        with (folder / "ended").open("a") as file:
            file.write(f"{type(error).__name__}\n")
        raise
    return compute_json(cell, data)


def deaf(cell, data):
    """Depths above 1 take no check and far too long."""
    if cell["experiment"]["depth"] > 1:
        time.sleep(PATIENCE)
    return compute_json(cell, data)


def seen(cell, data):
    """How many threads BLAS has, and the rows as they came."""
    [rows] = data.values()
    numbers = [each.num_threads for each in blas()]
    return json.dumps([numbers, rows.sha256, rows.rows.tolist(), rows.counts.tolist(), rows.rows.flags.writeable])


def dask_setup(worker):
    """Preloaded by a worker: its NumPy says that it is another one."""
    np.__version__ = "1.0"
