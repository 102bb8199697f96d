"""What begins and ends with the server: in the end runs have a moment, and none is cut."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from app.live import store
from app.live.door.refusals import REFUSALS
from app.live.history import HISTORY
from app.live.jobs import JOBS
from app.live.limits import server_limits
from app.live.metrics import Sources
from app.live.runs import REGISTRY
from spncore.threads import ONE_THREAD

# How long a thread that wants to run waits for the trainer's: Python's 5 ms add up in a page's script.
SWITCH_SECONDS = 0.0005
# After the last moment of runs: for answers under way, and for everything. Who sends SIGTERM kills after ten seconds.
ANSWER_SECONDS, END_SECONDS = 1, 5.5
LOOK_SECONDS = 0.05
UNDER_WAY = ("queued", "running")  # states of runs that a moment may help
DRAINING = threading.Event()  # set by SIGTERM
LOG = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[dict[str, Any]]:
    """At the end runs become interrupted.

    BLAS has one thread all the while, whatever the environment says: a run's bits depend on it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    server = _server()
    if server is not None:
        signal.signal(signal.SIGTERM, lambda *_: _terminate(server))
    REGISTRY.scheduler.start()
    JOBS.open()
    LOG.info("runs are kept in %s", HISTORY.store.place)
    gc.freeze()  # what is loaded stays: looking it through for garbage would hold up every answer
    if fault := store.fault():
        LOG.warning("outcomes and fetched data are not kept: %s", store.remedy(fault))
    LOG.info("the server is up")
    with ONE_THREAD:
        yield {}
    REGISTRY.close()
    JOBS.close()
    HISTORY.close()
    LOG.info("the server has ended")


def _server() -> Any:
    """Uvicorn's server, whose method handles SIGTERM; None where it does not (in tests)."""
    if threading.current_thread() is not threading.main_thread():
        return None
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if hasattr(server, "should_exit") else None


def _terminate(server: Any) -> None:
    """In the signal's handler, which must not wait for any lock.

    After SIGTERM uvicorn shuts down and then kills its process by the same signal; here it ends with exit code 0.
    Before it shuts down, runs under way have `drain_seconds`; a second SIGTERM spares them.
    """
    if DRAINING.is_set():
        server.should_exit = True
        return
    DRAINING.set()
    last = threading.Timer(server_limits().drain_seconds + END_SECONDS, _give_up)
    last.daemon = True
    last.start()
    threading.Thread(target=_drain, args=(server,), name="spnlab-drain", daemon=True).start()


def _drain(server: Any) -> None:
    """Wait until no run is under way, but not for long; then have the server end."""
    REGISTRY.drain()
    LOG.info("the server is about to end and takes no new runs; %d are under way", _num_under_way())
    end = time.monotonic() + server_limits().drain_seconds
    while _num_under_way() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    LOG.info("the server ends; %d runs become interrupted", _num_under_way())
    server.config.timeout_graceful_shutdown = ANSWER_SECONDS
    server.should_exit = True


def _num_under_way() -> int:
    counts = REGISTRY.counts()
    return sum(counts[state] for state in UNDER_WAY)


def _give_up() -> None:
    """End where something hangs, before the process is killed without a word."""
    LOG.critical("something hangs: the server is ended by force")
    os._exit(1)


def unready() -> str | None:
    """Why new visitors should go elsewhere; None if they need not."""
    if DRAINING.is_set():
        return "The server is about to restart."
    if not any(trainer.alive for trainer in REGISTRY.scheduler.trainers):
        return "No trainer is there yet; they are being started."
    return None


SOURCES = Sources(
    sessions=lambda: REGISTRY.num_sessions,
    runs=REGISTRY.counts,
    run_bytes=lambda: {"memory": REGISTRY.num_bytes, "disk": REGISTRY.disk_bytes},
    jobs=JOBS.counts,
    refusals=lambda: REFUSALS,
    unready=unready,
)
