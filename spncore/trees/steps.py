"""What a gradient step does to the weights of induced trees: Trapp et al. (2019), Claim 1, for any circuit.

Plain functions on arrays; leading axes (seeds, steps) are free. `edge_weights` (..., E) and `edge_flow` (..., E),
weight times gradient, are in the order of `induced_trees`; `trees` are all trees of the circuit or some of them. What
holds for trees as for components, such as `exact_factors`, is in `dynamics`; for consecutive sums they are the same.
"""

import numpy as np

from spncore.arrays import Floats
from spncore.dynamics.steps import weight_steps
from spncore.trees.induced import Trees


def tree_weights(edge_weights: Floats, trees: Trees) -> Floats:
    """w_T = ∏_{e∈T} w_e.  edge_weights (..., E) -> (..., T)."""
    return trees.over(np.multiply, edge_weights)


def log_tree_weights(log_edge_weights: Floats, trees: Trees) -> Floats:
    """log w_T = Σ_{e∈T} log w_e, for trees whose weights underflow.  (..., E) -> (..., T)."""
    return trees.over(np.add, log_edge_weights)


def edge_flow_of(tree_flow: Floats, trees: Trees) -> Floats:
    """Flow of every edge, Σ_{T∋e} a_T, so that ∂𝓛/∂w_e = Σ_{T∋e} (w_T/w_e) ∇_{w_T}.  (..., T) -> (..., E).

    Trapp et al. (2019), eq. (7), over all trees of the circuit.
    """
    flat = tree_flow.reshape(-1, tree_flow.shape[-1]) @ trees.edges
    return np.asarray(flat.reshape(*tree_flow.shape[:-1], -1))


def first_order_factors(
    edge_weights: Floats, edge_flow: Floats, trees: Trees, learning_rate: float, parametrisation: str = "linear"
) -> Floats:
    """1 + Σ_{e∈T} s_e, what Claim 1 predicts for w_T(t+1)/w_T(t) up to O(η²): (..., T)."""
    return 1.0 + trees.over(np.add, weight_steps(edge_weights, edge_flow, trees, learning_rate, parametrisation))


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
    return trees.over(np.add, weight_steps(edge_weights, edge_flow, trees, 1.0, parametrisation))
