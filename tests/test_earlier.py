"""The earlier build's files come from the history, and both builds do the same work in turns."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.earlier import comparisons, works
from benchmarks.earlier.checkout import Build, RevisionError, lay_out
from benchmarks.earlier.comparisons import ALIKE, QUESTIONS, SPREAD_OUT, Both, Sizes, medians, share
from benchmarks.earlier.memory import FORGET
from spncore import Experiment, load
from spncore.inference.queries import log_likelihood
from tests.children import environment
from tests.closeness import assert_close
from tests.places import ROOT

ANSWERS = (
    [{"seconds": 1.0}, {"seconds": 2.0}, {"seconds": 4.0}],
    [{"seconds": 0.5}, {"seconds": 2.0}, {"seconds": 1.0}],
)


@pytest.fixture
def repository(tmp_path):
    """Two commits, the second without the first one's file."""
    if shutil.which("git") is None:
        pytest.skip("git is not at hand")
    folder = tmp_path / "repository"
    folder.mkdir()

    def git(*words):
        settings = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", "-C", str(folder), *settings, *words], check=True, capture_output=True, text=True)

    git("init", "-q")
    for name in ("earlier.py", "present.py"):
        (folder / name).write_text("x = 1\n")
        git("add", "-A")
        git("commit", "-qm", name)
        (folder / name).unlink()
    return folder


def test_an_earlier_revision_has_its_own_files_and_this_package(repository, tmp_path):
    lay_out("HEAD~1", tmp_path / "laid", repository)
    assert sorted(path.name for path in (tmp_path / "laid").iterdir()) == ["benchmarks", "earlier.py"]
    assert (tmp_path / "laid" / "benchmarks" / "earlier" / "runner.py").exists()


def test_a_revision_that_is_not_there_is_refused_in_a_sentence(repository, tmp_path):
    with pytest.raises(RevisionError, match="revision nowhere is not in this repository's history; fetch it"):
        lay_out("nowhere", tmp_path / "laid", repository)


def test_without_git_the_reason_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RevisionError, match="git is not at hand"):
        lay_out("HEAD", tmp_path)


def test_a_build_is_a_process_that_works_in_its_own_folder(tmp_path):
    package = tmp_path / "benchmarks" / "earlier"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package.parent / "__init__.py").touch()
    (package / "works.py").write_text("WORKS = {'add': lambda a, b: {'sum': a + b}}\n")
    shutil.copy(works.__file__.replace("works", "runner"), package)
    with Build(tmp_path) as build:
        print("not an answer", file=sys.stderr)
        assert build.ask("add", a=1, b=2) == {"sum": 3} and build.fresh("add", a=2, b=2) == {"sum": 4}
        with pytest.raises(RuntimeError, match="add in .*: TypeError"):
            build.ask("add", a=1)
        assert build.ask("add", a=1, b=3) == {"sum": 4}


class Said:
    """A build that only says who is asked."""

    def __init__(self, name, log):
        self.name, self.log = name, log

    def ask(self, work, **given):
        self.log.append(self.name)
        return {"seconds": float(len(self.log))}

    fresh = ask


@pytest.mark.parametrize(("fresh", "asked"), [(False, 3), (True, 2)])
def test_blocks_alternate_and_a_warm_process_s_first_does_not_count(fresh, asked):
    log = []
    both = Both(Said("then", log), Said("now", log), Sizes(blocks=2))
    then, now = both.in_turns("work", fresh=fresh)
    assert log == ["then", "now"] * asked
    assert [each["seconds"] for each in then + now] == [2 * asked - 3, 2 * asked - 1, 2 * asked - 2, 2 * asked]


def test_a_share_is_the_median_of_the_pairs_and_not_of_the_times():
    assert share(ANSWERS, "seconds") == 0.5
    assert medians(ANSWERS) == ({"seconds": 2.0}, {"seconds": 1.0})


def test_a_run_that_arrives_in_one_build_only_is_infinitely_far_from_the_other():
    answer = {"seconds": 1.0, "updates": [[3, 4, 5], [None, None, 9]]}
    other = {"seconds": 1.0, "updates": [[4, 5, 6], [7, 8, 9]]}
    same = Both(*[type("Fixed", (), {"ask": lambda self, work, **given: answer})() for _ in range(2)], Sizes(blocks=1))
    assert comparisons.default_experiment(same).measures[1].found[0].high == 0.0
    apart = same._replace(now=type("Fixed", (), {"ask": lambda self, work, **given: other})())
    assert not comparisons.default_experiment(apart).measures[1].found[0].met


@pytest.fixture
def twin(monkeypatch):
    """Works take the synthetic set, which ships."""
    monkeypatch.setattr(works, "loaded", lambda name: load("nltcs-twin"))


@pytest.mark.parametrize("settings", ALIKE.values(), ids=ALIKE)
def test_runs_that_are_compared_start_where_no_rounding_decides(twin, settings):
    llh = np.array(works.first_states(SPREAD_OUT | settings, 1)["llh"])
    assert llh.shape == (2, 2)
    assert abs(llh[0, 0] - llh[1, 0]) > 1e-3 and (np.abs(np.diff(llh)) > 1e-6).all()


def test_the_default_experiment_counts_updates_and_says_who_never_arrived(twin, monkeypatch):
    monkeypatch.setattr(works, "GOAL", -11.09)  # above the start
    found = works.default_experiment(1, 30)["updates"]
    trace = works.build.stepped.to_the_end(
        [Experiment(dataset="nltcs-twin", depth=3, iterations=30)], load("nltcs-twin")
    )
    assert found[2] == trace[0].updates_to(-11.09)
    assert found[2][0] > 0
    monkeypatch.setattr(works, "GOAL", 0.0)
    assert works.default_experiment(1, 1)["updates"] == [[None]] * 3


def test_every_question_is_put_to_the_learned_circuit(twin):
    asked = {question: works.query(question, "nltcs-twin", 5)["mean"] for question in QUESTIONS}
    data = load("nltcs-twin")
    assert_close(asked["log_likelihood"], log_likelihood(works.learned("nltcs-twin"), data.rows[:5]).mean())
    assert all(np.isfinite(value) for value in asked.values())


def test_works_on_many_rows_say_how_long_they_took_and_how_much_they_held():
    """In a process of its own, as they are measured: this one may let go of memory meanwhile."""
    code = """
import json
from benchmarks.earlier import works
print(json.dumps(works.many_rows(500, 10) | works.class_objective(500, 10) | works.mini_batch(2_000, 10, 3)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    times = {"preparation_seconds", "to_data_seconds", "step_seconds", "seconds"}
    assert found.keys() == times | {"peak_mb", "held_before_mb", "beyond_mb"}
    assert all(value >= 0.0 for value in found.values()) and found["peak_mb"] > 10.0


def test_the_estimator_makes_as_many_updates_as_are_timed():
    pytest.importorskip("sklearn", reason="the optional extra `sklearn` is not installed")
    assert works.estimator(200, 2, 3).keys() == {"seconds", "peak_mb"}


@pytest.mark.skipif(not FORGET.exists(), reason="only Linux can count a peak anew")
def test_the_peak_of_memory_is_counted_from_a_moment_on():
    """In a process of its own: this one may have room left from other tests, and then holds no more."""
    code = """
import numpy as np
from benchmarks.earlier.memory import forget_peak, peak_bytes
np.ones(4_000_000)
held = forget_peak()
kept = np.ones(2_000_000)
print(peak_bytes() - held)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    )
    assert 15e6 < int(done.stdout) < 28e6, "what is kept has 16 MB"


def test_a_study_of_the_lab_is_trained_to_its_end_without_a_server():
    found = works.lab_study(seed=1, iterations=3)
    assert found["states"] == 4 and found["seconds"] > 0.0
