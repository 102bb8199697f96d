"""A run is cut into blocks as it suits, and nobody sees where."""

import numpy as np

from spncore import Experiment, Recorder, fit, trainer_of
from spncore.runs.training import all_blocks
from spncore.words import counted

TWIN = Experiment(dataset="nltcs-twin", depth=2, iterations=40)


def test_ctrl_c_keeps_what_was_computed():
    def interrupted(blocks):
        for number, block in enumerate(blocks):
            if number == 2:
                raise KeyboardInterrupt
            yield block

    trainer = trainer_of(TWIN)
    recorder = Recorder(TWIN, trainer.problem)
    *_, length = recorder.follow(interrupted(all_blocks(trainer, TWIN)))
    trace = recorder.trace()
    assert trace.stopped == f"interrupted after {counted(length - 1, 'update')}"
    assert trace.llh.shape == (1, length) and trace.final_state.iteration == length - 1
    whole = fit(TWIN)
    assert np.array_equal(trace.llh, whole.llh[:, :length])
    assert np.array_equal(fit(TWIN, state=trace.final_state).llh, whole.llh[:, length - 1 :])
