"""Background jobs: one per content, shared, bounded, cancelled when nobody waits, failing alone."""

import pytest

from app.kit.progress import duration
from app.live import jobs
from app.live.jobs import JobBoard, JobRefused
from spncore import Experiment, load
from spncore.studies.cells import outcomes
from spncore.sweep import Cell, SweepError, store
from spncore.sweep.cells import grid
from tests.waiting import PATIENCE, until


@pytest.fixture
def board():
    board = JobBoard(queue=2, keep=3)
    yield board
    board.close()
    until(lambda: not board._threads)


def patient(job):
    assert job.stop.wait(PATIENCE)
    return "cut short"


def test_a_job_gives_its_result_and_a_second_start_gives_the_same_job(board):
    job = board.start("a", lambda job: 42, "me")
    until(lambda: job.ended)
    assert (job.state, job.result) == ("done", 42)
    assert board.start("a", lambda job: 43, "you") is job


def test_one_job_runs_at_a_time_and_the_others_wait_their_turn(board):
    first, second, third = (board.start(key, patient, "me") for key in "abc")
    assert (first.state, second.state, third.state) == ("running", "queued", "queued")
    board.get("b")  # looking at a job does not change its turn
    assert [board.position(job) for job in (first, second, third)] == [0, 1, 2]
    with pytest.raises(JobRefused, match="^2 computations are waiting already"):
        board.start("d", patient, "me")
    board.leave("me", "a")
    until(lambda: second.state == "running")
    assert first.state == "cancelled"


def test_a_shared_job_goes_on_until_the_last_one_leaves(board):
    job = board.start("a", patient, "me")
    assert board.start("a", patient, "you") is job
    board.leave("me", "a")
    board.leave("me", "a")
    board.leave("a stranger", "a")
    assert not job.stop.is_set()
    board.leave("you")
    until(lambda: job.state == "cancelled")


def test_a_cancelled_or_failed_job_is_begun_anew(board):
    cancelled = board.start("a", patient, "me")
    board.leave("me", "a")
    anew = board.start("a", lambda job: 1, "me")
    assert anew is not cancelled
    until(lambda: anew.state == "done")


def test_a_job_that_fails_says_so_in_a_sentence_and_the_next_one_runs(board, caplog):
    def refused(job):
        raise SweepError("depth: too deep")

    def broken(job):
        raise KeyError("/secret/path")

    first, second, third = (board.start(*args, "me") for args in (("a", refused), ("b", broken), ("c", lambda job: 1)))
    until(lambda: third.ended)
    assert (first.state, first.reason) == ("failed", "depth: too deep")
    assert second.state == "failed" and "secret" not in second.reason
    number = second.reason.split()[-1].rstrip(".")
    assert number in caplog.text and "secret" in caplog.text
    assert third.state == "done"


def test_only_the_latest_ended_jobs_are_remembered(board):
    for key in "abcdef":
        job = board.start(key, lambda job: 1, "me")
        until(lambda job=job: job.ended)
    assert [key for key in "abcdef" if board.get(key)] == ["c", "d", "e", "f"]  # f ended after the last tidying


def test_the_end_of_the_server_ends_every_job():
    board = JobBoard()
    running, waiting = board.start("a", patient, "me"), board.start("b", patient, "me")
    board.close()
    until(lambda: running.ended)
    assert (running.state, waiting.state) == ("cancelled", "cancelled")


def test_progress_gives_the_seconds_left(board, monkeypatch):
    clock = iter([0.0, 10.0, 10.0])
    job = jobs.Job("a", patient)
    assert job.seconds_left is None
    monkeypatch.setattr(jobs.time, "monotonic", lambda: next(clock))
    job.report(0, 40)
    job.report(10, 40)
    assert job.seconds_left == 30.0
    assert (duration(29.2), duration(119), duration(121)) == ("30 s", "119 s", "3 min")


@pytest.mark.slow
def test_a_study_as_a_job_goes_on_where_it_was_cancelled(board, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "user_cache_dir", lambda *_, **__: str(tmp_path))
    data = load("two-clusters")
    base = Experiment(dataset="two-clusters", num_components=2, iterations=3000, num_seeds=1)
    cells = grid(Cell(base), {"depth": [1, 2, 3], "seed": list(range(20))})
    job = board.start("a", lambda job: outcomes(cells, data, job.report), "me")
    until(lambda: job.done >= 3)
    board.leave("me", "a")
    until(lambda: job.ended)
    assert job.state == "cancelled"
    kept = len(list(tmp_path.rglob("*.json")))
    assert 3 <= kept < 60
    again = board.start("a", lambda job: outcomes(cells[:kept], data, job.report), "me")
    until(lambda: again.ended)
    assert again.state == "done" and len(again.result) == kept
