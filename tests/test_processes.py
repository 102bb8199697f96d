"""What a server's children use is counted apart from what it uses itself."""

import subprocess
import sys

import pytest

from benchmarks import processes
from benchmarks.counting import Usage, spent
from benchmarks.server import Server
from tests.waiting import until

pytestmark = pytest.mark.skipif(not processes.PROC.exists(), reason="only Linux has /proc")
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
child.kill()
child.wait()
"""
BUSY = "kept = b'x' * 40_000_000\nwhile True: pass"


@pytest.fixture
def server():
    """A process with a busy child that holds 40 MB, as a server is looked at."""
    command = [sys.executable, "-c", PARENT, BUSY]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    made = Server.__new__(Server)
    made.process = process
    made.child = int(process.stdout.readline())
    yield made
    process.stdin.close()
    process.stdout.close()
    process.wait()


def test_a_busy_child_trains_and_the_server_serves(server):
    before = Usage.of(server)
    until(lambda: server.children_cpu()[server.child] > before.children.get(server.child, 0.0) + 0.3)
    used = spent(before, Usage.of(server))
    assert list(server.children_cpu()) == [server.child]
    assert used.training >= 0.3 and used.serving < 0.1
    assert processes.cpu_seconds(server.child) >= 0.3 > processes.cpu_seconds(server.process.pid)


def test_a_child_s_memory_is_its_own(server):
    until(lambda: server.children_cpu()[server.child] > 0.2)  # it has what it holds
    assert server.children_memory_mb() > 40.0
    assert server.memory_mb() < 40.0
    assert server.memory_of_all_mb() == pytest.approx(server.memory_mb() + server.children_memory_mb(), rel=0.05)


def test_of_a_process_that_is_gone_nothing_is_counted():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert (processes.cpu_seconds(done.pid), processes.cpu_by_thread(done.pid)) == (0.0, {})
    assert (processes.share_mb(done.pid), processes.children(done.pid)) == (0.0, [])
