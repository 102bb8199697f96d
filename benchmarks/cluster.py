"""Measures sweeps on dask.distributed, on this computer: `python -m benchmarks.cluster` prints one JSON document.

Starts a scheduler and workers of its own, with a nanny each, and sweeps the same cells bare and on them in turn.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import distributed

from benchmarks.document import Measure, document, found, write
from spncore import Experiment, load
from spncore.sweep import Cell, Outcome, run_cells
from spncore.sweep.cells import grid
from spncore.sweep.cluster import ClusterWorkers
from spncore.sweep.computing import compute
from spncore.sweep.kept import KeptOutcomes
from spncore.threads import ONE_THREAD

NUM_WORKERS = 2
BLOCKS, CELLS_A_BLOCK = 5, 200
NUM_CELLS, NUM_KILLS = 1000, 10
DATA = {"nltcs-twin": load("nltcs-twin")}
BASE = Cell(Experiment(dataset="nltcs-twin", num_components=4, iterations=20))


def cells(number: int) -> tuple[Cell, ...]:
    """So many small cells."""
    return grid(BASE, {"depth": [1, 2], "seed": list(range(number // 2))})


@contextlib.contextmanager
def scheduled() -> Iterator[str]:
    """The address of a scheduler with workers that a nanny starts again."""
    quiet = {
        "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "scheduler.json")
        place = ("--scheduler-file", str(file), "--host", "127.0.0.1")
        options = [
            ("dask_scheduler", *place, "--port", "0", "--dashboard-address", "127.0.0.1:0"),
            ("dask_worker", *place, "--nworkers", str(NUM_WORKERS), "--nthreads", "1", "--local-directory", folder),
        ]
        programs = [
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{name}", *rest],
                env=os.environ | quiet,
                stderr=subprocess.DEVNULL,
            )
            for name, *rest in options
        ]
        try:
            while not file.exists() or not file.stat().st_size:
                time.sleep(0.05)
            with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
                client.wait_for_workers(NUM_WORKERS)
            yield json.loads(file.read_text())["address"]
        finally:
            for program in reversed(programs):
                program.terminate()
                program.wait()


def bare(share: Sequence[Cell]) -> float:
    """CPU seconds that a share of the cells takes in a loop."""
    begin = time.process_time()
    with ONE_THREAD:
        for cell in share:
            compute(cell, DATA["nltcs-twin"])
    return time.process_time() - begin


def spent(client: distributed.Client) -> float:
    """CPU seconds of scheduler, workers and this process so far, as each says."""
    theirs = client.run_on_scheduler(time.process_time) + sum(client.run(time.process_time).values())
    return float(theirs + time.process_time())


def cpu(blocks: int, number: int) -> dict[str, Any]:
    """CPU time per cell over bare computing, in so many alternating blocks of the same cells."""
    asked, seconds = cells(number), dict[str, list[float]](bare=[], cluster=[])
    shares = [asked[n::NUM_WORKERS] for n in range(NUM_WORKERS)]
    spawn = multiprocessing.get_context("spawn")
    with scheduled() as address, concurrent.futures.ProcessPoolExecutor(NUM_WORKERS, spawn) as processes:
        with distributed.Client(address, set_as_default=False) as client:
            for _ in range(blocks + 1):
                seconds["bare"].append(sum(processes.map(bare, shares)))
                begin = spent(client)
                assert len(list(run_cells(asked, DATA, lambda _: ClusterWorkers(DATA, address)))) == len(asked)
                seconds["cluster"].append(spent(client) - begin)
    ms = {
        name: [1e3 * each / len(asked) for each in times[1:]] for name, times in seconds.items()
    }  # the first warms up
    over = [there - here for there, here in zip(ms["cluster"], ms["bare"], strict=True)]
    numbers = {**{f"{name}_ms_per_cell": each for name, each in ms.items()}, "over_bare_ms_per_cell": over}
    rounded = {name: [round(value, 3) for value in each] for name, each in numbers.items()}
    return {"cells_a_block": len(asked), **rounded, "median_over_bare_ms_per_cell": round(statistics.median(over), 3)}


class Killer(threading.Thread):
    """Kills a worker process whenever the sweep has come another step further."""

    def __init__(self, address: str, cells: int, kills: int) -> None:
        super().__init__(daemon=True)
        self.cells, self.wanted = cells, kills
        self.address, self.done, self.kills, self.over = address, 0, 0, False

    def run(self) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            while self.kills < self.wanted and not self.over:
                time.sleep(0.02)
                if self.done >= (self.kills + 1) * self.cells // (self.wanted + 1):
                    numbers = [n for n in client.run(os.getpid, on_error="ignore").values() if isinstance(n, int)]
                    if numbers:
                        os.kill(numbers[self.kills % len(numbers)], signal.SIGKILL)
                        self.kills += 1


def kills(number: int, wanted: int) -> dict[str, Any]:
    """Small cells while workers are killed: how often each was answered, and whether as on this computer alone."""
    asked, opened = cells(number), list[ClusterWorkers]()
    with scheduled() as address, tempfile.TemporaryDirectory() as folder:
        killer, begin = Killer(address, number, wanted), time.perf_counter()
        killer.start()

        def open_workers(_: int) -> ClusterWorkers:
            opened.append(ClusterWorkers(DATA, address))
            return opened[0]

        there = list[Outcome]()
        with KeptOutcomes.in_folder(Path(folder)) as kept:
            for outcome in run_cells(asked, DATA, open_workers, kept):
                there.append(outcome)
                killer.done = len(there)
        seconds, killer.over = time.perf_counter() - begin, True
        killer.join()
    with ONE_THREAD:
        here = {each.key: each for each in (compute(cell, DATA["nltcs-twin"]) for cell in asked)}
    same = [replace(each, seconds=here[each.key].seconds, attempts=1) == here[each.key] for each in there]
    return {
        "cells": number,
        "kills": killer.kills,
        "outcomes": len(there),
        "distinct_outcomes": len({each.key for each in there}),
        "done": sum(each.status == "done" for each in there),
        "equal_to_local": sum(same),
        "tried_more_than_once": sum(each.attempts > 1 for each in there),
        "most_attempts": max(each.attempts for each in there),
        "workers": opened[0].words(),
        "seconds": round(seconds, 1),
    }


def measures(cost: dict[str, Any], lost: dict[str, Any]) -> list[Measure]:
    """The rows of the table."""
    over = found(cost["over_bare_ms_per_cell"], "ms over bare, each pair of blocks")
    median = found(cost["median_over_bare_ms_per_cell"], "ms, median", at_most=10)
    small = f"small cells of nltcs-twin (K = 4, 20 updates, one seed), {NUM_WORKERS} workers"
    right = found(lost["equal_to_local"], f"of {lost['cells']} cells once each, equal to a local run", digits=4)
    return [
        Measure(
            f"{small}: CPU time of scheduler, workers and client from connecting to the last outcome, over that of as "
            "many processes that call `compute` in a loop, per cell; nannies, which sleep, left out",
            (median, over),
        ),
        Measure(
            f"the same, {lost['kills']} SIGKILLs of workers on the way: outcomes equal but for seconds and attempts",
            (right._replace(at_least=lost["cells"]), found(lost["tried_more_than_once"], "tried more than once")),
        ),
    ]


def main() -> None:
    """Parse the switch, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--smallest", action="store_true", help="only see that it works")
    smallest = parser.parse_args().smallest
    cost = cpu(*((1, 20) if smallest else (BLOCKS, CELLS_A_BLOCK)))
    lost = kills(*((40, 1) if smallest else (NUM_CELLS, NUM_KILLS)))
    title = "A sweep on dask.distributed, on this computer: scheduler and workers of its own, on loopback"
    write(document(title, "python -m benchmarks.cluster", measures(cost, lost), cost=cost, kills=lost))


if __name__ == "__main__":
    main()
