"""One update of a torch module that computes log-likelihoods, on one thread: forward, backward, ascent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

LogLikelihood = Callable[["Tensor"], "Tensor"]  # (B, D) -> (B,)
Step = Callable[[], float]


@contextmanager
def one_thread(float_type: str = "float64") -> Iterator[None]:
    """Torch on one thread, and `float_type` for every tensor that is made inside."""
    import torch

    before = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(getattr(torch, float_type))
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_default_dtype(before[0])
        torch.set_num_threads(before[1])


def ascent(
    module: Module, log_likelihood: LogLikelihood, rows: Tensor, row_weights: Tensor, learning_rate: float
) -> Step:
    """A step of gradient ascent on the weighted mean of the LLH, nats per row; the step returns the LLH before it."""
    import torch

    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    share = row_weights / row_weights.sum()

    def step() -> float:
        llh = share @ log_likelihood(rows)
        llh.backward()
        with torch.no_grad():
            for parameter in parameters:
                parameter.add_(parameter.grad, alpha=learning_rate)
                parameter.grad = None
        return float(llh.detach())

    return step


def num_parameters(module: Module) -> int:
    """Numbers that the update changes."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def as_tensors(rows: np.ndarray, counts: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
    """Rows (B, D) and their counts (B,), ones if absent, in the default float type."""
    import torch

    float_type = torch.get_default_dtype()
    counts = np.ones(len(rows)) if counts is None else counts
    return torch.as_tensor(rows).to(float_type), torch.as_tensor(counts).to(float_type)
