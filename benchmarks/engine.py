"""Time a training step against the floor of its own arithmetic, and print one JSON document.

Run with `python -m benchmarks.engine`, or with `--quick` for the ratios alone. A step is `Trainer.step` and
`Recorder.add`, so everything a trace holds is recorded. Blocks of steps and of the floor alternate, and a ratio is the
median over the pairs of blocks. Times are CPU time of the process, one BLAS thread, in microseconds: on a quiet machine
that is the time on the clock, on a busy one it leaves out the waiting.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402 (the variables above must come first)
import dataclasses  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import resource  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks import torch_peer  # noqa: E402
from benchmarks.stepped import Run  # noqa: E402
from spncore import Dataset, Experiment, fit  # noqa: E402
from spncore.data import library  # noqa: E402

ROOT = Path(__file__).parents[1]
TARGETS = {"one seed": 1.6, "per seed of six": 1.3, "default experiment, MB": 300}
DEPTHS = range(1, 9)
Floor = Callable[[np.ndarray], None]


def data() -> Dataset:
    """NLTCS where it is at hand, else the synthetic twin of the same shape."""
    return library.load("nltcs" if library.available("nltcs") else "nltcs-twin")


def floors(dataset: Dataset, num_components: int) -> tuple[Floor, Floor]:
    """The arithmetic of one step of one seed, preallocated: with the shift and the logarithm of each row, and without.

    Each takes coefficients (K, D+1) of the features [X, 1], rows without evidence last. The first normalises in the
    log domain and has the LLH; the second trusts exp not to overflow and never learns the LLH.
    """
    features = np.zeros((dataset.num_variables + 1, dataset.num_distinct + 1))  # C order: a fifth faster than F order
    features[:-1, :-1], features[-1, :-1] = dataset.rows.T, 1.0
    features_back = features.T
    row_weights = np.append(dataset.counts, -dataset.num_rows).astype(np.float64)
    values = np.empty((num_components, features.shape[1]))  # components × rows: reductions run along the rows
    largest, total, log_value, ratio = np.empty((4, features.shape[1]))
    moments = np.empty((num_components, len(features)))

    def with_shift(coefficients: np.ndarray) -> None:
        np.matmul(coefficients, features, out=values)
        np.maximum.reduce(values, axis=0, out=largest)
        np.subtract(values, largest, out=values)
        np.exp(values, out=values)
        np.add.reduce(values, axis=0, out=total)
        np.log(total, out=log_value)
        np.add(log_value, largest, out=log_value)
        np.divide(row_weights, total, out=ratio)
        np.multiply(values, ratio, out=values)
        np.matmul(values, features_back, out=moments)

    def bare(coefficients: np.ndarray) -> None:
        np.matmul(coefficients, features, out=values)
        np.exp(values, out=values)
        np.add.reduce(values, axis=0, out=total)
        np.divide(row_weights, total, out=ratio)
        np.multiply(values, ratio, out=values)
        np.matmul(values, features_back, out=moments)

    return with_shift, bare


def time_floor(floor: Floor, coefficients: np.ndarray, calls: int) -> float:
    """Microseconds per call."""
    start = time.process_time()
    for _ in range(calls):
        floor(coefficients)
    return (time.process_time() - start) / calls * 1e6


def against_floor(experiment: Experiment, dataset: Dataset, blocks: int, block: int = 25) -> dict[str, float]:
    """Medians over alternating blocks: the step per seed, both floors, and the step's ratio to each."""
    run, seeds = Run(experiment, dataset), experiment.num_seeds
    with_shift, bare = floors(dataset, experiment.num_components)
    run.advance(block)
    times = []
    for _ in range(blocks):
        coefficients = run.coefficients()
        before = time_floor(with_shift, coefficients, block)
        step = run.advance(max(1, block // seeds)) / seeds
        times.append((step, before, time_floor(bare, coefficients, block)))
    step, floor, bare_floor = np.array(times).T
    return {
        "step": round(float(np.median(step)), 1),
        "floor": round(float(np.median(floor)), 1),
        "bare_floor": round(float(np.median(bare_floor)), 1),
        "ratio": round(float(np.median(step / floor)), 3),
        "ratio_to_bare_floor": round(float(np.median(step / bare_floor)), 3),
    }


def cost(experiment: Experiment, dataset: Dataset, blocks: int = 15, block: int = 20) -> float:
    """Median microseconds of one step of all seeds."""
    run = Run(experiment, dataset)
    run.advance(block)
    return round(float(np.median([run.advance(block) for _ in range(blocks)])), 1)


def resized(dataset: Dataset) -> Iterator[Dataset]:
    """A few of the distinct rows, all of them, and each of the N rows on its own."""
    for size in (250, 500, 1000, 2000, dataset.num_distinct):
        size = min(size, dataset.num_distinct)
        yield dataclasses.replace(dataset, rows=dataset.rows[:size], counts=dataset.counts[:size])
    every_row = np.repeat(dataset.rows, dataset.counts, axis=0)
    yield dataclasses.replace(dataset, rows=every_row, counts=np.ones(len(every_row), dtype=np.int64))


def cost_tables(dataset: Dataset) -> dict[str, Any]:
    """One step of all seeds as each size grows, the others as in the default experiment."""
    usual = Experiment()
    return {
        "by_rows": {str(part.num_distinct): cost(usual, part) for part in resized(dataset)},
        "by_components": {str(k): cost(usual.replace(num_components=k), dataset) for k in (1, 2, 4, 8, 16, 32, 64)},
        "by_depth": {str(depth): cost(usual.replace(depth=depth), dataset) for depth in DEPTHS},
        "by_seeds": {str(s): cost(usual.replace(num_seeds=s), dataset) for s in (1, 2, 4, 6, 8, 16, 32)},
    }


def peak_bytes() -> int:
    """This process's peak memory; Linux says it of the program alone, ru_maxrss counts what its parent held, too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def default_experiment() -> dict[str, float]:
    """3 depths × 6 seeds × 500 updates, all traces kept: time, and this process's peak memory in MB."""
    dataset, start = data(), (time.perf_counter(), time.process_time())
    kept = [fit(Experiment(dataset=dataset.name, depth=depth, num_seeds=6), dataset) for depth in (1, 2, 3)]
    seconds, cpu_seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    assert all(trace.llh.shape == (6, 501) for trace in kept)
    peak = peak_bytes()
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2), "peak_memory_mb": round(peak / 1e6, 1)}


def in_fresh_process(argument: str) -> dict[str, Any]:
    """What this module prints when run with `argument` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine", argument]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(quick: bool) -> dict[str, Any]:
    """The document; `quick` leaves out the tables and the peer."""
    whole = in_fresh_process("--default-experiment")
    dataset, blocks = data(), 40 if quick else 120
    document: dict[str, Any] = {
        "data": {"name": dataset.name, "rows": dataset.num_rows, "distinct_rows": dataset.num_distinct},
        "machine": {"processor": platform.machine(), "python": platform.python_version(), "numpy": np.__version__},
        "unit": "microseconds of CPU time, medians of alternating blocks",
        "floor": "one seed's arithmetic with the shift of each row and the LLH; bare_floor: without both",
        "targets": TARGETS,
        "one_seed": {str(d): against_floor(Experiment(depth=d), dataset, blocks) for d in DEPTHS},
        "per_seed_of_six": {
            str(d): against_floor(Experiment(depth=d, num_seeds=6), dataset, blocks) for d in (1, 3, 8)
        },
        "default_experiment": whole,
    }
    if not quick:
        document["cost"] = cost_tables(dataset)
        document["torch"] = {str(d): torch_peer.compare(Run(Experiment(depth=d), dataset)) for d in (1, 3)}
    return document


def main() -> None:
    """Parse the two switches and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the ratios and the default experiment")
    parser.add_argument("--default-experiment", action="store_true", help="only that experiment, in this process")
    arguments = parser.parse_args()
    print(json.dumps(default_experiment() if arguments.default_experiment else measure(arguments.quick), indent=2))


if __name__ == "__main__":
    main()
