"""What a batch keeps of its updates, and what is derived from that, many states at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.circuits.overparam import SumStack, effective_weights
from spncore.learning.states import StepInfo

if TYPE_CHECKING:
    from spncore.learning.trainer import Trainer


class Kept(NamedTuple):
    """Of n states of S seeds: trained `parameters` (n + 1, S, P), the last those after them; `flow` (n, S, E).

    `found` (4, n, S): LLH, objective, accuracy, log Z; `empty` (n, S): whether a node of a careful run has weight 0.
    """

    parameters: Floats
    found: Floats
    flow: Floats
    empty: Bools

    @classmethod
    def room(cls, num: int, shape: tuple[int, ...], num_edges: int) -> Self:
        """For n states of parameters (S, P)."""
        seeds = shape[0]
        flow, empty = np.empty((num, seeds, num_edges)), np.zeros((num, seeds), dtype=bool)
        return cls(np.empty((num + 1, *shape)), np.empty((4, num, seeds)), flow, empty)

    def of(self, rows: slice) -> Self:
        """The same of some seeds."""
        return self._replace(
            parameters=self.parameters[:, rows],
            found=self.found[:, :, rows],
            flow=self.flow[:, rows],
            empty=self.empty[:, rows],
        )

    def seen(self, trainer: Trainer, held_weights: Floats) -> StepInfo:
        """What is seen at the states, (n, S, …) each; `held_weights` (S, P') are those of leaves that are held."""
        weights, problem = trainer.weights(self.parameters[:-1]), trainer.problem
        layer_weights, leaf_weights = np.split(weights, [problem.sums.num_weights], axis=2)
        if not trainer.settings.train_components:
            leaf_weights = np.broadcast_to(held_weights, (len(weights), *held_weights.shape))
        at_floor = np.add.reduce(weights == trainer.parametrisation.floor, axis=2)
        llh, value, correct, log_partition = self.found
        inputs = problem.leaves(leaf_weights)
        return StepInfo(llh, value, correct, log_partition, self.flow, layer_weights, inputs, at_floor)

    def first_zero(self, seen: StepInfo, sums: SumStack) -> int:
        """The first state with a weight of 0, of a leaf or of an edge, n if there is none."""
        sound: Bools = np.asarray(effective_weights(seen.layer_weights, sums).all(axis=(1, 2)))
        for array in seen.inputs:
            sound &= array.all(axis=(1, 2, 3, 4))
        return _first(~sound)

    def sound(self, zeros: Bools | None) -> tuple[int, bool]:
        """How many states are sound, and whether it ends there: at a state that is not, or in the update after them.

        A state is sound if its LLH is a finite number, an update if its parameters are. `zeros` (P',) are weights that
        are 0 by structure, whose logarithms are not looked at.
        """
        after = self.parameters[1:]
        if zeros is not None:
            after = np.where(zeros[: after.shape[2]], 0.0, after)
        states = _first(~(np.isfinite(self.found[0]) & ~self.empty).all(axis=1))
        updates = _first(np.asarray(~np.isfinite(after).all(axis=(1, 2))))
        return min(states, updates + 1, len(after)), min(states, updates) < len(after)


def _first(there: Bools) -> int:
    return int(np.argmax(there)) if there.any() else len(there)
