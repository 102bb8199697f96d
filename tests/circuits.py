"""Random small circuits of any form, for claims that must hold on all of them."""

from collections import defaultdict

import numpy as np
from hypothesis import strategies as st

from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import random_model

BINARY = (("categorical", 2),)
DISCRETE = (("categorical", 2), ("categorical", 3))
ALL = (("categorical", 2), ("categorical", 4), ("gaussian", 2), ("poisson", 2), ("exponential", 2))
seeds = st.integers(0, 2**32 - 1)


def random_circuit(rng, num_variables, families=BINARY):
    """An irregular smooth and decomposable circuit: shared children, sums in groups, mixed arities, wide inputs.

    Every variable gets one of `families`, pairs of a name and a number of values.
    """
    kinds = [families[i] for i in rng.integers(len(families), size=num_variables)]
    grown = _Grown(rng, kinds)
    scope = tuple(range(num_variables))
    children = [grown.node(scope, fresh=True) for _ in range(rng.integers(2, 4))]
    grown.group("sum", scope, tuple(children), 1)
    return Circuit(num_variables, _layers(grown.groups))


def random_rows(rng, model, num_rows, missing=0.3):
    """Evidence rows (num_rows, D) in the support of every leaf, some values missing: −1 if all discrete, else NaN."""
    circuit = model.circuit
    rows = np.empty((num_rows, circuit.num_variables))
    for layer in circuit.input_layers:
        for d in layer.variables.ravel():
            draw = {
                "categorical": lambda layer=layer: rng.integers(0, layer.num_values, num_rows),
                "gaussian": lambda: rng.normal(1.0, 1.5, num_rows),
                "poisson": lambda: rng.poisson(1.5, num_rows),
                "exponential": lambda: rng.exponential(1.0, num_rows),
            }[layer.family]
            rows[:, d] = draw()
    holes = rng.random(rows.shape) < missing
    if all(layer.family == "categorical" for layer in circuit.input_layers):
        return np.where(holes, -1, rows).astype(np.int8)
    return np.where(holes, np.nan, rows)


def random_asked(seed, num_variables=4, families=BINARY):
    """A random model of a random circuit, not normalised, and the generator that made it."""
    rng = np.random.default_rng(seed)
    model = random_model(random_circuit(rng, num_variables, families), rng)
    for weights in model.parameters.sums:
        weights *= rng.uniform(0.5, 2.0)
    return model, rng


def paired_circuit():
    """Four binary variables in two halves, two sums each, all pairs of them (fused), sums of those, one root."""
    layers = (
        InputLayer(np.array([[0, 1], [2, 3]]), 4),
        SumLayer(np.array([[0, 1, 2, 3], [4, 5, 6, 7]]), 2),  # nodes 8, 9 | 10, 11
        ProductLayer(np.array([[8, 10], [8, 11], [9, 10], [9, 11]])),  # 12..15
        SumLayer(np.array([[12, 13, 14, 15]]), 3),  # 16..18
        SumLayer(np.array([[16, 17, 18]]), 1),
    )
    return Circuit(4, layers)


class _Grown:
    """Groups of nodes as (kind, children or variables, how many nodes, family), children before parents."""

    def __init__(self, rng, kinds):
        self.rng, self.kinds, self.groups, self.by_scope = rng, kinds, [], defaultdict(list)

    def group(self, kind, scope, members, count, family=None):
        self.groups.append((kind, members, count, family))
        nodes = [(len(self.groups) - 1, m) for m in range(count)]
        self.by_scope[scope] += nodes
        return nodes[self.rng.integers(count)]

    def node(self, scope, fresh=False):
        """A node of this scope, one that is there already or a new one, with what it needs below."""
        rng, known = self.rng, self.by_scope[scope]
        if known and not fresh and rng.random() < 0.5:
            return known[rng.integers(len(known))]
        alike = len({self.kinds[d] for d in scope}) == 1
        if alike and (len(scope) == 1 or rng.random() < 0.2):
            leaf = self.group("input", scope, scope, int(rng.integers(1, 4)), self.kinds[scope[0]])
            if rng.random() < 0.5:
                return leaf
            return self.sums(scope, tuple(self.by_scope[scope][-3:]))
        products = tuple(self.product(scope) for _ in range(rng.integers(1, 4)))
        return products[0] if len(products) == 1 else self.sums(scope, products)

    def sums(self, scope, children):
        """One group of sums over these children, or two: a layer then has each child twice in its list."""
        count = int(self.rng.integers(1, 3))
        if self.rng.random() < 0.3:
            self.group("sum", scope, children[::-1], count)
        return self.group("sum", scope, children, count)

    def product(self, scope):
        order = self.rng.permutation(scope)
        parts = np.array_split(order, self.rng.integers(2, min(3, len(scope)) + 1))
        return self.group("product", scope, tuple(self.node(tuple(sorted(part.tolist()))) for part in parts), 1)


def _layers(groups):
    """Fold groups of one level and shape into layers, and number their nodes."""
    levels, folded = [], defaultdict(list)
    for number, (kind, members, count, family) in enumerate(groups):
        level = 0 if kind == "input" else 1 + max(levels[g] for g, _ in members)
        levels.append(level)
        folded[level, kind, family or ("", 0), len(members), count].append(number)
    last = [key for key, numbers in folded.items() if len(groups) - 1 in numbers]
    folded[last[0]].remove(len(groups) - 1)
    order = [(key, numbers) for key, numbers in sorted(folded.items()) if numbers]
    order.append((last[0], [len(groups) - 1]))
    first, layers, total = {}, [], 0
    for (_, kind, family, _, count), numbers in order:
        for number in numbers:
            first[number] = total
            total += count
        if kind == "input":
            layers.append(InputLayer(np.array([groups[number][1] for number in numbers]), count, *family))
            continue
        children = np.array([[first[g] + m for g, m in groups[number][1]] for number in numbers])
        layers.append(ProductLayer(children) if kind == "product" else SumLayer(children, count))
    return tuple(layers)
