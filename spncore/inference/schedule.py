"""In which order a circuit is evaluated, and what of it is one: decided once a circuit, whatever its parameters.

Parameters keep the numbering of the circuit's layers; only their evaluation is planned otherwise. A leaf that one
product alone has is no node of its own: the product of such leaves is a wider leaf, whose log-value is linear in the
same features. Thin layers of one kind that stand next to each other, and do not need each other, are one step: learned
structures have a layer for every arity. A sum layer over all pairs of two groups (an outer product) is fused with its
products (Peharz et al., Einsum networks, 2020).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spncore.arrays import Bools, Floats, Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.inference.edges import edges_to
from spncore.inference.steps import (
    Groups,
    Inputs,
    Leaves,
    LooseProducts,
    LooseSums,
    Pairs,
    Products,
    Step,
    Sums,
    WideLeaves,
)


class Schedule(NamedTuple):
    """`inputs` and `steps` in order; `groups`: of each input its groups of leaves.

    `parents` (leaves,): the product that a leaf is part of, −1 where it is a node; `carriers` (leaves,): the node that
    carries its flow, that product or itself. `gathered`: the nodes to which several lists send, or none, but for the
    root. `climbing`: the nodes at which what is sent down ends as a slope, not as a flow as at leaves and loose
    products. `certain`: the others through which every induced tree goes, since no sum above them has a choice, and
    `certain_edges` such edges by layer of sums, (G, num_sums, 1). `num_valued`: how many nodes have values;
    `scaled`: whether rows have a scale, where some leaves are alternatives to each other.
    """

    inputs: tuple[Inputs, ...]
    steps: tuple[Step, ...]
    groups: tuple[Groups, ...]
    parents: Ints
    carriers: Ints
    gathered: Ints
    climbing: Ints
    certain: Ints
    certain_edges: tuple[tuple[int, Bools], ...]
    num_valued: int
    scaled: bool


@lru_cache(64)
def schedule(circuit: Circuit) -> Schedule:
    """The order of evaluation of a circuit."""
    parents = _parents(circuit)
    wide = _wide_leaves(circuit, parents)
    inputs: list[Inputs] = [*wide.values()]
    layers = zip(range(len(circuit.input_layers)), circuit.spans, strict=False)
    inputs += [Leaves(number, own) for number, own in layers if own.start < own.stop and parents[own.start] < 0]
    steps: list[Step] = []
    first = len(circuit.input_layers)
    number = first
    while number < len(circuit.layers):
        end = _run(circuit, number, wide)
        sums = number - first - sum(isinstance(layer, ProductLayer) for layer in circuit.layers[first:number])
        if number not in wide:
            step = _step(circuit, number, end, sums, parents)
            if isinstance(step, Sums) and steps and isinstance(steps[-1], Products):
                step = _fused(circuit, step, steps[-1]) or step
                del steps[len(steps) - isinstance(step, Pairs) :]
            steps.append(step)
        number = end
    climbing, certain = np.ones(circuit.num_nodes, dtype=bool), _certain(circuit)
    climbing[: circuit.num_inputs] = False
    for one in (*inputs, *(step for step in steps if isinstance(step, LooseProducts))):
        climbing[one.own] = False
    groups = _groups(circuit, inputs)
    return Schedule(
        tuple(inputs),
        tuple(steps),
        groups,
        parents,
        np.where(parents >= 0, parents, np.arange(len(parents))),
        _gathered(circuit, steps),
        np.flatnonzero(climbing),
        np.flatnonzero(certain & ~climbing),
        _certain_edges(circuit, certain),
        circuit.num_nodes - int(np.count_nonzero(parents >= 0)),
        any(one.width > 1 for one in groups),
    )


def _groups(circuit: Circuit, inputs: list[Inputs]) -> tuple[Groups, ...]:
    widths = [
        block.width if isinstance(block, WideLeaves) else circuit.input_layers[block.number].num_inputs
        for block in inputs
    ]
    scopes = [circuit.scopes[block.own][::width] for block, width in zip(inputs, widths, strict=True)]
    covered = np.zeros(circuit.num_variables)
    for scope, width in zip(scopes, widths, strict=True):
        covered += scope.sum(axis=0) * (width > 1)
    found = []
    for scope, width in zip(scopes, widths, strict=True):
        sizes = scope.sum(axis=1).astype(float)
        share = (scope / np.maximum(covered, 1)).sum(axis=1) / sizes * (width > 1)
        found.append(Groups(len(scope), width, sizes[:, None], share))
    return tuple(found)


def _gathered(circuit: Circuit, steps: list[Step]) -> Ints:
    needs = circuit.uses == 0
    for step in steps:
        for edges in step.edges if isinstance(step, (Products, Pairs)) else (step.edges,):
            if not edges.owned:
                needs[edges.targets] = True
    needs[-1] = False  # the root is given its slope
    return np.flatnonzero(needs)


def _certain_edges(circuit: Circuit, certain: Bools) -> tuple[tuple[int, Bools], ...]:
    layers = [(layer, own) for layer, own in circuit.inner if isinstance(layer, SumLayer)]
    nodes = [certain[own].reshape(-1, layer.num_sums, 1) for layer, own in layers]
    alone = [layer.children.shape[1] == 1 for layer, _ in layers]
    return tuple((number, one) for number, one in enumerate(nodes) if alone[number] and one.any())


def _certain(circuit: Circuit) -> Bools:
    certain = np.zeros(circuit.num_nodes, dtype=bool)
    certain[-1] = True
    for layer, own in reversed(circuit.inner):
        if isinstance(layer, ProductLayer):
            certain[layer.children[certain[own]]] = True
        elif layer.children.shape[1] == 1:
            certain[layer.children[certain[own].reshape(-1, layer.num_sums).any(axis=1)]] = True
    return certain


def _parents(circuit: Circuit) -> Ints:
    """The one product that each leaf stands under (leaves,), −1 where another leaf of its layer has other parents."""
    parents = np.full(circuit.num_nodes, -1)
    for layer, own in circuit.inner:
        if isinstance(layer, ProductLayer):
            parents[layer.children] = np.arange(own.start, own.stop)[:, None]
        else:
            parents[layer.children] = -1
    parents = parents[: circuit.num_inputs]
    parents[circuit.uses[: circuit.num_inputs] != 1] = -1
    for own in circuit.spans[: len(circuit.input_layers)]:
        if (parents[own] < 0).any():
            parents[own] = -1
    return parents


def _wide_leaves(circuit: Circuit, parents: Ints) -> dict[int, WideLeaves]:
    """The layers of products that are wide leaves, by number: all that have such leaves, or none."""
    found = {}
    for number, (layer, own) in enumerate(circuit.inner, len(circuit.input_layers)):
        if isinstance(layer, ProductLayer) and _absorbs(circuit, layer, parents):
            wide = _wide(circuit, layer, own, parents)
            if wide is None:
                return {}
            found[number] = wide
    return found


def _absorbs(circuit: Circuit, layer: ProductLayer, parents: Ints) -> bool:
    leaves = layer.children[layer.children < circuit.num_inputs]
    return bool((parents[leaves] >= 0).any())


def _wide(circuit: Circuit, layer: ProductLayer, own: slice, parents: Ints) -> WideLeaves | None:
    """A layer of products of whole groups of leaves, all of the same width, one leaf of each."""
    children = layer.children
    if (children >= circuit.num_inputs).any() or (parents[children] < 0).any():
        return None
    offsets = np.array(circuit.offsets[: len(circuit.input_layers) + 1])
    layers = np.searchsorted(offsets, children, side="right") - 1
    widths = np.array([below.num_inputs for below in circuit.input_layers])
    width = int(widths[layers[0, 0]])
    if width == 1 or (widths[layers] != width).any() or len(children) % width:
        return None
    groups, places = np.divmod(children - offsets[layers], width)
    if (places != (np.arange(len(children)) % width)[:, None]).any():
        return None
    of_first = np.repeat(np.arange(0, len(children), width), width)
    if (groups != groups[of_first]).any() or (layers != layers[of_first]).any():
        return None
    pairs = np.stack([layers[::width], groups[::width]], axis=-1)  # (G, A, 2)
    return WideLeaves(own, width, np.arange(pairs[..., 0].size).reshape(pairs.shape[:2]), pairs.reshape(-1, 2))


def _thin(circuit: Circuit, number: int) -> bool:
    layer = circuit.layers[number]
    return isinstance(layer, ProductLayer) or (isinstance(layer, SumLayer) and layer.num_sums == 1)


def _run(circuit: Circuit, number: int, wide: dict[int, WideLeaves]) -> int:
    """Where the run of layers ends that are one step with this one: of its kind, and over nodes before it."""
    end, kind = number + 1, type(circuit.layers[number])
    if number in wide or not _thin(circuit, number):
        return end
    while end < len(circuit.layers) and end not in wide and isinstance(circuit.layers[end], kind):
        layer = circuit.layers[end]
        assert not isinstance(layer, InputLayer)
        if not _thin(circuit, end) or layer.children.max() >= circuit.offsets[number]:
            break
        end += 1
    return end


def _step(circuit: Circuit, number: int, end: int, sums: int, parents: Ints) -> Step:
    """Layers `number` up to `end` as one step; `sums` is how many layers of sums come before."""
    layer, own = circuit.layers[number], slice(circuit.offsets[number], circuit.offsets[end])
    assert not isinstance(layer, InputLayer)
    if isinstance(layer, ProductLayer):
        if end == number + 1 and layer.children.shape[1] == 2 and not _absorbs(circuit, layer, parents):
            first, second = (edges_to(column, circuit) for column in layer.children.T)
            return Products(own, layer.children, (first, second))
        return _loose_products(circuit, number, end, own, parents)
    if end > number + 1:
        return _loose_sums(circuit, number, end, own, sums)
    return Sums(sums, own, layer.children, edges_to(layer.children.ravel(), circuit), layer.num_sums)


def _loose_products(circuit: Circuit, number: int, end: int, own: slice, parents: Ints) -> LooseProducts:
    children = [layer.children for layer in circuit.layers[number:end] if isinstance(layer, ProductLayer)]
    products = np.repeat(np.arange(own.stop - own.start), np.repeat(*_sizes(children)))
    edges = np.stack([products, np.concatenate([below.ravel() for below in children])])
    leaf = edges[1] < circuit.num_inputs
    leaf[leaf] = parents[edges[1, leaf]] >= 0
    leaves, others = edges[:, leaf], edges[:, ~leaf]
    starts = np.searchsorted(others[0], others[0])  # the first edge of the same product
    column = np.arange(others.shape[1]) - starts
    columns = tuple((others[0, column == c], others[1, column == c]) for c in range(int(column.max(initial=-1)) + 1))
    covered = circuit.scopes[leaves[1]].sum(axis=1, dtype=float)
    sizes: Floats = np.bincount(leaves[0], covered, own.stop - own.start).astype(float)[:, None]
    return LooseProducts(own, leaves, sizes, others[0], edges_to(others[1], circuit), columns)


def _sizes(children: list[Ints]) -> tuple[Ints, Ints]:
    return np.array([below.shape[1] for below in children]), np.array([len(below) for below in children])


def _loose_sums(circuit: Circuit, number: int, end: int, own: slice, sums: int) -> LooseSums:
    children = [layer.children for layer in circuit.layers[number:end] if isinstance(layer, SumLayer)]
    above = np.repeat(np.arange(own.stop - own.start), np.repeat(*_sizes(children)))
    targets, columns = np.unique(np.concatenate([below.ravel() for below in children]), return_inverse=True)
    starts = np.searchsorted(above, np.arange(own.stop - own.start + 1))
    edges, numbers = edges_to(targets, circuit, np.bincount(columns)), tuple(range(sums, sums + end - number))
    return LooseSums(numbers, own, tuple(below.size for below in children), edges, above, columns, starts)


def _fused(circuit: Circuit, layer: Sums, below: Products) -> Pairs | None:
    """A layer of sums with the products under it, if it sums over all pairs of two groups and owns the products."""
    own = np.arange(below.own.start, below.own.stop)
    if not np.array_equal(layer.children.ravel(), own) or (circuit.uses[own] != 1).any():
        return None
    left, right = np.moveaxis(below.children.reshape(*layer.children.shape, 2), -1, 0)  # (G, A) each
    num_right = int(np.argmax(left[0] != left[0, 0])) or left.shape[1]
    if left.shape[1] % num_right or num_right == left.shape[1] or num_right == 1:
        return None
    lefts, rights = left[:, ::num_right], right[:, :num_right]
    same = np.array_equal(left, np.repeat(lefts, num_right, axis=1))
    if not same or not np.array_equal(right, np.tile(rights, (1, lefts.shape[1]))):
        return None
    # each left child stands in a pair with every right one
    edges = edges_to(lefts.ravel(), circuit, rights.shape[1]), edges_to(rights.ravel(), circuit, lefts.shape[1])
    return Pairs(layer.number, layer.own, below.own, lefts, rights, layer.num_sums, edges)
