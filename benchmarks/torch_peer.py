"""The same training step in plain torch: every row, log-sum-exp and autograd, float64 on one thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.document import Measure, found
from spncore.circuits.overparam import split_layers

if TYPE_CHECKING:
    from benchmarks.stepped import Run


class TorchStep:
    """Gradient ascent with a floor on layer weights and leaf weights, as the released experiment does it."""

    def __init__(self, run: Run) -> None:
        import torch

        torch.set_num_threads(1)
        trainer, experiment = run.trainers[0], run.experiments[0]
        dataset, sums = run.dataset, trainer.problem.sums
        every_row = np.repeat(dataset.rows, dataset.counts, axis=0)
        layers, (leaves,) = trainer.problem.split(trainer.weights(run.states[0].parameters))
        self.torch, self.experiment = torch, experiment
        self.rows = torch.tensor(every_row, dtype=torch.float64)
        self.phi = [torch.tensor(row) for row in sums.phi]
        parts = [*split_layers(layers[0], sums), leaves[0]]
        self.parameters = [torch.tensor(part, requires_grad=True) for part in parts]

    def __call__(self) -> float:
        """One update; the LLH before it."""
        torch, (*layers, leaves) = self.torch, self.parameters
        log_weights = sum(layer.log()[phi] for layer, phi in zip(layers, self.phi, strict=True))
        log_leaves = leaves.log()
        log_values = self.rows @ log_leaves[1].T + (1.0 - self.rows) @ log_leaves[0].T  # (N, K)
        log_partition = torch.logsumexp(log_weights + leaves.sum(0).log().sum(1), 0)
        llh = torch.logsumexp(log_values + log_weights, 1).mean() - log_partition
        llh.backward()
        with torch.no_grad():
            for parameter in self.parameters:
                parameter += self.experiment.learning_rate * parameter.grad
                parameter.clamp_(min=self.experiment.floor)
                parameter.grad = None
        return float(llh.detach())


def compare(run: Run, blocks: int = 15) -> dict[str, Any] | str:
    """Medians of alternating blocks, and how far the LLH of the first steps differ; a word if torch is absent."""
    try:
        step = TorchStep(run)
    except ImportError:
        return "torch absent: skipped"
    difference = max(abs(step() - _next_llh(run)) for _ in range(5))
    times = []
    for _ in range(blocks):
        start = time.process_time()
        for _ in range(3):
            step()
        times.append(((time.process_time() - start) / 3 * 1e6, run.advance(25)))
    torch_times, own_times = np.array(times).T
    return {
        "torch_step_all_rows": round(float(np.median(torch_times)), 1),
        "step": round(float(np.median(own_times)), 1),
        "torch_over_step": round(float(np.median(torch_times / own_times)), 1),
        "largest_llh_difference_of_5_steps": float(difference),
        "torch": step.torch.__version__,
    }


def measures(compared: list[dict[str, Any] | str]) -> list[Measure]:
    """What stands in README; nothing where torch is absent."""
    ratios = [each["torch_over_step"] for each in compared if isinstance(each, dict)]
    what = (
        "plain torch with autograd on all rows, equal ones not merged, over our step on the distinct rows, L = 1 and 3"
    )
    return [Measure(what, (found(ratios, "×"),))] if ratios else []


def _next_llh(run: Run) -> float:
    run.advance(1)
    recorder = run.recorders[0]
    return float(recorder.llh[0, recorder.length - 1])
