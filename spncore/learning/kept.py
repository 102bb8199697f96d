"""What a batch keeps of its updates, and what is derived from that, many states at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from spncore.arrays import Bools, Floats
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

    def first_zero(self, seen: StepInfo) -> int:
        """The first state with a weight of 0, n if there is none."""
        sound: Bools = np.asarray(seen.layer_weights.all(axis=(1, 2)))
        for array in seen.inputs:
            sound &= array.all(axis=(1, 2, 3, 4))
        return _first(~sound)

    def first_unsound(self, zeros: Bools | None) -> int:
        """The first state whose LLH, or whose parameters after it, are no finite numbers, n if there is none.

        `zeros` (P',) are weights that are 0 by structure, whose logarithms are not looked at.
        """
        after = self.parameters[1:]
        if zeros is not None:
            after = np.where(zeros[: after.shape[2]], 0.0, after)
        sound = np.isfinite(self.found[0]) & np.isfinite(after).all(axis=2) & ~self.empty
        return _first(~sound.all(axis=1))


def _first(there: Bools) -> int:
    return int(np.argmax(there)) if there.any() else len(there)
