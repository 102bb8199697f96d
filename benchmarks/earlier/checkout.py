"""An earlier revision's files in a folder, and a process of either build that is asked for work."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.document import ROOT

HERE = Path(__file__).parent
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class RevisionError(RuntimeError):
    """The earlier build cannot be had; the text says why and what to do."""


def git_has(revision: str, repository: Path = ROOT) -> bool:
    """Whether a commit is in a repository's history."""
    if shutil.which("git") is None:
        return False
    return not subprocess.run(
        ["git", "-C", str(repository), "cat-file", "-e", revision], capture_output=True
    ).returncode


def lay_out(revision: str, folder: Path, repository: Path = ROOT) -> None:
    """The files of a revision, and among its benchmarks this package: `git archive` leaves nothing behind elsewhere."""
    if shutil.which("git") is None:
        raise RevisionError("git is not at hand, and the earlier build is taken from the repository's history")
    if not git_has(revision, repository):
        raise RevisionError(
            f"revision {revision} is not in this repository's history; fetch it (git fetch --unshallow where the clone "
            "is shallow), or name another with --revision"
        )
    command = ["git", "-C", str(repository), "archive", "--format=tar", revision]
    done = subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as files:
        files.extractall(folder, filter="data")
    target = folder / "benchmarks" / HERE.name
    shutil.copytree(HERE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


class Build:
    """A process in a folder that has one of the builds; one BLAS thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.earlier.runner"],
            cwd=folder,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, work: str, **given: Any) -> dict[str, Any]:
        """What a work found; RuntimeError with the build's own words where it failed."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"work": work, "given": given}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line or '{"problem": "the process has ended"}')
        if "problem" in answer:
            raise RuntimeError(f"{work} in {self.folder}: {answer['problem']}")
        found: dict[str, Any] = answer["found"]
        return found

    def fresh(self, work: str, **given: Any) -> dict[str, Any]:
        """The same in a process of its own."""
        with Build(self.folder) as alone:
            return alone.ask(work, **given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
