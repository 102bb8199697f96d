"""Structures for tables whose columns are of several families: any circuit, over the columns' own leaves."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from spncore.arrays import Floats, Generator, Ints
from spncore.circuits.circuit import Circuit, InputLayer, Layer, ProductLayer
from spncore.circuits.model import Model, model, parameter_shape, start_leaves
from spncore.structures import CIRCUITS, Build, StructureSettings
from spncore.structures.learn_spn import learn_spn
from spncore.structures.nodes import Column, grouped


class Table(NamedTuple):
    """Rows (N, D), NaN where a value is missing, with weights (N,), the leaves of each column and its moments (D,)."""

    rows: Floats
    weights: Floats
    columns: tuple[Column, ...]
    means: Floats
    deviations: Floats


TableStructure = Callable[[Table, StructureSettings, Generator], Model]


def with_columns(circuit: Circuit, columns: Sequence[Column]) -> Circuit:
    """The same sums and products over leaves of these columns' families.

    A factorised distribution over columns of several families becomes a product of one per family.
    """
    children, inputs = _leaves(circuit, columns)
    numbers = np.empty(circuit.num_inputs, dtype=int)
    num_nodes, first = sum(layer.num_nodes for layer in inputs), np.cumsum([0, *map(len, children)])
    layers: list[Layer] = [*inputs]
    for arity in sorted({part.shape[1] for part in children}):
        these = [g for g, part in enumerate(children) if part.shape[1] == arity]
        found = np.concatenate([children[g] for g in these])
        if arity > 1:
            layers.append(ProductLayer(found))
            found = num_nodes + np.arange(len(found))[:, None]
            num_nodes += len(found)
        numbers[np.concatenate([np.arange(first[g], first[g + 1]) for g in these])] = found[:, 0]
    numbers = np.concatenate([numbers, num_nodes + np.arange(circuit.num_nodes - len(numbers))])
    layers += [layer._replace(children=numbers[layer.children]) for layer, _ in circuit.inner]
    return Circuit(circuit.num_variables, tuple(layers))


def _leaves(circuit: Circuit, columns: Sequence[Column]) -> tuple[list[Ints], list[InputLayer]]:
    """Layers of leaves of one family, and for each old group of inputs which new nodes make up its own, (M, parts)."""
    variables: dict[_Kind, list[list[int]]] = {}
    groups: list[list[tuple[_Kind, int]]] = []
    for layer in circuit.input_layers:
        for group in layer.variables:
            groups.append([])
            for column, part in grouped((columns[d], d) for d in group.tolist()).items():
                kind = _Kind(column, len(part), layer.num_inputs)
                groups[-1].append((kind, len(variables.setdefault(kind, []))))
                variables[kind].append(part)
    layers = [InputLayer(np.array(v), kind.num_inputs, *kind.column) for kind, v in variables.items()]
    first = dict(zip(variables, np.cumsum([0, *(layer.num_nodes for layer in layers)]).tolist(), strict=False))
    children = [
        np.stack([first[kind] + place * kind.num_inputs + np.arange(kind.num_inputs) for kind, place in parts], axis=1)
        for parts in groups
    ]
    return children, layers


class _Kind(NamedTuple):
    """Leaves of one kind share a layer."""

    column: Column
    num_variables: int
    num_inputs: int


def _started(build: Build) -> TableStructure:
    """A circuit of D 0/1 variables over the table's columns: equal sum weights, leaves at random around the moments."""

    def started(table: Table, settings: StructureSettings, rng: Generator) -> Model:
        circuit = with_columns(build(len(table.columns), settings, rng), table.columns)
        shapes = [parameter_shape(layer) for layer in circuit.sum_layers]
        inputs = start_leaves(circuit, table.means, table.deviations, rng)
        return model(circuit, tuple(np.full(shape, 1.0 / shape[2]) for shape in shapes), inputs)

    return started


# Names as in `structures.STRUCTURES`, whose trees of Chow and Liu are for whole numbers without gaps only.
TABLE_STRUCTURES: Mapping[str, TableStructure] = {
    **{name: _started(build) for name, build in CIRCUITS.items()},
    "learn_spn": lambda table, settings, rng: learn_spn(table.rows, table.weights, table.columns, rng),
}
