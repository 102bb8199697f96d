"""What an operator's machines ask the server: `/metrics` in Prometheus' words, and `/ready` for new visitors or not.

The numbers are read when they are asked for. They name nobody: no session, run, address or file.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.live import log, store
from app.live.limits import allowed_memory
from app.live.paths import root
from app.live.processes import open_files, started_by, taken_by
from spncore import __version__

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)
FIRST_POINT = Histogram(
    "spnlab_first_point_seconds", "From pressing Train to the first point of a run", buckets=SECONDS, registry=None
)
Counts = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class Sources:
    """Whom to ask: how many there are now, or since the start; and what must hold for new visitors, with a sentence."""

    sessions: Callable[[], int]
    runs: Counts  # by state
    run_bytes: Counts  # by place: memory, disk
    jobs: Counts  # by state
    refusals: Counts  # by kind, since the start
    unready: Callable[[], str | None]  # why new visitors should go elsewhere, None if they need not


def routes(sources: Sources, base: str = "") -> list[BaseRoute]:
    """`metrics` and `ready` below `base`, Streamlit's server.baseUrlPath."""
    registry = CollectorRegistry()
    registry.register(Lab(sources))
    registry.register(FIRST_POINT)

    async def metrics(_: Request) -> Response:
        text = await run_in_threadpool(generate_latest, registry)
        return Response(text, headers={**HEADERS, "Content-Type": CONTENT_TYPE_LATEST})

    async def ready(_: Request) -> Response:
        reason = sources.unready() or await run_in_threadpool(unwritable)
        said = {"ready": reason is None} | ({"error": reason} if reason else {})
        return Response(json.dumps(said), 503 if reason else 200, HEADERS, "application/json")

    return [Route(root(base) + name, answer) for name, answer in (("metrics", metrics), ("ready", ready))]


def unwritable() -> str | None:
    """Why nothing can be saved here, in a sentence; None if it can."""
    fault = store.fault()
    return f"The server's folder cannot be written: {store.why(fault)}." if fault else None


class Lab(Collector):
    """The server's numbers of this moment."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    def collect(self) -> Iterator[Metric]:
        """Ask everybody."""
        yield _gauge("info", "The release of the lab", {__version__: 1}, "version")
        yield _gauge("sessions", "Visitors who are here or may come back", {"": self.sources.sessions()})
        yield _gauge("runs", "Live runs by state", self.sources.runs(), "state")
        yield _gauge("run_bytes", "What runs take, and those under way will", self.sources.run_bytes(), "place")
        yield _gauge("jobs", "Computations of pages by state", self.sources.jobs(), "state")
        yield _counter(
            "refusals", "What was refused", {(kind,): n for kind, n in self.sources.refusals().items()}, "kind"
        )
        yield _counter("errors", "Errors in the log", {**log.ERRORS}, "logger", "exception")
        yield from _processes()
        yield _gauge("memory_limit_bytes", "What the control group or the machine allows", {"": allowed_memory()})
        yield _gauge("open_files", "Descriptors that the server holds", {"": open_files()})
        yield from _disk()


def _processes() -> Iterator[Metric]:
    children = started_by(os.getpid())
    taken = {"server": [taken_by(os.getpid())], "trainers and jobs": [taken_by(child) for child in children]}
    seconds = {(name,): sum(each.cpu_seconds for each in parts) for name, parts in taken.items()}
    memory = {name: sum(each.memory_bytes for each in parts) for name, parts in taken.items()}
    yield _counter("cpu_seconds", "CPU time taken", seconds, "process")
    yield _gauge("memory_bytes", "Resident memory", memory, "process")
    yield _gauge("processes", "Processes besides the server's", {"": len(children)})


def _disk() -> Iterator[Metric]:
    try:
        free = shutil.disk_usage(store.folder()).free
    except OSError:  # it is missing
        return
    yield _gauge("store_free_bytes", "Room where outcomes and fetched data are kept", {"": free})


def _gauge(name: str, words: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = GaugeMetricFamily(f"spnlab_{name}", words, labels=[label] if label else [])
    for value in values:
        family.add_metric([value] if label else [], values[value])
    return family


def _counter(name: str, words: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = CounterMetricFamily(f"spnlab_{name}", words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
