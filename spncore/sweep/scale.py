"""Is a run at rest? Log Z and S along it, between which values its last states score, and how far they fall back."""

from collections import deque

import numpy as np

from spncore.arrays import Floats
from spncore.data.library import Dataset
from spncore.learning.partition import PartitionFlows
from spncore.learning.states import StepInfo
from spncore.learning.trainer import Trainer

EVERY = 10  # states: S is taken at every tenth
LAST = 50  # states at the end of a run, over which it is at rest or not


class Scale:
    """Looks at the states of a run as they come."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.flows = trainer, PartitionFlows(trainer)
        self.log_partition, self.squared = list[Floats](), list[Floats]()
        self.last: deque[StepInfo] = deque(maxlen=LAST)

    def see(self, updates_made: int, info: StepInfo) -> None:
        """Take down a state."""
        self.log_partition.append(info.log_partition)
        self.last.append(info)
        if updates_made % EVERY == 0:
            self.squared.append(self.flows.squared(info))

    def of_seeds(self, held_out: Dataset) -> list[dict[str, float]]:
        """Seed by seed the lowest and highest S; and of the last states log Z, and LLH on training and other rows.

        `largest last fall`: of the LLH on training rows from one of these states to a later one; 0 if it only rises.
        """
        ends = {
            "S": np.array(self.squared),
            "last log Z": np.array(self.log_partition[-LAST:]),
            "last train": np.array([info.llh for info in self.last]),
            "last test": np.array([self.trainer.score(info, held_out) for info in self.last]),
        }
        found = {
            f"{bound} {name}": of(values, axis=0)
            for name, values in ends.items()
            for bound, of in (("lowest", np.min), ("highest", np.max))
        }
        train = ends["last train"]
        found["largest last fall"] = np.max(np.maximum.accumulate(train, axis=0) - train, axis=0)
        return [{name: float(row[i]) for name, row in found.items()} for i in range(len(self.squared[0]))]
