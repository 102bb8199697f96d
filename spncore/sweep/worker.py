"""The worker process of a local sweep: reads what is to be done as lines of JSON, answers in lines of JSON.

It ends with its input: when the sweep is gone, however it went, no worker outlives it by more than a moment.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np

from spncore.data.library import Dataset
from spncore.sweep import groups


def main() -> None:
    """Read the set-up, say ready, then answer group by group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the sweep, which ends its workers
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    tasks: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks,), daemon=True).start()
    setup = json.loads(tasks.get())
    if hasattr(os, "nice"):
        os.nice(setup["niceness"])
    groups.function(setup["compute"])  # it must be there
    data = {name: read_dataset(values) for name, values in setup["data"].items()}
    _answer(answers, {"ready": True})
    while True:
        group = json.loads(tasks.get())
        check = groups.limited(lambda: True, group["seconds"])  # who does not want it any more ends this process
        for report in groups.answers(setup["compute"], group["tasks"], data, check):
            _answer(answers, report._asdict())


def read_dataset(values: Mapping[str, Any]) -> Dataset:
    """The data set that the sweep described, with its content's hash as given."""
    rows, counts = np.array(values["rows"], dtype=np.uint8), np.array(values["counts"], dtype=np.int64)
    return Dataset(**{**values, "variables": tuple(values["variables"]), "rows": rows, "counts": counts})


def _read(tasks: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    os._exit(0)  # the sweep has gone


def _answer(answers: TextIO, message: Mapping[str, Any]) -> None:
    answers.write(json.dumps(message, allow_nan=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
