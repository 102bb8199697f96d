"""Consecutive sum layers: which weights a component passes through, and their effective weights.

Nothing here knows about leaves or data. A stack of L sum layers over K components is a map φ(k, l); the network sees
only the products w_k = ∏_l w^[l]_φ(k,l), so a step costs the same for every L.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit


class SumStack(NamedTuple):
    """L consecutive sum layers over K components, their weights kept in one flat vector of n entries.

    `phi` (L, K): index within layer l of the weight that component k passes through; `sizes` (L,): weights per layer;
    `paths` (L, K): the same index into the flat vector; `order` (L·K,) and `starts` (n,): how to sum flows per weight.
    """

    phi: Ints
    sizes: Ints
    paths: Ints
    order: Ints
    starts: Ints

    @property
    def depth(self) -> int:
        """L, the number of layers."""
        return int(self.phi.shape[0])

    @property
    def num_components(self) -> int:
        """K."""
        return int(self.phi.shape[1])

    @property
    def num_weights(self) -> int:
        """n, weights in all layers together."""
        return int(self.sizes.sum())

    def over(self, combine: np.ufunc, values: Floats) -> Floats:
        """Sum or product of a weight's quantity over each component's path, (..., n) -> (..., K)."""
        combined: Floats = combine.reduce(values.take(self.paths, axis=-1), axis=-2)
        return combined

    def through(self, flow: Floats) -> Floats:
        """Flow of every weight: `layer_flows`."""
        return layer_flows(flow, self)


def tree_phi(num_components: int, depth: int) -> Ints:
    """The paper's binary tree: layer l < L−1 has n_l = min(2^(l+1), K) weights, φ(k,l) = ⌊k·n_l/K⌋, the last K."""
    components = np.arange(num_components)
    inner = [components * min(2 ** (layer + 1), num_components) // num_components for layer in range(depth - 1)]
    return np.array([*inner, components], dtype=int)


def private_phi(num_components: int, depth: int) -> Ints:
    """Every component owns one weight in every layer."""
    return np.tile(np.arange(num_components, dtype=int), (depth, 1))


def shared_phi(num_components: int, depth: int) -> Ints:
    """One weight for all in every layer above the last; its flow is Σ a_k = 0, so it never moves."""
    phi = np.zeros((depth, num_components), dtype=int)
    phi[-1] = np.arange(num_components)
    return phi


TOPOLOGIES: Mapping[str, Callable[[int, int], Ints]] = {
    "tree": tree_phi,
    "private": private_phi,
    "shared": shared_phi,
}


def stack(phi: Ints) -> SumStack:
    """The stack described by φ (L, K); the indices of each layer must be 0..n_l−1 without a gap."""
    sizes = phi.max(axis=1) + 1
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    paths = phi + offsets[:, None]
    order = np.argsort(paths, axis=None, kind="stable")
    starts = np.searchsorted(paths.ravel()[order], np.arange(sizes.sum()))
    return SumStack(phi, sizes, paths, order % phi.shape[1], starts)


def consecutive_sums(topology: str, num_components: int, depth: int) -> SumStack:
    """The stack of a named topology over the K components of one sum."""
    return stack(TOPOLOGIES[topology](num_components, depth))


def deepened_sums(circuit: Circuit, topology: str, depth: int) -> SumStack:
    """Every sum of a circuit as a stack of L consecutive layers over its children: one φ (L, E) over all its edges.

    Edges are numbered sum layer by sum layer, each (G, num_sums, A) raveled. For a mixture this is `consecutive_sums`.
    """
    parts: list[Ints] = []
    used = np.zeros((depth, 1), dtype=int)  # weights of each layer so far
    for layer in circuit.sum_layers:
        num_nodes, num_children = layer.num_nodes, layer.children.shape[1]
        phi = TOPOLOGIES[topology](num_children, depth)
        sizes = phi.max(axis=1, keepdims=True) + 1
        nodes = np.repeat(np.arange(num_nodes), num_children)
        parts.append(used + nodes * sizes + np.tile(phi, num_nodes))
        used = used + num_nodes * sizes
    return stack(np.concatenate(parts, axis=1))


def edge_nodes(circuit: Circuit) -> Ints:
    """Which sum each edge belongs to, (E,), sums counted from 0 in order of evaluation."""
    arities = np.concatenate([np.full(layer.num_nodes, layer.children.shape[1]) for layer in circuit.sum_layers])
    return np.repeat(np.arange(len(arities)), arities)


def weight_groups(sums: SumStack, nodes: Ints) -> Ints:
    """Which weights (n,) are siblings in the stack, groups counted from 0: those under one sum of the layer above.

    `nodes` (E,) from `edge_nodes`. Normalised weights add to one in each group; so do then the effective weights.
    """
    parents = np.empty(sums.num_weights, dtype=int)
    parents[sums.paths[0]] = nodes
    for layer in range(1, sums.depth):
        parents[sums.paths[layer]] = len(nodes) + sums.paths[layer - 1]
    return np.unique(parents, return_inverse=True)[1]


def effective_weights(layer_weights: Floats, sums: SumStack) -> Floats:
    """w_k = ∏_l w^[l]_φ(k,l), Trapp et al. (2019), eq. (3).  layer_weights (..., n) -> (..., K)."""
    return sums.over(np.multiply, layer_weights)


def layer_flows(flow: Floats, sums: SumStack) -> Floats:
    """A_l(i), the flow through weight i of layer l: the sum of a_k over the components below it.

    flow (..., K) -> (..., n). The gradient of the weight is A/w (Trapp et al. (2019), eq. (5)-(7)). Equal groups of
    equal flows give bitwise equal sums.
    """
    return np.add.reduceat(flow.take(sums.order, axis=-1), sums.starts, axis=-1)


def split_layers(values: Floats, sums: SumStack) -> tuple[Floats, ...]:
    """A flat vector (..., n) as one array (..., n_l) per layer, root first."""
    return tuple(np.split(values, np.cumsum(sums.sizes)[:-1], axis=-1))


def initial_layer_weights(sums: SumStack, scale: float, convention: str) -> Floats:
    """Start of all layers, (n,): `scale` in each (per_layer), or `scale`^(1/L) so that each w_k starts at `scale`."""
    start = scale if convention == "per_layer" else scale ** (1.0 / sums.depth)
    return np.full(sums.num_weights, start)
