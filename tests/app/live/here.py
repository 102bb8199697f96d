"""A trainer in the test's own process, so that a test may look into it; what goes to and fro is pickled as always."""

import pickle
from collections import deque
from typing import Any

from app.live.child import ChildDied
from app.live.limits import ServerLimits
from app.live.runs import RunRegistry
from app.live.training import Desk


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


def registry(**limits: Any) -> RunRegistry:
    """A registry of two such trainers and other limits as asked for; to be closed after the test."""
    return RunRegistry(ServerLimits(**{"trainers": 2, **limits}), Here)
