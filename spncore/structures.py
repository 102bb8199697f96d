"""Placeholder until the generators land."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.circuit import mixture
from spncore.datasets import Dataset
from spncore.model import Model, random_model


class StructureSettings(NamedTuple):
    num_components: int = 8
    split_depth: int = 2
    num_repetitions: int = 4


def _mixture(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    return random_model(mixture(settings.num_components, dataset.num_variables), rng)


STRUCTURES: Mapping[str, Callable[[Dataset, StructureSettings, np.random.Generator], Model]] = {"mixture": _mixture}
