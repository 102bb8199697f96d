"""Features of evidence rows in the order of a schedule: those of wide leaves, and of loose products, side by side.

Nothing is computed here: the features, coefficients and moments of the input layers are put into the order in which
they are used, and back.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.leaves import Block
from spncore.inference.loose import LooseFeatures, Widths, loose_features, widths_of
from spncore.inference.schedule import schedule
from spncore.inference.steps import WideLeaves


class Features(NamedTuple):
    """`blocks` of the input layers; of the schedule's inputs the `features` (G, F, B) that log-values are linear in,
    and what flows are `summed` over, (G, A + F, B), or no more than those; `loose`: the features of loose products.
    """

    blocks: Sequence[Block]
    features: tuple[Floats, ...]
    summed: tuple[Floats, ...]
    loose: LooseFeatures | None

    @property
    def num_rows(self) -> int:
        """B."""
        return int(self.blocks[0].summed.shape[2])


class Places(NamedTuple):
    """Where rows of an array of `shape` (G, W) are found: `runs` of (first place, block, its first row, count), each
    of them counted through; `nothing` are the places of rows of zeros.
    """

    shape: tuple[int, int]
    runs: tuple[tuple[int, int, int, int], ...]
    nothing: Ints


class Wide(NamedTuple):
    """Where a layer of wide leaves finds what flows are `summed` over (G, A + F), the last F its features, and its
    `coefficients` (G, K, F), counted through all input layers' raveled, −1 for a zero.

    `moments`: layer and the places (nodes, A + F) of its leaves in the wide leaves' moments.
    """

    summed: Places
    coefficients: Ints
    moments: tuple[tuple[int, Ints], ...]


def arranged(circuit: Circuit, blocks: Sequence[Block]) -> Features:
    """The features of a block of rows in the order of the circuit's schedule."""
    widths = widths_of(blocks)
    features, summed = [], []
    for place, own in enumerate(schedule(circuit).inputs):
        if isinstance(own, WideLeaves):
            wide = wide_places(circuit, widths, place)
            found = _gathered(blocks, wide.summed)
            features.append(found[:, found.shape[1] - wide.coefficients.shape[2] :])
            summed.append(found)
        else:
            features.append(blocks[own.number].features)
            summed.append(blocks[own.number].summed)
    return Features(blocks, tuple(features), tuple(summed), loose_features(circuit, blocks))


def _gathered(blocks: Sequence[Block], places: Places) -> Floats:
    """Rows of all blocks' `summed` at `places`: (G, W, B)."""
    num_rows = blocks[0].summed.shape[2]
    flat = [block.summed.reshape(-1, num_rows) for block in blocks]
    found = np.empty((places.shape[0] * places.shape[1], num_rows), flat[0].dtype)
    found[places.nothing] = 0.0
    for to, number, begin, count in places.runs:
        found[to : to + count] = flat[number][begin : begin + count]
    return found.reshape(*places.shape, num_rows)


@lru_cache(64)
def wide_places(circuit: Circuit, widths: Widths, place: int) -> Wide:
    """Where the wide leaves at a place among the schedule's inputs find what they are made of."""
    block = schedule(circuit).inputs[place]
    assert isinstance(block, WideLeaves)
    layers, width = circuit.input_layers, block.width
    first_row = np.cumsum([0, *(len(one.variables) * w for one, (w, _) in zip(layers, widths, strict=True))])
    first_coefficient = np.cumsum([0, *(one.num_nodes * f for one, (_, f) in zip(layers, widths, strict=True))])
    members = np.arange(width)[:, None]
    extras, features, coefficients = list[Ints](), list[Ints](), list[Ints]()
    for group in block.groups[block.children]:
        parts = [(layer, place, *widths[layer]) for layer, place in group]
        extras.append(np.concatenate([first_row[n] + g * w + np.arange(w - f) for n, g, w, f in parts]))
        features.append(np.concatenate([first_row[n] + g * w + np.arange(w - f, w) for n, g, w, f in parts]))
        own = [first_coefficient[n] + (g * width + members) * f + np.arange(f) for n, g, w, f in parts]
        coefficients.append(np.concatenate(own, axis=1))
    rows = np.concatenate([_padded(extras), _padded(features)], axis=1)
    return Wide(_places(first_row, rows), _padded(coefficients), _moments(circuit, widths, block, rows))


def _places(first_row: Ints, rows: Ints) -> Places:
    """Runs of rows (G, W), counted through blocks that begin at `first_row`."""
    flat = rows.ravel()
    numbers = np.searchsorted(first_row, flat, side="right") - 1
    starts = np.flatnonzero((np.diff(flat, prepend=-2) != 1) | (np.diff(numbers, prepend=-2) != 0) | (flat == 0))
    counts = np.diff(starts, append=len(flat))
    runs = zip(starts, numbers[starts], flat[starts] - first_row[numbers[starts]], counts, strict=True)
    whole = tuple(tuple(int(one) for one in run) for run in runs if run[1] >= 0)
    return Places(rows.shape, whole, np.flatnonzero(flat < 0))  # type: ignore[arg-type]


def _padded(arrays: list[Ints]) -> Ints:
    """Arrays (..., n) of different n as one, −1 where there is nothing."""
    longest = max(array.shape[-1] for array in arrays)
    edges = [[(0, 0)] * (array.ndim - 1) + [(0, longest - array.shape[-1])] for array in arrays]
    return np.stack([np.pad(*pair, constant_values=-1) for pair in zip(arrays, edges, strict=True)])


def _moments(circuit: Circuit, widths: Widths, block: WideLeaves, rows: Ints) -> tuple[tuple[int, Ints], ...]:
    """Of each input layer under the wide leaves: where in (G, K, A + F) the moments of its leaves stand."""
    places = np.full(sum(len(one.variables) * w for one, (w, _) in zip(circuit.input_layers, widths, strict=True)), -1)
    group, column = np.nonzero(rows >= 0)
    places[rows[group, column]] = group * block.width * rows.shape[1] + column
    found, first = [], 0
    for number, (layer, (width, _)) in enumerate(zip(circuit.input_layers, widths, strict=True)):
        own = places[first : first + len(layer.variables) * width].reshape(-1, 1, width)
        first += own.size
        if number in block.groups[:, 0]:
            of_nodes = own + (np.arange(block.width) * rows.shape[1])[:, None]
            found.append((number, of_nodes.reshape(-1, width)))
    return tuple(found)
