"""A circuit's induced trees as a learner of their own, as the pages train them beside the circuit."""

from __future__ import annotations

from spncore import Dataset, Experiment, Trainer, trainer_of
from spncore.runs.problem import trees_problem


def trees_trainer(experiment: Experiment, dataset: Dataset | None = None) -> Trainer:
    """The mixture of an experiment's trees, which starts as its circuit does."""
    deep = trainer_of(experiment, dataset)
    return Trainer(trees_problem(deep, deep.init()), deep.settings)
