"""The numbers for an operator: read when they are asked for, of everybody who has some, naming nobody."""

import json
import os
import subprocess
import sys
import warnings
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from app.live import log, metrics, store
from app.live.metrics import FIRST_POINT, Sources
from app.live.processes import Taken, started_by, taken_by
from tests import children
from tests.waiting import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette asks for another HTTP client than the one that is pinned
    from starlette.testclient import TestClient

COUNTS = Counter(running=2, queued=1), Counter(done=3), Counter(upload=4)


@pytest.fixture
def asked(monkeypatch):
    """A client, and what the server says of itself."""
    reasons = [None]
    sources = Sources(lambda: 5, *(lambda each=each: each for each in COUNTS), lambda: reasons[0])
    with TestClient(Starlette(routes=metrics.routes(sources, "lab/"))) as client:
        yield client, reasons


def numbers(client):
    families = text_string_to_metric_families(client.get("/lab/metrics").text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_every_source_is_asked_at_every_scrape(asked, monkeypatch):
    client, _ = asked
    monkeypatch.setattr(log, "ERRORS", Counter({("app.live.jobs", "ValueError"): 7}))
    before = numbers(client)
    assert before[("spnlab_sessions",)] == 5 and before[("spnlab_runs", "running")] == 2
    assert before[("spnlab_jobs", "done")] == 3 and before[("spnlab_refusals_total", "upload")] == 4
    assert before[("spnlab_errors_total", "ValueError", "app.live.jobs")] == 7
    COUNTS[2]["upload"] += 1
    FIRST_POINT.observe(0.3)
    after = numbers(client)
    assert after[("spnlab_refusals_total", "upload")] == 5
    waits = [("spnlab_first_point_seconds_bucket", bound) for bound in ("0.25", "0.5")]
    assert [after[key] - before[key] for key in waits] == [0, 1]


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="what processes take is read as Linux says it")
def test_what_children_take_is_counted_with_their_own_children(asked):
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    begun = subprocess.Popen([sys.executable, "-c", program], env=children.environment(), start_new_session=True)
    busy = ("spnlab_cpu_seconds_total", "trainers and jobs")
    try:
        before = numbers(asked[0])[busy]
        until(lambda: len(started_by(begun.pid)) == 1)
        until(lambda: numbers(asked[0])[busy] > before + 0.2)
        assert {begun.pid, *started_by(begun.pid)} <= set(started_by(os.getpid()))
        assert taken_by(begun.pid).memory_bytes > 1e6
    finally:
        os.killpg(begun.pid, 9)
        begun.wait()
    assert taken_by(begun.pid) == Taken() and not started_by(begun.pid)


def test_ready_says_why_not(asked, monkeypatch, tmp_path):
    client, reasons = asked
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert client.get("/lab/ready").json() == {"ready": True}
    reasons[0] = "The server is about to restart."
    answer = client.get("/lab/ready")
    assert answer.status_code == 503 and answer.json() == {"ready": False, "error": "The server is about to restart."}
    reasons[0] = None
    (tmp_path / "spnlab").rmdir()
    (tmp_path / "spnlab").touch()
    answer = client.get("/lab/ready")
    assert answer.status_code == 503 and str(tmp_path) not in answer.text and "cannot be written" in answer.text
    assert store.fault() and str(tmp_path) in store.remedy(store.fault())
    assert "spnlab_store_free_bytes" in client.get("/lab/metrics").text
    assert json.loads(answer.text)["ready"] is False and answer.headers["Cache-Control"] == "no-store"
