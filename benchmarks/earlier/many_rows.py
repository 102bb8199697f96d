"""What both builds are given to do with many rows, and what is measured of it: time and memory, in fresh processes."""

from __future__ import annotations

import numpy as np

from benchmarks.document import Measure, found
from benchmarks.earlier.comparisons import Both, Row, medians, share


def many_rows(both: Both) -> Row:
    """A fresh process each."""
    num_rows, num_variables = both.sizes.many
    answers = both.in_turns(
        "many_rows", min(both.sizes.blocks, 3), True, num_rows=num_rows, num_variables=num_variables
    )
    then, now = medians(answers)
    what = f"{num_rows:,} × {num_variables} fair coins, all that the process does"
    step = share(answers, "step_seconds")
    measures = [
        Measure(
            f"{what}: CPU time from an array of bytes to a trainer's first state",
            (
                found(now["preparation_seconds"], "s", at_most=1.5),
                found(share(answers, "preparation_seconds"), "of the earlier"),
            ),
        ),
        Measure(
            "the same: the process's peak memory, the array included",
            (found(now["peak_mb"] / 1e3, "GB", at_most=0.6), found(share(answers, "peak_mb"), "of the earlier")),
        ),
        Measure(
            "the same: one step, K = 8",
            (found(1e3 * now["step_seconds"], "ms"), found(step, "of the earlier", at_most=1.0)),
        ),
    ]
    return Row(measures, {"then": then, "now": now})


def mini_batches(both: Both) -> Row:
    """Many rows against few, in each build."""
    many, few, num_variables = both.sizes.batched
    pairs = []
    for build in (both.then, both.now):
        times = [
            [
                build.ask("mini_batch", num_rows=n, num_variables=num_variables, steps=100)["seconds"]
                for n in (many, few)
            ]
            for _ in range(both.sizes.blocks + 1)
        ][1:]
        pairs.append(np.array(times))
    then, now = (float(np.median(each[:, 0] / each[:, 1])) for each in pairs)
    sizes = f"of N = {many:,} over one of N = {few:,}"
    what = f"a step on a mini-batch of 500 rows, {num_variables} columns, {sizes}: CPU time, in turns"
    details = {"ratios": [then, now], "seconds": [np.median(each, axis=0).tolist() for each in pairs]}
    return Row([Measure(what, (found(now, "×", at_most=1.1), found(then, "× the earlier")))], details)


def class_objective(both: Both) -> Row:
    """A fresh process each."""
    num_rows, num_variables = both.sizes.classed
    answers = both.in_turns(
        "class_objective", min(both.sizes.blocks, 3), True, num_rows=num_rows, num_variables=num_variables
    )
    then, now = medians(answers)
    what = f"log p(y | x) on {num_rows:,} × {num_variables} fair coins: from the data set to a trainer's first state"
    measures = [
        Measure(
            f"{what}: CPU time",
            (found(now["seconds"], "s", at_most=0.15), found(share(answers, "seconds"), "of the earlier")),
        ),
        Measure(
            "the same: memory beyond what the process held before, at its peak",
            (found(now["beyond_mb"], "MB", at_most=120.0), found(share(answers, "beyond_mb"), "of the earlier")),
        ),
    ]
    return Row(measures, {"then": then, "now": now})


def estimator(both: Both) -> Row:
    """A fresh process each."""
    num_rows, num_columns = both.sizes.normal
    iterations = 10
    given = {"num_rows": num_rows, "num_columns": num_columns, "iterations": iterations}
    answers = both.in_turns("estimator", min(both.sizes.blocks, 2), True, **given)
    then, now = medians(answers)
    what = f"SumProductNetwork.fit on {num_rows:,} × {num_columns} normal columns, {iterations} updates of EM"
    measures = [
        Measure(
            f"{what}: CPU time",
            (found(now["seconds"], "s", at_most=4.0), found(share(answers, "seconds"), "of the earlier")),
        ),
        Measure(
            "the same: the process's peak memory, the rows included",
            (found(now["peak_mb"] / 1e3, "GB", at_most=0.8), found(share(answers, "peak_mb"), "of the earlier")),
        ),
    ]
    return Row(measures, {"then": then, "now": now})
