"""What begins and ends with the server: at the end no run or job is cut in the middle."""

import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.live.jobs import JOBS
from app.live.runs import REGISTRY
from spncore.threads import ONE_THREAD

# How long a thread that wants to run waits for the trainer's: Python's 5 ms add up in a page's script.
SWITCH_SECONDS = 0.0005


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[dict[str, Any]]:
    """At the end runs become interrupted.

    BLAS has one thread all the while, whatever the environment says: a run's bits depend on it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    _exit_cleanly_when_terminated()
    REGISTRY.scheduler.start()
    with ONE_THREAD:
        yield {}
    REGISTRY.close()
    JOBS.close()


def _exit_cleanly_when_terminated() -> None:
    """After SIGTERM uvicorn shuts down and then kills its process by the same signal; let it end with exit code 0."""
    if threading.current_thread() is not threading.main_thread():
        return
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if hasattr(server, "should_exit"):
        signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
