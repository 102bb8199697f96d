"""Consecutive sum layers as nodes: what the engine never builds, since only the products of their weights matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, CircuitError, InputLayer, Layer, SumLayer
from spncore.circuits.model import Model, model
from spncore.circuits.overparam import TOPOLOGIES
from spncore.structures.nodes import check_size


def deepen(shallow: Model, number: int, topology: str, depth: int) -> Model:
    """Replace sum layer `number` (among the sum layers) by L = `depth` layers of sums; the likelihood is unchanged.

    Trapp, Peharz & Pernkopf (2019), section 2.2, for any sum of any circuit: each sum over A children becomes a network
    of sums of its own, in which child k is reached through the weights φ(k, l) of `overparam.TOPOLOGIES[topology]`.
    A weight is the share of its cell in the cell above, the root's the whole of its cell, so that their products along
    a path are the old weights; where a cell has one child, the weight is 1. CircuitError if the layer does not exist or
    the circuit would be too large.
    """
    circuit, parameters = shallow
    if not 0 <= number < len(circuit.sum_layers):
        raise CircuitError(f"sum layer {number}: the circuit has sum layers 0 to {len(circuit.sum_layers) - 1}")
    place = [at for at, layer in enumerate(circuit.layers) if isinstance(layer, SumLayer)][number]
    layer = circuit.sum_layers[number]
    phi = TOPOLOGIES[topology](layer.children.shape[1], depth)
    _check(circuit, layer, phi)
    layers, weights = _stacked(layer, parameters.sums[number], phi, circuit.offsets[place])
    inserted = sum(one.num_nodes for one in layers) - layer.num_nodes
    after = [_shifted(one, circuit.offsets[place], inserted) for one in circuit.layers[place + 1 :]]
    deep = replace(circuit, layers=(*circuit.layers[:place], *layers, *after))
    return model(deep, (*parameters.sums[:number], *weights, *parameters.sums[number + 1 :]), parameters.inputs)


def _check(circuit: Circuit, layer: SumLayer, phi: Ints) -> None:
    sizes = [int(level.max()) + 1 for level in phi]  # a cell is a sum, and an edge to it
    num_nodes = circuit.num_nodes + layer.num_nodes * sum(sizes[:-1])
    check_size(num_nodes, circuit.num_edges + layer.num_nodes * sum(sizes[:-1]))


def _shifted(layer: Layer, first: int, inserted: int) -> Layer:
    """The layer above, in which every node from `first` on has a number larger by `inserted`."""
    assert not isinstance(layer, InputLayer)
    return layer._replace(children=np.where(layer.children >= first, layer.children + inserted, layer.children))


def _stacked(layer: SumLayer, weights: Floats, phi: Ints, first: int) -> tuple[list[Layer], list[Floats]]:
    """The layers bottom first, and their weights; `first` is the number of their first node.

    `below` (G, cells, M) are the nodes of the level below by group, cell and sum; the lowest sums share their children
    as the old ones did, all others have children of their own. `mass` (G, M, cells) is what passes through each.
    """
    below, mass = layer.children[:, :, None], weights
    layers: list[Layer] = []
    arrays: list[Floats] = []
    levels = _levels(phi)
    for level, cells in enumerate(levels):
        nodes = np.empty((len(weights), len(cells), layer.num_sums), dtype=np.int64)
        whole = np.stack([mass[..., members].sum(axis=-1) for members in cells], axis=-1)
        for same in _equal_sizes(cells):
            members = np.stack([cells[cell] for cell in same])  # (C, A)
            parts = mass[..., members].transpose(0, 2, 1, 3)  # (G, C, M, A)
            if level < len(levels) - 1:
                parts = _shares(parts, whole[..., same].transpose(0, 2, 1)[..., None])
            children = below[:, members].transpose(0, 1, 3, 2).reshape(-1, members.shape[1])  # (G, C, M or 1, A)
            num_sums = layer.num_sums // below.shape[2]  # in a group: M at the bottom, else 1
            layers.append(SumLayer(children, num_sums))
            arrays.append(np.ascontiguousarray(parts.reshape(len(children), num_sums, -1)))
            nodes[:, same] = first + np.arange(parts[..., 0].size).reshape(parts.shape[:3])
            first += parts[..., 0].size
        below, mass = nodes, whole
    return layers, arrays


def _levels(phi: Ints) -> list[list[Ints]]:
    """The cells of every level, lowest first: which cells of the level below (at the bottom, children) each holds.

    A cell is what shares all weights above it; the highest level has one.
    """
    levels = []
    finer = np.arange(phi.shape[1])  # the cell of each child one level below
    for level in reversed(range(len(phi))):
        coarser = phi[level - 1] if level else np.zeros_like(finer)
        levels.append([np.unique(finer[coarser == cell]) for cell in range(int(coarser.max()) + 1)])
        finer = coarser
    return levels


def _equal_sizes(cells: list[Ints]) -> list[list[int]]:
    """The numbers of the cells by how much they hold."""
    sizes = [len(members) for members in cells]
    return [[cell for cell, size in enumerate(sizes) if size == one] for one in sorted(set(sizes))]


def _shares(parts: Floats, whole: Floats) -> Floats:
    """parts / whole, and 0 where the whole is 0."""
    return np.divide(parts, whole, out=np.zeros(parts.shape), where=whole > 0)
