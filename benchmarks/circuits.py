"""Time training steps against SPFlow and libcirkit on the same models and rows, and print one JSON document.

Run with `python -m benchmarks.circuits` (ten minutes), or with `--quick` (one minute, the small rows alone). A step is
forward, backward and update of all parameters, on one thread. Our blocks of steps and a peer's alternate in one
process, and a ratio is the median over the pairs of blocks. Times are CPU time of the process in milliseconds.

- "as is": the peers get every row, the engine counts equal rows as it always does. "distinct": their caller removes
  equal rows by hand and weighs the others. Random trees get every row on both sides, equal ones not merged.
- Memory is the peak of a fresh process, all features and a step, beyond what it held with rows and imports, in MB.
- `equal_time`: LLH on held-out rows after so much CPU time of full EM from the same start (see benchmarks/equal_time).
- The peers are slowed by fresh pages of their big tensors. The process runs with the C library's thresholds raised so
  that freed memory is kept, which makes them up to 1.8 times faster, and has no effect on the engine.
"""

import os

KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "17179869184",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded

import argparse  # noqa: E402 (the variables above must come first)
import importlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from importlib.metadata import version  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from benchmarks import asked, engine, equal_time  # noqa: E402
from benchmarks.cases import (  # noqa: E402
    COMPONENTS,
    DEPTH,
    INPUTS,
    PRODUCTS,
    REPETITIONS,
    Case,
    cases,
    load,
    models,
    own_step,
    peer_step,
    rows_of,
)
from benchmarks.document import Measure, document, found, write  # noqa: E402
from benchmarks.earlier.memory import forget_peak, peak_bytes  # noqa: E402
from benchmarks.peers import torch_step  # noqa: E402
from benchmarks.peers.shared import OwnStep  # noqa: E402
from benchmarks.turns import Step, against, milliseconds  # noqa: E402
from spncore.circuits.circuit import Circuit  # noqa: E402
from spncore.inference.values import block_rows  # noqa: E402

PEERS = {"spflow": "spflow", "cirkit": "libcirkit"}  # module and distribution
TITLE = (
    "Against SPFlow and libcirkit on the same models and rows, one thread: CPU time, a ratio is the median over blocks "
    "in turns, the C library set to keep freed memory, which is kindest to the peers; a step is forward, backward and "
    f"update; RAT-SPNs have depth {DEPTH}, R = {REPETITIONS}, K = {INPUTS}, and get every row, equal ones unmerged"
)
TITLES = {"spflow": "SPFlow", "cirkit": "libcirkit"}


def products_and_exponentials(circuit: Circuit, num_rows: int, dtype: str) -> Step:
    """The floor of random trees: three matrix products per sum, its children's exponentials, both products of leaves.

    On preallocated blocks of rows as the engine takes them; outer products take exponentials of two sides only.
    """
    size, rng, work = block_rows(circuit, num_rows), np.random.default_rng(0), []
    for layer in circuit.sum_layers:
        groups, width = layer.children.shape
        side = 2 * int(width**0.5) if width == INPUTS**2 else width
        weights, above, children = (
            rng.random(shape).astype(dtype)
            for shape in ((groups, layer.num_sums, width), (groups, layer.num_sums, size), (groups, width, size))
        )
        work.append((weights, above, children, np.empty_like(weights), children[:, :side].copy()))
    leaves = [
        (
            rng.random((len(layer.variables), INPUTS, layer.variables.shape[1] + 2)).astype(dtype),
            rng.random((len(layer.variables), layer.variables.shape[1] + 2, size)).astype(dtype),
        )
        for layer in circuit.input_layers
    ]
    out = [np.empty((len(linear), INPUTS, size), dtype) for linear, _ in leaves]

    def floor() -> float:
        for _ in range(-(-num_rows // size)):
            for (linear, features), values in zip(leaves, out, strict=True):
                np.matmul(linear, features, out=values)
                np.matmul(values, features.transpose(0, 2, 1), out=linear)
            for weights, above, children, flow, exponent in work:
                np.exp(exponent, out=exponent)
                np.matmul(weights, children, out=above)
                np.matmul(above, children.transpose(0, 2, 1), out=flow)
                np.matmul(weights.transpose(0, 2, 1), above, out=children)
                exponent.fill(-0.5), above.fill(0.5), children.fill(0.5)
        return 0.0

    return floor


def floor_of(case: Case, own: OwnStep) -> Step:
    """What the step's arithmetic alone would take."""
    if case.data == "nltcs":
        with_shift, _ = engine.floors(load(case.data), COMPONENTS)
        coefficients = np.random.default_rng(0).uniform(-1.0, 0.0, (COMPONENTS, load(case.data).num_variables + 1))
        return lambda: with_shift(coefficients) or 0.0
    return products_and_exponentials(own.trainer.problem.circuit, len(rows_of(case)[0]), case.dtype)


def measured(case: Case, blocks: int) -> dict[str, Any]:
    """One row of the document: medians, and how far the LLH of the first steps differ from the peers' (EM's agree)."""
    model, arrays = models(case)
    own, heavy = own_step(case, model), case.data != "nltcs" and case.batch == 0
    first = own()
    row: dict[str, Any] = {**case._asdict(), "llh": round(first, 6)}
    row["rows"] = len(rows_of(case)[0])
    if case.dtype == "float64":
        floor = floor_of(case, own)
        times = [(milliseconds(own, 0.05), milliseconds(floor, 0.05)) for _ in range(7 if blocks > 1 else 1)]
        row["floor_ms"] = round(float(np.median([t for _, t in times])), 3)
        row["over_floor"] = round(float(np.median([mine / floor for mine, floor in times])), 2)
    for name in PEERS:
        if importlib.util.find_spec(name) is None:
            row[name] = "absent: skipped"
            continue
        with torch_step.one_thread(case.dtype), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            peer = peer_step(case, name, arrays)
            difference = {} if heavy else {"llh_difference": abs(peer() - first)}
            row[name] = against(own, peer, 1 if heavy else blocks) | difference
    row["own_ms"] = round(milliseconds(own, 0.2), 3)
    return row


def measures(rows: list[dict[str, Any]], memories: list[dict[str, Any]]) -> list[Measure]:
    """What stands in README of steps and of memory."""
    shown = []
    for row in rows:
        case = Case(**{name: row[name] for name in Case._fields})
        numbers = [found(row["own_ms"], "ms")]
        if "over_floor" in row:
            numbers.append(found(row["over_floor"], "× its arithmetic", **case.most))
        numbers += [
            found(row[name]["ratio"], f"× as fast as {title}", **(case.least if name == "cirkit" else {}))
            for name, title in TITLES.items()
            if isinstance(row[name], dict)
        ]
        shown.append(Measure(case.title, tuple(numbers)))
    for row in memories:
        kept = {name: row[name] for name in ("own", *PEERS) if isinstance(row[name], float)}
        rows_taken = f"{row['batch']:,} rows" if row["batch"] else "all rows"
        step = f"a gradient step, RAT-SPN, {PRODUCTS[row['goal']]}, {rows_taken} of {row['data']}"
        what = f"peak memory of a fresh process beyond rows and imports: {step}"
        titles = {"own": "ours"} | TITLES
        shown.append(Measure(what, tuple(found(value, f"MB {titles[name]}") for name, value in kept.items())))
    return shown


def peak_megabytes(data: str, goal: str, batch: int, name: str) -> float:
    """How far preparing and taking a step raise the peak of this process, which should be fresh."""
    case = Case(data, goal, batch)
    model, arrays = models(case)
    rows_of(case)
    with torch_step.one_thread() if name != "own" else warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module(name if name != "own" else "spncore")
        before = forget_peak()
        step: Step = own_step(case, model) if name == "own" else peer_step(case, name, arrays)
        step()
    return round((peak_bytes() - before) / 1e6, 1)


def memory(quick: bool) -> list[dict[str, Any]]:
    """Peaks of fresh processes."""
    rows = []
    for goal in ("elementwise", "outer"):
        row: dict[str, Any] = {"data": "plants", "goal": goal, "batch": 1000 if quick else 0}
        for name in ("own", *PEERS):
            if name != "own" and importlib.util.find_spec(name) is None:
                row[name] = "absent: skipped"
                continue
            given = ["plants", goal, str(row["batch"]), name]
            command = [sys.executable, "-m", "benchmarks.circuits", "--memory", *given]
            row[name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append(row)
    return rows


def whole(quick: bool, smallest: bool, seconds: float) -> dict[str, Any]:
    """The document."""
    memories = memory(quick)
    steps: list[dict[str, Any]] = []
    for case in cases(quick):
        steps.append(measured(case, 1 if smallest else 3))
        print(json.dumps(steps[-1]), file=sys.stderr, flush=True)
    questions = asked.asked(1, 20) if smallest else asked.asked(5)
    shown = [*measures(steps, memories), *asked.measures(questions)]
    details: dict[str, Any] = {"memory_mb": memories, "steps": steps, "questions": questions}
    if not quick:
        details["equal_time"] = equal_time.table(seconds)
        shown += equal_time.measures(details["equal_time"])
    peers = {TITLES[name]: version(PEERS[name]) for name in PEERS if importlib.util.find_spec(name)}
    return document(TITLE, "python -m benchmarks.circuits", shown, peers=peers, **details)


def main() -> None:
    """Parse the switches, see to the C library's settings, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circuits", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small rows only")
    parser.add_argument("--smallest", action="store_true", help="the same, one block each")
    parser.add_argument("--seconds", type=float, default=15.0, help="of CPU time for each run of equal time")
    parser.add_argument("--memory", nargs=4, metavar=("DATA", "GOAL", "BATCH", "NAME"), help="one peak")
    arguments = parser.parse_args()
    if not os.environ.keys() >= KEEP_MEMORY.keys():
        command = [sys.executable, "-m", "benchmarks.circuits", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | KEEP_MEMORY)
    if arguments.memory:
        data, goal, batch, name = arguments.memory
        print(peak_megabytes(data, goal, int(batch), name))
        return
    write(whole(arguments.quick or arguments.smallest, arguments.smallest, arguments.seconds))


if __name__ == "__main__":
    main()
