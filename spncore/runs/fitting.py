"""Run an experiment to its end, and score its final state on rows it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

from spncore.data import library
from spncore.data.library import Dataset
from spncore.runs.experiment import Experiment
from spncore.runs.trace import Recorder, Trace
from spncore.runs.training import Trainer, TrainState


def fit(
    experiment: Experiment,
    dataset: Dataset | None = None,
    state: TrainState | None = None,
    held_out: Sequence[str] = (),
) -> Trace:
    """Train to the end and return the trace; a divergence or Ctrl-C ends it early, and `stopped` says why.

    `held_out` names splits ("valid", "test") to score the final state on.
    """
    trainer = Trainer(experiment, dataset)
    recorder = Recorder(trainer)
    for _ in recorder.follow(trainer.steps(state)):
        pass
    trace = recorder.trace()
    if trace.final_state is not None:
        for split in held_out:
            trace.held_out[split] = trainer.score(trace.final_state, library.load(experiment.dataset, split))
    return trace
