"""What a worker of a cluster runs: it makes the data, compares versions, and answers a group of tasks."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import distributed
import numpy as np
from distributed import Status

from spncore import __version__
from spncore.data import library
from spncore.data.catalogue import DATASETS
from spncore.data.library import DataError, Dataset
from spncore.files.provenance import ENGINE
from spncore.sweep import groups
from spncore.sweep.cells import SweepError
from spncore.sweep.running import Report

TOPIC = "spnlab"  # of the scheduler's events
RUNNING = (Status.running, Status.paused, Status.closing_gracefully)


class Asked(NamedTuple):
    """A group by its name, of which run, for which versions; what each task is given to, and how long all may take."""

    name: str
    run: str
    versions: Mapping[str, str]
    compute: str
    tasks: Mapping[str, str]
    seconds: float


def versions() -> dict[str, str]:
    """What must be equal where cells are computed and where they are asked for."""
    own = {"engine": str(ENGINE), "spnlab": __version__}
    return own | {"numpy": np.__version__, "distributed": distributed.__version__}


def differ(worker: str, theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """The sentence about a worker with other versions."""
    pairs = [f"{name} {theirs[name]} there, {ours[name]} here" for name in ours if theirs[name] != ours[name]]
    return f"cluster: the worker {worker} has {'; '.join(pairs)}; install the same on both and start the worker again"


def data_task(data: Dataset) -> tuple[Any, ...]:
    """A data set as a task: its key, the function that makes it and with what; published rows go by their name.

    The key is the content's, so that sweeps which share a scheduler share the data.
    """
    known = data.name in DATASETS and library.available(data.name) is not None
    if known and library.load(data.name).sha256 == data.sha256:
        return f"rows-{data.sha256}", published, data.name, data.sha256
    fields = {**vars(data), "rows": data.rows.shape, "counts": None}
    rows, counts = np.packbits(data.rows).tobytes(), data.counts.astype("<i8").tobytes()
    digest = hashlib.sha256(b"".join([repr(fields).encode(), rows, counts])).hexdigest()
    return f"table-{digest}", table, fields, rows, counts, digest


def published(name: str, sha256: str) -> Dataset:
    """Published training rows; DataError unless they are those that were meant."""
    data = library.load(name)
    if data.sha256 != sha256:
        hashes = f"SHA-256 {data.sha256[:12]}…, not {sha256[:12]}…"
        raise DataError(f"{name}: a worker has other rows than the sweep ({hashes}); install the same spnlab there")
    return data


def table(fields: Mapping[str, Any], rows: bytes, counts: bytes, digest: str) -> Dataset:
    """A table that travelled with its task; DataError when it is not as it was sent."""
    if hashlib.sha256(b"".join([repr(fields).encode(), rows, counts])).hexdigest() != digest:
        raise DataError(f"{fields['title']}: the rows that reached a worker are not those that were sent")
    length, width = fields["rows"]
    bits = np.unpackbits(np.frombuffer(rows, np.uint8), count=length * width).reshape(length, width)
    return Dataset(**{**fields, "rows": bits, "counts": np.frombuffer(counts, "<i8").astype(np.int64)})


def answer(asked: Asked, data: Mapping[str, Dataset]) -> tuple[list[Report], float]:
    """The reports on a group and the seconds they took; SweepError if this worker has other versions than asked for."""
    worker, begin = distributed.get_worker(), time.monotonic()
    if versions() != asked.versions:
        raise SweepError(differ(worker.address, versions(), asked.versions))
    worker.log_event(TOPIC, {"run": asked.run, "group": asked.name})

    def wanted() -> bool:
        """False when the sweep has cancelled the group, or its process or the scheduler has gone."""
        task = worker.state.tasks.get(asked.name)
        return task is not None and task.state == "executing" and worker.status in RUNNING

    check = groups.limited(wanted, asked.seconds)
    return list(groups.answers(asked.compute, asked.tasks, data, check)), time.monotonic() - begin
