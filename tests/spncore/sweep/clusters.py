"""A dask scheduler and its workers as programs of this computer, on ports of the system's choice."""

import json
import os
import subprocess
import sys
from pathlib import Path

from distributed import Client

from tests import children
from tests.places import ROOT
from tests.spncore.sweep.sweep_faults import FOLDER
from tests.waiting import until

QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical", "PYTHONPATH": str(ROOT)}


class Cluster:
    """A scheduler that gives a task up with its first worker, so that a test need not kill four."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workers, file = folder, [], folder / "scheduler.json"
        self.scheduler = self._start(
            "dask_scheduler",
            *(
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--dashboard-address",
                "127.0.0.1:0",
                "--scheduler-file",
                str(file),
            ),
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0",
        )
        self.file = file

    @property
    def address(self) -> str:
        """Known when the scheduler has written it."""
        until(self._address)
        return self._address()

    def _address(self) -> str:
        try:
            return json.loads(self.file.read_text())["address"]
        except (OSError, ValueError):
            return ""

    def with_workers(self, number: int) -> "Cluster":
        """Start what is missing of so many workers, end what is too much, and wait until they have joined."""
        self.workers = [each for each in self.workers if each.poll() is None]
        for _ in range(number - len(self.workers)):
            self.workers.append(self.worker())
        while len(self.workers) > number:
            end(self.workers.pop())
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(number)
            until(lambda: len(client.nthreads()) == number)
        return self

    def worker(self, *options: str) -> subprocess.Popen:
        """One more worker, which the caller ends."""
        address = ("--scheduler-file", str(self.file), "--host", "127.0.0.1")
        return self._start("dask_worker", *address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *options)

    def close(self) -> None:
        """Kill everything."""
        for each in [*self.workers, self.scheduler]:
            end(each)

    def _start(self, name: str, *options: str, **more: str) -> subprocess.Popen:
        environment = children.environment(**QUIET, **more, **{FOLDER: str(self.folder)})
        environment["OPENBLAS_NUM_THREADS"] = str(os.cpu_count())  # a worker sees to that itself
        command = [sys.executable, "-m", f"distributed.cli.{name}", "--local-directory", str(self.folder), *options]
        if name == "dask_scheduler":
            command[3:5] = []
        return subprocess.Popen(command, env=environment, cwd=self.folder, stderr=subprocess.DEVNULL)


def end(process: subprocess.Popen) -> None:
    """Kill a program and wait until it is gone."""
    process.kill()
    process.wait()
