"""Runs of many files: each study is trained once; what was made alike is the same to the bit, what was not is near."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys

import pytest

from spncore import Experiment
from spncore.kept import verifying
from spncore.kept.runs import Holding, holding_of, unkept
from spncore.kept.verifying import verified
from spncore.runs.study import Study
from spncore.studies import history
from spncore.sweep import Stopped
from tests import children
from tests.kept_runs import DEEP, PLAIN, RIVAL, data_of, finished
from tests.places import ROOT

OTHER = {"BLAS kernel": "Z80"}


def holding(study=PLAIN, by=0.0, at=-1, curve=0, versions=(), summary=None) -> Holding:
    """What a file has of a study, with a number and what it says of itself changed."""
    made = finished(study)
    results = [each._replace(llh=moved(each.llh, at, by)) if each.curve == curve else each for each in made.results]
    made = made._replace(results=results, versions={**made.versions, **dict(versions)})
    curves = unkept(made, 1).curves()
    target = verifying.target_of(made.summary)
    said = summary or history.summary(study, curves, target)
    return holding_of(unkept(made._replace(summary=json.loads(json.dumps(said))), 1))


def moved(llh, at, by):
    changed = llh.copy()
    changed[at] += by
    return changed


def judged(*held, study=PLAIN):
    [found] = verified([(data_of(study), held)])
    return [each.agrees for each in found]


def test_what_was_made_here_comes_back_to_the_bit_or_is_said_to_differ():
    assert judged(holding(), holding(by=1e-15), holding(by=1e-3)) == ["bits", "no", "no"]
    [[_, other]] = verified([(data_of(PLAIN), [holding(), holding(by=1e-15)])])
    assert "stored numbers differ" in other.sentence and "not what was computed" in other.sentence


@pytest.mark.parametrize("study", [PLAIN, RIVAL, DEEP])
def test_every_kind_of_study_is_verified(study):
    assert judged(holding(study), study=study) == ["bits"]
    assert judged(holding(study, by=0.5), study=study) == ["no"]


def test_what_was_made_elsewhere_is_near_by_its_medians_or_is_not():
    elsewhere = {"versions": OTHER}
    assert judged(holding(**elsewhere)) == ["bits"], "same bits are the same, wherever they are from"
    assert judged(holding(by=1e-9, **elsewhere), holding(by=0.01, **elsewhere)) == ["near", "near"]
    [[found]] = verified([(data_of(PLAIN), [holding(by=1.0, **elsewhere)])])
    assert found.agrees == "no" and found.sentence.startswith("The median end of L=1 is")


def test_other_updates_to_the_target_are_found_though_the_end_is_as_it_should():
    early = [holding(RIVAL, by=5.0, at=at, curve=1, versions=OTHER) for at in (1,)]
    [[found]] = verified([(data_of(RIVAL), early)])
    assert found.agrees == "no" and "median updates" in found.sentence


def test_a_target_that_was_moved_is_found():
    made = finished(PLAIN)
    target = {**made.summary["target"], "levels": [level + 0.2 for level in made.summary["target"]["levels"]]}
    summary = {**made.summary, "target": target}
    for versions in ({}, OTHER):
        assert judged(holding(by=1e-9, versions=versions, summary=summary)) == ["no"]


def test_equal_studies_are_trained_once(monkeypatch):
    trained = []
    retrained = history.retrained
    monkeypatch.setattr(history, "retrained", lambda study, data: (trained.append(study), retrained(study, data))[1])
    held = [holding(), *[holding(by=1e-9)] * 29]
    found = verified([(data_of(PLAIN), held), (data_of(RIVAL), [holding(RIVAL)] * 3)])
    assert trained == [PLAIN, RIVAL]
    assert [each.agrees for each in found[0]] == ["bits", *["no"] * 29] and len(found[1]) == 3


def test_it_says_how_far_it_is_in_curves_and_ends_when_it_is_told_to():
    told = []
    verified([(data_of(PLAIN), [holding()]), (data_of(RIVAL), [holding(RIVAL)])], lambda *far: told.append(far))
    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done, total):
        if done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        verified([(data_of(PLAIN), [holding()])], stop)


def test_what_verifies_loads_neither_the_lab_nor_its_framework():
    code = "import sys, spncore.kept.verifying; print([n for n in ('app', 'streamlit', 'plotly') if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["Haswell", "Nehalem"])
def test_a_run_of_another_kernel_is_verified_here(kernel, tmp_path):
    """Half of the first study of a lesson, computed by a process with another BLAS kernel."""
    study = Study(Experiment(dataset="nltcs-twin", num_seeds=6, iterations=250), (1, 3))
    file = tmp_path / "run.pickle"
    code = (
        "import pickle, sys\nfrom tests.kept_runs import finished\n"
        "study = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "open(sys.argv[2], 'wb').write(pickle.dumps(finished(study)))\n"
    )
    environment = {**children.environment(), "OPENBLAS_CORETYPE": kernel}
    arguments = [sys.executable, "-c", code, pickle.dumps(study).hex(), os.fspath(file)]
    subprocess.run(arguments, cwd=ROOT, env=environment, check=True)
    theirs = pickle.loads(file.read_bytes())
    if theirs.versions["BLAS kernel"] == finished(study).versions["BLAS kernel"]:
        pytest.skip("the library keeps to its kernel here")
    [[found]] = verified([(data_of(study), [holding_of(unkept(theirs, 1))])])
    assert found.agrees in ("near", "bits"), found.sentence
