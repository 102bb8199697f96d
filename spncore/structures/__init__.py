"""Where circuits come from: by rule, at random, or learned from data. Every row of `STRUCTURES` returns a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.circuits.circuit import Circuit, mixture
from spncore.circuits.model import Model, random_model
from spncore.data.dataset import Dataset
from spncore.structures.chow_liu import chow_liu
from spncore.structures.learn_spn import LearnSettings, learn_spn
from spncore.structures.nodes import Column, Leaf, Product, Sum, check_size, layered
from spncore.structures.partitions import random_partitions
from spncore.structures.regions import Kind, rat

__all__ = [
    "CIRCUITS",
    "LEARNED",
    "STRUCTURES",
    "Column",
    "Leaf",
    "Build",
    "LearnSettings",
    "Product",
    "StructureSettings",
    "Sum",
    "chow_liu",
    "layered",
    "learn_spn",
    "random_partitions",
    "rat",
]


class StructureSettings(NamedTuple):
    """K nodes per region or components; how often variables are split below each other; repetitions of a RAT-SPN."""

    num_components: int = 8
    split_depth: int = 2
    num_repetitions: int = 4


Build = Callable[[int, StructureSettings, np.random.Generator], Circuit]
Structure = Callable[[Dataset, StructureSettings, np.random.Generator], Model]


def _mixture(num_variables: int, settings: StructureSettings, rng: np.random.Generator) -> Circuit:
    check_size(settings.num_components, settings.num_components)
    return mixture(settings.num_components, num_variables)


def _random_partitions(num_variables: int, settings: StructureSettings, rng: np.random.Generator) -> Circuit:
    depth = settings.split_depth + 1  # products of the last level are factorised, not split
    return random_partitions(num_variables, depth, settings.num_components, rng)


def _rat(kind: Kind) -> Build:
    def build(num_variables: int, settings: StructureSettings, rng: np.random.Generator) -> Circuit:
        num_components, depth, num_repetitions = settings
        return rat(num_variables, depth, num_repetitions, num_components, kind, rng)

    return build


# Circuits of any number of variables, which need no data.
CIRCUITS: Mapping[str, Build] = {
    "mixture": _mixture,
    "random_partitions": _random_partitions,
    "rat": _rat("pairs"),
    "rat_elementwise": _rat("elementwise"),
}


def _random(build: Build) -> Structure:
    return lambda dataset, settings, rng: random_model(build(dataset.num_variables, settings, rng), rng)


def _chow_liu(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    return chow_liu(dataset.rows, dataset.counts, [2] * dataset.num_variables)


def _learn_spn(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    return learn_spn(dataset.rows, dataset.counts, [Column()] * dataset.num_variables, rng)


# The learned ones take no notice of the settings; the others start at random parameters.
STRUCTURES: Mapping[str, Structure] = {
    **{name: _random(build) for name, build in CIRCUITS.items()},
    "chow_liu": _chow_liu,
    "learn_spn": _learn_spn,
}
LEARNED = frozenset({"chow_liu", "learn_spn"})
