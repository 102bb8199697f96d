"""SPN Lab's engine: overparametrised sum-product networks and their exact training dynamics, in NumPy.

One notation everywhere: `spncore.symbols`.
"""

__version__ = "0.1.0"

from spncore.data.library import Dataset, load
from spncore.learning.divergence import DivergenceError
from spncore.learning.problem import Problem
from spncore.learning.states import Block, StepInfo, TrainState
from spncore.learning.trainer import Trainer
from spncore.loop import until
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.problem import problem_of
from spncore.runs.trace import Recorder, Trace
from spncore.runs.training import fit, fit_all, run, trainer_of

__all__ = [
    "Block",
    "Dataset",
    "DivergenceError",
    "Experiment",
    "ExperimentError",
    "Problem",
    "Recorder",
    "StepInfo",
    "Trace",
    "TrainState",
    "Trainer",
    "fit",
    "fit_all",
    "load",
    "problem_of",
    "run",
    "trainer_of",
    "until",
]
