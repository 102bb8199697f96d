"""A trainer process, `python -m app.live.trainer NICENESS`: it answers for as long as there is a server."""

import gc
import os
import sys

from app.live import log
from app.live.child import Parent
from app.live.training import Advance, Begin, Desk, Drop
from spncore import Experiment
from spncore.data import library
from spncore.runs.study import Study

WARM_UP = Study(Experiment(dataset="two-clusters", num_components=2, iterations=2, num_seeds=2), (1, 2))


def warm_up(desk: Desk) -> None:
    """Train something small, so that nobody waits for what is loaded at the first use."""
    desk.answer(Begin(-1, WARM_UP, library.load(WARM_UP.experiment.dataset)))
    while True:
        brought = desk.answer(Advance(-1, 1.0))
        if brought is None or brought.ended:
            break
    desk.answer(Drop(-1))


def main() -> None:
    """Serve the server."""
    parent, desk = Parent(int(sys.argv[1])), Desk()
    log.begin(os.environ, sys.stderr)
    warm_up(desk)
    gc.freeze()  # what is loaded stays; only what runs leave behind is to be looked through
    while True:
        answer = desk.answer(parent.receive())
        if answer is not None:
            parent.send(answer)


if __name__ == "__main__":
    main()
