import csv
import json
import shlex

import numpy as np
import pytest

from spncore import Experiment, fit
from spncore.__main__ import EXAMPLES, main
from spncore.studies.published import published_figure3

FAST = ["dataset=nltcs-twin", "iterations=12", "num_seeds=2"]


def last_json(capsys):
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_fit_prints_a_summary_whose_numbers_are_the_engine_s(capsys):
    assert main(["fit", *FAST, "depth=2", "--json"]) == 0
    summary = last_json(capsys)
    trace = fit(Experiment(dataset="nltcs-twin", iterations=12, num_seeds=2, depth=2))
    assert summary["final_llh"] == trace.llh[:, -1].tolist()
    assert summary["iterations"] == 12 and summary["stopped"] is None and summary["seconds"] > 0
    assert summary["updates_to"]["-7.2"] == [None, None]
    assert Experiment.from_dict(summary["experiment"]) == trace.experiment
    assert summary["dataset"]["title"] == "NLTCS twin (synthetic)"


@pytest.mark.fault("G03")
def test_fit_saves_curves_that_read_back_to_the_same_bits(tmp_path, capsys):
    assert main(["fit", *FAST, "--out", str(tmp_path / "new" / "run")]) == 0
    trace = fit(Experiment(dataset="nltcs-twin", iterations=12, num_seeds=2))
    with (tmp_path / "new" / "run" / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    llh = [float(row["value"]) for row in rows if row["quantity"] == "llh" and row["seed"] == "1"]
    rho = [float(row["value"]) for row in rows if row["quantity"] == "rho_3" and row["seed"] == "0"]
    assert llh == trace.llh[1].tolist() and rho == trace.rho[0, :, 2].tolist()
    page = (tmp_path / "new" / "run" / "llh.html").read_text(encoding="utf-8")
    assert "plotly" in page and 'src="http' not in page
    assert "final LLH" in capsys.readouterr().out


@pytest.mark.parametrize("example", EXAMPLES.splitlines()[1:])
def test_an_example_of_the_help_runs_as_it_stands(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(shlex.split(example.format(""))) == 0


def test_without_plotly_the_numbers_are_saved_and_a_sentence_names_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("spncore.__main__.find_spec", lambda name: None)
    assert main(["fit", *FAST, "--out", str(tmp_path)]) == 0
    assert {f.name for f in tmp_path.iterdir()} == {"curves.csv", "summary.json"}
    assert capsys.readouterr().err == "The curves are not drawn, which takes Plotly: pip install 'spnlab[lab]'\n"


def test_figure3_trains_three_depths_and_saves_figures_and_data(tmp_path, capsys):
    assert main(["figure3", *FAST, "--out", str(tmp_path)]) == 0
    assert {f.name for f in tmp_path.iterdir()} == {"curves.csv", "llh.html", "rates.html", "summary.json"}
    summaries = json.loads((tmp_path / "summary.json").read_text())
    assert [s["experiment"]["depth"] for s in summaries] == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fit", "depth=99"], "depth: 99 is out of range; allowed: 1 to 8"),
        (["fit", "learning_rate=nan"], "learning_rate: 'nan' is not a number; allowed: 1e-06 to 10"),
        (["fit", "depth"], "depth: write field=value, for example depth=2"),
        (["fit", "depth=2", "depth=3"], "depth: given twice; keep one"),
        (["fit", "colour=red"], "colour: no such setting"),
        (["data", "info", "mnist"], "mnist: no such data set; known are nltcs"),
        (["data", "check", "no/such/file.csv"], "no/such/file.csv: No such file or directory"),
    ],
)
def test_a_refused_request_is_one_sentence_and_exit_code_2(arguments, sentence, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(sentence) and captured.err.count("\n") == 1 and captured.out == ""


def test_data_commands_describe_what_is_there(tmp_path, capsys):
    assert main(["data", "list"]) == 0
    assert "nltcs-twin" in capsys.readouterr().out
    assert main(["data", "info", "nltcs"]) == 0
    assert "telephoning" in capsys.readouterr().out
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n0,1\n1,1\n")
    assert main(["data", "check", str(path)]) == 0
    assert "2 rows, 2 distinct, 2 variables" in capsys.readouterr().out
    path.write_text("a,b\n0,1\n1,2\n")
    assert main(["data", "check", str(path)]) == 2
    assert "row 3" in capsys.readouterr().err.lower()


def test_the_published_curves_start_uniform_and_rise_to_two_clusters():
    published = published_figure3()
    assert set(published) == {1, 2, 3} and all(len(curve) == 500 for curve in published.values())
    assert all(abs(curve[0] + 16 * np.log(2)) < 1e-5 and -7.1 < curve[-1] < -7.0 for curve in published.values())
