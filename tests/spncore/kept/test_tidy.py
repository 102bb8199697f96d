"""The tidy table of kept runs holds every number to the last bit, and no name in it does harm."""

import csv
import io
import json
import tracemalloc

import numpy as np
import pytest
from pyarrow import parquet as stored

from spncore.files.export import FORMULA_STARTS
from spncore.files.provenance import citation, versions
from spncore.kept import parquet, runs, tidy
from spncore.kept.runs import COMMAND_LINE, KeptError
from spncore.store import Place, Store, changes
from tests import kept_runs
from tests.kept_runs import PLAIN, kept

LINK = "http://host/?v=2"
COLUMNS = "run name data learning_rate changes curve seed L learner t quantity value".split()


@pytest.fixture
def selection(tmp_path):
    """Three runs, whose names begin as formulas do or hold what separates cells."""
    with Store(Place(file=tmp_path / "runs.db")) as store:
        kept_runs.keep(store, kept_runs.STUDIES[:3], ['=HYPERLINK("x")', 'a,"b";☃', "-1+2"])
        yield runs.of_runs(kept(store))


def csv_of(selection, link=LINK):
    file = io.BytesIO()
    tidy.write_csv(file, selection, link)
    return file.getvalue().decode()


def rows_of(text):
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if not row[0].startswith("#")]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def numbers(selection):
    """(run, curve, seed, t) to number, as it was kept."""
    return {
        (run.entry.id, run.study.names()[each.curve], each.seed, t): value
        for run in selection.runs()
        for each in run.finished.results
        for t, value in enumerate(each.llh.tolist())
    }


@pytest.mark.fault("G03")
def test_csv_holds_every_number_to_the_last_bit_and_the_settings_that_differ(selection):
    rows = rows_of(csv_of(selection))
    assert [*rows[0]] == COLUMNS
    found = {(int(r["run"]), r["curve"], int(r["seed"]), int(r["t"])): float(r["value"]) for r in rows}
    assert found == numbers(selection) and len(rows) == len(found) == 9 * 8
    assert {(r["run"], r["learning_rate"], r["changes"]) for r in rows} == {
        ("1", "0.1", ""),
        ("2", "0.2", ""),
        ("3", "0.1", "3:rate:0.05"),
    }
    assert {(r["curve"], r["L"], r["learner"]) for r in rows if r["run"] == "2"} == {
        ("L=2", "2", "gradient_ascent"),
        ("L=1 · EM", "1", "em"),
    }


@pytest.mark.fault("G01", "G02")
def test_no_name_becomes_a_formula_and_every_name_is_read_back(selection):
    text = csv_of(selection)
    names = {row["run"]: row["name"] for row in rows_of(text)}
    assert names == {"1": '\'=HYPERLINK("x")', "2": 'a,"b";☃', "3": "'-1+2"}
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    begins = {cell for cell in cells if cell.startswith(FORMULA_STARTS)}
    assert all(float(cell) < 0 for cell in begins)  # numbers alone, which get no apostrophe


def test_remarks_say_link_versions_and_how_to_cite(selection):
    head = [row[0] for row in csv.reader(io.StringIO(csv_of(selection), newline="")) if row[0].startswith("#")]
    assert head[0] == f"# link: {LINK}" and head[-1] == f"# cite: {citation()}"
    assert all(version in " ".join(head) for version in versions().values())
    assert "link" not in csv_of(selection, "").splitlines()[0]


def test_parquet_holds_the_same_with_names_as_they_are(selection, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 20)
    file = io.BytesIO()
    tidy.write_parquet(file, selection, LINK)
    opened = stored.ParquetFile(io.BytesIO(file.getvalue()))
    assert opened.metadata.num_row_groups == 3
    rows = opened.read().to_pylist()
    assert [*rows[0]] == COLUMNS
    assert {(r["run"], r["curve"], r["seed"], r["t"]): r["value"] for r in rows} == numbers(selection)
    assert {r["name"] for r in rows} == {'=HYPERLINK("x")', 'a,"b";☃', "-1+2"}
    assert {type(r["learning_rate"]) for r in rows} == {float} and {type(r["run"]) for r in rows} == {int}
    about = json.loads(opened.schema_arrow.metadata[b"spnlab"])
    assert about == {"link": LINK, "versions": versions(), "cite": citation()}


def test_a_run_without_a_name_has_an_empty_cell(tmp_path):
    with Store(Place(file=tmp_path / "runs.db")) as store:
        kept_runs.keep(store, [PLAIN], [None])
        selection = runs.of_runs(kept(store))
    assert rows_of(csv_of(selection))[0]["name"] == ""
    file = io.BytesIO()
    tidy.write_parquet(file, selection)
    assert stored.read_table(io.BytesIO(file.getvalue())).column("name").null_count == 36


def test_without_pyarrow_a_sentence_names_the_extra(selection, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "spncore.kept.parquet", None)
    monkeypatch.delattr("spncore.kept.parquet")
    with pytest.raises(KeptError, match=r"Parquet takes pyarrow: pip install 'spnlab\[lab\]'"):
        tidy.write_parquet(io.BytesIO(), selection)


class Counter(io.RawIOBase):
    """A file that only counts."""

    size = 0

    def writable(self):
        return True

    def write(self, data):
        self.size += len(data)
        return len(data)


@pytest.mark.fault("G05")
@pytest.mark.parametrize("write", [tidy.write_csv, tidy.write_parquet])
def test_many_times_as_many_runs_take_no_more_memory(write, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 5_000)
    before = kept_runs.finished(PLAIN)
    long = before._replace(results=[each._replace(llh=np.resize(each.llh, 500)) for each in before.results])
    with Store() as store:
        store.write(changes.keep, long, COMMAND_LINE).result()
        [run] = kept(store)

    def peak(number):
        entries = runs.Selection(
            lambda: (run.entry._replace(id=n) for n in range(number)), lambda entry: run._replace(entry=entry)
        )
        tracemalloc.start()
        file = Counter()
        write(file, entries)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, file.size

    (few, small), (many, large) = peak(2), peak(50)
    assert large > 8 * small and many < 2 * few + 2_000_000
