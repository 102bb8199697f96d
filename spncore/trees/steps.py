"""What a gradient step does to the weights of induced trees: Trapp et al. (2019), Claim 1, for any circuit.

Plain functions on arrays; leading axes (seeds, steps) are free. `edge_weights` (..., E) and `edge_flow` (..., E),
weight times gradient, are in the order of `induced_trees`; `trees` are all trees of the circuit or some of them. For
consecutive sums over components the trees are the components, and everything here is what `dynamics` says.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Bools, Floats
from spncore.trees.induced import Trees


def tree_weights(edge_weights: Floats, trees: Trees) -> Floats:
    """w_T = ∏_{e∈T} w_e.  edge_weights (..., E) -> (..., T)."""
    return _over_edges(np.multiply, edge_weights, trees.edges)


def log_tree_weights(log_edge_weights: Floats, trees: Trees) -> Floats:
    """log w_T = Σ_{e∈T} log w_e, for trees whose weights underflow.  (..., E) -> (..., T)."""
    return _over_edges(np.add, log_edge_weights, trees.edges)


def edge_flow_of(tree_flow: Floats, trees: Trees) -> Floats:
    """Flow of every edge, Σ_{T∋e} a_T, so that ∂𝓛/∂w_e = Σ_{T∋e} (w_T/w_e) ∇_{w_T}.  (..., T) -> (..., E).

    Trapp et al. (2019), eq. (7), over all trees of the circuit.
    """
    flat = tree_flow.reshape(-1, tree_flow.shape[-1]) @ trees.edges
    return np.asarray(flat.reshape(*tree_flow.shape[:-1], -1))


def relative_steps(
    edge_weights: Floats, edge_flow: Floats, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """s_e, the relative step of every edge's weight, (..., E): linear η a_e/w_e², log η a_e."""
    steps = learning_rate * edge_flow
    return np.asarray(steps if parametrisation == "log" else steps / edge_weights**2)


def exact_factors(
    edge_weights: Floats, edge_flow: Floats, trees: Trees, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """w_T(t+1)/w_T(t) to all orders, (..., T): ∏_{e∈T} (1 + s_e), or exp(Σ s_e) in log-weights; no floor active."""
    steps = relative_steps(edge_weights, edge_flow, learning_rate, parametrisation)
    if parametrisation == "log":
        return np.asarray(np.exp(_over_edges(np.add, steps, trees.edges)))
    return _over_edges(np.multiply, 1.0 + steps, trees.edges)


def first_order_factors(
    edge_weights: Floats, edge_flow: Floats, trees: Trees, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """1 + Σ_{e∈T} s_e, what Claim 1 predicts for w_T(t+1)/w_T(t) up to O(η²): (..., T)."""
    steps = relative_steps(edge_weights, edge_flow, learning_rate, parametrisation)
    return 1.0 + _over_edges(np.add, steps, trees.edges)


def first_order_residual(
    edge_weights: Floats, edge_flow: Floats, trees: Trees, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """What first order leaves of an exact step, relative to the tree's weight, (..., T); of order η²."""
    exact = exact_factors(edge_weights, edge_flow, trees, learning_rate, parametrisation)
    return exact - first_order_factors(edge_weights, edge_flow, trees, learning_rate, parametrisation)


def second_order_term(
    edge_weights: Floats, edge_flow: Floats, trees: Trees, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """That residual up to O(η³), (..., T): Σ_{e<f∈T} s_e s_f; in log-weights (Σ s_e)²/2."""
    steps = relative_steps(edge_weights, edge_flow, learning_rate, parametrisation)
    products = _over_edges(np.add, steps, trees.edges) ** 2
    if parametrisation == "linear":
        products = products - _over_edges(np.add, steps**2, trees.edges)
    return np.asarray(products / 2.0)


def adaptive_rate(
    edge_weights: Floats, trees: Trees, private: Bools, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """ρ_T (..., T), the part ρ_T ∇_{w_T} of a step that a tree owes to its private edges; 0 where it has none.

    Linear: η w_T² Σ 1/w_e² over the edges that are in no other tree, `induced_trees.private_edges`; log: η w_T² times
    how many those are. With one private edge, and no other, it is Trapp et al. (2019), eq. (13) in its general form.
    """
    own = np.ones_like(edge_weights) if parametrisation == "log" else edge_weights**-2.0
    return np.asarray(
        learning_rate * tree_weights(edge_weights, trees) ** 2 * _over_edges(np.add, own * private, trees.edges)
    )


def multiplicative_term(
    edge_weights: Floats,
    edge_flow: Floats,
    trees: Trees,
    private: Bools,
    learning_rate: float,
    parametrisation: str = "linear",
) -> Floats:
    """λ_T (..., T) = Σ s_e over the edges that the tree shares with others, Trapp et al. (2019), eq. (12).

    w_T(t+1) = w_T + ρ_T ∇_{w_T} + λ_T w_T + O(η²).
    """
    steps = relative_steps(edge_weights, edge_flow, learning_rate, parametrisation)
    return _over_edges(np.add, steps * ~private, trees.edges)


def preconditioner(edge_weights: Floats, trees: Trees, parametrisation: str = "linear") -> Floats:
    """M (T, T) of one set of edge weights (E,): over all trees of a circuit a step is Δ log w = η M a + O(η²).

    M_TU = Σ_{e∈T∩U} 1/w_e²; of log-weights how many edges both have. It exists for every circuit, while a tree need
    not own an edge. Of sampled trees it shows who moves with whom; their steps are `precondition`'s.
    """
    own = np.ones_like(edge_weights) if parametrisation == "log" else edge_weights**-2.0
    return np.asarray((trees.edges.multiply(own[None]) @ trees.edges.T).toarray())


def precondition(edge_weights: Floats, edge_flow: Floats, trees: Trees, parametrisation: str = "linear") -> Floats:
    """(M a)_T = Σ_{e∈T} a_e/w_e², (..., T), the sum over all trees of the circuit, for any of them: Δ log w_T / η.

    The flow of the edges has gathered all trees already, so that M need not be made and κ may be any number.
    """
    return _over_edges(np.add, relative_steps(edge_weights, edge_flow, 1.0, parametrisation), trees.edges)


def _over_edges(combine: np.ufunc, values: Floats, edges: csr_array) -> Floats:
    """Sum or product of an edge quantity (..., E) over each tree, (..., T); trees without edges: its identity."""
    if edges.nnz == 0:  # a circuit without sums that matter has one tree, and else every tree has an edge
        return np.full((*values.shape[:-1], edges.shape[0]), float(combine.identity))
    return np.asarray(combine.reduceat(values[..., edges.indices], edges.indptr[:-1], axis=-1))
