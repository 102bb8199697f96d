"""Workers of a cluster, on Dask: tasks go out in groups, results come back group by group.

Data is a task of its own and never scattered: when the worker that has it is lost, another one makes it again. What
a lost worker had under way is begun again elsewhere.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import queue
import socket
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from distributed import Client, Future, KilledWorker, LocalCluster, Security
from distributed.comm import connect

from spncore.data.library import DataError, Dataset
from spncore.limits import LIMITS
from spncore.sweep import groups, remote
from spncore.sweep.cells import SweepError
from spncore.sweep.local import COMPUTE
from spncore.sweep.running import Report
from spncore.words import counted

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
WORKER_SECONDS = 60.0  # without a single worker, and the sweep is given up
LATE_SECONDS = 5.0  # how long a worker may take to notice that time is over
LOOK_SECONDS = 1.0  # how often the scheduler is asked how many workers it has
DATA_TRIES = 3
KEPT = "what is done is kept, and the same command goes on from there"


@dataclass
class _Group:
    """Tasks under way together; `begun` counts how often workers have begun them, the last time at `since`."""

    tasks: dict[str, str]
    future: Future
    begun: int = 0
    since: float = 0.0


class ClusterWorkers:
    """The workers of a scheduler, or `local:N` on this computer; `place` names the scheduler in sentences.

    `compute` names the function that a worker calls, as module:function, with a task, the data and perhaps a check.
    """

    def __init__(
        self,
        data: Mapping[str, Dataset],
        address: str,
        *,
        place: str = "",
        task_seconds: float = LIMITS.run_seconds,
        compute: str = COMPUTE,
    ) -> None:
        self.place, self.task_seconds, self.compute = place or address, task_seconds, compute
        self._cluster, self._client = _connected(address, self.place)
        self._run, self._versions = uuid.uuid4().hex, remote.versions()
        self._given, self._data, self._data_tries = data, dict[str, Future](), 0  # tries since a group ended well
        self._line, self._pace = groups.Line(), groups.Pace()
        self._groups = dict[str, _Group]()
        self._ended: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._slots, self._number, self.begun_again = 0, 0, 0
        self._count: concurrent.futures.Future[Any] | None = None  # being asked of the scheduler
        now = time.monotonic()
        self._looked, self._seen = now - LOOK_SECONDS, now  # when workers were counted, and when there was one
        try:
            self._compare()
            self._client.subscribe_topic(remote.TOPIC, self._told)
        except BaseException:
            self.close()
            raise

    def room(self) -> int:
        """Any number of tasks: they wait here."""
        return 1

    def submit(self, key: str, cell: str) -> None:
        """Take a task."""
        self._line.waiting[key] = cell

    def reports(self, seconds: float) -> list[Report]:
        """What has ended; waits up to `seconds` for the first. SweepError when scheduler or workers are gone."""
        self._look()
        while self._line.waiting and self._slots and len(self._groups) <= 2 * self._slots:
            self._send()
        reports = []
        try:
            reports += self._heard(self._ended.get(timeout=seconds))
            while True:
                reports += self._heard(self._ended.get_nowait())
        except queue.Empty:
            return reports + self._overdue()

    def words(self) -> str:
        """How many workers there are, and how many tasks were begun again since one was lost."""
        again = f", {counted(self.begun_again, 'cell')} lost and begun again" if self.begun_again else ""
        return counted(self._number, "worker") + again

    def close(self) -> None:
        """Cancel what is under way, which workers notice at their next check, and leave the scheduler."""
        with contextlib.suppress(OSError, TimeoutError):  # it goes this very moment
            if self._client.status == "running":
                self._client.cancel([group.future for group in self._groups.values()])
            self._client.close(timeout=CONNECT_SECONDS)
        self._groups.clear()
        if self._cluster is not None:
            self._cluster.close(timeout=CONNECT_SECONDS)

    def _compare(self) -> None:
        """Every worker that is there has this program's versions, and the scheduler can read what it passes on.

        Workers that come later look for themselves.
        """
        try:
            self._client.run_on_scheduler(remote.versions)
        except Exception as error:  # noqa: BLE001  whatever it is, nothing will reach a worker
            raise SweepError(_strange("the scheduler", error)) from None
        for worker, theirs in self._client.run(remote.versions, on_error="return").items():
            if isinstance(theirs, BaseException):
                raise SweepError(_strange(f"the worker {worker}", theirs))
            if theirs != self._versions:
                raise SweepError(remote.differ(worker, theirs, self._versions))

    def _look(self) -> None:
        """Count the workers once a second; SweepError when the scheduler is gone, or no worker has been there long."""
        now = time.monotonic()
        if self._client.status != "running" or now > self._looked + LOOK_SECONDS + ANSWER_SECONDS:
            raise SweepError(self._gone())
        if self._count is None and now > self._looked + LOOK_SECONDS:
            asked = self._client.scheduler.identity(n_workers=0)  # not waited for: it may be gone this very moment
            self._count = asyncio.run_coroutine_threadsafe(asked, self._client.loop.asyncio_loop)
        if self._count is None or not self._count.done() or self._count.exception():
            return
        info, self._count = self._count.result(), None
        self._looked, self._slots, self._number = now, info["total_threads"], info["n_workers"]
        if self._slots:
            self._seen = now
        elif now > self._seen + WORKER_SECONDS:
            what = f"cluster: the scheduler at {self.place} has had no workers for {WORKER_SECONDS:g} s"
            raise SweepError(f"{what}; start some with: dask worker ADDRESS --nthreads 1; {KEPT}")

    def _send(self) -> None:
        """Send the next tasks as a group."""
        tasks = self._line.take(self._pace.size(len(self._line.waiting), self._slots))
        seconds = groups.seconds_for(len(tasks), self.task_seconds)
        name = f"cells-{uuid.uuid4().hex}"
        asked = remote.Asked(name, self._run, self._versions, self.compute, tasks, seconds)
        future = self._client.submit(remote.answer, asked, self._data_tasks(), key=name, pure=False)
        self._groups[name] = _Group(tasks, future)  # before the first word of it can come
        future.add_done_callback(lambda _: self._ended.put(name))

    def _data_tasks(self) -> dict[str, Future]:
        """By name the task that makes a data set, anew where workers were lost over it; SweepError if that goes on."""
        for name, data in self._given.items():
            if name in self._data and self._data[name].status in ("pending", "finished"):
                continue
            self._data_tries += name in self._data
            if self._data_tries > DATA_TRIES:
                raise SweepError(f"cluster: workers are lost again and again over the rows of {data.title}; {KEPT}")
            key, make, *values = remote.data_task(data)
            again = f"-{uuid.uuid4().hex}" if name in self._data else ""  # groups that failed hold on to the failed one
            self._data[name] = self._client.submit(make, *values, key=key + again)
        return self._data

    def _told(self, event: tuple[float, Mapping[str, str]]) -> None:
        """A worker begins a group; called in the client's own thread."""
        group = self._groups.get(event[1]["group"])
        if event[1]["run"] == self._run and group is not None:
            group.begun, group.since = group.begun + 1, time.monotonic()
            self.begun_again += len(group.tasks) * (group.begun > 1)

    def _heard(self, name: str) -> list[Report]:
        """What came of a group that has ended; SweepError when no other group would fare better."""
        group = self._groups.get(name)
        if group is None:
            return []  # given up meanwhile
        status = group.future.status
        if status == "finished":
            return self._finished(name, group)
        if status in ("lost", "pending"):
            return self._unfetched(name, group)
        del self._groups[name]
        if status == "cancelled":  # not by us
            raise SweepError(self._gone())
        error = group.future.exception(timeout=ANSWER_SECONDS)
        if isinstance(error, KilledWorker):
            return self._lost(group, error.task == name)
        if isinstance(error, DataError | SweepError):
            raise SweepError(f"{error}; {KEPT}")
        raise SweepError(_strange("a worker or the scheduler", error))

    def _finished(self, name: str, group: _Group) -> list[Report]:
        try:
            reports, seconds = group.future.result(timeout=ANSWER_SECONDS)
        except TimeoutError:
            return self._unfetched(name, group)
        del self._groups[name]
        self._data_tries = 0
        self._pace.heard(len(reports), seconds)
        return [report._replace(tries=max(group.begun, 1)) for report in reports]

    def _unfetched(self, name: str, group: _Group) -> list[Report]:
        """A result was lost with its worker before it was fetched: the scheduler has it computed again."""
        group.future.add_done_callback(lambda _: self._ended.put(name))
        return []

    def _lost(self, group: _Group, itself: bool) -> list[Report]:
        """Workers were lost that had the group `itself`, begun or in line; or else its data, and it was no try."""
        tries = max(group.begun, 1) if len(group.tasks) == 1 else 1
        self.begun_again += len(group.tasks) * (group.begun > 0)
        return [Report(key, None, "as the scheduler says", True, tries * itself) for key in group.tasks]

    def _overdue(self) -> list[Report]:
        """Give up the groups whose worker does not notice that their time is over."""
        reports, now = list[Report](), time.monotonic()
        for name, group in tuple(self._groups.items()):
            seconds = groups.seconds_for(len(group.tasks), self.task_seconds)
            if group.begun and now > group.since + seconds + LATE_SECONDS:
                del self._groups[name]
                self._client.cancel([group.future])
                words = f"timed out after {seconds:g} s"
                reports += [Report(key, None, words, len(group.tasks) > 1) for key in group.tasks]
        return reports

    def _gone(self) -> str:
        return f"cluster: the scheduler at {self.place} has gone or was restarted; {KEPT} once there is one again"


def _connected(address: str, place: str) -> tuple[LocalCluster | None, Client]:
    """The client of a scheduler, and the scheduler where it is our own; SweepError when there is none to be had."""
    for name in ("client", "utils", "core"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)  # it is said here, in sentences
    if address.startswith("local:"):
        number = int(address.removeprefix("local:"))
        quiet: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL", "host": "127.0.0.1"}
        cluster = LocalCluster(n_workers=number, threads_per_worker=1, **quiet)
        return cluster, Client(cluster, set_as_default=False)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as thread:  # which has no event loop, while a notebook's has one
            thread.submit(asyncio.run, _greeted(address)).result()
        return None, Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # noqa: BLE001  who listens there may say anything: distributed has raised MemoryError
        reason = error.strerror if isinstance(error, OSError) and error.strerror else groups.problem(error)
        what = f"cluster: no dask scheduler answers at {place} ({reason})"
        raise SweepError(
            f"{what}; start one with: dask scheduler, and name it as tcp://host:port (tls:// with certificates)"
        ) from None


async def _greeted(address: str) -> None:
    """Return when what is there speaks dask's language; a `Client` alone waits for ever for who says nothing."""
    url = urlsplit(address)
    socket.create_connection((str(url.hostname), url.port or 0), timeout=CONNECT_SECONDS).close()
    wanted = Security().get_connection_args("client")
    (await asyncio.wait_for(connect(address, CONNECT_SECONDS, **wanted), CONNECT_SECONDS)).abort()


def _strange(worker: str, error: BaseException) -> str:
    what = f"cluster: {worker} cannot do what it is asked ({groups.problem(error)})"
    return f"{what}; install the same spnlab[cluster] there; {KEPT}"
