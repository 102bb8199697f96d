"""Programs that train kept runs again print the stored numbers, bit for bit, or say which are others."""

import csv
import io
import json
import subprocess
import sys

import nbformat
import pytest

from spncore.files.provenance import citation, versions
from spncore.kept import repeat
from spncore.kept.runs import KeptError
from spncore.store import Store
from tests import children, kept_runs
from tests.kept_runs import FILE, OWN, PLAIN, RIVAL, STUDIES
from tests.places import ROOT
from tests.waiting import PATIENCE

LINK = 'http://host/?v=2"""\nraise SystemExit(3)\n"""`<b>'
NAMES = ['"""; raise SystemExit(4)', "=1+1", "{braces} \\ ☃"]


@pytest.fixture(scope="module")
def kept():
    with Store() as store:
        kept_runs.keep(store, STUDIES, NAMES)
        return kept_runs.kept(store)


def only(kept, *studies):
    return [run for run in kept if run.study in studies]


def done(folder, text, *arguments):
    """A program run in a process of its own, and the table that it prints."""
    file = folder / "again.py"
    file.write_text(text, encoding="utf-8")
    environment = children.environment(PYTHONPATH=str(ROOT), PATH="")
    command = [sys.executable, "-W", "error", str(file), *map(str, arguments)]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    return ran, list(csv.DictReader(io.StringIO(ran.stdout)))


def last(runs, names):
    """What a program must print of runs."""
    return [
        (name, run.study.names()[each.curve], each.seed, each.llh.size - 1, float(each.llh[-1]))
        for run, name in zip(runs, names, strict=True)
        for each in run.finished.results
    ]


def printed(rows):
    return [(r["run"], r["curve"], int(r["seed"]), int(r["t"]), float(r["llh"])) for r in rows]


def test_the_script_of_a_comparison_prints_the_stored_numbers_bit_for_bit(kept, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_bytes(FILE)
    ran, rows = done(tmp_path, repeat.script_of(kept, LINK), table)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == "14 of 14 last numbers are the stored ones, bit for bit.\n"
    assert printed(rows) == last(kept, [NAMES[0], "'=1+1", NAMES[2], "run 4"])
    assert {row["same"] for row in rows} == {"True"} and all(row["llh"] == row["stored"] for row in rows)


def test_the_script_of_one_run_needs_no_more_than_the_package(kept, tmp_path):
    text = repeat.script_of(only(kept, PLAIN))
    assert text.startswith('# /// script\n# requires-python = ">=3.11"\n# dependencies = ["spnlab==')
    assert "FILES" not in text and "read_csv" not in text and citation() in text
    assert all(version in text for version in versions().values())
    ran, rows = done(tmp_path, text)
    assert ran.returncode == 0 and len(rows) == 4, ran.stderr


def test_a_stored_number_that_is_not_what_is_computed_is_told_by_the_exit_code(kept, tmp_path):
    [run] = only(kept, PLAIN)
    number = float(run.finished.results[2].llh[-1])
    text = repeat.script_of([run]).replace(repr(number), repr(number - 1e-15))
    ran, rows = done(tmp_path, text)
    assert ran.returncode == 1 and "3 of 4 last numbers are the stored ones" in ran.stderr
    assert [row["same"] for row in rows] == ["True", "True", "False", "True"]


def test_an_upload_is_asked_for_and_another_file_is_refused(kept, tmp_path):
    text = repeat.script_of(only(kept, OWN, RIVAL))
    assert "python THIS_FILE your_table.csv, with the file of each: my ?own? table.csv" in text
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(FILE + b"1,1,0\n")
    for arguments in ((), (wrong,)):
        ran, rows = done(tmp_path, text, *arguments)
        assert ran.returncode == 1 and not rows and "is not here; nothing was trained." in ran.stderr


def test_the_notebook_is_valid_and_its_cells_print_the_stored_numbers(kept, tmp_path):
    (tmp_path / "your_table.csv").write_bytes(FILE)
    text = repeat.notebook_of(kept, LINK)
    found = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
    nbformat.validate(found)
    assert (found.nbformat, found.nbformat_minor) == (4, 5) and len({cell.id for cell in found.cells}) == 6
    ran, rows = done(tmp_path, "\n\n".join(cell.source for cell in found.cells if cell.cell_type == "code"))
    assert ran.returncode == 0, ran.stderr
    assert printed(rows) == last(kept, [NAMES[0], "'=1+1", NAMES[2], "run 4"])
    about = found.cells[0].source
    assert citation() in about and "`my ?own? table.csv`" in about and "\nraise" not in about
    assert found.metadata.spnlab == {"link": LINK, "versions": versions(), "cite": citation()}


def test_a_notebook_reads_back_as_json_with_every_name(kept):
    text = repeat.notebook_of(only(kept, PLAIN, RIVAL))
    assert "Link" not in json.loads(text)["cells"][0]["source"] and "☃" not in text and "=1+1" in text


@pytest.mark.parametrize("make", [repeat.script_of, repeat.notebook_of])
def test_one_to_six_runs_are_repeated_by_one_program(kept, make):
    for number in (0, 7):
        with pytest.raises(KeptError, match=f"{number} runs for one program; allowed: 1 to 6"):
            make((kept * 2)[:number])
    assert make((kept * 2)[:6])
