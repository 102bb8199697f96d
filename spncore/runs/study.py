"""A study: one experiment at several depths and under several learners, trained, shared and linked as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any

from spncore import Experiment, ExperimentError
from spncore.data.dataset import Dataset
from spncore.learning.learners import LEARNERS
from spncore.limits import LIMITS
from spncore.record import Manner, Record, Several, cut, declare, part
from spncore.runs.changes import Change
from spncore.runs.problem import model_of
from spncore.trees.induced import num_trees

RIVALS = tuple(name for name in LEARNERS if name != "gradient_ascent")
DEPTHS = Several(
    tuple,
    "sum layers",
    "L",
    "How many consecutive sum layers; every depth that is chosen is trained and drawn.",
    choices=tuple(range(1, LIMITS.depth + 1)),
    rising=True,
    said=f"1 to {LIMITS.depth}, rising, at least one",
    refused=f"is not understood; allowed: whole numbers from 1 to {LIMITS.depth}, separated by commas",
)


@dataclass(frozen=True)
class Study(Record, manner=Manner(shown=cut)):
    """One experiment at several depths on one data set: the unit that is trained, shared and linked.

    `rivals` are learners of RIVALS, each trained on the plain network from the same start, to compare the depths with.
    The experiment's own depth is ignored; it is set to the largest of `depths`, and rivals are put in order, so that
    equal studies are equal.

    >>> [experiment.depth for experiment in Study(Experiment(), (1, 2, 3)).experiments()]
    [1, 2, 3]
    """

    experiment: Experiment = part(Experiment)
    depths: tuple[int, ...] = declare(MISSING, DEPTHS)
    rivals: tuple[str, ...] = declare(
        (),
        Several(
            tuple,
            "compare with",
            help="Other learners of the plain network (L = 1), trained beside the depths from the same start. "
            "EM has no learning rate.",
            choices=RIVALS,
            said=f"{', '.join(RIVALS)}, each once",
            refused=f"is not understood; allowed: {', '.join(RIVALS)}, with commas",
        ),
    )
    shallow: bool = False  # whether the mixture of the circuit's induced trees trains along, from the same start

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.experiment.optimiser in self.rivals:
            raise ExperimentError(
                f"rivals: {self.experiment.optimiser} trains the depths already; choose L = 1 or another rival"
            )
        object.__setattr__(self, "experiment", self.experiment.replace(depth=self.depths[-1]))

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Study:
        """The study of these values by name; ExperimentError where one of its curves cannot be."""
        study = super().of(settings)
        study.experiments()
        return study

    def experiments(self) -> tuple[Experiment, ...]:
        """One experiment per curve: the depths, the rivals, the shallow one; ExperimentError where one cannot be."""
        depths = tuple(self.experiment.replace(depth=depth) for depth in self.depths)
        return (*depths, *(self.experiment.rival(name) for name in self.rivals), *depths[: self.shallow])

    def is_shallow(self, curve: int) -> bool:
        """Whether a curve, counted from 0, is that of the mixture of trees; it starts as the first depth does."""
        return self.shallow and curve == len(self.depths) + len(self.rivals)

    def beside_trees(self, dataset: Dataset) -> Study:
        """It with the mixture of trees beside where there are few enough; ExperimentError beyond the limits."""
        if not self.deep:
            raise ExperimentError(
                "structure: one mixture has no trees but its components; the lab shows it, choose another"
            )
        circuit = model_of(self.experiment, dataset).circuit
        if circuit.num_edges > LIMITS.live_edges:
            raise ExperimentError(
                f"structure: {circuit.num_edges:,} weighted edges are too many to draw live; the limit is "
                f"{LIMITS.live_edges}; lower components, splits or repetitions"
            )
        return replace(self, shallow=1 < num_trees(circuit) <= LIMITS.live_trees)

    @property
    def deep(self) -> bool:
        """Whether it trains a circuit of its own depth, not one mixture."""
        return self.experiment.structure != "mixture"

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is changed on the way of its depths."""
        made = (each for each in self.experiment.on_the_way if each.at < self.experiment.iterations)
        return tuple(each for each in made if each.of_rate or each.depth in self.depths)

    def names(self) -> tuple[str, ...]:
        """What each curve is called: `L=3`, and a rival `L=1 · EM`."""
        rivals = (f"L=1 · {self.experiment.rival(name).learner_title}" for name in self.rivals)
        return (*(f"L={depth}" for depth in self.depths), *rivals, *(("mixture of trees",) if self.shallow else ()))

    def on(self, dataset: str) -> Study:
        """The same study on another data set."""
        return replace(self, experiment=self.experiment.replace(dataset=dataset))
