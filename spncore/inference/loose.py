"""Leaves that are part of loose products: their log-values by one sparse matrix product for a whole run of layers.

The last two features of a group of leaves say whether any of its variables is observed, and whether none is: 1 less the
other. So a product needs one constant for all its leaves, and of the second only where rows have nothing to observe.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.leaves import Block
from spncore.inference.schedule import schedule
from spncore.inference.steps import LooseProducts, WideLeaves

Widths = tuple[tuple[int, int], ...]  # of each input layer: how many rows of `summed` a group has, and of features


class LooseFeatures(NamedTuple):
    """`seen` (R + 1, B): the features of all groups but their last two, and a row of ones; `unseen` (groups, b): where
    nothing of a group is observed, in those `rows` (b,) where that is so of any.
    """

    seen: Floats
    unseen: Floats
    rows: slice | Ints


class LooseCoefficients(NamedTuple):
    """Sparse matrices over `seen` and `unseen`, (products, R + 1) and (products, groups)."""

    seen: csr_array
    unseen: csr_array

    def over(self, features: LooseFeatures) -> Floats:
        """The log-value of the leaves of each product, (products, B)."""
        found: Floats = self.seen @ features.seen
        if features.unseen.size:
            found[:, features.rows] += self.unseen @ features.unseen
        return found


class Places(NamedTuple):
    """Of the leaves of a step: `products` (n,) and `groups` (n,), which coefficients are the last two, `any_` and
    `none` (n,), and of the others, product by product and then the constants, the places `seen` (m,) with their
    `columns` (m,) and `starts`.
    """

    products: Ints
    groups: Ints
    any_: Ints
    none: Ints
    seen: Ints
    columns: Ints
    starts: Ints


def widths_of(blocks: Sequence[Block]) -> Widths:
    """How wide the features are, which depends on what is missing in the rows."""
    return tuple((block.summed.shape[1], len(block.bound)) for block in blocks)


def loose_features(circuit: Circuit, blocks: Sequence[Block]) -> LooseFeatures | None:
    """The features of all leaves that are part of loose products; None if there are none."""
    _, sources = _groups(circuit)
    if not sources:
        return None
    features = [blocks[number].features[group] for number, group in sources]
    unseen = np.stack([array[-1] for array in features])
    seen = np.concatenate([*(array[:-2] for array in features), np.ones_like(unseen[:1])])
    rows = np.flatnonzero(unseen.any(axis=0))
    if 2 * len(rows) > unseen.shape[1]:
        return LooseFeatures(seen, unseen, slice(None))
    return LooseFeatures(seen, unseen[:, rows], rows)


def loose_coefficients(circuit: Circuit, widths: Widths, place: int, coefficients: Floats) -> LooseCoefficients:
    """Of the products of the step at a place of the schedule, from those of all leaves, raveled one after the other."""
    numbers, sources = _groups(circuit)
    at = _places(circuit, widths, place)
    any_ = coefficients[at.any_]
    num_products = len(at.starts) - 1
    constants = np.bincount(at.products, any_, num_products).astype(coefficients.dtype)
    num_seen = sum(widths[number][1] - 2 for number, _ in sources) + 1
    data = np.concatenate([coefficients, constants])[at.seen]
    seen = csr_array((data, at.columns, at.starts), shape=(num_products, num_seen))
    starts = np.searchsorted(at.products, np.arange(num_products + 1))
    unseen = csr_array((coefficients[at.none] - any_, at.groups, starts), shape=(num_products, len(sources)))
    return LooseCoefficients(seen, unseen)


def _layers(circuit: Circuit) -> list[int]:
    """The input layers whose leaves are part of loose products."""
    plan = schedule(circuit)
    wide = {int(n) for block in plan.inputs if isinstance(block, WideLeaves) for n in block.groups[:, 0]}
    spans = enumerate(circuit.spans[: len(circuit.input_layers)])
    return [number for number, own in spans if plan.parents[own.start] >= 0 and number not in wide]


@lru_cache(64)
def _groups(circuit: Circuit) -> tuple[Ints, list[tuple[int, int]]]:
    """The number of each leaf's group (leaves,), and which (layer, group) has the features of each number.

    Groups over one and the same variable share their features.
    """
    known: dict[tuple[object, ...], int] = {}
    numbers, sources = np.full(circuit.num_inputs, -1), list[tuple[int, int]]()
    for number in _layers(circuit):
        layer, of_groups = circuit.input_layers[number], []
        for group, variables in enumerate(layer.variables.tolist()):
            alone = len(variables) == 1  # of several some may be missing, and layers differ in which
            key = (layer.family, layer.num_values, *variables) if alone else (number, -group - 1)
            if key not in known:
                known[key] = len(sources)
                sources.append((number, group))
            of_groups.append(known[key])
        numbers[circuit.spans[number]] = np.repeat(of_groups, layer.num_inputs)
    return numbers, sources


@lru_cache(256)
def _places(circuit: Circuit, widths: Widths, place: int) -> Places:
    step = schedule(circuit).steps[place]
    assert isinstance(step, LooseProducts)
    numbers, sources = _groups(circuit)
    num_features = np.array([width for _, width in widths])
    num_nodes = np.array([layer.num_nodes for layer in circuit.input_layers])
    products, leaves = step.leaves
    layers = np.searchsorted(np.array(circuit.offsets), leaves, side="right") - 1
    of_layers = np.cumsum([0, *(num_nodes * num_features)])
    first = of_layers[layers] + (leaves - np.array(circuit.offsets)[layers]) * num_features[layers]
    end, groups = first + num_features[layers], numbers[leaves]
    column = np.cumsum([0, *(widths[number][1] - 2 for number, _ in sources)])
    count = num_features[layers] - 2
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    num_products = step.own.stop - step.own.start
    rows = np.concatenate([np.repeat(products, count), np.arange(num_products)])
    seen = np.concatenate([np.repeat(first, count) + within, of_layers[-1] + 1 + np.arange(num_products)])
    columns = np.concatenate([np.repeat(column[groups], count) + within, np.full(num_products, column[-1])])
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(num_products + 1))
    return Places(products, groups, end - 2, end - 1, seen[order], columns[order], starts)
