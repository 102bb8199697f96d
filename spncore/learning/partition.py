"""What log Z does under an objective that has a best scale: its flows, and by how much a step multiplies a deviation.

The objective (1/N) Σ log f − Z of the authors' later script pulls log Z to 0. In log-weights a step of gradient ascent
multiplies a small deviation of log Z by 1 − ηS, S the sum of the squares of the partition flows ∂log Z/∂log w of all
trained parameters: stable only while ηS < 2.
"""

import numpy as np

from spncore.arrays import Floats
from spncore.learning.bag import Bag, Term
from spncore.learning.evaluator import Evaluator
from spncore.learning.objectives import MARGINALISED, OBJECTIVES
from spncore.learning.states import StepInfo, TrainState
from spncore.learning.trainer import Trainer

EDGE = 2.0  # of ηS: beyond it a deviation of log Z grows


class PartitionFlows:
    """∂log Z/∂log w of a trainer's parameters at its states: the evidence is empty, so a call costs one row."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        rows = np.full((1, trainer.problem.circuit.num_variables), MARGINALISED, dtype=trainer.problem.bag.rows.dtype)
        place = np.zeros(1, dtype=np.int64)
        bag = Bag(rows, np.ones(1, dtype=np.int64), (Term(place, 1.0),), Term(place, 0.0))
        self.evaluator = Evaluator(trainer.problem.circuit, bag, OBJECTIVES["generative"])

    def __call__(self, at: TrainState | StepInfo) -> Floats:
        """The flows (S, P) of all trained parameters, sum layers first, then leaves."""
        _, inputs = self.trainer.network(at)
        seen = self.trainer.evaluate(at, self.evaluator)
        return self.trainer.flows(seen.flow, seen.moments, inputs)

    def squared(self, at: TrainState | StepInfo) -> Floats:
        """S (S,): the sum of their squares, seed by seed."""
        return np.asarray((self(at) ** 2).sum(axis=1))
