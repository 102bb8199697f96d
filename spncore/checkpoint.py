"""A training state on disk, with the experiment it belongs to; plain arrays, nothing that could be executed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from spncore.experiment import Experiment, ExperimentError
from spncore.training import TrainState


def save_state(path: Path, experiment: Experiment, state: TrainState) -> None:
    """Write a NumPy archive (.npz); the file appears whole or not at all. OSError if the place cannot be written."""
    arrays = {f"optimiser_{number}": array for number, array in enumerate(state.optimiser)}
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            experiment=np.array(experiment.to_json()),
            iteration=np.array(state.iteration),
            parameters=state.parameters,
            **arrays,
        )
    os.replace(unfinished, path)


def load_state(path: Path) -> tuple[Experiment, TrainState]:
    """What `save_state` wrote; `run(experiment, state=state)` goes on bit for bit. ExperimentError if it is not."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            experiment = Experiment.from_json(str(archive["experiment"]))
            names = sorted((name for name in archive.files if name.startswith("optimiser_")), key=lambda n: int(n[10:]))
            optimiser = tuple(archive[name] for name in names)
            return experiment, TrainState(int(archive["iteration"]), archive["parameters"], optimiser)
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ExperimentError(f"{path.name}: not a saved training state ({error})") from None
