"""Evidence rows as what a circuit's schedule takes: features of wide leaves and of loose products, side by side.

Nothing is computed here: the features, coefficients and moments of the input layers are put into the order in which
they are used, and back.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit
from spncore.circuits.leaves import Design
from spncore.inference.schedule import LooseProducts, WideLeaves, schedule

Widths = tuple[tuple[int, int], ...]  # of each input layer: how many rows of `summed` a group has, and of features


class Evidence(NamedTuple):
    """`designs` of the input layers; of the schedule's inputs what flows are `summed` over, (G, A + F, B) each, the
    last `num_features` of which are what the log-values are linear in; `loose` (R, B): all features of leaves that are
    part of loose products.
    """

    designs: Sequence[Design]
    summed: tuple[Floats, ...]
    num_features: tuple[int, ...]
    loose: Floats | None

    @property
    def num_rows(self) -> int:
        """B."""
        return int(self.designs[0].summed.shape[2])


class Wide(NamedTuple):
    """Where a layer of wide leaves finds its features (G, A + F), coefficients (G, K, F), and `moments` their places.

    Places count through all layers' arrays raveled, one after the other; the last, −1, is a zero. `moments[l]`: layer
    and (nodes, A + F) places in the wide leaves' own moments.
    """

    rows: Ints
    coefficients: Ints
    moments: tuple[tuple[int, Ints], ...]


def widths_of(designs: Sequence[Design]) -> Widths:
    """How wide the designs are, which depends on what is missing in the rows."""
    return tuple((design.summed.shape[1], len(design.bound)) for design in designs)


def arranged(circuit: Circuit, designs: Sequence[Design]) -> Evidence:
    """The designs of a block of rows in the order of the circuit's schedule."""
    plan, widths = schedule(circuit), widths_of(designs)
    rows: Floats | None = None
    summed, num_features = [], []
    for place, block in enumerate(plan.inputs):
        if isinstance(block, WideLeaves):
            rows = _stacked([design.summed for design in designs]) if rows is None else rows
            wide = wide_places(circuit, widths, place)
            summed.append(rows[wide.rows])
            num_features.append(wide.coefficients.shape[2])
        else:
            summed.append(designs[block.number].summed)
            num_features.append(widths[block.number][1])
    return Evidence(designs, tuple(summed), tuple(num_features), _loose_features(circuit, designs))


def _stacked(arrays: Sequence[Floats]) -> Floats:
    """Rows (n, B) of arrays (G, W, B), one after the other, and last a row of zeros."""
    num_rows = arrays[0].shape[2]
    flat = [array.reshape(-1, num_rows) for array in arrays]
    return np.concatenate([*flat, np.zeros((1, num_rows), arrays[0].dtype)])


@lru_cache(64)
def wide_places(circuit: Circuit, widths: Widths, place: int) -> Wide:
    """Where the wide leaves at a place among the schedule's inputs find what they are made of."""
    block = schedule(circuit).inputs[place]
    assert isinstance(block, WideLeaves)
    layers, width = circuit.input_layers, block.width
    first_row = np.cumsum([0, *(len(one.variables) * w for one, (w, _) in zip(layers, widths, strict=True))])
    first_coefficient = np.cumsum([0, *(one.num_nodes * f for one, (_, f) in zip(layers, widths, strict=True))])
    members = np.arange(width)[:, None]
    extras, features, coefficients = [], [], []
    for group in block.groups[block.children]:
        parts = [(layer, place, *widths[layer]) for layer, place in group]
        extras.append(np.concatenate([first_row[n] + g * w + np.arange(w - f) for n, g, w, f in parts]))
        features.append(np.concatenate([first_row[n] + g * w + np.arange(w - f, w) for n, g, w, f in parts]))
        own = [first_coefficient[n] + (g * width + members) * f + np.arange(f) for n, g, w, f in parts]
        coefficients.append(np.concatenate(own, axis=1))
    rows = np.concatenate([_padded(extras), _padded(features)], axis=1)
    return Wide(rows, _padded(coefficients), _moments(circuit, widths, block, rows))


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


def _loose_layers(circuit: Circuit) -> list[int]:
    """The input layers whose leaves are part of loose products."""
    plan = schedule(circuit)
    wide = {int(n) for block in plan.inputs if isinstance(block, WideLeaves) for n in block.groups[:, 0]}
    spans = enumerate(circuit.spans[: len(circuit.input_layers)])
    return [number for number, own in spans if plan.parents[own.start] >= 0 and number not in wide]


@lru_cache(64)
def _loose_groups(circuit: Circuit) -> tuple[dict[int, Ints], list[tuple[int, int]]]:
    """Of each such layer the numbers of its groups' features (G,), and which (layer, group) has those of each number.

    Groups over one and the same variable share their features.
    """
    known: dict[tuple[object, ...], int] = {}
    numbers: dict[int, Ints] = {}
    sources: list[tuple[int, int]] = []
    for number in _loose_layers(circuit):
        layer, of_groups = circuit.input_layers[number], []
        for group, variables in enumerate(layer.variables.tolist()):
            alone = len(variables) == 1  # of several some may be missing, and layers differ in which
            key = (layer.family, layer.num_values, *variables) if alone else (number, -group - 1)
            if key not in known:
                known[key] = len(sources)
                sources.append((number, group))
            of_groups.append(known[key])
        numbers[number] = np.array(of_groups)
    return numbers, sources


def _loose_features(circuit: Circuit, designs: Sequence[Design]) -> Floats | None:
    _, sources = _loose_groups(circuit)
    return np.concatenate([designs[n].features[g] for n, g in sources]) if sources else None


@lru_cache(256)
def loose_places(circuit: Circuit, widths: Widths, place: int) -> tuple[Ints, Ints, Ints]:
    """Coefficients of leaves in the loose products at a place among the schedule's steps.

    Their places, and as of a sparse matrix (products, R) their columns and where each product's begin.
    """
    step = schedule(circuit).steps[place]
    assert isinstance(step, LooseProducts)
    numbers, sources = _loose_groups(circuit)
    first = np.cumsum([0, *(widths[n][1] for n, _ in sources)])
    first_coefficient = np.cumsum(
        [0, *(a.num_nodes * f for a, (_, f) in zip(circuit.input_layers, widths, strict=True))]
    )
    offsets = np.array(circuit.offsets[: len(circuit.input_layers) + 1])
    products, leaves = step.leaves
    layers = np.searchsorted(offsets, leaves, side="right") - 1
    places, columns, counts = [], [], np.zeros(step.own.stop - step.own.start + 1, dtype=int)
    for product, leaf, layer in zip(products.tolist(), leaves.tolist(), layers.tolist(), strict=True):
        node, width = leaf - offsets[layer], np.arange(widths[layer][1])
        places.append(first_coefficient[layer] + node * len(width) + width)
        columns.append(first[numbers[layer][node // circuit.input_layers[layer].num_inputs]] + width)
        counts[product + 1] += len(width)
    nothing = np.zeros(0, dtype=int)
    return np.concatenate([nothing, *places]), np.concatenate([nothing, *columns]), np.cumsum(counts)


def loose_matrix(circuit: Circuit, widths: Widths, place: int, coefficients: Floats, num_rows: int) -> csr_array:
    """The coefficients (products, R) of a step's products, from those of all leaves, raveled one after the other."""
    places, columns, starts = loose_places(circuit, widths, place)
    return csr_array((coefficients[places], columns, starts), shape=(len(starts) - 1, num_rows))
