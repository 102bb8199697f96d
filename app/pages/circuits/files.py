"""A run of a deep circuit as files to take away: a tidy table of curves and tree weights, settings, the model."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from spncore import Dataset, Trace, Trainer
from spncore.circuits.saving import save_model
from spncore.files.export import Row, document, linked, table
from spncore.limits import LIMITS
from spncore.runs.study import Study
from spncore.runs.trace import ended
from spncore.runs.training import learner_of
from spncore.trees.induced import enumerate_trees, num_trees
from spncore.trees.steps import tree_weights

MAX_ROWS = 500_000  # beyond this the table holds the LLH only, and says so


def curves_csv(study: Study, dataset: Dataset, traces: Sequence[Trace], link: str) -> str:
    """The tidy table (curve, seed, t, quantity, value): LLH of every state, w_T of every tree; t counts updates.

    And the objective that is trained, where that is another.

    Trees are numbered from 0 in the engine's order; those of the mixture are its own weights.
    """
    count = num_trees(traces[0].problem.circuit) if traces else 0
    rows = sum(trace.llh.size for trace in traces)
    with_trees = count <= LIMITS.live_trees and rows * (count + 1) <= MAX_ROWS
    remarks = [] if with_trees else [f"{count} trees would give more than {MAX_ROWS} rows: their weights are left out"]
    remarks = linked(link, f"data: {dataset.title}, SHA-256 {dataset.sha256}", *remarks)
    body = (row for curve, trace in enumerate(traces) for row in _rows(study, curve, dataset, trace, with_trees))
    return table("curve seed t quantity value".split(), body, remarks)


def _rows(study: Study, curve: int, dataset: Dataset, trace: Trace, with_trees: bool) -> Iterator[Row]:
    name = study.names()[curve]
    weights = trace.effective_weights if with_trees else None
    if weights is not None and not study.is_shallow(curve):
        weights = tree_weights(weights, enumerate_trees(trace.problem.circuit))
    for i, seed in enumerate(trace.experiment.seeds):
        for t, llh in enumerate(trace.llh[i].tolist()):
            yield name, seed, t, "llh", llh
            if weights is not None:
                yield from ((name, seed, t, f"w[{k}]", w) for k, w in enumerate(weights[i, t].tolist()))
        if trace.experiment.objective != "generative":
            yield from ((name, seed, t, "objective", value) for t, value in enumerate(trace.value[i].tolist()))


def result_json(study: Study, dataset: Dataset, traces: Sequence[Trace], link: str) -> str:
    """Settings, data, versions, κ, and of every curve the LLH of every seed after 0, 1, … updates."""
    return document(
        link,
        settings={**asdict(study.experiment), "depth": list(study.depths)},
        data={"title": dataset.title, "sha256": dataset.sha256, "synthetic": dataset.synthetic},
        trees=str(num_trees(traces[0].problem.circuit)) if traces else None,
        result=[{"curve": name, **ended(trace)} for name, trace in zip(study.names(), traces, strict=False)],
    )


def model_file(study: Study, dataset: Dataset, traces: Sequence[Trace], depth: int) -> bytes:
    """The network of a depth as its first seed left it, in the engine's save format; empty before the first step."""
    trace = traces[study.depths.index(depth)] if traces else None
    if trace is None or trace.final_state is None:
        return b""
    trainer = Trainer(trace.problem, learner_of(trace.experiment))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        with np.errstate(all="ignore"):
            save_model(path, trainer.model(trace.final_state))
        return path.read_bytes()
