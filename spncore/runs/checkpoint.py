"""A training state on disk, with the experiment it belongs to; plain arrays, nothing that could be executed."""

from pathlib import Path

import numpy as np

from spncore.files.archive import read_arrays, write_arrays
from spncore.learning.states import TrainState
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment


def save_state(path: Path, experiment: Experiment, state: TrainState) -> None:
    """Write a NumPy archive (.npz); the file appears whole or not at all. OSError if the place cannot be written."""
    arrays = {f"optimiser_{number}": array for number, array in enumerate(state.optimiser)}
    described = {"experiment": np.array(experiment.to_json()), "iteration": np.array(state.iteration)}
    write_arrays(path, {**described, "parameters": state.parameters, **arrays})


def load_state(path: Path) -> tuple[Experiment, TrainState]:
    """What `save_state` wrote; `run(experiment, state=state)` goes on bit for bit. ExperimentError if it is not."""
    try:
        arrays = read_arrays(path, LIMITS.run_bytes)
        experiment = Experiment.from_json(str(arrays["experiment"]))
        optimiser = tuple(arrays[f"optimiser_{number}"] for number in range(len(arrays) - 3))
        return experiment, TrainState(int(arrays["iteration"]), arrays["parameters"], optimiser)
    except (ValueError, KeyError) as error:
        raise ExperimentError(f"{path.name}: not a saved training state ({error})") from None
