"""Where circuits come from: by rule, at random, or learned from data. Every row of `STRUCTURES` returns a model."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from spncore.arrays import Generator
from spncore.circuits.circuit import Circuit, mixture
from spncore.circuits.model import Model, random_model
from spncore.data.dataset import Dataset
from spncore.structures.chow_liu import chow_liu
from spncore.structures.learn_spn import learn_spn
from spncore.structures.nodes import Column, check_size
from spncore.structures.partitions import random_partitions
from spncore.structures.regions import Kind, rat


class StructureSettings(NamedTuple):
    """K nodes per region or components; how often variables are split below each other; repetitions of a RAT-SPN."""

    num_components: int = 8
    split_depth: int = 2
    num_repetitions: int = 4


Build = Callable[[int, StructureSettings, Generator], Circuit]
Structure = Callable[[Dataset, StructureSettings, Generator], Model]


def _mixture(num_variables: int, settings: StructureSettings, rng: Generator) -> Circuit:
    check_size(settings.num_components, settings.num_components)
    return mixture(settings.num_components, num_variables)


def _rat(kind: Kind, num_variables: int, settings: StructureSettings, rng: Generator) -> Circuit:
    num_components, depth, num_repetitions = settings
    return rat(num_variables, depth, num_repetitions, num_components, kind, rng)


# Circuits of any number of variables, which need no data.
CIRCUITS: Mapping[str, Build] = {
    "mixture": _mixture,
    "random_partitions": lambda num_variables, settings, rng: random_partitions(
        num_variables,
        settings.split_depth + 1,  # products of the last level are factorised, not split
        settings.num_components,
        rng,
    ),
    "rat": partial(_rat, "pairs"),
    "rat_elementwise": partial(_rat, "elementwise"),
}


def _random(build: Build) -> Structure:
    return lambda dataset, settings, rng: random_model(build(dataset.num_variables, settings, rng), rng)


# The learned ones take no notice of the settings; the others start at random parameters.
STRUCTURES: Mapping[str, Structure] = {
    **{name: _random(build) for name, build in CIRCUITS.items()},
    "chow_liu": lambda dataset, settings, rng: chow_liu(dataset.rows, dataset.counts, [2] * dataset.num_variables),
    "learn_spn": lambda dataset, settings, rng: learn_spn(
        dataset.rows, dataset.counts, [Column()] * dataset.num_variables, rng
    ),
}
LEARNED = frozenset({"chow_liu", "learn_spn"})
