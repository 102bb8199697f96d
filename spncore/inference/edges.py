"""Lists of children, and how to reach them among the rows of an array of all nodes."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit


class Edges(NamedTuple):
    """A list of `children` among the nodes (nodes, B): `places` is a slice where they lie in a row, else the list.

    `owned`: no other list has them. `spread` (children, edges) adds up what goes to children that stand in the list
    several times, whose numbers are then `targets`.
    """

    children: Ints
    places: slice | Ints
    owned: bool
    spread: csr_array | None
    targets: Ints

    def read(self, values: Floats, out: Floats) -> Floats:
        """The children's rows of `values`: a view where they lie in a row, else copied to `out` (edges, B)."""
        if isinstance(self.places, slice):
            return values[self.places]
        return np.take(values, self.places, axis=0, out=out, mode="clip")

    def send(self, slopes: Floats, sent: Floats) -> None:
        """Pass `sent` (edges, B) on to the children in `slopes` (nodes, B)."""
        if self.owned:
            slopes[self.places] = sent
        elif self.spread is None:
            slopes[self.places] += sent
        else:
            slopes[self.targets] += self.spread @ sent


def edges_to(children: Ints, circuit: Circuit, uses_each: int | Ints = 1) -> Edges:
    """How to reach these children; `uses_each` is how often one place of the list is meant by the circuit's layers."""
    steps = np.diff(children)
    step = int(steps[0]) if len(steps) else 1
    places: slice | Ints = children
    if len(children) and step > 0 and (steps == step).all():
        places = slice(int(children[0]), int(children[-1]) + 1, step)
    targets, inverse = np.unique(children, return_inverse=True)
    once = len(targets) == len(children)
    owned: bool = once and bool((circuit.uses[children] == uses_each).all())
    if once:
        return Edges(children, places, owned, None, targets)
    count = np.arange(len(children))
    spread = csr_array((np.ones(len(children)), (inverse, count)), shape=(len(targets), len(children)))
    return Edges(children, places, False, spread, targets)
