"""Files to take away: cells, names and remarks do no harm, and a table is written row by row."""

import csv
import io

import pytest

from spncore.files import export
from spncore.files.export import FORMULA_STARTS, cell, cited, file_name, table, write_table
from spncore.files.provenance import citation, made_by


@pytest.mark.fault("G01")
@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_text_that_begins_as_a_formula_gets_an_apostrophe_and_no_other_does(start):
    assert cell(f"{start}2.5x") == f"'{start}2.5x" and cell(f"x{start}") == f"x{start}" and cell("") == ""


@pytest.mark.fault("G04")
@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("NLTCS (real)", "spn-lab-nltcs-real.csv"),
        ("../../etc/passwd", "spn-lab-etc-passwd.csv"),
        ('x"\r\nSet-Cookie: a=b', "spn-lab-x-set-cookie-a-b.csv"),
        ("Übung ☃", "spn-lab-ubung.csv"),
        ("\u202e", "spn-lab-run.csv"),
        ("x" * 500, "spn-lab-" + "x" * 60 + ".csv"),
    ],
)
def test_download_names_are_safe(title, name):
    assert file_name(title, "csv") == name


def test_a_file_of_what_is_kept_says_its_link_what_wrote_it_and_how_to_cite():
    ends = [f"written by {made_by()}", f"cite: {citation()}"]
    assert cited("http://host/", "a remark") == ["link: http://host/", "a remark", *ends]
    assert cited("") == ends


def test_a_table_is_written_row_by_row_and_read_back():
    rows = [[1, 'a,"b"'], [2, "two\nlines"], [3, -2.5]]
    out, seen = io.StringIO(), []
    write_table(out, ["n", "x"], (seen.append(out.tell()) or row for row in rows), ["a\nremark"])
    assert seen == sorted(set(seen)) and out.getvalue() == table(["n", "x"], rows, ["a\nremark"])
    read = [*csv.reader(io.StringIO(out.getvalue(), newline=""))]
    assert read == [["# a?remark"], ["n", "x"], *([str(n), str(x)] for n, x in rows)]


def test_a_document_names_its_schema_its_link_and_what_made_it():
    text = export.document("http://host/", x=[1])
    assert '"schema": 1' in text and '"link": "http://host/"' in text and '"x": [' in text
