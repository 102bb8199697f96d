"""The wheel in an empty folder and an empty environment, without the lab."""

import csv
import json
import subprocess
from importlib.metadata import PathDistribution

import pytest

from app.pages.lab import files as run_files
from spncore import Experiment, __version__, fit, load
from spncore.runs.study import Study
from tests import children, installed
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.slow, pytest.mark.package]
SMALL = ("dataset=two-clusters", "iterations=12", "num_seeds=2")
EXPERIMENT = Experiment(dataset="two-clusters", iterations=12, num_seeds=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """`run(program, words…)` in the environment, in a folder that was empty at first; exit code, output, errors."""
    folder, empty = tmp_path_factory.mktemp("engine"), tmp_path_factory.mktemp("empty")
    programs = installed.programs(folder / "venv", installed.wheel(folder))
    environment = children.environment(PYTHONPATH="", XDG_CACHE_HOME=str(folder / "cache"))

    def run(program, *words):
        command = [programs / program, *words]
        return subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, timeout=PATIENCE)

    run.folder, run.programs = empty, programs
    return run


def said(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_called_app_is_on_anybody_s_path_and_the_lab_s_extra_is_named(run):
    assert "No module named 'app'" in run("python", "-c", "import app").stderr
    assert said(run("spnlab", "--version")) == f"spnlab {__version__}\n"
    without = "import sys; from spnlab.__main__ import main; main(['--version']); assert 'numpy' not in sys.modules"
    said(run("python", "-c", without))
    alone = run("spnlab")
    assert (alone.returncode, alone.stderr) == (2, "The lab is not installed: pip install 'spnlab[lab]'\n")


def test_the_commands_compute_what_is_computed_here(run):
    summary = json.loads(said(run("spnlab", "fit", *SMALL, "depth=2", "--json", "--out", "fitted")))
    assert summary["final_llh"] == fit(EXPERIMENT.replace(depth=2)).llh[:, -1].tolist()
    assert {file.name for file in (run.folder / "fitted").iterdir()} == {"curves.csv", "summary.json"}
    said(run("spnlab", "figure3", *SMALL, "--out", "figure3"))
    assert len(json.loads((run.folder / "figure3" / "summary.json").read_text())) == 3
    said(run("spnlab", "sweep", *SMALL, "depth=1,2", "--workers", "2", "--out", "table.csv"))
    assert said(run("spnlab", "data", "list")).count("Ships with the lab.") == 3


def test_an_exported_script_gives_equal_numbers_and_names_what_it_needs(run):
    data, study = load("two-clusters"), Study(EXPERIMENT, (1, 2))
    script = run_files.script(study, data, "http://host/?v=1")
    (run.folder / "again.py").write_text(script, encoding="utf-8")
    rows = list(csv.DictReader(said(run("python", "again.py")).splitlines()))
    assert [float(row["value"]) for row in rows] == [
        llh for each in study.experiments() for llh in fit(each, data).llh[:, -1].tolist()
    ]
    [metadata] = run.programs.parent.glob("lib/*/site-packages/spnlab-*.dist-info")
    needs = PathDistribution(metadata).metadata
    assert f'requires-python = "{needs["Requires-Python"]}"' in script
    assert f'dependencies = ["spnlab=={needs["Version"]}"]' in script


def test_runs_are_kept_proved_and_taken_away_without_the_lab(run):
    store = ("--store", str(run.folder / "runs.db"))
    said(run("spnlab", "fit", *SMALL, "--keep", "first", *store))
    assert "came back bit for bit" in said(run("spnlab", "history", "show", "first", "--recompute", *store))
    said(run("spnlab", "history", "export", "--out", "kept.py", "first", *store))
    assert "2 of 2 last numbers are the stored ones" in run("python", "kept.py").stderr
    refused = run("spnlab", "history", "export", "--out", "kept.parquet", *store)
    assert (refused.returncode, refused.stderr) == (2, "Parquet takes pyarrow: pip install 'spnlab[lab]'\n")
    assert not (run.folder / "kept.parquet").exists()


def test_a_study_runs_without_the_lab(run):
    if " study " not in said(run("spnlab", "--help")):
        pytest.skip("the command study is not here yet")
    said(run("spnlab", "study", "figure3", "dataset=two-clusters", "num_seeds=2", "--out", "studied"))
    assert {file.name for file in (run.folder / "studied").iterdir()} == {"figure3.json", "figure3.csv"}
