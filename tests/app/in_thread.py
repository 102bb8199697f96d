"""The stand-in for a process of jobs: the same work in a thread, for tests that replace parts of the engine."""

import queue
import threading
from contextlib import suppress
from typing import Any

from app.live import working
from app.live.child import ChildDied

DIED = object()


class InThread:
    """What a lane asks of a `Child`; `kill` lets the thread go at its next report."""

    def __init__(self) -> None:
        self.alive = False

    def start(self) -> None:
        self.alive, self._side = True, Side()
        threading.Thread(target=self._side.work, daemon=True).start()

    def send(self, message: Any) -> None:
        self._side.messages.put(message)

    def receive(self) -> Any:
        answer = self._side.answers.get()
        if answer is DIED:
            raise ChildDied
        return answer

    def kill(self) -> None:
        if self.alive:
            self.alive = False
            self._side.messages.put(working.UNWANTED)
            self._side.messages.put(DIED)
            self._side.answers.put(DIED)

    close = kill


class Side:
    """The two directions, as the thread sees them."""

    def __init__(self) -> None:
        self.messages, self.answers = queue.SimpleQueue[Any](), queue.SimpleQueue[Any]()

    @property
    def waits(self) -> bool:
        return not self.messages.empty()

    def work(self) -> None:
        with suppress(ChildDied):
            working.work(self)

    def receive(self) -> Any:
        message = self.messages.get()
        if message is DIED:
            raise ChildDied
        return message

    def send(self, answer: Any) -> None:
        self.answers.put(answer)
