"""Held-out LLH that the engine and its peers reach in the same CPU time: the same data, the same start, full EM.

EM has no learning rate to choose, and all three take the same step (see tests/test_peers.py), so what differs is how
many steps fit in. Libcirkit has no lower bound of weights, SPFlow one of leaves, the engine both. Scored on the
validation rows by the engine after every step of its own, by the peers' own log-likelihoods after theirs; scoring
takes no time from the budget. Element-wise products alone: with outer ones a peer's EM on all rows holds every product
of every row and takes tens of gigabytes.
"""

from __future__ import annotations

import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.document import Measure, found
from benchmarks.peers import cirkit_peer, spflow_peer, torch_step
from benchmarks.peers.shared import OwnStep, as_trees, trees_model
from spncore.data import library
from spncore.inference.values import log_values
from spncore.learning.objectives import data_and_partition

DEPTH, INPUTS, REPETITIONS = 4, 10, 8


def table(seconds: float) -> list[dict[str, Any]]:
    """A row per data set; a word where the data are absent."""
    rows = []
    for data in ("plants", "baudio"):
        found = reached(data, seconds) if library.available(data) else {"own": "data absent"}
        rows.append({"data": data, "goal": "elementwise", "seconds": seconds} | found)
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def measures(rows: list[dict[str, Any]]) -> list[Measure]:
    """What stands in README, where the data were at hand."""
    shown = []
    for row in rows:
        kept = [(name, row[name]) for name in ("own", "spflow", "cirkit") if isinstance(row.get(name), dict)]
        titles = {"own": "ours", "spflow": "SPFlow", "cirkit": "libcirkit"}
        each = [found(run["last"], f"nats, {titles[name]}, {run['steps']} steps", 6) for name, run in kept]
        what = (
            f"validation LLH after {row['seconds']:g} s of CPU time of full EM on {row['data']}, RAT-SPN, element-wise"
        )
        if each:
            shown.append(Measure(what, tuple(each)))
    return shown


def reached(data: str, seconds: float) -> dict[str, Any]:
    """Steps taken and the validation LLH after the last and after the best of them."""
    train, valid = library.load(data), library.load(data, "valid")
    asked = trees_model(np.random.default_rng(1), train.num_variables, DEPTH, INPUTS, REPETITIONS, False)
    own = OwnStep(asked, data_and_partition(train), "em", 1.0, np.float64)
    result: dict[str, Any] = {
        "own": run(own, lambda: float(valid.counts @ log_values(own.model(), valid.rows)) / valid.num_rows, seconds)
    }
    arrays = as_trees(asked, DEPTH, REPETITIONS, False)
    for name, peer in (("spflow", spflow_peer), ("cirkit", cirkit_peer)):
        if importlib.util.find_spec(name) is None:
            result[name] = "absent: skipped"
            continue
        with torch_step.one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result[name] = run(*_peer(name, peer, arrays, train, valid), seconds)
    return result


def _peer(
    name: str, peer: Any, arrays: Any, train: library.Dataset, valid: library.Dataset
) -> tuple[Callable[[], float], Callable[[], float]]:
    """EM on the distinct rows with their counts, which is more than the peers do by themselves; and the scoring."""
    import torch

    options = {} if name == "spflow" else {"normalised": False}
    module = peer.build_trees(arrays, **options)
    rows, counts = torch_step.as_tensors(train.rows, train.counts)
    seen, weight = torch_step.as_tensors(valid.rows, valid.counts)
    if name == "cirkit":
        rows, seen = rows.long(), seen.long()
    log_likelihood = peer.log_likelihood(module)

    def score() -> float:
        with torch.no_grad():
            parts = [log_likelihood(part) for part in seen.split(500)]
            return float(weight @ torch.cat(parts)) / valid.num_rows

    return peer.em(module, rows, counts), score


def run(step: Callable[[], float], score: Callable[[], float], seconds: float) -> dict[str, Any]:
    """Step until the time is over, the last step begun before; score a score of times on the way and at the end."""
    spent, count, scores, next_score = 0.0, 0, [], 0.0
    while spent < seconds:
        start = time.process_time()
        step()
        spent += time.process_time() - start
        count += 1
        if spent >= next_score or spent >= seconds:
            scores.append(score())
            next_score = spent + seconds / 20
    return {"steps": count, "seconds": round(spent, 1), "last": round(scores[-1], 4), "best": round(max(scores), 4)}
