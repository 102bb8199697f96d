"""Placeholder until the generators land."""

from __future__ import annotations

from typing import NamedTuple

from spncore.circuit import Circuit, mixture
from spncore.datasets import Dataset


class StructureSettings(NamedTuple):
    structure: str
    num_components: int


def circuit_of(settings: StructureSettings, dataset: Dataset) -> Circuit:
    return mixture(settings.num_components, dataset.num_variables)
