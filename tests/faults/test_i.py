"""The start, and the container; what needs the image is claimed by tests/container/run.sh and read here."""

import asyncio
import os
import shutil
import statistics
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests import apart
from tests.faults.serving import ENDLESS, Serving, tab
from tests.faults.table import ITEMS
from tests.places import ROOT
from tests.waiting import PATIENCE

NOTHING_CAN_BE_BUILT = 77
TOOLS = ("buildah", "podman", "runc", "mmdebstrap", "nsenter")


@pytest.fixture(scope="session")
def claims() -> list[str]:
    """What the container test says, a claim a line."""
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(f"the image is not built: {', '.join(missing)} is missing")
    if os.geteuid():
        pytest.skip("the image is not built: only root can")
    run = subprocess.run([ROOT / "tests/container/run.sh"], capture_output=True, text=True)
    print(run.stdout, run.stderr[-2000:])
    if run.returncode == NOTHING_CAN_BE_BUILT:
        pytest.skip(f"the image is not built: {run.stderr.splitlines()[-1]}")
    return run.stdout.splitlines()


@pytest.mark.container
@pytest.mark.parametrize(
    "item", [pytest.param(item, marks=pytest.mark.fault(item)) for item in ITEMS if item[0] == "I"]
)
def test_the_container_keeps_what_is_claimed_of_it(claims: list[str], item: str) -> None:
    of_item = [line for line in claims if line.startswith(("PASS", "FAIL")) and item in line]
    assert of_item and all(line.startswith("PASS") for line in of_item), "\n".join(of_item)


@pytest.mark.slow
def test_I06_a_start_that_cannot_be_ends_at_once_and_says_why(tmp_path: Path, serving: Serving) -> None:
    cases = {
        "in-use": (serving.port, {}, str(serving.port)),
        "no-port": (99_999, {}, "port must be 0-65535"),
        "no-number": (None, {"SPNLAB_SESSIONS": "many"}, "SPNLAB_SESSIONS='many': give a whole number, 0 or more"),
    }
    for name, (port, variables, words) in cases.items():
        (tmp_path / name).mkdir()
        other = Serving(tmp_path / name, port, **variables)
        try:
            assert other.process.wait(PATIENCE) != 0
            assert words in other.log.read_text().splitlines()[-1]
        finally:
            other.close()
    serving.healthy()


@pytest.mark.slow
def test_I09_health_answers_within_a_second_while_two_runs_train(serving: Serving) -> None:
    async def asked() -> list[float]:
        async with AsyncExitStack() as stack:
            for link in (ENDLESS, f"{ENDLESS}&seed=100"):
                await (await stack.enter_async_context(tab(serving.port, link))).ask()
            return [await asyncio.to_thread(serving.healthy) for _ in range(21)]

    assert statistics.median(apart.run(asked())) < 1.0
