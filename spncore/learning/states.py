"""What a run is at after some updates, and what is seen of it there, one state at a time or many in a row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spncore.arrays import Floats, Ints
from spncore.learning.optimisers import OptimiserState


class TrainState(NamedTuple):
    """All that the next step needs: `iteration` updates done; `parameters` (S, P), sum layers first, then leaves.

    Arrays are never written to after they are made, so a state can be kept. `optimiser` is the optimiser's own state.
    Mini-batches need none: their order follows from the seed and the iteration.
    """

    iteration: int
    parameters: Floats
    optimiser: OptimiserState


class StepInfo(NamedTuple):
    """What is seen at a state.

    `llh` (S,) nats per row; `value` (S,), the objective; `accuracy` (S,), NaN without classes; `log_partition` (S,);
    `flow` a_k (S, E), K for a mixture; `layer_weights` (S, n), all sum layers in one row; `inputs`, per input layer
    (S, P, nodes, S_l); `at_floor` (S,), how many trained weights sit at the floor.
    """

    llh: Floats
    value: Floats
    accuracy: Floats
    log_partition: Floats
    flow: Floats
    layer_weights: Floats
    inputs: tuple[Floats, ...]
    at_floor: Ints

    def part(self, places: int | slice) -> StepInfo:
        """Of arrays with one more axis before: one of its places, or some."""
        arrays = {name: array[places] for name, array in self._asdict().items() if name != "inputs"}
        return StepInfo(**arrays, inputs=tuple([array[places] for array in self.inputs]))


class Block(NamedTuple):
    """What is seen at states in a row, the first after `iteration` updates: every array of `seen` has them first.

    `last` is the state of the last of them, None if there is none; `stopped` says why no more can follow, else None.
    """

    iteration: int
    seen: StepInfo
    last: TrainState | None
    stopped: str | None = None

    @property
    def length(self) -> int:
        """How many states."""
        return len(self.seen.llh)

    def at(self, place: int) -> StepInfo:
        """What is seen at one of them."""
        return self.seen.part(place)

    def followed_by(self, other: Block) -> Block:
        """Both in one."""
        pairs: Any = zip(self.seen._fields, self.seen, other.seen, strict=True)
        arrays: dict[str, Any] = {name: np.concatenate(pair) for name, *pair in pairs if name != "inputs"}
        inputs = [np.concatenate(pair) for pair in zip(self.seen.inputs, other.seen.inputs, strict=True)]
        seen = StepInfo(**arrays, inputs=tuple(inputs))
        return Block(self.iteration, seen, other.last or self.last, other.stopped)
