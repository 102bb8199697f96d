"""Background jobs: one per content, shared, in turns, bounded, cancelled when nobody waits, failing alone."""

import os
import pickle
import signal
import sys
import threading
import time
from dataclasses import replace

import psutil
import pytest

from app.kit.progress import duration
from app.live import lane
from app.live.jobs import JobBoard, JobRefused
from app.live.limits import ServerLimits
from tests.app.in_thread import InThread
from tests.app.live import tasks
from tests.stored_cells import cells as kept_cells
from tests.waiting import until

LIMITS = ServerLimits(jobs_waiting=4, jobs_per_session=3, jobs_kept=3)


@pytest.fixture
def board():
    """The turns, with threads in place of processes."""
    board = JobBoard(LIMITS, InThread)
    yield board
    board.close()


@pytest.fixture
def real():
    """With processes."""
    board = JobBoard(replace(LIMITS, job_stop_seconds=1.0))
    yield board
    board.close()
    assert not any(lane.child.alive for lane in board._lanes.values())


def start(board, key, function=tasks.patient, *arguments, who="me", quick=False):
    return board.start(key, who, function, *arguments, quick=quick)


def test_a_job_gives_its_result_and_a_second_start_gives_the_same_job(board):
    job = start(board, "a", tasks.given, 42)
    until(lambda: job.ended)
    assert (job.state, job.result, job.work) == ("done", 42, None)
    assert start(board, "a", tasks.given, 43, who="you") is job


def test_one_job_of_a_kind_runs_at_a_time_and_the_others_wait_their_turn(board):
    first, second, third = (start(board, key) for key in "abc")
    until(lambda: first.state == "running")
    assert (second.state, third.state) == ("queued", "queued")
    board.get("b")  # looking at a job does not change its turn
    assert [board.position(job) for job in (first, second, third)] == [0, 1, 2]
    quick = start(board, "quick", tasks.given, 1, who="you", quick=True)
    until(lambda: quick.ended)
    assert quick.state == "done" and first.state == "running", "what takes a second does not wait for what takes long"
    board.leave("me", "a")
    until(lambda: second.state == "running")
    assert first.state == "cancelled"
    assert board.counts() == {"queued": 1, "running": 1, "done": 1, "cancelled": 1, "failed": 0}


def test_too_many_that_wait_are_refused_a_session_s_first(board):
    until(lambda: start(board, "runs").state == "running")
    for key in "abc":
        start(board, key)
    with pytest.raises(JobRefused, match="^3 computations of yours wait already"):
        start(board, "d")
    start(board, "e", who="you")
    with pytest.raises(JobRefused, match="^4 computations wait already"):
        start(board, "f", who="you")
    assert start(board, "a", who="you") is board.get("a"), "a job that is known takes no more room"


def test_sessions_take_turns(board):
    begun = [start(board, "first")]
    until(lambda: begun[0].state == "running")
    begun += [start(board, key) for key in ("second", "third", "fourth")]
    others = start(board, "yours", who="you")
    assert board.position(others) == 1 and board.position(begun[1]) == 2
    board.leave("me", "first")
    until(lambda: others.state == "running")
    board.leave("you", "yours")
    until(lambda: begun[1].state == "running")


def test_a_shared_job_goes_on_until_the_last_one_leaves(board):
    job = start(board, "a")
    assert start(board, "a", who="you") is job
    board.leave("me", "a")
    board.leave("me", "a")
    board.leave("a stranger", "a")
    assert not job.stop.is_set()
    board.leave("you")
    until(lambda: job.state == "cancelled")


def test_a_cancelled_or_failed_job_is_begun_anew(board):
    cancelled, failed = start(board, "a"), start(board, "b", tasks.refused, quick=True)
    board.leave("me", "a")
    until(lambda: failed.ended)
    for job, key in ((cancelled, "a"), (failed, "b")):
        anew = start(board, key, tasks.given, 1)
        assert anew is not job
        until(lambda anew=anew: anew.state == "done")


def test_only_the_latest_ended_jobs_are_remembered_by_number_and_by_size(board):
    for key in "abcdef":
        job = start(board, key, tasks.given, key)
        until(lambda job=job: job.ended)
    until(lambda: [key for key in "abcdef" if board.get(key)] == ["d", "e", "f"])
    board.limits = replace(LIMITS, jobs_kept_bytes=len(pickle.dumps(bytes(1000))) + 20)
    for key in "gh":
        job = start(board, key, tasks.given, bytes(1000))
        until(lambda job=job: job.ended)
    until(lambda: [key for key in "abcdefgh" if board.get(key)] == ["h"])


def test_the_end_of_the_server_ends_every_job_and_takes_no_other(board):
    running, waiting = start(board, "a"), start(board, "b")
    board.close()
    until(lambda: running.ended)
    assert (running.state, waiting.state) == ("cancelled", "cancelled")
    with pytest.raises(JobRefused, match="being stopped"):
        start(board, "c")


def test_progress_gives_the_seconds_left_of_the_present_try(monkeypatch):
    clock = iter([0.0, 10.0, 10.0, 20.0])
    job = lane.Job("a", tasks.patient, (), False, "runs")
    assert job.seconds_left is None
    monkeypatch.setattr(lane.time, "monotonic", lambda: next(clock))
    job.told(0, 40)
    job.told(10, 40)
    assert job.seconds_left == 30.0
    job.told(0, 40)
    assert job.seconds_left is None, "it was begun again"
    assert (duration(29.2), duration(119), duration(121)) == ("30 s", "119 s", "3 min")


def test_jobs_are_computed_in_two_processes_below_all_others_of_which_the_quick_one_is_there_before_any(real):
    real.open()
    until(lambda: real._lanes[True].child.alive)
    assert not real._lanes[False].child.alive
    mine, threads = os.getpid(), threading.active_count()
    found = [start(real, f"{i}", tasks.where, quick=i % 2 == 1) for i in range(3)]
    until(lambda: all(job.ended for job in found))
    places = {job.result for job in found}
    assert len(places) == 2 and mine not in {pid for pid, _ in places}
    assert {nice for _, nice in places} == {min(19, os.nice(0) + 15)}
    assert {pid for pid, _ in places} == {lane.child.pid for lane in real._lanes.values()}
    until(lambda: threading.active_count() <= threads)


def test_a_job_that_fails_says_so_in_a_sentence_and_the_next_one_runs(real, caplog):
    jobs = start(real, "a", tasks.refused), start(real, "b", tasks.broken), start(real, "c", tasks.cannot_be_sent)
    until(lambda: all(job.ended for job in jobs))
    last = start(real, "d", tasks.given, 1)
    until(lambda: last.ended)
    refused, broken, unsendable = jobs
    assert (refused.state, refused.reason) == ("failed", "depth: too deep")
    for job in (broken, unsendable):
        number = job.reason.split()[-1].rstrip(".")
        assert job.state == "failed" and tasks.PLANTED not in job.reason and number in caplog.text
    faults = "".join(getattr(record, "fault", "") for record in caplog.records)
    assert "KeyError" in faults and tasks.PLANTED not in faults and last.state == "done"


def test_what_cannot_be_sent_to_the_process_is_refused_where_it_is_started(board):
    with pytest.raises((pickle.PicklingError, AttributeError)):
        start(board, "a", lambda report: 1)
    assert board.get("a") is None


def test_progress_comes_back_and_cancelling_leaves_the_process_to_the_next_job(real):
    job = start(real, "a", tasks.told_then_patient)
    until(lambda: job.done)
    assert job.total == 7 and job.done in (3, 4)
    pid = real._lanes[False].child.pid
    real.leave("me", "a")
    until(lambda: job.ended)
    then = start(real, "b", tasks.where)
    until(lambda: then.ended)
    assert (job.state, then.result[0]) == ("cancelled", pid)


def test_a_cancelled_job_that_does_not_hear_is_killed_and_the_next_one_runs(real):
    job = start(real, "a", tasks.deaf)
    until(lambda: job.done)
    before = time.monotonic()
    real.leave("me", "a")
    then = start(real, "b", tasks.where)
    until(lambda: then.ended)
    assert (job.state, then.state) == ("cancelled", "done")
    assert time.monotonic() - before >= 1.0, "it had a second to hear"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to such a limit")
def test_a_job_that_needs_more_memory_than_it_may_have_is_refused_and_the_next_one_runs(monkeypatch):
    monkeypatch.setenv("SPNLAB_JOB_BYTES", "600000000")  # of the processes
    board = JobBoard(LIMITS)
    try:
        job, then = start(board, "a", tasks.fills, 800_000_000), start(board, "b", tasks.fills, 100_000_000)
        until(lambda: then.ended)
        assert job.state == "failed" and "more than the 600 MB of memory" in job.reason
        assert then.result == 100_000_000
    finally:
        board.close()


def test_a_connection_that_is_lost_for_a_moment_ends_nothing_and_one_that_stays_away_does():
    board = JobBoard(replace(LIMITS, released_keep=0.2), InThread)
    try:
        job, other = start(board, "a"), start(board, "b", who="you")
        board.release("me")
        board.release("you")
        board.welcome("me")
        until(lambda: other.ended)
        assert other.state == "cancelled" and not job.stop.is_set()
        board.release("me")
        until(lambda: job.ended)
    finally:
        board.close()


@pytest.mark.slow
def test_a_job_whose_process_is_killed_is_begun_again_once_whoever_kills_it(real, tmp_path):
    diary = str(tmp_path / "begun")
    job = start(real, "a", tasks.begun, diary, 2)
    until(lambda: len(tasks.pids(diary)) == 1)
    os.kill(tasks.pids(diary)[0], signal.SIGKILL)
    until(lambda: job.ended)
    assert (job.state, job.result) == ("done", "done") and len(set(tasks.pids(diary))) == 2


@pytest.mark.slow
def test_a_process_that_stands_still_is_killed_when_its_job_is_not_wanted_however_much_is_to_be_sent(real):
    real.open()
    long = real._lanes[False]
    long.ready()
    os.kill(long.child.pid, signal.SIGSTOP)
    job = start(real, "a", tasks.given, bytes(10_000_000))
    until(lambda: long._job is job)
    real.leave("me", "a")
    then = start(real, "b", tasks.given, 1)
    until(lambda: then.ended)
    assert (job.state, then.state) == ("cancelled", "done")


@pytest.mark.slow
def test_a_job_whose_process_does_not_begin_is_given_another_one(real, monkeypatch):
    monkeypatch.setattr(lane, "START_SECONDS", 15.0)
    before = start(real, "a", tasks.where)
    until(lambda: before.ended)
    os.kill(before.result[0], signal.SIGSTOP)
    job = start(real, "b", tasks.where)
    until(lambda: job.ended)
    assert job.state == "done" and job.result[0] != before.result[0]


@pytest.mark.slow
def test_a_process_that_is_killed_while_nothing_runs_costs_no_job_anything(real):
    first = start(real, "a", tasks.where)
    until(lambda: first.ended)
    os.kill(first.result[0], signal.SIGKILL)
    until(lambda: not psutil.pid_exists(first.result[0]) or psutil.Process(first.result[0]).status() == "zombie")
    then = start(real, "b", tasks.where)
    until(lambda: then.ended)
    assert then.state == "done" and then.result[0] != first.result[0]


@pytest.mark.slow
def test_a_job_that_kills_its_process_twice_fails_with_a_sentence_and_the_next_one_runs(real):
    job, then = start(real, "a", tasks.kills_its_process), start(real, "b", tasks.given, 1)
    until(lambda: then.ended)
    assert job.state == "failed" and "begun 2 times, and each time its process was killed" in job.reason
    assert then.state == "done"


@pytest.mark.slow
def test_a_quick_job_that_takes_long_goes_on_among_the_long_ones_and_the_next_quick_one_runs():
    board = JobBoard(replace(LIMITS, quick_job_seconds=1.0))
    try:
        slow, quick = start(board, "a", quick=True), start(board, "b", tasks.given, 1, who="you", quick=True)
        until(lambda: quick.ended)
        assert not slow.ended and not slow.quick
    finally:
        board.close()


@pytest.mark.slow
def test_a_job_that_takes_longer_than_any_may_is_ended_with_a_sentence():
    board = JobBoard(replace(LIMITS, job_seconds=1.2))
    try:
        job = start(board, "a")
        until(lambda: job.ended)
        assert job.state == "failed" and job.reason.startswith("This computation took longer than 0.02 minutes")
    finally:
        board.close()


@pytest.mark.slow
def test_a_study_as_a_job_goes_on_where_it_was_cancelled_or_killed_and_begins_no_process(tmp_path, monkeypatch):
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "spnlab.db"))
    board = JobBoard(LIMITS)
    try:
        job = start(board, "a", tasks.study, 60)
        until(lambda: job.done >= 1)
        worker = psutil.Process(board._lanes[False].child.pid)
        assert not worker.children(recursive=True)
        until(lambda: job.done >= 3)
        board.leave("me", "a")
        until(lambda: job.ended)
        kept = len(kept_cells(tmp_path))
        assert job.state == "cancelled" and 3 <= kept < 60
        more = start(board, "a", tasks.study, 60)
        until(lambda: more.done > kept)
        board._lanes[False].child.kill()
        until(lambda: len(kept_cells(tmp_path)) > kept + 3)
        board.leave("me", "a")
        until(lambda: more.ended)
        kept = len(kept_cells(tmp_path))
        again = start(board, "a", tasks.study, kept)
        until(lambda: again.ended)
        assert again.state == "done" and len(again.result) == kept
    finally:
        board.close()
