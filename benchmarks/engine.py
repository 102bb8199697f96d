"""Time a training step against the floor of its own arithmetic, and print one JSON document.

Run with `python -m benchmarks.engine`, or with `--quick` for the ratios alone. A step is an update with everything
recorded that a trace holds (see benchmarks/stepped). Blocks of steps and of the floor alternate, and a ratio is the
median over the pairs of blocks. Times are CPU time of the process, one BLAS thread, in microseconds: on a quiet machine
that is the time on the clock, on a busy one it leaves out the waiting. `--smallest` takes seconds and measures nothing.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402 (the variables above must come first)
import dataclasses  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterable, Iterator, Sequence  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks import torch_peer  # noqa: E402
from benchmarks.document import ROOT, Measure, document, found, write  # noqa: E402
from benchmarks.earlier.memory import peak_bytes  # noqa: E402
from benchmarks.stepped import Run, to_the_end  # noqa: E402
from spncore import Dataset, Experiment  # noqa: E402
from spncore.data import library  # noqa: E402

TARGETS = {
    "one seed": 1.25,
    "per seed of six": 1.1,
    "per seed of a study of 18": 1.0,
    "K = 64": 1.05,
    "EM": 2.0,
    "default experiment": 1.05,
    "default experiment, MB": 300,
}
DEPTHS = range(1, 9)
TITLE = "Training steps over their own array arithmetic: CPU time, one BLAS thread, medians over blocks in turns"
Floor = Callable[[np.ndarray], None]
Ratios = dict[str, float]


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


def against_floor(
    experiments: Experiment | Sequence[Experiment], dataset: Dataset, blocks: int, block: int = 25
) -> Ratios:
    """Medians over alternating blocks: the step per seed, both floors, and the step's ratio to each."""
    run = Run(experiments, dataset)
    with_shift, bare = floors(dataset, run.experiments[0].num_components)
    run.advance(block)
    times = []
    for _ in range(blocks):
        coefficients = run.coefficients()
        before = time_floor(with_shift, coefficients, block)
        step = run.advance(block) / run.num_seeds
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


def study(num_seeds: int = 6, **settings: Any) -> list[Experiment]:
    """The default experiment's three depths."""
    return [Experiment(dataset=data().name, depth=depth, num_seeds=num_seeds, **settings) for depth in (1, 2, 3)]


def default_experiment() -> dict[str, float]:
    """3 depths × 6 seeds × 500 updates, all traces kept: time, and this process's peak memory in MB."""
    dataset, start = data(), (time.perf_counter(), time.process_time())
    kept = to_the_end(study(), dataset)
    seconds, cpu_seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    assert all(trace.llh.shape == (6, 501) for trace in kept)
    peak = peak_bytes()
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu_seconds, 2), "peak_memory_mb": round(peak / 1e6, 1)}


def whole_study_over_floor(dataset: Dataset, blocks: int, iterations: int = 500) -> Ratios:
    """The default experiment from its start to its last trace, over as many calls of the floor as it has states."""
    experiments = study(iterations=iterations)
    states = sum(each.num_seeds * (each.iterations + 1) for each in experiments)
    with_shift, _ = floors(dataset, experiments[0].num_components)
    coefficients, times = Run(experiments[0], dataset).coefficients(), []
    for _ in range(blocks + 1):
        floor = time_floor(with_shift, coefficients, 1000) * states / 1e6
        start = time.process_time()
        to_the_end(experiments, dataset)
        times.append((time.process_time() - start, floor))
    seconds, floor_seconds = np.array(times[1:]).T
    return {
        "cpu_seconds": round(float(np.median(seconds)), 3),
        "floor_seconds": round(float(np.median(floor_seconds)), 3),
        "ratio": round(float(np.median(seconds / floor_seconds)), 3),
    }


def in_fresh_process(argument: str) -> dict[str, Any]:
    """What this module prints when run with `argument` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine", argument]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def over_floor(what: str, rows: Iterable[Ratios], goal: str) -> Measure:
    """One kind of step: microseconds per seed, and what it is over both floors."""
    rows = list(rows)
    times = found([row["step"] for row in rows], "µs")
    ratios = found([row["ratio"] for row in rows], "× its arithmetic", at_most=TARGETS[goal])
    bare = found([row["ratio_to_bare_floor"] for row in rows], "× the bare arithmetic")
    return Measure(what, (times, ratios, bare))


def ratios(dataset: Dataset, blocks: int) -> dict[str, dict[str, Ratios]]:
    """Every kind of step over its floor, by depth."""

    def by_depth(depths: Iterable[int], **settings: Any) -> dict[str, Ratios]:
        return {str(d): against_floor(Experiment(depth=d, **settings), dataset, blocks) for d in depths}

    few = max(blocks // 4, 2)
    return {
        "one_seed": by_depth(DEPTHS),
        "per_seed_of_six": by_depth((1, 3, 8), num_seeds=6),
        "per_seed_of_study": {"1, 2, 3": against_floor(study(), dataset, few)},
        "many_components": {"1": against_floor(Experiment(depth=1, num_components=64), dataset, few)},
        "em": by_depth((1, 3), optimiser="em", component_init="random", init_scale=0.1),
    }


def measures(dataset: Dataset, steps: dict[str, dict[str, Ratios]], whole: Ratios, fresh: Ratios) -> list[Measure]:
    """What stands in README."""
    rows = f"{dataset.name}'s {dataset.num_distinct:,} distinct rows"
    over = f"CPU time; over the step's own array arithmetic, in turns, with and without the shift of each row, {rows}"
    named = (
        ("one_seed", "one training step with all that a trace records, K = 8, each depth 1–8", "one seed"),
        ("per_seed_of_six", "the same per seed, six seeds in a batch, L = 1, 3, 8", "per seed of six"),
        ("per_seed_of_study", "the same per seed of a study of 18, L = 1, 2, 3", "per seed of a study of 18"),
        ("many_components", "the same, K = 64, L = 1, one seed", "K = 64"),
        ("em", "the same, EM, K = 8, L = 1 and 3, one seed, over a gradient step's arithmetic", "EM"),
    )
    texts = [f"{text}: {over}" if name == "one_seed" else text for name, text, _ in named]
    found_rows = [
        over_floor(text, steps[name].values(), goal) for text, (name, _, goal) in zip(texts, named, strict=True)
    ]
    over_whole = found(whole["ratio"], "× its arithmetic", at_most=TARGETS["default experiment"])
    memory = found(fresh["peak_memory_mb"], "MB", at_most=TARGETS["default experiment, MB"])
    return [
        *found_rows,
        Measure(
            "the default experiment, 3 depths × 6 seeds × 500 updates with all traces, in a warm process: CPU time; "
            "over the arithmetic of all its states",
            (found(whole["cpu_seconds"], "s"), over_whole),
        ),
        Measure("the same in a fresh process: CPU time; peak memory", (found(fresh["cpu_seconds"], "s"), memory)),
    ]


def measure(quick: bool, smallest: bool = False) -> dict[str, Any]:
    """The document; `quick` leaves out the tables and the peer, `smallest` almost all blocks besides."""
    fresh = in_fresh_process("--default-experiment")
    dataset, blocks = data(), 2 if smallest else 40 if quick else 120
    steps = ratios(dataset, blocks)
    whole = whole_study_over_floor(dataset, 1 if smallest else 5, 50 if smallest else 500)
    details: dict[str, Any] = {
        "data": {"name": dataset.name, "rows": dataset.num_rows, "distinct_rows": dataset.num_distinct},
        "unit": "microseconds of CPU time, medians of alternating blocks",
        "floor": "one seed's arithmetic with the shift of each row and the LLH; bare_floor: without both",
        "targets": TARGETS,
        **steps,
        "whole_study": whole,
        "default_experiment": fresh,
    }
    shown = measures(dataset, steps, whole, fresh)
    if not quick:
        details["cost"] = cost_tables(dataset)
        details["torch"] = {str(d): torch_peer.compare(Run(Experiment(depth=d), dataset)) for d in (1, 3)}
        shown += torch_peer.measures(list(details["torch"].values()))
    return document(TITLE, "python -m benchmarks.engine", shown, **details)


def main() -> None:
    """Parse the switches and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the ratios and the default experiment")
    parser.add_argument("--smallest", action="store_true", help="the same with next to no blocks")
    parser.add_argument("--default-experiment", action="store_true", help="only that experiment, in this process")
    arguments = parser.parse_args()
    if arguments.default_experiment:
        print(json.dumps(default_experiment(), indent=2))
    else:
        write(measure(arguments.quick or arguments.smallest, arguments.smallest))


if __name__ == "__main__":
    main()
