"""The process that computes pages' jobs, one after the other as the server hands them on: `python -m app.live.working`.

A job comes as a pickled function with its arguments; the function is also given `report(done, total)`, which ends it
with Stopped when the server does not want it any more. What it makes goes back as a pickle.
"""

import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from app.live import log
from app.live.child import Parent
from app.live.limits import server_limits
from spncore.data.library import DataError
from spncore.record import ExperimentError
from spncore.sweep import Stopped
from spncore.sweep.where import computed_here
from spncore.threads import ONE_THREAD

TELL_SECONDS = 0.1  # how often the server hears how far a job is
UNWANTED = None  # what the server sends when it does not want the job under way any more
Answer = tuple[str, Any]


class Server(Protocol):
    """Whoever hands on jobs."""

    @property
    def waits(self) -> bool:
        """Whether a message is there; during a job it can only be UNWANTED."""

    def receive(self) -> Any:
        """The next message, when it comes."""

    def send(self, answer: Answer) -> None:
        """Tell how far the job is, or how it has ended."""


def main() -> None:
    """Do what the server hands on, in bounded memory; the process ends with the server."""
    if sys.platform == "linux":  # elsewhere such a limit is not kept to
        _take_no_more_than(server_limits().job_bytes)
    server = Parent(int(sys.argv[1]))
    log.begin(os.environ, sys.stderr)
    with ONE_THREAD:
        work(server)


def _take_no_more_than(num_bytes: int) -> None:
    """Beyond what this process has taken by now; what asks for more fails with MemoryError."""
    import resource

    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (taken + num_bytes,) * 2)


def work(server: Server) -> None:
    """Answer every job with ("begun", None), ("told", (done, total)) now and then, and its `outcome`."""
    while True:
        message = server.receive()
        if message is not UNWANTED:  # which comes too late for a job that has ended
            server.send(outcome(message, server))


def outcome(message: bytes, server: Server) -> Answer:
    """Compute one job: ("done", pickle), ("cancelled", None), ("refused", sentence) or ("broken", traceback)."""
    try:
        function, arguments = pickle.loads(message)
        server.send(("begun", None))
        with computed_here(lambda: not server.waits):
            result = function(*arguments, report=reporter(server))
        return "done", pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
    except Stopped:
        return "cancelled", None
    except (DataError, ExperimentError) as error:
        return "refused", str(error)
    except MemoryError:
        return "refused", (
            f"This computation needs more than the {server_limits().job_bytes / 1e6:,.0f} MB of memory that it may "
            "have; try fewer seeds, iterations or components, or a smaller table."
        )
    except Exception as error:  # noqa: BLE001  whatever a job raises is its own end, not that of those that wait
        return "broken", log.traceback_of(error)


def reporter(server: Server) -> Callable[[int, int], None]:
    """What a job tells how far it is; Stopped there when nobody wants it any more."""
    told = 0.0

    def report(done: int, total: int) -> None:
        nonlocal told
        if server.waits:
            raise Stopped
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            server.send(("told", (done, total)))

    return report


if __name__ == "__main__":
    main()
