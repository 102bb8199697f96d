"""Fully factorised distributions fitted to rows: the leaves of a learned network, and the two clusters of its sums."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from spncore.arrays import Array, Bools, Floats, Generator, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import InputLayer
from spncore.inference.log_domain import log_sums
from spncore.loop import gains_less_than, until
from spncore.structures.nodes import Column, Leaf, grouped

STARTS = 3  # of EM; the best counts
ITERATIONS = 30
TOLERANCE = 1e-4  # nats per row: EM stops when a step gains less
CLUSTER_SMOOTHING = 0.1  # of a cluster's categorical tables, in rows


def factorised_leaves(
    rows: Array, counts: Floats, variables: Ints, columns: Sequence[Column], smoothing: float
) -> tuple[Leaf, ...]:
    """One leaf per variable of rows (N, S), fitted to its known values; `smoothing` rows of every categorical value."""
    found: dict[int, Leaf] = {}
    for column, places in by_column(columns).items():
        design = _design(rows, column, places)
        parameters = _fitted(design, counts[None, :], column, smoothing)  # (P, 1, S)
        for s, place in enumerate(places):
            variable = int(variables[place])
            found[place] = Leaf((variable,), parameters[:, 0, s : s + 1], column)
    return tuple(found[place] for place in sorted(found))


def two_clusters(rows: Array, counts: Floats, columns: Sequence[Column], rng: Generator) -> Bools:
    """Which rows (N,) belong to the second of two clusters, by EM for a mixture of two factorised distributions.

    Each start halves the rows along a random direction of their standardised statistics. All rows may end in one
    cluster.
    """
    designs = [(column, _design(rows, column, places)) for column, places in by_column(columns).items()]
    best, labels = -np.inf, np.zeros(len(rows), dtype=bool)
    for _ in range(STARTS):
        llh, posterior = _em(designs, counts, _halves(designs, rng))
        if llh > best:
            best, labels = llh, posterior[1] > posterior[0]
    return labels


def _em(designs: Sequence[tuple[Column, leaves.Design]], counts: Floats, posterior: Floats) -> tuple[float, Floats]:
    """EM from a posterior (2, N) of the clusters: mean log-likelihood in nats per row, and the last posterior."""

    def step(posterior: Floats) -> tuple[Floats, float]:
        shares = posterior * counts
        log_values = np.zeros((1, *posterior.shape))
        for column, design in designs:
            parameters = _fitted(design, shares, column, CLUSTER_SMOOTHING)
            log_values[0] += leaves.coefficients(parameters, design) @ design.features[0]
        weights = shares.sum(axis=1) / counts.sum()
        out, totals, scaled = log_sums(log_values, weights[None, None, :])
        return weights[:, None] * scaled[0] / totals[0], float(counts @ out[0, 0] / counts.sum())

    *_, (posterior, llh) = islice(until(step, posterior, gains_less_than(TOLERANCE, float)), ITERATIONS)
    return llh, posterior


def _halves(designs: Sequence[tuple[Column, leaves.Design]], rng: Generator) -> Floats:
    features = np.concatenate([design.features[0] for _, design in designs])  # (F, N)
    spread = features.std(axis=1)
    direction = rng.standard_normal(len(features)) / np.where(spread > 0, spread, np.inf)
    along = direction @ features
    second = along > np.median(along)
    return np.stack([~second, second]).astype(float)


def _fitted(design: leaves.Design, weights: Floats, column: Column, smoothing: float) -> Floats:
    """Maximum-likelihood parameters (P, N, S) of N nodes for weighted rows (N, B); categorical ones add up to 1."""
    found = leaves.moments(weights @ design.summed[0].T, design)
    family, shape = design.layer.distribution, (len(weights), design.layer.variables.shape[1])
    # what is missing says nothing: its factor is 1, whatever the parameters
    parameters = family.maximise(np.ones((family.num_parameters, *shape)), found._replace(missing=np.zeros(shape)))
    if column.family != "categorical":
        return parameters
    parameters = parameters + smoothing
    return np.asarray(parameters / parameters.sum(axis=0))


def by_column(columns: Sequence[Column]) -> dict[Column, list[int]]:
    """The places of the variables of each kind."""
    return grouped((column, place) for place, column in enumerate(columns))


def _design(rows: Array, column: Column, places: list[int]) -> leaves.Design:
    layer = InputLayer(np.arange(len(places))[None, :], 1, column.family, column.num_values)
    return leaves.design(layer, rows[:, places])
