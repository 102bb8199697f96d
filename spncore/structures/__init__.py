"""Where circuits come from: by rule, at random, or learned from data. Every row of `STRUCTURES` returns a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.circuits.circuit import mixture
from spncore.circuits.model import Model, random_model
from spncore.data.dataset import Dataset
from spncore.structures.chow_liu import chow_liu
from spncore.structures.learn_spn import LearnSettings, learn_spn
from spncore.structures.nodes import Column, Leaf, Product, Sum, check_size, layered
from spncore.structures.partitions import random_partitions
from spncore.structures.regions import Kind, rat

__all__ = [
    "LEARNED",
    "STRUCTURES",
    "Column",
    "Leaf",
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


Structure = Callable[[Dataset, StructureSettings, np.random.Generator], Model]


def _mixture(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    check_size(settings.num_components, settings.num_components)
    return random_model(mixture(settings.num_components, dataset.num_variables), rng)


def _random_partitions(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    depth = settings.split_depth + 1  # products of the last level are factorised, not split
    return random_model(random_partitions(dataset.num_variables, depth, settings.num_components, rng), rng)


def _rat(kind: Kind) -> Structure:
    def build(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
        num_components, depth, num_repetitions = settings
        return random_model(rat(dataset.num_variables, depth, num_repetitions, num_components, kind, rng), rng)

    return build


def _chow_liu(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    return chow_liu(dataset.rows, dataset.counts, [2] * dataset.num_variables)


def _learn_spn(dataset: Dataset, settings: StructureSettings, rng: np.random.Generator) -> Model:
    return learn_spn(dataset.rows, dataset.counts, [Column()] * dataset.num_variables, rng)


# The learned ones take no notice of the settings; the others start at random parameters.
STRUCTURES: Mapping[str, Structure] = {
    "mixture": _mixture,
    "random_partitions": _random_partitions,
    "rat": _rat("pairs"),
    "rat_elementwise": _rat("elementwise"),
    "chow_liu": _chow_liu,
    "learn_spn": _learn_spn,
}
LEARNED = frozenset({"chow_liu", "learn_spn"})
