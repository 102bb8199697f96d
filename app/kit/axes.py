"""The chart on which the LLH of a lesson's runs is drawn before they are there, for guesses and for a class."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spncore.data.dataset import empirical_llh
from spncore.data.library import Dataset

TICK = 0.5  # nats per row, to which the axis is rounded


class Axes(NamedTuple):
    """The empty chart: to how many updates, and from what LLH to what, in nats per row."""

    updates: int
    low: float
    high: float


def axes(dataset: Dataset, updates: int) -> Axes:
    """From where all combinations of answers are equally likely to what no model can pass."""
    uniform, best = -dataset.num_variables * np.log(2.0), empirical_llh(dataset)
    return Axes(updates, float(np.floor(uniform / TICK) * TICK), float(np.ceil(best / TICK) * TICK))
