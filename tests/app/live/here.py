"""A trainer in the test's own process, so that a test may look into it; what goes to and fro is pickled as always."""

import pickle
from collections import deque
from typing import Any

from app.live.child import ChildDied
from app.live.computation import Computation
from app.live.limits import ServerLimits
from app.live.runs import RunRegistry
from app.live.training import Advance, Desk
from spncore import Dataset
from spncore.runs.study import Study

SLICE_SECONDS = 0.002  # so that even small studies take several


class Here:
    """Answers when it is asked for the answer; like a process it can be killed."""

    def __init__(self) -> None:
        self.desk, self.messages, self.killed = Desk(), deque[bytes](), False

    def start(self) -> None:
        self.__init__()  # type: ignore[misc]

    def send(self, message: Any) -> None:
        self.messages.append(pickle.dumps(message))

    def receive(self) -> Any:
        while True:
            if self.killed or not self.messages:
                raise ChildDied
            answer = self.desk.answer(pickle.loads(self.messages.popleft()))
            if answer is not None:
                return pickle.loads(pickle.dumps(answer))

    def kill(self) -> None:
        self.killed = True

    def close(self) -> None:
        self.messages.clear()


def computed(study: Study, dataset: Dataset, kill_after: int = 0) -> Computation:
    """A study trained to its end; every so many slices with states another trainer goes on from what was brought."""
    computation, desk = Computation(study, dataset), Desk()
    desk.answer(computation.begin(0))
    number = 0
    while not computation.ended:
        brought = desk.answer(Advance(0, SLICE_SECONDS))
        assert brought is not None
        computation.take(pickle.loads(pickle.dumps(brought)))
        number += bool(brought.rows)
        if brought.rows and kill_after and number % kill_after == 0:
            desk = Desk()
            desk.answer(pickle.loads(pickle.dumps(computation.begin(0))))
    return computation


def registry(**limits: Any) -> RunRegistry:
    """A registry of two such trainers and other limits as asked for; to be closed after the test."""
    return RunRegistry(ServerLimits(**{"trainers": 2, **limits}), Here)
