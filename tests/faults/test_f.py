"""The store of runs under processes that are killed, and that all write at once, on both databases."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import children
from tests.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are forked, which this system cannot"),
]


def written(*arguments: str) -> dict[str, Any]:
    """What writers of their own said and left."""
    command = [sys.executable, "-m", "tests.faults.writers", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=children.environment(), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_F01_F09_what_killed_writers_said_to_be_kept_is_kept_and_whole(address: str, tmp_path: Path) -> None:
    """SPNLAB_KILLS=200 makes it as many rounds of four writers."""
    found = written("killed", address, os.environ.get("SPNLAB_KILLS", "20"))
    assert len(found["said"]) == len(set(found["said"])) > 20
    assert set(found["said"]) <= set(found["stored"]) and not found["wrong"]


def test_F02_30_processes_with_two_threads_each_write_at_once_and_lose_nothing(address: str, tmp_path: Path) -> None:
    found = written("together", address)
    assert len(found["said"]) == 600 and len(set(found["said"])) == 300
    assert set(found["said"]) == set(found["stored"]) and not found["wrong"]
    assert not list(tmp_path.rglob("*.part"))
