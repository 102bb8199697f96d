"""A study: one experiment at several depths and under several learners, trained, shared and linked as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from spncore import Experiment, ExperimentError
from spncore.learning.learners import LEARNERS
from spncore.limits import LIMITS

RIVALS = tuple(name for name in LEARNERS if name != "gradient_ascent")


@dataclass(frozen=True)
class Study:
    """One experiment at several depths on one data set: the unit that is trained, shared and linked.

    `rivals` are learners of RIVALS, each trained on the plain network from the same start, to compare the depths with.
    The experiment's own depth is ignored; it is set to the largest of `depths`, and rivals are put in order, so that
    equal studies are equal.
    """

    experiment: Experiment
    depths: tuple[int, ...]
    rivals: tuple[str, ...] = ()
    shallow: bool = False  # whether the mixture of the circuit's induced trees trains along, from the same start

    def __post_init__(self) -> None:
        allowed = f"1 to {LIMITS.depth}, rising, at least one"
        if not self.depths or any(type(depth) is not int for depth in self.depths):
            raise ExperimentError(f"depths: {ascii(self.depths)[:40]} is refused; allowed: {allowed}")
        if any(low >= high for low, high in pairwise((0, *self.depths, LIMITS.depth + 1))):
            raise ExperimentError(f"depths: {ascii(self.depths)[:40]} is refused; allowed: {allowed}")
        if any(name not in RIVALS for name in self.rivals) or len(set(self.rivals)) < len(self.rivals):
            allowed = f"{', '.join(RIVALS)}, each once"
            raise ExperimentError(f"rivals: {ascii(self.rivals)[:40]} is refused; allowed: {allowed}")
        if self.experiment.optimiser in self.rivals:
            raise ExperimentError(
                f"rivals: {self.experiment.optimiser} trains the depths already; choose L = 1 or another rival"
            )
        object.__setattr__(self, "experiment", self.experiment.replace(depth=self.depths[-1]))
        object.__setattr__(self, "rivals", tuple(name for name in RIVALS if name in self.rivals))

    def experiments(self) -> tuple[Experiment, ...]:
        """One experiment per curve: the depths, the rivals, the shallow one; ExperimentError where one cannot be."""
        depths = tuple(self.experiment.replace(depth=depth) for depth in self.depths)
        return (*depths, *(self.experiment.rival(name) for name in self.rivals), *depths[: self.shallow])

    def is_shallow(self, curve: int) -> bool:
        """Whether a curve, counted from 0, is that of the mixture of trees; it starts as the first depth does."""
        return self.shallow and curve == len(self.depths) + len(self.rivals)

    @property
    def deep(self) -> bool:
        """Whether it trains a circuit of its own depth, not one mixture."""
        return self.experiment.structure != "mixture"

    def names(self) -> tuple[str, ...]:
        """What each curve is called: `L=3`, and a rival `L=1 · EM`."""
        rivals = (f"L=1 · {self.experiment.rival(name).learner_title}" for name in self.rivals)
        return (*(f"L={depth}" for depth in self.depths), *rivals, *(("mixture of trees",) if self.shallow else ()))

    def on(self, dataset: str) -> Study:
        """The same study on another data set."""
        return replace(self, experiment=self.experiment.replace(dataset=dataset))
