"""What a circuit is asked once it is trained, log p of rows and new rows, against the peers with the same circuit."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import PRODUCTS, Case, models, peer_model, rows_of
from benchmarks.document import Found, Measure, found
from benchmarks.peers import torch_step
from benchmarks.turns import Step, against, milliseconds
from spncore.circuits.model import Model
from spncore.inference.queries import log_likelihood
from spncore.inference.sampling import sample

LOG_P, SAMPLES = "log p", "samples"
LEAST, MOST_MICROSECONDS = 8.0, 5.0  # times SPFlow's speed in log p; for an element-wise sample
PEERS = {LOG_P: ("spflow", "cirkit"), SAMPLES: ("spflow",)}  # a sample takes libcirkit 0.3.1 19 ms, and outer ones none


def asked(blocks: int, num_rows: int = 1000) -> list[dict[str, Any]]:
    """A row per question and kind of RAT-SPN: microseconds a row, and a peer's time over ours."""
    found_rows = []
    for goal in ("elementwise", "outer"):
        case = Case("plants", goal, num_rows)
        model, arrays = models(case)
        rows, _ = rows_of(case)
        for question, own in own_questions(model, rows).items():
            row: dict[str, Any] = {"data": case.data, "goal": goal, "question": question, "rows": num_rows}
            for name in PEERS[question]:
                if importlib.util.find_spec(name) is None:
                    row[name] = "absent: skipped"
                    continue
                with torch_step.one_thread(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    row[name] = against(own, peer_question(case, name, arrays, question), blocks)
            row["own_us_a_row"] = round(milliseconds(own, 0.2) / num_rows * 1e3, 2)
            found_rows.append(row)
    return found_rows


def own_questions(model: Model, rows: np.ndarray) -> dict[str, Step]:
    """Both questions to the engine, for as many samples as rows."""
    rng = np.random.default_rng(0)
    return {
        LOG_P: lambda: float(log_likelihood(model, rows)[0]),
        SAMPLES: lambda: float(sample(model, len(rows), rng)[0, 0]),
    }


def peer_question(case: Case, name: str, arrays: Any, question: str) -> Step:
    """The same to a peer, without gradients; call it inside `torch_step.one_thread`."""
    import torch

    module, rows, evaluate = peer_model(case, name, arrays)
    calls: dict[str, Callable[[], Any]] = {
        LOG_P: lambda: evaluate(rows)[0],
        SAMPLES: lambda: module.sample(num_samples=len(rows))[0, 0],
    }

    def call() -> float:
        with torch.no_grad():
            return float(calls[question]())

    return call


def measures(rows: list[dict[str, Any]]) -> list[Measure]:
    """What stands in README."""
    shown = []
    for row in rows:
        log_p = row["question"] == LOG_P
        at_most = {"at_most": MOST_MICROSECONDS} if not log_p and row["goal"] == "elementwise" else {}
        at_least = {"at_least": LEAST} if log_p else {}
        times = found(row["own_us_a_row"], "µs a row", **at_most)
        ratios: list[Found] = [
            found(row[name]["ratio"], f"× as fast as {title}", **(at_least if name == "spflow" else {}))
            for name, title in (("spflow", "SPFlow"), ("cirkit", "libcirkit"))
            if isinstance(row.get(name), dict)
        ]
        what = f"log p of {row['rows']:,} rows" if log_p else f"{row['rows']:,} samples"
        shown.append(Measure(f"{what}, RAT-SPN, {PRODUCTS[row['goal']]}, {row['data']}", (times, *ratios)))
    return shown
