"""SPN Lab's engine: overparametrised sum-product networks and their exact training dynamics, in NumPy.

One notation everywhere: `spncore.symbols`.
"""

from spncore.data.library import Dataset, load
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.fitting import fit
from spncore.runs.trace import Recorder, Trace
from spncore.runs.training import DivergenceError, StepInfo, Trainer, TrainState, run

__all__ = [
    "Dataset",
    "DivergenceError",
    "Experiment",
    "ExperimentError",
    "Recorder",
    "StepInfo",
    "Trace",
    "TrainState",
    "Trainer",
    "fit",
    "load",
    "run",
]
