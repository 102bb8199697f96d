"""Which induced tree weighs most, and what all of them weigh together: one pass up the circuit, whatever κ is."""

import numpy as np

from spncore.arrays import Floats
from spncore.circuits.circuit import Circuit, ProductLayer, SumLayer
from spncore.circuits.model import parameter_shape
from spncore.trees.induced import node_trees


def log_total_weight(circuit: Circuit, log_edge_weights: Floats) -> Floats:
    """log Σ_T w_T over all induced trees.  log_edge_weights (..., E) -> (...)."""
    values = np.zeros((*log_edge_weights.shape[:-1], circuit.num_nodes))
    edges = iter(circuit.edge_spans)
    for layer, own in circuit.inner:
        if isinstance(layer, ProductLayer):
            values[..., own] = values[..., layer.children].sum(axis=-1)
        else:
            terms = _terms(values, log_edge_weights[..., next(edges)], layer)
            values[..., own] = np.logaddexp.reduce(terms, axis=-1).reshape(*values.shape[:-1], -1)
    return np.asarray(values[..., -1])


def heaviest_tree(circuit: Circuit, log_edge_weights: Floats) -> int:
    """The number of the tree with the largest w_T, the first such child where several are equal; weights (E,)."""
    values, counts = np.zeros(circuit.num_nodes), node_trees(circuit)
    numbers = np.zeros(circuit.num_nodes, dtype=object)
    edges = iter(circuit.edge_spans)
    for layer, own in circuit.inner:
        if isinstance(layer, ProductLayer):
            values[own] = values[layer.children].sum(axis=-1)
            for column in layer.children.T:  # the first child's number is the highest digit
                numbers[own] = numbers[own] * counts[column] + numbers[column]
        else:
            terms = _terms(values, log_edge_weights[..., next(edges)], layer)  # (G, num_sums, A)
            places = terms.argmax(axis=-1)
            values[own] = np.take_along_axis(terms, places[..., None], axis=-1).ravel()
            before = np.add.accumulate(counts[layer.children], axis=1) - counts[layer.children]
            groups = np.arange(len(layer.children))[:, None]
            numbers[own] = (before[groups, places] + numbers[layer.children[groups, places]]).ravel()
    return int(numbers[-1])


def _terms(values: Floats, log_weights: Floats, layer: SumLayer) -> Floats:
    """log w_e of the layer's edges (..., n) plus what is below each, (..., G, num_sums, A)."""
    weights = log_weights.reshape(*log_weights.shape[:-1], *parameter_shape(layer))
    return weights + values[..., layer.children][..., :, None, :]
