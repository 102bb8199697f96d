"""Log-likelihood, flows and moments of a circuit on a bag of evidence: all seeds in, everything a step needs out."""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.circuits import leaves
from spncore.circuits.circuit import Circuit, InputLayer, SumLayer
from spncore.circuits.families import Moments
from spncore.circuits.leaves import Block, Design
from spncore.circuits.model import parameter_shape
from spncore.inference.features import Features, arranged
from spncore.inference.flows import Flows, backward
from spncore.inference.forward import forward, linear
from spncore.inference.held import Held
from spncore.inference.mixture import MixtureRows
from spncore.inference.values import SMALLEST_BLOCK, block_rows
from spncore.inference.workspace import Workspace
from spncore.learning.bag import Bag, MiniBatch
from spncore.learning.objectives import Objective, accuracy

_TINY = float(np.finfo(np.float64).tiny)  # stands for a weight of 0, whose node is then excluded
KEPT_BYTES = 32_000_000  # of the features of all rows: larger evidence is expanded whenever it is needed
EXPANDED_BYTES = 1_650_000  # of one block's features, which are read twice
MAX_HELD = 64  # mixtures whose components are held
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


class RowSums(NamedTuple):
    """What the rows of each seed add up to: `seen` (4, S), the first four of an Evaluation; the rest times N.

    `flow` (S, E), of edges that are not absorbed; `moments`, per input layer (S, nodes, A + F): see `leaves`.
    """

    seen: Floats
    flow: Floats
    moments: tuple[Floats, ...]


class Evaluator:
    """A circuit on one bag, with its arrays prepared and one workspace for all seeds.

    Seeds go through the row-sized work one at a time (it stays in the cache, and a batch gives the same bits as the
    runs one by one); everything small is done for all seeds at once. Large evidence is evaluated in blocks of rows.
    A layer with one sum per group whose inputs are its own has no pass of its own: its weights are added to the
    constants of its inputs. A weight of 0 excludes its node; in single precision, one below 1e-38 elsewhere is 0.
    """

    def __init__(self, circuit: Circuit, bag: Bag, objective: Objective, dtype: type = np.float64) -> None:
        self.circuit, self.bag, self.objective, self.dtype = circuit, bag, objective, dtype
        self.designs = [bag.design(layer).astype(dtype) for layer in circuit.input_layers]
        self._layers = list(zip(circuit.input_layers, self.designs, strict=True))
        below = [_inputs_of(circuit, layer) for layer in circuit.sum_layers]
        parts = list(zip(circuit.edge_spans, circuit.sum_layers, below, strict=True))
        self._absorbed = [(part, *found) for part, _, found in parts if found is not None]
        self._sums = [(part, parameter_shape(layer)) if found is None else None for part, layer, found in parts]
        self.is_mixture = circuit.is_mixture and below[0] is not None
        self.whole = bag.whole()
        row_bytes = 8 * sum(len(each.empty) * each.num_summed for each in self.designs)
        self._is_kept = row_bytes * len(bag.rows) < KEPT_BYTES
        self._expanded_rows = max(SMALLEST_BLOCK, EXPANDED_BYTES // max(row_bytes, 1))
        self._work: dict[int, Workspace] = {}
        self._held: dict[bytes, Held] = {}
        self._kept: list[tuple[slice, Features]] = []  # blocks of all rows
        self._few: MixtureRows | None = None
        self._buffer: Floats = np.empty(0, dtype)

    def __call__(
        self, weights: Floats, inputs: Sequence[Floats], batches: Sequence[MiniBatch] | None = None
    ) -> Evaluation:
        """Evaluate at edge weights (S, E) ≥ 0 and parameters (S, P, nodes, S_l) per input layer; one batch per seed."""
        zeros = self._zeros(weights, inputs)
        coefficients = self.coefficients(weights if zeros is None else np.maximum(weights, _TINY), inputs)
        room = self.room(len(weights))
        with np.errstate(all="ignore"):
            for seed in range(len(weights)):
                batch = self.whole if batches is None else batches[seed]
                own = [array[seed] for array in zeros or ()]
                impossible = own if any(array.any() for array in own) else None
                self.add_rows(seed, weights[seed], [array[seed] for array in coefficients], room, batch, impossible)
        num_rows = (self.whole if batches is None else batches[0]).num_rows
        flow, moments = self.collected(room, num_rows)
        llh, value, correct, log_partition = room.seen
        empty = None if zeros is None else _empty(weights, inputs)
        return Evaluation(llh, value, correct, log_partition, flow, moments, empty)

    def room(self, num_seeds: int) -> RowSums:
        """Where `add_rows` writes, for so many seeds."""
        widths = [(layer.num_nodes, design.num_summed) for layer, design in self._layers]
        moments = tuple([np.empty((num_seeds, *width)) for width in widths])
        return RowSums(np.empty((4, num_seeds)), np.empty((num_seeds, self.circuit.num_edges)), moments)

    def coefficients(self, weights: Floats, inputs: Sequence[Floats]) -> list[Floats]:
        """Coefficients (S, nodes, F) per input layer, with the weights that they absorb."""
        absorbed = [self._log_weights(number, weights) for number in range(len(inputs))]
        return [leaves.coefficients(*each) for each in zip(inputs, self.designs, absorbed, strict=True)]

    def _log_weights(self, number: int, weights: Floats) -> Floats | None:
        """Logarithms (S, nodes) of the weights that an input layer absorbs, 0 for nodes that absorb none."""
        end, parts = 0, list[Floats]()
        own = [(nodes, edges) for edges, layer, nodes in self._absorbed if layer == number]
        for nodes, edges in sorted(own, key=lambda each: each[0].start):
            parts += [np.zeros((len(weights), nodes.start - end)), np.log(weights[:, edges])]
            end = nodes.stop
        parts.append(np.zeros((len(weights), self.circuit.input_layers[number].num_nodes - end)))
        filled = [part for part in parts if part.shape[1]]
        if len(parts) == 1:
            return None
        return filled[0] if len(filled) == 1 else np.concatenate(filled, axis=1)

    def add_rows(
        self,
        seed: int,
        weights: Floats,
        coefficients: list[Floats],
        room: RowSums,
        batch: MiniBatch,
        impossible: list[Floats] | None = None,
    ) -> None:
        """Everything of the size of the rows, for one seed: from coefficients (nodes, F) to its part of `room`.

        The caller silences NumPy's warnings.
        """
        if self.is_mixture:
            rows = self.mixture if batch is self.whole else self._sampled(batch)
            rows(coefficients[0], room.moments[0][seed], None if impossible is None else impossible[0])
            room.seen[:, seed] = self._seen(batch, rows.llh, rows.log_partition, rows.log_values)
            return
        found, flows = self._one(weights, coefficients, batch, impossible)
        room.seen[:, seed] = found
        for array, of_seed in zip(room.moments, flows.moments, strict=True):
            array[seed] = of_seed
        for part, of_edges in zip(self._sums, flows.sums, strict=True):
            if part is not None and of_edges is not None:
                room.flow[seed, part[0]] = of_edges.ravel()

    def held(self, inputs: Sequence[Floats]) -> Held:
        """A mixture's components with parameters (P, nodes, S_l) that stay, on all rows; equal ones are kept once."""
        coefficients = leaves.coefficients(inputs[0], self.designs[0])
        key = coefficients.tobytes()
        if key not in self._held:
            if len(self._held) >= MAX_HELD:
                self._held.clear()
            self._held[key] = self.mixture.held(coefficients)
        return self._held[key]

    def weigh_held(self, seed: int, weights: Floats, held: Held, room: RowSums) -> None:
        """`add_rows` for held components: their values are known, and only the weights (K,) are new."""
        held(weights, room.flow[seed])
        room.seen[:, seed] = self._seen(self.whole, held.llh, held.log_partition, self.mixture.log_values)

    @cached_property
    def mixture(self) -> MixtureRows:
        """All rows as a mixture takes them."""
        return self._mixture(self.whole, self.designs[0], tables=True)

    def _sampled(self, batch: MiniBatch) -> MixtureRows:
        """The rows of a mini-batch, in the room that another one had."""
        assert batch.rows is not None
        (design,) = leaves.take(self.designs, batch.rows)
        if self._few is None:
            self._few = self._mixture(batch, design, tables=False)
            return self._few
        return self._few.on(design, batch.weights, batch.shares)

    def _mixture(self, batch: MiniBatch, design: Design, tables: bool) -> MixtureRows:
        return MixtureRows(
            design,
            batch.weights,
            batch.shares,
            self.dtype,
            row_weights=self.objective.row_weights,
            keep_values=self._needs_values(batch),
            tables=tables,
        )

    def _needs_values(self, batch: MiniBatch) -> bool:
        """Whether the log-values of all rows are asked for."""
        return self.objective.value is not None or (batch.rows is None and self.bag.partner is not None)

    def _seen(
        self, batch: MiniBatch, llh: float, log_partition: float, log_values: Floats | None
    ) -> tuple[float, float, float, float]:
        """LLH, objective, accuracy and log Z of one seed."""
        value, correct = llh, np.nan
        if log_values is not None and self.objective.value is not None:
            value = self.objective.value(batch.weights, log_values, batch.num_rows)
        if log_values is not None and batch.rows is None and self.bag.partner is not None:
            correct = accuracy(self.bag, log_values)
        return llh, value, correct, log_partition

    def collected(self, room: RowSums, num_rows: int) -> tuple[Floats, tuple[Moments, ...]]:
        """The flow (S, E) of all edges and the moments of each input layer, as means per row, from sums over rows."""
        sums = [array * (1.0 / num_rows) for array in room.moments]
        if self.is_mixture:
            return sums[0][..., -2] + sums[0][..., -1], (leaves.moments(sums[0], self.designs[0]),)
        flow = room.flow * (1.0 / num_rows)
        for edges, number, nodes in self._absorbed:
            np.add(sums[number][..., nodes, -2], sums[number][..., nodes, -1], out=flow[:, edges])
        return flow, tuple([leaves.moments(*pair) for pair in zip(sums, self.designs, strict=True)])

    def _one(
        self, weights: Floats, coefficients: list[Floats], batch: MiniBatch, impossible: list[Floats] | None
    ) -> tuple[tuple[float, float, float, float], Flows]:
        """One seed: LLH, objective, accuracy and log Z; flows times N."""
        sums = self._sum_weights(weights)
        coefficients = [array.astype(self.dtype, copy=False) for array in coefficients]
        log_values = np.empty(len(batch.weights)) if self._needs_values(batch) else None
        llh, log_partition, row_weights, flows = 0.0, 0.0, batch.weights, None
        widths = tuple((design.num_summed, design.num_features) for design in self.designs)
        given = linear(self.circuit, widths, coefficients, impossible)
        for part, seen in self._blocks(batch):
            work = self._workspace(part.stop - part.start)
            values = forward(given, sums, seen, work)
            if flows is None:  # the last block comes first: its last row is the one without evidence
                log_partition = float(values[-1])
                row_weights = self.objective.row_weights(batch.weights, log_partition)
            llh += float(batch.shares[part] @ values)
            if log_values is not None:
                log_values[part] = values
            new = backward(sums, row_weights[part], seen, work)
            flows = new if flows is None else flows.plus(new)
        assert flows is not None
        return self._seen(batch, llh - log_partition, log_partition, log_values), flows

    def _zeros(self, weights: Floats, inputs: Sequence[Floats]) -> list[Floats] | None:
        """Counts (S, nodes, F) per input layer of what excludes a node; None where no weight is 0."""
        if weights.all() and all([array.all() for array in inputs]):
            return None
        found = []
        for array, design in zip(inputs, self.designs, strict=True):
            counts = leaves.impossible(array, design)
            shape = len(array), array.shape[-2], design.num_features
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

    def _blocks(self, batch: MiniBatch) -> Iterable[tuple[slice, Features]]:
        """The rows of a batch in blocks, the last ones first."""
        if not self._is_kept or batch.rows is not None:
            return self._cut(batch, kept=False)
        if not self._kept:
            self._kept = list(self._cut(batch, kept=True))
        return self._kept

    def _cut(self, batch: MiniBatch, kept: bool) -> Iterator[tuple[slice, Features]]:
        designs = self.designs if batch.rows is None else leaves.take(self.designs, batch.rows)
        num_rows = len(batch.weights)
        size = min(block_rows(self.circuit, num_rows), num_rows if kept else self._expanded_rows)
        for end in range(num_rows, 0, -size):
            part = slice(max(end - size, 0), end)
            blocks = [each.kept(part) for each in designs] if kept else self._formed(designs, part)
            yield part, arranged(self.circuit, blocks)

    def _formed(self, designs: Sequence[Design], part: slice) -> list[Block]:
        """Features of some rows, written where those of the block before were."""
        shapes = [(len(each.empty), each.num_summed, part.stop - part.start) for each in designs]
        sizes = [math.prod(shape) for shape in shapes]
        if sum(sizes) > self._buffer.size:
            self._buffer = np.empty(sum(sizes), self.dtype)
        outs = np.split(self._buffer[: sum(sizes)], np.cumsum(sizes[:-1]))
        return [each.block(part, out.reshape(shape)) for each, out, shape in zip(designs, outs, shapes, strict=True)]

    def _workspace(self, num_rows: int) -> Workspace:
        if num_rows not in self._work:
            if len(self._work) >= MAX_WORKSPACES:
                self._work.clear()
            self._work[num_rows] = Workspace(self.circuit, num_rows, self.dtype)
        return self._work[num_rows]


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
