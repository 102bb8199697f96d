"""The command `history`: what it prints, takes away and brings back; refusals are one sentence and an exit code."""

import csv
import json
import sqlite3

import pytest

from spncore import Experiment, fit
from spncore.__main__ import main
from spncore.kept import command, unpacking
from spncore.kept.runs import COMMAND_LINE
from spncore.store import Place, Store, StoreError, changes, reading
from tests import kept_runs
from tests.kept_runs import FILE, OWN, PLAIN, RIVAL

FIT = ["fit", "dataset=two-clusters", "iterations=6", "num_seeds=2", "learning_rate=0.1", "--json"]
EXPERIMENT = Experiment(dataset="two-clusters", iterations=6, num_seeds=2, learning_rate=0.1)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The store of the environment, in a folder of this test."""
    file = tmp_path / "kept" / "runs.db"
    monkeypatch.setenv("SPNLAB_STORE", str(file))
    return file


@pytest.fixture
def filled(place):
    """It with two runs, the first called `one`."""
    with Store(Place(file=place)) as store:
        kept_runs.keep(store, [PLAIN, RIVAL])
    return place


def said(capsys, *words):
    """What a command prints that goes well."""
    code = main(words)
    captured = capsys.readouterr()
    assert code == 0 and captured.err == "", captured.err
    return captured.out


def refused(capsys, *words):
    """The sentence of a command that is refused."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def test_what_is_trained_with_keep_is_in_the_list_with_every_bit(place, capsys):
    assert main([*FIT, "--keep", "first"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "kept as run 1\n" and json.loads(captured.out)["iterations"] == 6
    with Store(Place(file=place)) as store:
        [run] = kept_runs.kept(store)
    trace = fit(EXPERIMENT)
    assert run.entry.name == "first" and run.study.experiments() == (EXPERIMENT,)
    assert [each.llh.tobytes() for each in run.finished.results] == [row.tobytes() for row in trace.llh]
    assert "All 14 stored numbers came back bit for bit." in said(capsys, "history", "show", "first", "--recompute")


def test_without_keep_nothing_is_opened(place, capsys):
    assert main(FIT) == 0 and not place.exists() and capsys.readouterr().err == ""


def test_a_run_that_was_stopped_is_not_kept(place, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("spncore.__main__.all_blocks", interrupted)
    assert main([*FIT, "--keep", "first"]) == 130
    assert capsys.readouterr().err.startswith("Not kept: it was stopped before its end.\n")
    assert said(capsys, "history", "list").count("\n") == 1


def test_a_place_named_beside_the_command_wins(place, tmp_path, capsys):
    other = str(tmp_path / "other.db")
    assert main([*FIT, "--keep", "first", "--store", other]) == 0
    capsys.readouterr()
    assert "first" in said(capsys, "history", "list", "--store", other) and not place.exists()


def test_the_list_shows_ends_and_updates_and_looks_for_words(filled, capsys):
    head, second, first = said(capsys, "history", "list").splitlines()
    assert head.split("  ")[0] == "run" and first.startswith("1      one ") and second.startswith("2      -")
    ends = kept_runs.finished(PLAIN).summary["curves"]
    best = max(curve["end"] for curve in ends)
    assert f"{best[0]:.4f} [{best[1]:.4f}, {best[2]:.4f}; 50\xa0%]" in first and "1 / 3" in first
    assert said(capsys, "history", "list", "0.2", "two").count("\n") == 2
    assert said(capsys, "history", "list", "0.2", "nothing").count("\n") == 1
    found = [json.loads(line) for line in said(capsys, "history", "list", "--json").splitlines()]
    assert [each["id"] for each in found] == [2, 1] and found[1]["settings"] == history_settings()
    assert found[1]["summary"]["end"] == best[0]


def history_settings():
    return json.loads(json.dumps(kept_runs.finished(PLAIN).settings))


def test_a_run_is_shown_with_what_differs_from_the_usual(filled, capsys):
    text = said(capsys, "history", "show", "2")
    assert "run 2: without a name" in text and "rivals=em" in text and "num_seeds" not in text
    assert "learning_rate=0.2" in text and "L=1 · EM" in text and "SPN Lab 0.1.0" in text


@pytest.mark.parametrize("names", [("numbers",), ("numbers", "sha256")])
def test_a_falsified_number_is_told_by_the_exit_code(filled, capsys, names):
    with sqlite3.connect(filled) as raw:
        [kept] = raw.execute("SELECT numbers FROM trace WHERE curve = 0 AND seed = 1").fetchone()
        false = kept[:-1] + bytes([kept[-1] ^ 1])
        values = {"numbers": false, "sha256": __import__("hashlib").sha256(false).hexdigest()}
        given = ", ".join(f"{name} = :{name}" for name in names)
        study = "(SELECT study FROM entry WHERE id = 1)"
        raw.execute(f"UPDATE trace SET {given} WHERE curve = 0 AND seed = 1 AND study = {study}", values)
    raw.close()
    assert main(["history", "show", "one", "--recompute"]) == 1
    out = capsys.readouterr().out
    assert ("is damaged: its SHA-256" in out) if len(names) == 1 else ("1 of 36 stored numbers differ" in out)
    assert said(capsys, "history", "show", "2", "--recompute").endswith("came back bit for bit.\n")


def test_a_run_on_a_file_asks_for_it(place, tmp_path, capsys):
    with Store(Place(file=place)) as store:
        kept_runs.keep(store, [OWN])
    right, wrong = tmp_path / "right.csv", tmp_path / "wrong.csv"
    right.write_bytes(FILE)
    wrong.write_bytes(FILE[:-6])
    show = ("history", "show", "one", "--recompute")
    with pytest.raises(AssertionError, match="trained on a file, .*; name it with --data FILE"):
        said(capsys, *show)
    with pytest.raises(AssertionError, match="these are other rows than it was trained on, SHA-256"):
        said(capsys, *show, "--data", str(wrong))
    assert "bit for bit" in said(capsys, *show, "--data", str(right))


@pytest.mark.parametrize("ending", command.ENDINGS)
def test_runs_are_exported_by_number_and_name_or_all_of_them(filled, tmp_path, capsys, ending):
    out = tmp_path / "new" / f"runs{ending}"
    assert said(capsys, "history", "export", "--out", str(out), "2", "one") == f"{out}\n"
    chosen = out.read_bytes()
    said(capsys, "history", "export", "--out", str(out))
    assert chosen and out.read_bytes() and {file.name for file in out.parent.iterdir()} == {out.name}
    if ending == ".csv":
        rows = [row for row in csv.reader(out.read_text(encoding="utf-8").splitlines()) if not row[0].startswith("#")]
        assert len(rows) == 1 + 4 * 9 + 2 * 9


def test_a_file_of_runs_comes_in_once(filled, tmp_path, capsys, monkeypatch):
    out = tmp_path / "runs.spnlab"
    said(capsys, "history", "export", "--out", str(out))
    assert [run.entry.name for run in unpacking.read(out.read_bytes()).runs] == ["one", None]
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "second.db"))
    assert said(capsys, "history", "import", str(out)) == "2 runs came in\n"
    assert said(capsys, "history", "import", str(out)) == "0 runs came in, 2 here already\n"
    assert "All 36 stored numbers" in said(capsys, "history", "show", "one", "--recompute")


def test_prune_says_what_would_go_and_ends_it_when_told_to(filled, capsys):
    assert said(capsys, "history", "prune", "--before", "2001-01-01") == "0 runs would go; --yes ends them\n"
    assert said(capsys, "history", "prune", "--before", "2999-01-01") == "1 run would go; --yes ends them\n"
    assert said(capsys, "history", "list").count("\n") == 3
    assert said(capsys, "history", "prune", "--before", "2999-01-01", "--yes") == "1 run ended\n"
    with Store(Place(file=filled)) as store:
        [run] = kept_runs.kept(store)
        assert run.entry.name == "one" and store.read(reading.results, [kept_runs.finished(RIVAL).key]) == {}


def test_the_number_that_would_go_counts_what_was_deleted_long_ago(filled, monkeypatch):
    with Store(Place(file=filled)) as store:
        store.write(changes.remove, COMMAND_LINE, [1]).result()
        assert store.read(changes.would_go) == 0
        monkeypatch.setattr(changes, "UNDO_SECONDS", -1.0)
        assert store.read(changes.would_go) == 1 == store.write(changes.prune).result()


REFUSED = {
    ("history", "show", "nobody"): "'nobody': no such run; allowed: a number or a name of `history list`",
    (
        "history",
        "export",
        "--out",
        "runs.txt",
        "1",
    ): "--out: 'runs.txt' is refused; allowed: a name that ends in .spnlab",
    ("history", "export", "--out", "runs.csv"): "there is nothing to export; keep a run: fit … --keep NAME",
    ("history", "import", "no/such.spnlab"): "no/such.spnlab: No such file or directory",
    ("history", "prune", "--before", "yesterday"): "--before: 'yesterday' is no day; allowed: one such as 2026-11-28",
    ("history", "list", "--store", "mysql://host/x"): "SPNLAB_STORE: 'mysql' is not known; allowed: a file such as",
    (*FIT, "--keep", " "): "--keep: the name is empty; say what the run is to be called",
    (*FIT, "--keep", "x" * 200): "--keep: 200 characters are too many; allowed: 120",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_a_refused_request_is_one_sentence(place, tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, *words).startswith(REFUSED[words])
    assert {file.name for file in tmp_path.iterdir()} <= {"kept"}


def test_a_file_that_is_none_is_refused_and_nothing_is_made(place, tmp_path, capsys):
    file = tmp_path / "runs.spnlab"
    file.write_bytes(b"a,b\n0,1\n")
    assert "not a .spnlab file" in refused(capsys, "history", "import", str(file)) and not place.exists()


def test_a_store_that_is_none_is_named_before_anything_is_trained(place, capsys):
    place.parent.mkdir()
    place.write_text("something else")
    for words in (["history", "list"], [*FIT, "--keep", "first"]):
        assert f"{place}: it is not a database" in refused(capsys, *words)
    assert place.read_text() == "something else"


def test_what_cannot_be_saved_ends_with_3(filled, tmp_path, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "runs.csv")

    def lost(*_, **__):
        raise StoreError("Not saved: database or disk is full.")

    monkeypatch.setattr(command, "whole", full)
    assert main(["history", "export", "--out", str(tmp_path / "runs.csv")]) == 3
    assert capsys.readouterr().err.startswith("Not saved: runs.csv: No space left on device; make room there")
    monkeypatch.setattr(changes, "_add", lost)
    assert main([*FIT, "--keep", "first"]) == 3
    captured = capsys.readouterr()
    assert captured.err == "Not saved: database or disk is full.\n" and json.loads(captured.out)["final_llh"]


def test_a_list_where_no_store_is_says_so_and_makes_none(place, capsys):
    assert main(["history", "list"]) == 0
    captured = capsys.readouterr()
    assert "there is no store" in captured.err and not place.exists()


def test_a_name_that_takes_the_place_of_another_is_told_with_it(place, capsys):
    quick = ["fit", "dataset=two-clusters", "iterations=5", "--json", "--keep"]
    for name in ("a first try", "a second"):
        assert main([*quick, name]) == 0
    assert "until now called 'a first try'" in capsys.readouterr().err


def test_settings_may_stand_after_options(place, capsys):
    assert main(["fit", "dataset=two-clusters", "--json", "iterations=5"]) == 0
    assert json.loads(capsys.readouterr().out)["iterations"] == 5
    with pytest.raises(SystemExit):
        main(["fit", "dataset=two-clusters", "--json", "iterations=5", "nonsense"])
