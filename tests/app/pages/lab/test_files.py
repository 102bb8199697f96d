"""Files to take away: they read back to the same numbers, and no name in them does harm."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest

from app.kit.link import LAB
from app.pages.lab import files
from spncore import Experiment, fit
from spncore.data.library import from_array, load
from spncore.data.table_file import read_csv
from spncore.files.export import FORMULA_STARTS
from spncore.files.provenance import versions
from spncore.learning.objectives import OBJECTIVES
from spncore.runs.study import Study
from spncore.studies.target import Fixed
from tests import children
from tests.closeness import assert_close
from tests.places import ROOT
from tests.waiting import PATIENCE

LINK = "http://localhost:8501/?v=1&learning_rate=0.1"
FORMULAS = ['=HYPERLINK("http://x","y")', "+1", "-1+2", "@SUM(A1)", "\tx", "\rx"]
AWKWARD = ["a,b", 'quo"te', "semi;colon", "naïve ☃", "two\nlines", "plain"]
SMALL = Study(Experiment(num_components=3, iterations=6, num_seeds=2, init_scale=0.1, init_noise=1e-3), (1, 3))


def tiny(variables=("a", "b", "c"), title="tiny"):
    bits = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1]], np.uint8)
    return from_array(np.tile(bits, (1, len(variables) // 3)), title, variables)


def traces_of(study, data):
    experiments = [e.replace(dataset=f"sha256:{data.sha256}") for e in study.experiments()]
    return [fit(experiment, data) for experiment in experiments]


def table(text):
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if not line.startswith(("#", '"#')))
    return list(csv.DictReader(lines[start:]))


@pytest.fixture(scope="module")
def result():
    data = tiny()
    return data, traces_of(SMALL, data)


@pytest.mark.fault("G03")
def test_the_tidy_table_holds_every_quantity_of_every_step_to_the_last_bit(result):
    data, traces = result
    rows = {
        (int(r["seed"]), int(r["L"]), int(r["t"]), r["quantity"]): float(r["value"])
        for r in table(files.curves_csv(SMALL, data, traces, LINK))
    }
    assert len(rows) == 2 * 2 * 7 * (3 + 3 * 3)
    for trace in traces:
        depth = trace.experiment.depth
        for i, seed in enumerate(trace.experiment.seeds):
            for t in range(7):
                assert rows[seed, depth, t, "llh"] == trace.llh[i, t]
                assert rows[seed, depth, t, "weights_at_floor"] == trace.at_floor[i, t]
                assert rows[seed, depth, t, "components"] == trace.components[i, t]
                for k in range(3):
                    assert rows[seed, depth, t, f"rho[{k + 1}]"] == trace.rho[i, t, k]
                    assert rows[seed, depth, t, f"lambda[{k + 1}]"] == trace.lam[i, t, k]
                    assert rows[seed, depth, t, f"w[{k + 1}]"] == trace.effective_weights[i, t, k]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_objective_that_is_trained_is_taken_away_where_it_is_not_the_llh(objective):
    data, study = tiny(), Study(SMALL.experiment.replace(objective=objective), (2,))
    [trace] = traces = traces_of(study, data)
    rows = table(files.curves_csv(study, data, traces, LINK))
    found = [float(row["value"]) for row in rows if row["quantity"] == "objective"]
    [said] = json.loads(files.result_json(study, data, traces, LINK))["result"]
    if objective == "generative":
        assert not found and "objective" not in said and np.array_equal(trace.value, trace.llh)
    else:
        assert found == trace.value.ravel().tolist() and said["objective"] == trace.value.tolist()
        assert not np.array_equal(trace.value, trace.llh)


def test_the_target_of_every_seed_is_taken_away(result):
    data, traces = result
    levels = (-5.0, -4.625)
    for target, said, stored in (
        (None, "target: none", None),
        (Fixed("gain", levels), "by seed: 0 = -5.0, 1 = -4.625", {"rule": "gain", "levels": list(levels)}),
    ):
        assert said in files.curves_csv(SMALL, data, traces, LINK, target)
        found = json.loads(files.result_json(SMALL, data, traces, LINK, target))["target"]
        assert (found and {name: found[name] for name in stored}) == stored


@pytest.mark.fault("G05")
def test_a_very_large_run_leaves_the_components_out_and_says_so(result, monkeypatch):
    data, traces = result
    monkeypatch.setattr(files, "MAX_ROWS", 100)
    text = files.curves_csv(SMALL, data, traces, LINK)
    assert {row["quantity"] for row in table(text)} == {"llh", "weights_at_floor", "components"} and "left out" in text


def test_json_holds_settings_versions_data_and_the_same_numbers(result):
    data, traces = result
    document = json.loads(files.result_json(SMALL, data, traces, LINK))
    assert document["link"] == LINK and document["versions"] == versions()
    assert document["settings"]["learning_rate"] == 0.01 and document["settings"]["depth"] == [1, 3]
    assert document["data"]["sha256"] == data.sha256
    for entry, trace in zip(document["result"], traces, strict=True):
        assert entry["L"] == trace.experiment.depth and entry["stopped"] is None
        assert np.array_equal(entry["llh"], trace.llh)


@pytest.mark.fault("G01")
def test_json_keeps_names_as_they_are_while_csv_disarms_formulas():
    data = tiny(tuple(FORMULAS))
    traces = traces_of(SMALL, data)
    assert json.loads(files.result_json(SMALL, data, traces, LINK))["data"]["variables"] == FORMULAS
    text = files.components_csv(SMALL, data, traces, LINK)
    names = {row[5] for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 7}
    assert names == {"variable", *("'" + name for name in FORMULAS)}


@pytest.mark.fault("G02")
def test_awkward_names_are_read_back_equal():
    data = tiny(tuple(AWKWARD))
    text = files.components_csv(SMALL, data, traces_of(SMALL, data), LINK)
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if len(row) == 7]
    assert {row[5] for row in rows[1:]} == set(AWKWARD)


@pytest.mark.fault("G02")
def test_awkward_column_names_pass_through_the_projects_own_reader():
    out = io.StringIO()
    csv.writer(out).writerows([AWKWARD, [0, 1, 0, 1, 1, 1], [1, 0, 0, 1, 0, 1]])
    data, _ = read_csv(out.getvalue().encode(), "names.csv")
    assert data.variables == tuple(AWKWARD)


def test_component_rows_are_the_last_state(result):
    data, traces = result
    rows = table(files.components_csv(SMALL, data, traces, LINK))
    assert len(rows) == 2 * 2 * 3 * 3
    shares = {(r["seed"], r["L"], r["component"]): float(r["share"]) for r in rows}
    for seed in "01":
        for depth in "13":
            assert_close(sum(shares[seed, depth, k] for k in "123"), 1.0)
    assert all(0 < float(r["probability"]) < 1 for r in rows)


@pytest.mark.fault("G04")
def test_no_title_reaches_a_cell_of_its_own_or_a_line_of_its_own(result):
    _, traces = result
    data = tiny(title='t,=1+1\n=2+2\r"=3')
    for make in (files.curves_csv, files.components_csv):
        for row in csv.reader(io.StringIO(make(SMALL, data, traces, LINK), newline="")):
            assert not any(value.startswith(FORMULA_STARTS) and not _is_number(value) for value in row)


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.fault("G01")
def test_numbers_get_no_apostrophe():
    assert "'" not in files.curves_csv(SMALL, tiny(), traces_of(SMALL, tiny()), LINK).split("quantity,value")[1]


def run_script(text, tmp_path, *arguments):
    file = tmp_path / "again.py"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(file), *arguments]
    environment = children.environment(PYTHONPATH=str(ROOT), PATH="")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    return done, [
        (int(r["seed"]), int(r["L"]), int(r["t"]), float(r["value"])) for r in csv.DictReader(io.StringIO(done.stdout))
    ]


def last_llh(traces):
    return [
        (seed, trace.experiment.depth, trace.experiment.iterations, trace.llh[i, -1])
        for trace in traces
        for i, seed in enumerate(trace.experiment.seeds)
    ]


def test_the_script_repeats_the_run_to_the_last_bit(tmp_path):
    study = Study(SMALL.experiment.replace(dataset="two-clusters", seed=5), (1, 2))
    data = load("two-clusters")
    done, rows = run_script(files.script(study, data, LINK), tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows == last_llh([fit(experiment, data) for experiment in study.experiments()])


def test_the_script_of_an_upload_takes_the_file_and_refuses_another(tmp_path):
    right, wrong = tmp_path / "right.csv", tmp_path / "wrong.csv"
    right.write_text("a,b\n0,1\n1,0\n1,1\n")
    wrong.write_text("a,b\n0,1\n1,0\n1,0\n")
    data, _ = read_csv(right.read_bytes(), 'we"ird\\.csv')
    study = Study(SMALL.experiment.replace(dataset=f"sha256:{data.sha256}"), (1, 2))
    text = files.script(study, data, LINK + '"""\nraise SystemExit(3)\n"""')
    done, rows = run_script(text, tmp_path, str(right))
    assert done.returncode == 0, done.stderr
    assert rows == last_llh([fit(experiment, data) for experiment in study.experiments()])
    refused, rows = run_script(text, tmp_path, str(wrong))
    assert refused.returncode == 1 and "other data" in refused.stderr and not rows


def test_every_file_names_its_link_and_versions(result):
    data, traces = result
    link = "http://host/?" + LAB.query_string(SMALL)
    texts = [make(SMALL, data, traces, link) for make in (files.curves_csv, files.components_csv, files.result_json)]
    for text in [*texts, files.script(SMALL, data, link)]:
        assert link in text and all(version in text for version in versions().values())


def test_a_run_that_was_stopped_before_its_first_step_exports_empty_tables():
    assert table(files.curves_csv(SMALL, tiny(), [], LINK)) == []
    assert json.loads(files.result_json(SMALL, tiny(), [], LINK))["result"] == []
