"""Samples from a network, with or without evidence: from the root down, at each sum one child by its posterior."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spncore.arrays import Array, Floats, Generator, Ints
from spncore.circuits.circuit import Circuit, SumLayer
from spncore.circuits.families import Family
from spncore.circuits.model import Model
from spncore.inference.forward import write_pairs
from spncore.inference.queries import as_real, check_possible, check_rows
from spncore.inference.values import blocks, relative_values
from spncore.inference.workspace import Workspace

DRAWN_AT_ONCE = 4096  # rows

# sums and row of each choice -> numbers of the weighted edges that are taken, among all edges of the circuit
Choose = Callable[[Ints, Ints], Ints]


class Descent(NamedTuple):
    """A circuit as lists, for walking down: of each node where its children begin in `children`, and how many it has.

    For a sum that is the number of its first weighted edge; products' children come after all edges. `level` (nodes,):
    −1 for leaves, else the number of the run of layers of one kind it belongs to; `sums` says of which these are sums.
    """

    begin: Ints
    arity: Ints
    children: Ints
    level: Ints
    sums: tuple[bool, ...]


@lru_cache(64)
def descent(circuit: Circuit) -> Descent:
    """The lists of a circuit."""
    begin, count = np.zeros((2, circuit.num_nodes), dtype=int)
    level, sums, first_of_run = np.full(circuit.num_nodes, -1), list[bool](), 0
    of_sums, of_products = [np.zeros(0, dtype=int)], [np.zeros(0, dtype=int)]
    num_products = circuit.num_edges
    edge_spans = iter(circuit.edge_spans)
    for layer, own in circuit.inner:
        is_sum, arity = isinstance(layer, SumLayer), layer.children.shape[1]
        if not sums or sums[-1] != is_sum or layer.children.max() >= first_of_run:
            sums.append(is_sum)
            first_of_run = own.start
        level[own], count[own] = len(sums) - 1, arity
        if isinstance(layer, SumLayer):
            begin[own] = next(edge_spans).start + arity * np.arange(layer.num_nodes)
            of_sums.append(np.repeat(layer.children, layer.num_sums, axis=0).ravel())
        else:
            begin[own] = num_products + arity * np.arange(layer.num_nodes)
            of_products.append(layer.children.ravel())
            num_products += layer.children.size
    return Descent(begin, count, np.concatenate([*of_sums, *of_products]), level, tuple(sums))


def sample(asked: Model, num: int, rng: Generator, evidence: Array | None = None) -> Floats:
    """Independent samples (num, D) given one row of evidence (D,), or none. QueryError if P(e) = 0."""
    row = np.full(asked.circuit.num_variables, np.nan) if evidence is None else evidence
    ((_, log_f), work) = next(blocks(asked, check_rows(asked, row[None])))
    check_possible(log_f, 0)
    result = np.repeat(as_real(row[None]), num, axis=0)
    choose = by_one_posterior(asked, work, rng)
    for begin in range(0, num, DRAWN_AT_ONCE):
        _draw(asked, result[begin : begin + DRAWN_AT_ONCE], choose, rng)
    return result


def complete(asked: Model, rows: Array, rng: Generator) -> Floats:
    """Every row (B, D) with its missing values drawn from their joint posterior. QueryError if P(e) = 0."""
    result = as_real(check_rows(asked, rows))
    for (part, log_f), work in blocks(asked, rows):
        check_possible(log_f, part.start)
        _draw(asked, result[part], by_posterior(asked, work, np.arange(len(log_f)), rng), rng)
    return result


def descend(circuit: Circuit, num_rows: int, choose: Choose) -> tuple[Ints, Ints]:
    """Walk down one induced tree per row; the leaves that are reached, and in which rows, (n,) each.

    All children of a product are followed and of a sum the one along the edge that `choose` names, a run of layers at
    a time for all rows.
    """
    lists = descent(circuit)
    waiting: list[list[tuple[Ints, Ints]]] = [[] for _ in range(len(lists.sums) + 1)]  # the last: leaves
    waiting[int(lists.level[-1])].append((np.full(num_rows, circuit.num_nodes - 1), np.arange(num_rows)))
    for level in reversed(range(len(lists.sums))):
        if not waiting[level]:
            continue
        nodes, rows = _joined(waiting[level])
        if lists.sums[level]:
            children = lists.children[choose(nodes, rows)]
        else:
            count = lists.arity[nodes]
            ends = np.cumsum(count)
            places = np.arange(ends[-1]) + np.repeat(lists.begin[nodes] - ends + count, count)
            children, rows = lists.children[places], np.repeat(rows, count)
        levels = lists.level[children]
        for below in range(levels.min(), levels.max() + 1):
            here = np.flatnonzero(levels == below)
            if len(here):
                waiting[below].append((children[here], rows[here]))
    return _joined(waiting[-1]) if waiting[-1] else (np.zeros(0, dtype=int), np.zeros(0, dtype=int))


def _joined(pairs: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    if len(pairs) == 1:
        return pairs[0]
    return np.concatenate([nodes for nodes, _ in pairs]), np.concatenate([rows for _, rows in pairs])


def by_posterior(asked: Model, work: Workspace, columns: Ints, rng: Generator) -> Choose:
    """Draw edges by weight times value; `columns` (rows,) says which column of `work` belongs to a row."""
    lists, weights = descent(asked.circuit), _edge_weights(asked)
    write_pairs(work)

    def draw(nodes: Ints, rows: Ints) -> Ints:
        edges = lists.begin[nodes][:, None] + np.arange(lists.arity[nodes[0]])
        below = np.cumsum(weights[edges] * relative_values(work, lists.children[edges], columns[rows]), axis=1)
        thrown = rng.random(len(rows)) * below[:, -1]
        # the first place where the cumulative weight exceeds the throw, so that no child of weight 0 is chosen
        return np.asarray(edges[:, 0] + np.argmax(below > thrown[:, None], axis=1))

    return lambda nodes, rows: by_arity(lists, nodes, rows, draw)


def by_arity(lists: Descent, nodes: Ints, rows: Ints, choose: Choose) -> Ints:
    """Choose for all sums of one number of children together."""
    count = lists.arity[nodes]
    if (count == count[0]).all():
        return choose(nodes, rows)
    edges = np.empty(len(nodes), dtype=int)
    for arity in np.unique(count):
        here = np.flatnonzero(count == arity)
        edges[here] = choose(nodes[here], rows[here])
    return edges


def by_one_posterior(asked: Model, work: Workspace, rng: Generator) -> Choose:
    """Draw edges by weight times value in the first column of `work`, for every row: one search for all."""
    circuit, lists = asked.circuit, descent(asked.circuit)
    write_pairs(work)
    shares = _edge_weights(asked)
    totals, last = np.zeros((2, circuit.num_nodes))
    sums = [np.arange(own.start, own.stop) for layer, own in circuit.inner if isinstance(layer, SumLayer)]
    for nodes in sums:  # each sum's edges cumulated, to its own number and one more
        edges = lists.begin[nodes][:, None] + np.arange(lists.arity[nodes[0]])
        below = np.cumsum(
            shares[edges] * relative_values(work, lists.children[edges], np.zeros(len(nodes), int)), axis=1
        )
        totals[nodes] = below[:, -1]
        last[nodes] = np.argmax(below >= below[:, -1:], axis=1)
        shares[edges] = below
    return _search(lists, shares, totals, last.astype(int), rng)


def _search(lists: Descent, cumulated: Floats, totals: Floats, last: Ints, rng: Generator) -> Choose:
    """By the weights of edges cumulated for each sum; `totals` and `last`, the last edge that counts, of each node."""

    def draw(nodes: Ints, rows: Ints) -> Ints:
        thrown, begin, most = rng.random(len(rows)) * totals[nodes], lists.begin[nodes], last[nodes]
        places = np.zeros(len(nodes), dtype=int)  # how many cumulated weights the throw exceeds, by bisection
        for bit in reversed(range(int(most.max()).bit_length())):
            further = places + (1 << bit)
            exceeds = cumulated[begin + np.minimum(further, most) - 1] <= thrown
            places = np.where(exceeds & (further <= most), further, places)
        return begin + places

    return draw


def _edge_weights(asked: Model) -> Floats:
    """Of all sums, (E,)."""
    return np.concatenate([np.zeros(0), *(weights.ravel() for weights in asked.parameters.sums)])


def fill(asked: Model, rows: Floats, choose: Choose, value: Callable[[Family, Floats], Floats]) -> None:
    """Replace the missing (NaN) values of rows (B, D) in place by those of the leaves that are reached.

    `value(family, parameters)`: from parameters (P, n, S) of n leaves a value for each of their variables, (n, S).
    """
    missing = np.isnan(rows)
    everything = bool(missing.all())
    nodes, at = descend(asked.circuit, len(rows), choose)
    for (layer, parameters), own in zip(asked.leaves, asked.circuit.spans, strict=False):
        here = np.flatnonzero((nodes >= own.start) & (nodes < own.stop))
        reached = nodes[here] - own.start
        place = at[here][:, None], layer.node_variables[reached]
        found = value(layer.distribution, parameters[:, reached])
        rows[place] = found if everything else np.where(missing[place], found, rows[place])


def _draw(asked: Model, rows: Floats, choose: Choose, rng: Generator) -> None:
    fill(asked, rows, choose, lambda family, parameters: family.sample(parameters, rng))
