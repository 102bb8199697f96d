"""A `.spnlab` file holds runs bit for bit; taking it in overwrites nothing; reading it shows what was there."""

import io
import json
import sqlite3
import zipfile

import numpy as np
import pytest

from spncore.files.provenance import citation, versions
from spncore.kept import bundle, unpacking
from spncore.kept.bundle import Taken
from spncore.kept.runs import COMMAND_LINE, KeptError
from spncore.limits import LIMITS
from spncore.store import Place, Store, changes
from tests import kept_runs
from tests.kept_runs import PLAIN, RIVAL, STUDIES, kept

LINK = "http://host/?v=2&depths=1,3"
TABLES = {  # all of a store but the numbers of entries, which say only the order in which they came
    "study": "*",
    "result": "*",
    "trace": "*",
    "entry": "owner, study, room, name, note, tags, made_at, deleted_at",
}


@pytest.fixture
def open_store(tmp_path):
    """`open_store(name)`: a store in a file of this name."""
    opened = []

    def store(name):
        opened.append(Store(Place(file=tmp_path / f"{name}.db")))
        return opened[-1]

    yield store
    for each in opened:
        each.close()


def written(runs, link=""):
    file = io.BytesIO()
    assert bundle.write(file, runs, link) == len(runs)
    return file.getvalue()


def rows(store):
    """All that a store has, of every table in an order of its content."""
    with sqlite3.connect(store.place.file) as raw:
        found = {
            name: sorted(raw.execute(f"SELECT {columns} FROM {name}").fetchall(), key=repr)
            for name, columns in TABLES.items()
        }
    raw.close()
    return found


def filled(store):
    """A store with four runs, one of which has all that somebody can say of it."""
    [first, *_] = kept_runs.keep(store)
    said = ("naïve ☃ =1+1", "two\nlines", ["a tag", "b"])
    assert store.write(changes.describe, COMMAND_LINE, first, *said).result()
    return store


@pytest.mark.fault("F13")
def test_what_is_exported_wiped_and_taken_in_is_what_was_there_bit_for_bit(open_store):
    before = filled(open_store("before"))
    data = written(kept(before), LINK)
    after = open_store("after")
    assert bundle.take_in(after, unpacking.read(data).runs, COMMAND_LINE) == Taken(4, 0, 0)
    assert rows(after) == rows(before) and len(rows(after)["trace"]) == 14
    assert written(kept(after), LINK) == data


def test_equal_runs_give_equal_bytes_and_a_second_import_changes_nothing(open_store):
    store = filled(open_store("one"))
    data, before = written(kept(store)), rows(store)
    assert written(kept(store)) == data
    assert bundle.take_in(store, unpacking.read(data).runs, COMMAND_LINE) == Taken(0, 4, 0)
    assert rows(store) == before


def test_nothing_that_is_there_is_overwritten(open_store):
    data = written(kept(filled(open_store("one"))))
    store = open_store("two")
    [number] = kept_runs.keep(store, [PLAIN], ["mine"])
    store.write(changes.describe, COMMAND_LINE, number, note="my own").result()
    assert bundle.take_in(store, unpacking.read(data).runs, COMMAND_LINE) == Taken(3, 1, 0)
    [mine, *_] = kept(store)
    assert (mine.entry.name, mine.entry.note, mine.entry.tags) == ("mine", "my own", ())


def test_a_deleted_run_comes_back_as_it_was(open_store):
    store = filled(open_store("one"))
    runs = unpacking.read(written(kept(store))).runs
    before = rows(store)
    assert store.write(changes.remove, COMMAND_LINE, [1]).result() == 1
    assert bundle.take_in(store, runs, COMMAND_LINE) == Taken(1, 3, 0) and rows(store) == before


def test_other_numbers_of_the_same_study_stay_out_and_are_counted(open_store):
    store = open_store("one")
    kept_runs.keep(store, [PLAIN, RIVAL])
    [first, second] = kept(store)
    shifted = [each._replace(llh=np.nextafter(each.llh, 0)) for each in first.finished.results]
    other = first._replace(finished=first.finished._replace(results=shifted))
    before = rows(store)
    assert bundle.take_in(store, [other, second], COMMAND_LINE) == Taken(0, 2, 1)
    assert rows(store) == before


def test_a_file_shows_its_runs_without_any_store(open_store):
    store = filled(open_store("one"))
    found = unpacking.read(written(kept(store), LINK))
    assert (found.link, found.versions) == (LINK, versions())
    for number, (now, then) in enumerate(zip(found.runs, kept(store), strict=True), 1):
        assert now.entry == then.entry._replace(id=number)
        assert now.finished._replace(results=()) == then.finished._replace(results=())
        for one, other in zip(now.finished.results, then.finished.results, strict=True):
            assert one._replace(llh=None) == other._replace(llh=None) and one.llh.tobytes() == other.llh.tobytes()


def test_the_archive_is_plain_and_says_what_it_is(open_store):
    data = written(kept(filled(open_store("one"))), LINK)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        [name, *_] = manifest["members"]
        said = json.loads(archive.read(name))
        numbers = np.frombuffer(archive.read(name.replace(".json", ".f64")), "<f8")
    assert set(manifest["members"]) | {"manifest.json"} == set(archive.namelist())
    assert (manifest["format"], manifest["link"], manifest["cite"]) == (1, LINK, citation())
    assert manifest["versions"] == versions() == said["versions"]
    llh = np.concatenate([each.llh for each in kept_runs.finished(PLAIN).results])
    assert said["name"] == "naïve ☃ =1+1" and numbers.tobytes() == llh.tobytes()
    assert [(each["name"], each["seeds"], each["states"]) for each in said["curves"]] == [
        ("L=1", [0, 1], 9),
        ("L=3", [0, 1], 9),
    ]


@pytest.mark.parametrize("limit", [{"bundle_runs": 3}, {"bundle_bytes": LIMITS.bundle_characters + 9_000}])
def test_too_many_runs_for_one_file_are_refused_while_they_are_written(open_store, monkeypatch, limit):
    runs = kept(filled(open_store("one")))
    monkeypatch.setattr(bundle, "LIMITS", LIMITS.__class__(**limit))
    with pytest.raises(KeptError, match="too many for one .spnlab file; allowed: "):
        bundle.write(io.BytesIO(), runs)


def test_what_cannot_be_saved_is_said_and_the_rest_is_there(open_store):
    runs = unpacking.read(written(kept(filled(open_store("one"))))).runs
    store = open_store("two")
    long = [runs[0]._replace(entry=runs[0].entry._replace(name="x" * 200)), *runs[1:]]
    with pytest.raises(Exception, match="name: 200 characters are too many"):
        bundle.take_in(store, long, COMMAND_LINE)
    assert len(kept(store)) == len(STUDIES) - 1
