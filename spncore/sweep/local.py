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
from spncore.sweep.cells import SweepError
from spncore.sweep.running import Report
from spncore.words import counted

COMPUTE = "spncore.sweep.cells:compute_json"
MAX_WORKERS = 64
START_SECONDS = 60.0
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
        self.ready, self.task, self.since = False, "", time.monotonic()
        self.reader = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self.reader.start()
        self.send(setup)

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
        self._failed_starts = 0

    def room(self) -> int:
        """How many tasks it takes at the moment."""
        return self.num_workers - sum(bool(process.task) for process in self._processes)

    def submit(self, key: str, cell: str) -> None:
        """Give a task to an idle process, or to a new one."""
        process = next((process for process in self._processes if not process.task), None)
        if process is None:
            process = _Process(self._setup, self._lines)
            self._processes.append(process)
        process.task, process.since = key, time.monotonic()
        process.send(json.dumps({"key": key, "cell": json.loads(cell)}))

    def reports(self, seconds: float) -> list[Report]:
        """What has ended; waits up to `seconds` for the first. SweepError when workers end before they begin."""
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

    def _heard(self, process: _Process, line: str | None) -> list[Report]:
        if process not in self._processes:
            return []  # killed meanwhile
        if line is None:
            return self._ended(process)
        try:
            message: dict[str, Any] = json.loads(line)
        except ValueError:
            return []  # cut in the middle; its end follows
        process.since = time.monotonic()
        if "ready" in message:
            process.ready, self._failed_starts = True, 0
            return []
        process.task = ""
        return [Report(message["key"], message.get("result"), message.get("problem"))]

    def _ended(self, process: _Process) -> list[Report]:
        self._processes.remove(process)
        said = process.close()
        if not process.ready:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise SweepError(f"workers: they end before they begin on this computer; the last said: {said}")
        return [Report(process.task, problem=f"the last: {said}", lost=True)] if process.task else []

    def _overdue(self) -> list[Report]:
        """Kill the processes whose task has taken too long."""
        reports = []
        for process in tuple(self._processes):
            allowed = self.task_seconds + (0.0 if process.ready else START_SECONDS)
            if process.task and time.monotonic() - process.since > allowed:
                self._processes.remove(process)
                process.close()
                reports.append(Report(process.task, problem=f"timed out after {self.task_seconds:g} s"))
        return reports
