"""What the visitors' benchmark counts: answers that bring points, from Train on; not answers that bring nothing."""

import asyncio
import json
import time

from benchmarks.live import served
from benchmarks.visitors import Session


def session(points, ended=None, answers=0):
    made = Session(0, "", None)
    made.trained, made.points, made.ended, made.answers = 100.0, points, ended, answers
    return made


def test_who_waits_in_line_lowers_no_gap_and_is_not_served():
    asked = [session([101.0, 101.3, 102.0], ended=102.5, answers=5), *(session([], answers=400) for _ in range(29))]
    found = served(asked, 100.0, 60.0)
    assert found["data_gap_count"] == 2 and found["data_gap_worst_ms"] == 700.0
    assert found["train_to_first_point_count"] == 1 and found["train_to_first_point_p50_ms"] == 1000.0
    assert found["sessions_with_a_point_at_30_s"] == 1 and found["sessions_ended_at_the_end"] == 1
    assert found["answers"] == 11_605 and found["answers_with_points"] == 3


def test_a_point_after_the_mark_counts_at_the_end_only():
    found = served([session([140.0], ended=150.0)], 100.0, 60.0)
    assert (found["sessions_with_a_point_at_30_s"], found["sessions_with_a_point_at_the_end"]) == (0, 1)
    assert (found["sessions_ended_at_30_s"], found["sessions_ended_at_the_end"]) == (0, 1)


def test_nobody_served_is_said_and_no_crash():
    found = served([session([]), session([])], 100.0, 60.0)
    assert found["train_to_first_point_count"] == found["data_gap_count"] == 0
    assert "train_to_first_point_p50_ms" not in found


def test_an_answer_without_frames_is_an_answer_and_no_point(monkeypatch):
    asked = Session(0, "", None, run_id="run")
    headers = iter([0, 0, 3, 0, 2])

    async def get(self, address, method="GET"):
        text = json.dumps({"frames": next(headers), "state": "running", "poll_ms": 250, "done": 0}).encode()
        return 200, len(text).to_bytes(4, "little") + text

    monkeypatch.setattr(Session, "get", get)
    asked.trained = time.perf_counter()
    for _ in range(5):
        asyncio.run(asked.ask())
    assert (asked.answers, len(asked.points), asked.length) == (5, 2, 5)
    assert len(asked.gaps) == 1 and asked.first_point >= 0
