"""Questions to a network: probabilities, posterior distributions and moments given evidence, the flow of evidence.

Every question is asked for rows of evidence (B, D): whole numbers with −1 where a value is missing, or real numbers
with NaN there; missing values are summed out. All answers are exact. Networks need not be normalised.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Array, Bools, Floats
from spncore.circuits.circuit import Circuit, InputLayer
from spncore.circuits.leaves import is_missing
from spncore.circuits.model import Model
from spncore.inference.flows import leaf_flows, node_flows
from spncore.inference.schedule import schedule
from spncore.inference.values import blocks, log_values, passing_blocks


class QueryError(ValueError):
    """A question without an answer; the text names the row and what to change."""


class Conditionals(NamedTuple):
    """Posterior of every variable given each row: `probabilities` (B, D, V), `mean` and `variance` (B, D).

    V is the largest number of values; `probabilities` is 0 for values a variable does not have, and for variables
    whose leaves are not categorical. An observed variable has all its probability on what was observed.
    """

    probabilities: Floats
    mean: Floats
    variance: Floats


class Expectations(NamedTuple):
    """Posterior `mean` (B, D) and `covariance` (B, D, D) of all variables; observed ones do not vary."""

    mean: Floats
    covariance: Floats


class EvidenceFlow(NamedTuple):
    """Posterior probability that the network goes through a node, `nodes` (nodes,), or along a weighted edge.

    `edges`: an array (G, num_sums, A) per sum layer. The edges of a sum add up to its node, and the nodes that cover
    one variable at the leaves to 1.
    """

    nodes: Floats
    edges: tuple[Floats, ...]


def log_likelihood(asked: Model, rows: Array) -> Floats:
    """log P(e) (B,) in nats, normalised: the likelihood of full rows, the marginal of others; −inf if impossible."""
    rows = check_rows(asked, rows)
    rows = rows.astype(np.promote_types(rows.dtype, np.int8), copy=False)  # which has a number for what is missing
    empty = np.full((1, rows.shape[1]), -1 if rows.dtype.kind == "i" else np.nan, dtype=rows.dtype)
    values = log_values(asked, np.concatenate([rows, empty]))
    if values[-1] == -np.inf:
        raise QueryError("this network gives every row probability zero; its weights cannot all be 0")
    found: Floats = values[:-1] - values[-1]
    return found


def log_conditional(asked: Model, query_rows: Array, evidence_rows: Array) -> Floats:
    """log P(q | e) in nats, (B,); −inf where query and evidence exclude each other. QueryError if P(e) = 0."""
    query, evidence = as_real(check_rows(asked, query_rows)), as_real(check_rows(asked, evidence_rows))
    if len(query) != len(evidence):
        raise QueryError(f"{len(query)} query rows need as many rows of evidence, got {len(evidence)}")
    log_evidence = log_values(asked, evidence)
    check_possible(log_evidence, 0)
    log_both = log_values(asked, np.where(np.isnan(query), evidence, query))
    contradicted = ~np.isnan(query) & ~np.isnan(evidence) & (query != evidence)
    return np.where(contradicted.any(axis=1), -np.inf, log_both - log_evidence)


def conditionals(asked: Model, rows: Array) -> Conditionals:
    """Every variable's posterior, all variables and values in one pass up and one down (Darwiche, 2003).

    The flow of a leaf is the posterior probability that it generates its variables, so P(x_d | e) is the mixture of
    the leaves over d with their flows as weights. QueryError if P(e) = 0.

    >>> from spncore.circuits.circuit import mixture
    >>> from spncore.circuits.model import random_model
    >>> model = random_model(mixture(2, 3), np.random.default_rng(0))  # two components over three variables
    >>> found = conditionals(model, np.array([[1, -1, -1]])).probabilities  # (rows, variables, values)
    >>> found.shape, found[0, 0].tolist()
    ((1, 3, 2), [0.0, 1.0])
    """
    centres, discrete, evidence = _centres(asked), _discrete(asked.circuit), as_real(check_rows(asked, rows))
    per_leaf = [_statistics(asked, *pair, centres, discrete) for pair in asked.leaves]
    first, second, *probabilities = _expected(asked, rows, _spread(asked, per_leaf))
    seen, values = ~np.isnan(evidence), range(len(probabilities))
    for value, probability in zip(values, probabilities, strict=True):
        np.copyto(probability, evidence == value, where=seen & discrete)
    mean, variance = first + centres, np.maximum(second - first**2, 0.0)
    if discrete.any():  # from probabilities alone
        np.copyto(mean, sum(value * probabilities[value] for value in values), where=discrete)
        np.copyto(variance, sum(probabilities[value] * (value - mean) ** 2 for value in values), where=discrete)
    return Conditionals(
        np.stack(probabilities, axis=-1) if probabilities else np.zeros((*mean.shape, 0)),
        np.where(seen, evidence, mean),
        np.where(seen, 0.0, variance),
    )


def moments(asked: Model, rows: Array | None = None) -> Expectations:
    """Mean and covariance given each row, or without evidence; costs D + 1 passes up and down. QueryError if P(e) = 0.

    Column j of the covariance compares the means with those under the density times x_j + c, with c such that this is
    positive: cov(x_i, x_j) = E[x_j + c] (E'[x_i] − E[x_i]).
    """
    rows = np.full((1, asked.circuit.num_variables), np.nan) if rows is None else check_rows(asked, rows)
    plain, centres, inputs = conditionals(asked, rows), _centres(asked), asked.leaves
    means = [layer.distribution.mean(parameters) for layer, parameters in inputs]
    central = [(mean - centres[layer.node_variables])[None] for mean, (layer, _) in zip(means, inputs, strict=True)]
    of_means = _spread(asked, central)
    missing, covariance = is_missing(rows), np.zeros((*plain.mean.shape, plain.mean.shape[1]))
    for j in range(asked.circuit.num_variables):
        here = [layer.node_variables == j for layer, _ in inputs]
        values = np.concatenate([mean[at] for mean, at in zip(means, here, strict=True)])
        low, spread = values.min(), float(np.ptp(values)) or 1.0  # c = spread − low
        tilts = [np.log(np.where(at, mean - low + spread, 1.0)) for mean, at in zip(means, here, strict=True)]
        (tilted,) = _expected(asked, rows, of_means, tilts)
        change = np.where(missing, tilted + centres - plain.mean, 0.0)
        covariance[:, :, j] = np.where(missing[:, j], plain.mean[:, j] - low + spread, 0.0)[:, None] * change
    covariance = (covariance + covariance.transpose(0, 2, 1)) / 2
    diagonal = np.arange(len(centres))
    covariance[:, diagonal, diagonal] = plain.variance
    return Expectations(plain.mean, covariance)


def flow_of_evidence(asked: Model, row: Array) -> EvidenceFlow:
    """How the posterior of one row (D,) spreads over nodes and edges, from 1 at the root. QueryError if P(e) = 0."""
    (((_, log_f), work),) = blocks(asked, check_rows(asked, row[None]))
    check_possible(log_f, 0)
    nodes, edges = node_flows(asked.parameters.sums, np.ones(1), work)
    return EvidenceFlow(nodes[:, 0], tuple(flow for flow in edges if flow is not None))


def check_rows(asked: Model, rows: Array) -> Array:
    """The rows themselves; QueryError if they are no evidence (B, D) for this network."""
    if rows.ndim != 2 or rows.shape[1] != asked.circuit.num_variables or rows.dtype.kind not in "iuf":
        raise QueryError(
            f"rows of numbers of shape (rows, {asked.circuit.num_variables}) are needed, one column per variable, got "
            f"{rows.dtype} {rows.shape}"
        )
    return rows


def check_possible(log_evidence: Floats, first_row: int) -> None:
    """QueryError naming the first row of probability zero; rows are counted from `first_row`."""
    impossible = ~(log_evidence > -np.inf)
    if impossible.any():
        row = first_row + int(np.argmax(impossible)) + 1
        raise QueryError(f"row {row}: this network gives the evidence probability zero; clear or change a value")


def as_real(rows: Array) -> Floats:
    """The same evidence with NaN where a value is missing."""
    return np.where(is_missing(rows), np.nan, rows)


def _expected(asked: Model, rows: Array, spread: csr_array, missing: Sequence[Floats] | None = None) -> Floats:
    """Posterior expectation (Q, B, D) of quantities that every leaf knows per variable; `spread` from `_spread`."""
    num_variables = asked.circuit.num_variables
    result = np.empty((spread.shape[0], len(rows)))
    for (part, log_f), work in passing_blocks(asked, rows, missing):
        check_possible(log_f, part.start)
        result[:, part] = spread @ leaf_flows(asked.parameters.sums, np.ones(len(log_f)), work)
    return result.reshape(num_variables, spread.shape[0] // num_variables, len(rows)).transpose(1, 2, 0)


def _spread(asked: Model, per_leaf: Sequence[Floats]) -> csr_array:
    """Q quantities of every leaf, arrays (Q, nodes, S), as a sparse matrix (D·Q, nodes) over the leaves' flows."""
    circuit, carriers, num_quantities = asked.circuit, schedule(asked.circuit).carriers, len(per_leaf[0])
    rows, columns = [], []
    for layer, own, values in zip(circuit.input_layers, circuit.spans, per_leaf, strict=False):
        places = layer.node_variables * num_quantities + np.arange(num_quantities)[:, None, None]
        rows.append(places.ravel())
        columns.append(np.broadcast_to(carriers[own][:, None], values.shape).ravel())
    data = np.concatenate([values.ravel() for values in per_leaf])
    some = np.flatnonzero(data)
    entries = np.concatenate(rows)[some], np.concatenate(columns)[some]
    return csr_array((data[some], entries), shape=(circuit.num_variables * num_quantities, circuit.num_nodes))


def _centres(asked: Model) -> Floats:
    """Average of the leaves' means of each variable, (D,), around which second moments lose no digits."""
    sums, counts = np.zeros((2, asked.circuit.num_variables))
    for layer, parameters in asked.leaves:
        np.add.at(sums, layer.node_variables, layer.distribution.mean(parameters))
        np.add.at(counts, layer.node_variables, 1.0)
    return sums / counts


def _discrete(circuit: Circuit) -> Bools:
    """Which variables have categorical leaves alone, (D,)."""
    discrete = np.ones(circuit.num_variables, dtype=bool)
    for layer in circuit.input_layers:
        discrete[layer.variables] &= layer.family == "categorical"
    return discrete


def _statistics(asked: Model, layer: InputLayer, parameters: Floats, centres: Floats, discrete: Bools) -> Floats:
    """Around the centre the first and second moment of every leaf, and its probability of each value, (2 + V, N, S).

    The moments of discrete variables are left 0.
    """
    family, inputs = layer.distribution, asked.circuit.input_layers
    most = max((other.num_values for other in inputs if other.family == "categorical"), default=0)
    result = np.zeros((2 + most, *parameters.shape[1:]))
    result[0] = family.mean(parameters) - centres[layer.node_variables]
    result[1] = family.variance(parameters) + result[0] ** 2
    result[:2] *= ~discrete[layer.node_variables]
    if layer.family == "categorical":
        result[2 : 2 + layer.num_values] = parameters / np.add.reduce(parameters, axis=0)
    return result
