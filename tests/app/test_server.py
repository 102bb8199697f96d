"""The server as it is started: its routes answer before the page's, and SIGTERM during training ends it cleanly."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest

from app.live.limits import cores
from tests import children
from tests.places import ROOT
from tests.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real server below a base path, on a free port of this computer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.baseUrlPath", "lab"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *options],
        cwd=ROOT,
        env=children.environment(),
        stdout=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}/lab"

    def answers() -> bool:
        assert process.poll() is None, "the server did not start"
        with suppress(OSError), urlopen(f"{base}/_stcore/health", timeout=PATIENCE):
            return True
        return False

    try:
        until(answers)
        yield base, process
    finally:
        process.kill()
        process.wait()


@pytest.mark.fault("E13")
@pytest.mark.slow
def test_the_started_server_answers_its_own_routes_below_the_base_path(
    address: tuple[str, subprocess.Popen[bytes]],
) -> None:
    base, _ = address
    with urlopen(f"{base}/api/figure3", timeout=PATIENCE) as answer:
        assert answer.headers["Content-Type"] == "application/json" and len(json.load(answer)["L1"]) == 500
    for part, status in (("runs/x", 404), ("nothing", 404), ("runs/..%2f..%2fetc", 400)):
        with pytest.raises(HTTPError) as refused:
            urlopen(f"{base}/api/{part}", timeout=PATIENCE)
        assert refused.value.code in (status, 404) and b"<html" not in refused.value.read()
        refused.value.close()


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that train, and that compute a server's jobs."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if {"app.live.trainer", "app.live.working"} & set(child.cmdline())]


@pytest.mark.slow
def test_a_terminated_server_ends_with_exit_code_0_and_its_workers_with_it(
    address: tuple[str, subprocess.Popen[bytes]],
) -> None:
    base, process = address
    with urlopen(Request(f"{base}/_stcore/health", method="GET"), timeout=PATIENCE) as answer:
        assert answer.status == 200
    until(lambda: len(workers(process)) == cores() + 1)  # the one for long jobs begins with the first of them
    all_of_them = workers(process)
    process.terminate()
    assert process.wait(timeout=PATIENCE) == 0
    until(lambda: not any(each.is_running() for each in all_of_them))


def test_the_entry_asks_for_one_thread_before_numpy_is_loaded() -> None:
    program = (
        "import os, sys\n"
        "for name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ.pop(name, None)\n"
        "import streamlit.web.cli\n"
        "assert 'numpy' not in sys.modules, 'Streamlit now loads NumPy first: set the variables elsewhere'\n"
        "import streamlit_app\n"
        "assert 'numpy' in sys.modules and os.environ['OPENBLAS_NUM_THREADS'] == '1'\n"
        "from app.live.runs import REGISTRY\n"
        "assert not REGISTRY.scheduler.trainers, 'nothing trains at import'\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=ROOT, env=children.environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
