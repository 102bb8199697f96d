"""Log-likelihood, flows and moments of a circuit on a bag of evidence: all seeds in, everything a step needs out."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, InputLayer, SumLayer, mixture
from spncore.circuits.families import Moments
from spncore.circuits.model import parameter_shape
from spncore.inference.evidence import Evidence, arranged
from spncore.inference.flows import Flows, backward
from spncore.inference.forward import forward, linear
from spncore.inference.loose import widths_of
from spncore.inference.values import block_rows
from spncore.inference.workspace import Workspace
from spncore.learning.objectives import Bag, Objective, accuracy
from spncore.learning.symmetry import Merged, merge_equal

_TINY = float(np.finfo(np.float64).tiny)  # stands for a weight of 0, whose node is then excluded
MAX_WORKSPACES = 8  # mini-batches have a different number of distinct rows every time


class Evaluation(NamedTuple):
    """Per seed: `llh` (S,) nats per row; `value` (S,), the objective; `log_partition` (S,); `flow` (S, E) of the edges.

    `accuracy` (S,): how often the class is right, NaN without a class variable. `moments`, per input layer:
    flow-weighted statistics (S, …) as `families` take them. All are means per row. `empty` (S,): whether a node is left
    out, since its edge or all values of a leaf have weight 0; None where no weight is 0.
    """

    llh: Floats
    value: Floats
    accuracy: Floats
    log_partition: Floats
    flow: Floats
    moments: tuple[Moments, ...]
    empty: Bools | None


class Batch(NamedTuple):
    """Part of a bag: `rows` are its places in the bag (None: all), the empty row last; `weights` c of each.

    `shares`: how often each is data, over the number of rows N.
    """

    rows: Ints | None
    weights: Floats
    shares: Floats
    num_rows: int


class Evaluator:
    """A circuit on one bag, with its arrays prepared and one workspace for all seeds.

    Seeds go through the row-sized work one at a time (it stays in the cache, and a batch gives the same bits as the
    runs one by one); everything small is done for all seeds at once. Large evidence is evaluated in blocks of rows.
    A layer with one sum per group whose inputs are its own has no pass of its own: its weights are added to the
    constants of its inputs. A weight of 0 excludes its node; in single precision, one below 1e-38 elsewhere is 0.
    """

    def __init__(self, circuit: Circuit, bag: Bag, objective: Objective, dtype: type = np.float64) -> None:
        self.circuit, self.bag, self.objective, self.dtype = circuit, bag, objective, dtype
        designs = [leaves.design(layer, bag.rows) for layer in circuit.input_layers]
        self.designs = [part.astype(dtype) for part in designs]
        below = [_inputs_of(circuit, layer) for layer in circuit.sum_layers]
        parts = list(zip(circuit.edge_spans, circuit.sum_layers, below, strict=True))
        self._absorbed = [(part, *found) for part, _, found in parts if found is not None]
        self._sums = [(part, parameter_shape(layer)) if found is None else None for part, layer, found in parts]
        self._is_mixture = len(circuit.layers) == 2 and below[0] is not None
        self.whole = Batch(None, bag.weights, bag.counts / bag.num_rows, bag.num_rows)
        self._work: dict[tuple[int, int], Workspace] = {}
        self._whole_blocks: dict[int, list[tuple[slice, Evidence]]] = {}  # by the number of the circuit's nodes

    def __call__(self, weights: Floats, inputs: Sequence[Floats], batches: Sequence[Batch] | None = None) -> Evaluation:
        """Evaluate at edge weights (S, E) ≥ 0 and parameters (S, P, nodes, S_l) per input layer; one batch per seed."""
        zeros = self._zeros(weights, inputs)
        coefficients = self._coefficients(weights if zeros is None else np.maximum(weights, _TINY), inputs)
        num_seeds = len(weights)
        llh, value, correct, log_partition = [np.empty(num_seeds) for _ in range(4)]
        widths = zip(coefficients, self.designs, strict=True)
        sums = [np.empty((*array.shape[:2], design.summed.shape[1])) for array, design in widths]
        flow = np.empty(weights.shape)
        for seed in range(num_seeds):
            batch = self.whole if batches is None else batches[seed]
            of_inputs = [array[seed] for array in coefficients]
            impossible = None if zeros is None else [array[seed] for array in zeros]
            found, flows = self._one(weights[seed], of_inputs, batch, impossible)
            llh[seed], value[seed], correct[seed], log_partition[seed] = found
            for array, of_seed in zip(sums, flows.moments, strict=True):
                np.multiply(of_seed, 1.0 / batch.num_rows, out=array[seed])
            for part, of_edges in zip(self._sums, flows.sums, strict=True):
                if part is not None and of_edges is not None:
                    np.multiply(of_edges.ravel(), 1.0 / batch.num_rows, out=flow[seed, part[0]])
        for edges, number, nodes in self._absorbed:
            np.add(sums[number][..., nodes, -2], sums[number][..., nodes, -1], out=flow[:, edges])
        collected = tuple(leaves.moments(*pair) for pair in zip(sums, self.designs, strict=True))
        empty = None if zeros is None else _empty(weights, inputs)
        return Evaluation(llh, value, correct, log_partition, flow, collected, empty)

    def _coefficients(self, weights: Floats, inputs: Sequence[Floats]) -> list[Floats]:
        """Coefficients (S, nodes, F) per input layer, with the weights that they absorb."""
        found = [leaves.coefficients(*pair) for pair in zip(inputs, self.designs, strict=True)]
        for edges, number, nodes in self._absorbed:
            found[number][..., nodes, -2:] += np.log(weights[:, edges])[..., None]
        return found

    def batch(self, items: Ints) -> Batch:
        """The part of the bag that so many of each item (I,) make."""
        weights, counts, num_rows = self.bag.spread @ items, self.bag.observed @ items, int(items.sum())
        needed = (weights != 0) | (counts != 0)
        needed[-1] = True
        rows = np.flatnonzero(needed)
        return Batch(rows, weights[rows], counts[rows] / num_rows, num_rows)

    def _one(
        self, weights: Floats, coefficients: list[Floats], batch: Batch, impossible: list[Floats] | None
    ) -> tuple[tuple[float, float, float, float], Flows]:
        """One seed: LLH, objective, accuracy and log Z; flows times N."""
        circuit = self.circuit
        merged = self._merged(coefficients[0], impossible) if self._is_mixture else None
        if merged is not None:  # equal components of a mixture are one component with a count
            circuit = _mixture(len(merged.first), circuit.num_variables)
            coefficients = [coefficients[0][merged.first]]
            coefficients[0][:, -2:] += np.log(merged.size)[:, None]
            impossible = impossible and [impossible[0][merged.first]]
        sums = self._sum_weights(weights)
        coefficients = [array.astype(self.dtype, copy=False) for array in coefficients]
        asked = batch.rows is None and self.bag.partner is not None, self.objective.value is not None
        log_values = np.empty(len(batch.weights)) if any(asked) else None  # of all blocks, where something needs them
        llh, log_partition, row_weights, flows = 0.0, 0.0, batch.weights, None
        given = linear(circuit, widths_of(self.designs), coefficients, impossible)
        for part, seen in self._blocks(circuit, batch):
            work = self._workspace(circuit, seen.num_rows)
            values = forward(given, sums, seen, work)
            if flows is None:  # the last block comes first: its last row is the one without evidence
                log_partition = float(values[-1])
                row_weights = self.objective.row_weights(batch.weights, log_partition)
            llh += float(batch.shares[part] @ values)
            if log_values is not None:
                log_values[part] = values
            new = backward(sums, row_weights[part], seen, work)
            flows = new if flows is None else _added(flows, new)
        assert flows is not None
        llh -= log_partition
        value, correct = llh, np.nan
        if log_values is not None and self.objective.value is not None:
            value = self.objective.value(batch.weights, log_values, batch.num_rows)
        if log_values is not None and asked[0]:
            correct = accuracy(self.bag, log_values)
        if merged is not None:
            flows = Flows(flows.sums, ((flows.moments[0] / merged.size[:, None])[merged.of],))
        return (llh, value, correct, log_partition), flows

    def _merged(self, coefficients: Floats, impossible: list[Floats] | None) -> Merged | None:
        whole = coefficients if impossible is None else np.concatenate([impossible[0], coefficients], axis=1)
        return merge_equal(whole)

    def _zeros(self, weights: Floats, inputs: Sequence[Floats]) -> list[Floats] | None:
        """Counts (S, nodes, F) per input layer of what excludes a node; None where no weight is 0."""
        if weights.all() and all([array.all() for array in inputs]):
            return None
        found = []
        for array, design in zip(inputs, self.designs, strict=True):
            counts = leaves.impossible(array, design)
            shape = len(array), array.shape[-2], len(design.bound)
            found.append(np.zeros(shape) if counts is None else counts)
        for edges, number, nodes in self._absorbed:
            found[number][..., nodes, -2:] += (weights[:, edges] == 0.0)[..., None]
        return found

    def _sum_weights(self, weights: Floats) -> list[Floats | None]:
        """Edge weights (E,) as an array per sum layer, None where they are absorbed."""
        return [
            weights[part[0]].reshape(part[1]).astype(self.dtype, copy=False) if part is not None else None
            for part in self._sums
        ]

    def _blocks(self, circuit: Circuit, batch: Batch) -> Iterable[tuple[slice, Evidence]]:
        """The rows of a batch in blocks, the last ones first."""
        if batch is not self.whole:
            return self._cut(circuit, batch)
        if circuit.num_nodes not in self._whole_blocks:
            self._whole_blocks[circuit.num_nodes] = list(self._cut(circuit, batch))
        return self._whole_blocks[circuit.num_nodes]

    def _cut(self, circuit: Circuit, batch: Batch) -> Iterator[tuple[slice, Evidence]]:
        designs = self.designs if batch.rows is None else [design.take(batch.rows) for design in self.designs]
        num_rows = len(batch.weights)
        size = block_rows(circuit, num_rows)
        for end in range(num_rows, 0, -size):
            part = slice(max(end - size, 0), end)
            whole = part.start == 0 and end == num_rows
            yield part, arranged(circuit, designs if whole else [design.take(part) for design in designs])

    def _workspace(self, circuit: Circuit, num_rows: int) -> Workspace:
        key = circuit.num_nodes, num_rows  # a merged mixture has fewer nodes than the circuit itself
        if key not in self._work:
            if len(self._work) >= MAX_WORKSPACES:
                self._work.clear()
            self._work[key] = Workspace(circuit, num_rows, self.dtype)
        return self._work[key]


_mixture = lru_cache(64)(mixture)


def _inputs_of(circuit: Circuit, layer: SumLayer) -> tuple[int, slice] | None:
    """(input layer, its nodes) if these are a layer's children, in order and nobody else's, one sum for each group."""
    children = layer.children.ravel()
    if layer.num_sums > 1 or (np.diff(children) != 1).any() or (circuit.uses[children] != 1).any():
        return None
    for number, below in enumerate(circuit.layers):
        own = circuit.spans[number]
        if isinstance(below, InputLayer) and own.start <= children[0] and children[-1] < own.stop:
            return number, slice(int(children[0]) - own.start, int(children[-1]) + 1 - own.start)
    return None


def _empty(weights: Floats, inputs: Sequence[Floats]) -> Bools:
    """Seeds (S,) of which an edge (S, E), or all parameters of a leaf (S, P, nodes, S_l), are 0."""
    leaves_left = [(array != 0.0).any(axis=1).all(axis=(1, 2)) for array in inputs]
    return np.asarray(~np.logical_and.reduce([weights.all(axis=1), *leaves_left]))


def _added(flows: Flows, new: Flows) -> Flows:
    pairs = zip(flows.sums, new.sums, strict=True)
    sums = (None if one is None or more is None else one + more for one, more in pairs)
    return Flows(tuple(sums), tuple(one + more for one, more in zip(flows.moments, new.moments, strict=True)))
