"""Workers on this computer: processes of `python -m spncore.sweep.worker`, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from spncore.data.library import Dataset
from spncore.limits import LIMITS
from spncore.sweep import groups
from spncore.sweep.cells import SweepError
from spncore.sweep.running import Report
from spncore.words import counted

COMPUTE = "spncore.sweep.computing:compute_json"
MAX_WORKERS = 64
START_SECONDS = 60.0
LATE_SECONDS = 1.0  # how long a process may take to notice that time is over
FAILED_STARTS = 2  # in a row, and the sweep is given up: the next one would fail as well


class _Process:
    """One worker process; a thread reads its lines into the common queue, and None when it has ended."""

    def __init__(self, setup: str, lines: queue.Queue[tuple[_Process, str | None]]) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[variable] = "1"  # one worker, one core
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spncore.sweep.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
            env=environment,
        )
        self.ready, self.tasks, self.number, self.since = False, set[str](), 0, time.monotonic()
        self.reader = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self.reader.start()
        self.send(setup)

    def begin(self, tasks: Mapping[str, str], seconds: float) -> None:
        """Give it a group of tasks."""
        self.tasks, self.number, self.since = set(tasks), len(tasks), time.monotonic()
        self.send(json.dumps({"tasks": tasks, "seconds": seconds}))

    def send(self, line: str) -> None:
        """Write one line; that the process is gone is told by its reader."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            pass

    def close(self) -> str:
        """Kill the process and give the last line of its errors."""
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            try:
                stream.close()
            except OSError:  # what was still to be written has no reader any more
                pass
        with self.errors:
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"exit code {self.process.returncode}"

    def _read(self, lines: queue.Queue[tuple[_Process, str | None]]) -> None:
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                lines.put((self, line))
        finally:
            lines.put((self, None))


class LocalWorkers:
    """Up to `num_workers` processes, started when needed, at the given niceness; a task has `task_seconds`.

    `compute` names the function that a worker calls, as module:function, with a cell and the data.
    """

    def __init__(
        self,
        data: Mapping[str, Dataset],
        num_workers: int = 1,
        *,
        niceness: int = 0,
        task_seconds: float = LIMITS.run_seconds,
        compute: str = COMPUTE,
    ) -> None:
        if not 1 <= num_workers <= MAX_WORKERS:
            raise SweepError(f"workers: {num_workers} is out of range; allowed: 1 to {MAX_WORKERS}")
        self.num_workers, self.task_seconds = num_workers, task_seconds
        setup = {"compute": compute, "niceness": niceness, "data": {name: vars(each) for name, each in data.items()}}
        self._setup = json.dumps(setup, default=np.ndarray.tolist)
        self._lines: queue.Queue[tuple[_Process, str | None]] = queue.Queue()
        self._processes: list[_Process] = []
        self._line, self._pace = groups.Line(), groups.Pace()
        self._failed_starts = 0

    def room(self) -> int:
        """Any number of tasks: they wait here."""
        return 1

    def submit(self, key: str, cell: str) -> None:
        """Take a task."""
        self._line.waiting[key] = cell

    def reports(self, seconds: float) -> list[Report]:
        """What has ended; waits up to `seconds` for the first. SweepError when workers end before they begin."""
        while self._line.waiting and self._begin():
            pass
        reports = []
        try:
            reports += self._heard(*self._lines.get(timeout=seconds))
            while True:
                reports += self._heard(*self._lines.get_nowait())
        except queue.Empty:
            return reports + self._overdue()

    def words(self) -> str:
        """How many processes there are."""
        return counted(len(self._processes), "worker")

    def close(self) -> None:
        """Kill every process: what was under way is lost, and computed anew another time."""
        while self._processes:
            self._processes.pop().close()

    def _begin(self) -> bool:
        """Give a group to an idle process, or to a new one; False when all are busy."""
        process = next((process for process in self._processes if not process.tasks), None)
        if process is None:
            if len(self._processes) == self.num_workers:
                return False
            process = _Process(self._setup, self._lines)
            self._processes.append(process)
        tasks = self._line.take(self._pace.size(len(self._line.waiting), self.num_workers))
        process.begin(tasks, groups.seconds_for(len(tasks), self.task_seconds))
        return True

    def _heard(self, process: _Process, line: str | None) -> list[Report]:
        if process not in self._processes:
            return []  # killed meanwhile
        if line is None:
            return self._ended(process)
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError:
            return []  # cut in the middle; its end follows
        if "ready" in message:
            process.ready, process.since, self._failed_starts = True, time.monotonic(), 0
            return []
        report = Report(**message)
        process.tasks.discard(report.key)
        if not process.tasks:
            self._pace.heard(process.number, time.monotonic() - process.since)
        return [report]

    def _ended(self, process: _Process) -> list[Report]:
        self._processes.remove(process)
        said = process.close()
        if not process.ready:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise SweepError(f"workers: they end before they begin on this computer; the last said: {said}")
        return [Report(key, problem=f"the last: {said}", lost=True) for key in process.tasks]

    def _overdue(self) -> list[Report]:
        """Kill the processes whose tasks have taken too long, and did not notice."""
        reports = []
        for process in tuple(self._processes):
            seconds = groups.seconds_for(process.number, self.task_seconds)
            late = LATE_SECONDS if process.ready else START_SECONDS
            if process.tasks and time.monotonic() - process.since > seconds + late:
                self._processes.remove(process)
                process.close()
                words = f"timed out after {seconds:g} s"
                reports += [Report(key, None, words, process.number > 1) for key in process.tasks]
        return reports
