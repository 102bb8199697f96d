"""Induced trees by plain recursion, from the definition: the truth for counts, order, values and weights."""

import itertools
import math

import numpy as np

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer


def induced_trees(circuit, node=None):
    """Every tree below a node, the root's by default, as (edges, inputs, nodes), the first child's choices first.

    Edges are pairs of a sum and a place among its children, in the order met going down.
    """
    node = circuit.num_nodes - 1 if node is None else node
    layer, local = _layer_of(circuit, node)
    if isinstance(layer, InputLayer):
        return [((), (node,), (node,))]
    if isinstance(layer, ProductLayer):
        choices = itertools.product(*(induced_trees(circuit, child) for child in layer.children[local]))
        joined = ((sum(parts, ()) for parts in zip(*choice, strict=True)) for choice in choices)
        return [(edges, inputs, (node, *nodes)) for edges, inputs, nodes in joined]
    return [
        (((node, place), *edges), tuple(inputs), (node, *nodes))
        for place, child in enumerate(layer.children[local // layer.num_sums])
        for edges, inputs, nodes in induced_trees(circuit, child)
    ]


def edge_numbers(circuit):
    """The number of every edge (sum, place): sum by sum, as the nodes are numbered."""
    numbers = {}
    for node in range(circuit.num_nodes):
        layer, local = _layer_of(circuit, node)
        if not isinstance(layer, InputLayer | ProductLayer):
            for place in range(layer.children.shape[1]):
                numbers[node, place] = len(numbers)
    return numbers


def numbered_trees(circuit):
    """The same trees with sorted edge numbers, inputs and nodes."""
    numbers = edge_numbers(circuit)
    return [
        (sorted(numbers[edge] for edge in edges), sorted(map(int, inputs)), sorted(map(int, nodes)))
        for edges, inputs, nodes in induced_trees(circuit)
    ]


def tree_value(tree, edge_weights, node_values):
    """w_T times the values of its inputs."""
    edges, inputs, _ = tree
    return math.prod(edge_weights[e] for e in edges) * math.prod(node_values[i] for i in inputs)


def halving(height, num_sums):
    """2^height variables halved down to single ones: `num_sums` sums per region over all pairs of the halves' sums."""
    regions = np.arange(2**height * num_sums).reshape(-1, num_sums)
    layers = [InputLayer(np.arange(2**height)[:, None], num_sums)]
    next_node = regions.size
    for level in range(height):
        left, right = regions[::2], regions[1::2]
        pairs = np.stack(np.broadcast_arrays(left[:, :, None], right[:, None]), axis=-1).reshape(-1, 2)
        layers.append(ProductLayer(pairs))
        products = next_node + np.arange(len(pairs)).reshape(len(left), -1)
        num_here = num_sums if level < height - 1 else 1
        layers.append(SumLayer(products, num_here))
        next_node += len(pairs)
        regions = next_node + np.arange(len(left) * num_here).reshape(len(left), -1)
        next_node += regions.size
    return Circuit(2**height, tuple(layers))


def _layer_of(circuit, node):
    number = max(n for n, first in enumerate(circuit.offsets[:-1]) if first <= node)
    return circuit.layers[number], node - circuit.offsets[number]
