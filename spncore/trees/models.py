"""Induced trees of a circuit with parameters: their values, posteriors and flows, trees drawn at random, and the
shallow mixture that they are.
"""

import numpy as np

from spncore.arrays import Array, Floats, Generator, Ints
from spncore.circuits.circuit import Circuit, Layer, ProductLayer, SumLayer
from spncore.circuits.model import Model, model
from spncore.inference.queries import check_possible
from spncore.inference.sampling import by_posterior, descend
from spncore.inference.values import BLOCK_BYTES, blocks, input_log_values, log_values, row_blocks
from spncore.limits import LIMITS
from spncore.trees.induced import Trees, enumerate_trees, trees_of
from spncore.trees.steps import log_tree_weights, tree_weights

_NOTHING = np.zeros((2, 0), dtype=int)  # trees, and what is in each


def edge_weights(asked: Model) -> Floats:
    """The weights of all sums in the order of `induced_trees`, (E,)."""
    return np.concatenate([np.zeros(0), *(weights.ravel() for weights in asked.parameters.sums)])


def component_log_values(asked: Model, rows: Array, trees: Trees) -> Floats:
    """Log of the product of each tree's inputs on evidence rows (B, D), in nats, its weight left out: (B, T)."""
    return np.asarray((trees.inputs @ input_log_values(asked, rows)).T)


def tree_posteriors(asked: Model, rows: Array, trees: Trees) -> Floats:
    """w_T times the tree's inputs, divided by f, on evidence rows (B, D): (B, T); a row of probability zero has 0.

    Over all trees a row's sum to 1. Of the empty evidence they are the trees' shares of Z.
    """
    values = log_values(asked, rows)
    with np.errstate(divide="ignore"):
        log_weights = log_tree_weights(np.log(edge_weights(asked)), trees)
    values = np.where(np.isneginf(values), np.inf, values)
    return np.exp(component_log_values(asked, rows, trees) + log_weights - values[:, None])


def tree_flows(asked: Model, rows: Array, row_weights: Floats, trees: Trees) -> Floats:
    """a_T = w_T ∇_{w_T} of the objective Σ_i c_i log f(e_i), rows (B, D), row weights c (B,): (T,).

    With c = 1/N on data and −1 on the empty evidence: mean posterior minus share of Z, Trapp et al. (2019), eq. (2).
    """
    flow = np.zeros(trees.num_trees)
    size = max(1, BLOCK_BYTES // (8 * max(trees.num_trees, 1)))
    for begin in range(0, len(rows), size):
        part = slice(begin, begin + size)
        flow += row_weights[part] @ tree_posteriors(asked, rows[part], trees)
    return flow


def sample_trees(
    asked: Model,
    num: int,
    rng: Generator,
    rows: Array | None = None,
    counts: Array | None = None,
) -> Trees:
    """`num` trees drawn with their probability, with replacement, for circuits of any κ.

    Without rows that is a tree's share of Z; with evidence rows (B, D) its mean posterior, each row standing for
    `counts` (B,) of its kind, or one. QueryError names a row of probability zero that was drawn.
    """
    if rows is None:
        rows = np.full((1, asked.circuit.num_variables), np.nan)
    drawn = rng.choice(len(rows), size=num, p=None if counts is None else counts / np.sum(counts))
    edges, inputs = [_NOTHING], [_NOTHING]
    for part in row_blocks(asked.circuit, num):
        met = _drawn(asked, rows, drawn[part], rng, part.start)
        edges, inputs = edges + met[0], inputs + met[1]
    return trees_of(asked.circuit, num, np.concatenate(edges, axis=1), np.concatenate(inputs, axis=1))


def _drawn(asked: Model, rows: Array, drawn: Ints, rng: Generator, first: int) -> tuple[list[Ints], list[Ints]]:
    """One tree from the posterior of each drawn row, counted from `first`: (2, n) trees and edges, trees and inputs."""
    distinct, column_of = np.unique(drawn, return_inverse=True)
    ((_, log_f), work) = next(blocks(asked, rows[distinct]))
    of_rows = np.zeros(len(rows))
    of_rows[distinct] = log_f
    check_possible(of_rows, 0)
    throw, edges = by_posterior(asked, work, column_of, rng), []

    def choose(sums: Ints, trees: Ints) -> Ints:
        taken = throw(sums, trees)
        edges.append(np.stack([first + trees, taken]))
        return taken

    inputs, trees = descend(asked.circuit, len(drawn), choose)
    return edges, [np.stack([first + trees, inputs])]


def shallow_mixture(asked: Model, limit: int = LIMITS.trees) -> Model:
    """The same function as one sum over the circuit's trees, weighted w_T, in the order of their numbers.

    Its components are products of the same input nodes, with the same parameters: trees share leaves as in the deep
    circuit, and only the sums are made shallow. TreeError if there are more than `limit` trees.
    """
    circuit, parameters = asked
    trees = enumerate_trees(circuit, limit)
    arities, indices = np.diff(trees.inputs.indptr), trees.inputs.indices.astype(int)
    component, first = np.empty(trees.num_trees, dtype=int), int(trees.inputs.shape[1])
    products: list[Layer] = []
    for arity in np.unique(arities):
        which = np.flatnonzero(arities == arity)
        children = indices[trees.inputs.indptr[which][:, None] + np.arange(arity)]
        if arity == 1:  # a tree of one input needs no product
            component[which] = children[:, 0]
            continue
        component[which] = first + np.arange(len(which))
        products.append(ProductLayer(children))
        first += len(which)
    layers = (*circuit.input_layers, *products, SumLayer(component[None], 1))
    weights = tree_weights(edge_weights(asked), trees)
    return model(Circuit(circuit.num_variables, layers), (weights[None, None],), parameters.inputs)
