"""The engine's own models as the plain arrays of this package, and the engine's step on them."""

from __future__ import annotations

import numpy as np

from benchmarks.peers import Mixture, RandomTrees
from spncore.circuits.circuit import mixture
from spncore.circuits.model import Model, model, random_model
from spncore.learning.bag import Bag
from spncore.learning.evaluator import Evaluator
from spncore.learning.learners import LearnerSettings
from spncore.learning.objectives import OBJECTIVES
from spncore.learning.problem import plain_problem
from spncore.learning.trainer import Trainer
from spncore.structures import rat


def mixture_model(shared: Mixture) -> Model:
    """The same mixture as a circuit."""
    num_components, num_variables = shared.probabilities.shape
    leaves = np.stack([1.0 - shared.probabilities, shared.probabilities])
    return model(mixture(num_components, num_variables), (shared.weights[None, None],), (leaves,))


def trees_model(
    rng: np.random.Generator, num_variables: int, depth: int, num_inputs: int, num_repetitions: int, outer: bool
) -> Model:
    """A RAT-SPN of the engine's own with normalised random parameters."""
    kind = "pairs" if outer else "elementwise"
    return random_model(rat(num_variables, depth, num_repetitions, num_inputs, kind, rng), rng)


def as_trees(asked: Model, depth: int, num_repetitions: int, outer: bool) -> RandomTrees:
    """A model from `trees_model` as arrays; every region must be halved `depth` times.

    The engine's region i of level l has the halves i and i + 2^l, the arrays' has 2i and 2i + 1: bits are reversed.
    """
    circuit, (sums, inputs) = asked
    num_inputs = circuit.input_layers[0].num_inputs
    scopes = [scope for layer in circuit.input_layers for scope in layer.variables]
    ones = [part for leaves in inputs for part in leaves[1].reshape(-1, num_inputs, leaves.shape[2])]
    leaf_region = np.empty((num_repetitions, circuit.num_variables), dtype=np.int64)
    probabilities = np.empty((num_repetitions, circuit.num_variables, num_inputs))
    for group, (scope, part) in enumerate(zip(scopes, ones, strict=True)):
        region, repetition = divmod(group, num_repetitions)
        leaf_region[repetition, scope] = _reversed(depth)[region]
        probabilities[repetition, scope] = part.T
    products = (num_inputs, num_inputs) if outer else (num_inputs,)
    if outer:
        *inner, top, mixing = sums
        top = top[:, 0]
    else:
        *inner, root = sums
        top = root.reshape(num_repetitions, -1)
        mixing = top.sum(axis=1)
        top = top / mixing[:, None]
    weights = [
        layer.reshape(-1, num_repetitions, num_inputs, *products)[_reversed(level)].swapaxes(0, 1)
        for level, layer in zip(range(depth - 1, 0, -1), inner, strict=True)
    ]
    return RandomTrees(
        leaf_region, probabilities, (*weights, top.reshape(num_repetitions, 1, 1, *products)), mixing.ravel()
    )


def _reversed(num_bits: int) -> np.ndarray:
    """Numbers below 2^num_bits with their bits reversed; reversing is its own inverse."""
    return np.array([int(f"{number:0{num_bits}b}"[::-1], 2) if num_bits else 0 for number in range(2**num_bits)])


class OwnStep:
    """One update of a model by the engine, all of it; calling it gives the LLH before it in nats per row.

    Updates are made so many at a time, as in a run: every such call takes the time of all of them.
    """

    def __init__(
        self,
        asked: Model,
        bag: Bag,
        learner: str,
        learning_rate: float,
        dtype: type,
        batch_size: int = 0,
        at_a_time: int = 1,
    ):
        settings = LearnerSettings(learner, "log", learning_rate=learning_rate, batch_size=batch_size)
        self.trainer = Trainer(plain_problem(asked, bag, OBJECTIVES["generative"]), settings)
        self.trainer.evaluator = Evaluator(asked.circuit, bag, self.trainer.evaluator.objective, dtype)
        self.state = self.trainer.init()
        self.at_a_time, self.made = at_a_time, list[float]()

    def __call__(self) -> float:
        if not self.made:
            self.state, block = self.trainer.advance(self.state, self.at_a_time)
            self.made = block.seen.llh[::-1, 0].tolist()
        return self.made.pop()

    def model(self) -> Model:
        """As it is now."""
        return self.trainer.model(self.state)
