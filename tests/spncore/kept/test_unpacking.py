"""A `.spnlab` file that somebody made, broke or falsified is refused in one sentence, and nothing else happens."""

import hashlib
import io
import json
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from spncore.files.provenance import ENGINE
from spncore.kept import bundle, unpacking
from spncore.kept.runs import KeptError
from spncore.limits import LIMITS
from spncore.store import Place, Store
from tests import kept_runs
from tests.kept_runs import DEEP, PLAIN, RIVAL, kept

MANIFEST = "manifest.json"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with Store(Place(file=tmp_path_factory.mktemp("store") / "runs.db")) as store:
        kept_runs.keep(store, [PLAIN, RIVAL])
        file = io.BytesIO()
        bundle.write(file, kept(store), "http://host/?v=2")
    return file.getvalue()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archived(found, compress=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compress) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return file.getvalue()


def hashed(found):
    """The members with a manifest whose hashes are right, as whoever falsifies a file would have it."""
    manifest = json.loads(found[MANIFEST])
    manifest["members"] = {name: hashlib.sha256(each).hexdigest() for name, each in found.items() if name != MANIFEST}
    return {**found, MANIFEST: json.dumps(manifest).encode()}


def with_said(data, edit):
    """The file with the values of its first run edited."""
    found = members(data)
    [name, *_] = found
    values = json.loads(found[name])
    edit(values)
    return archived(hashed({**found, name: json.dumps(values).encode()}))


def with_manifest(data, edit):
    found = members(data)
    values = json.loads(found[MANIFEST])
    edit(values)
    return archived({**found, MANIFEST: json.dumps(values).encode()})


def with_numbers(data, edit):
    found = members(data)
    [_, name, *_] = found
    return archived(hashed({**found, name: edit(found[name])}))


def refusal(data):
    with pytest.raises(KeptError) as refused:
        unpacking.read(data)
    said = str(refused.value)
    assert "\n" not in said and len(said) < 400
    return said


def put(*path, to):
    """An edit that puts a value at a place."""

    def edit(values):
        *folders, last = path
        for name in folders:
            values = values[name]
        values[last] = to

    return edit


def drop(name):
    return lambda values: values.pop(name)


SAID = {
    "no note": (drop("note"), "note: missing; allowed: a text of 0 to 4,000 characters"),
    "one more": (put("more", to=1), "'more': not known; allowed: key, name"),
    "a long name": (put("name", to="x" * 121), "allowed: a text of 1 to 120 characters that can be printed"),
    "an empty name": (put("name", to=""), "name: '' is refused"),
    "a name with NUL": (put("name", to="a\0b"), "name: 'a\\x00b' is refused"),
    "a lone surrogate": (put("title", to="\ud800"), "title: "),
    "a note of numbers": (put("note", to=[1]), "note: [1] is refused"),
    "too many tags": (put("tags", to=["a"] * 21), "allowed: a list of at most 20"),
    "an empty tag": (put("tags", to=[""]), "tags: "),
    "a time that is none": (put("made_at", to="now"), "made_at: 'now' is refused; allowed: a number from 0"),
    "a time before all": (put("made_at", to=-1), "made_at: -1 is refused"),
    "a huge number": (put("seconds", to=10**400), "digits"),
    "true for a number": (put("num_rows", to=True), "num_rows: True is refused; allowed: 1 to 200,000"),
    "too many rows": (put("num_rows", to=LIMITS.rows + 1), "num_rows: 200001 is refused"),
    "no columns": (put("num_variables", to=0), "num_variables: 0 is refused; allowed: 1 to 256"),
    "a newer engine": (put("engine", to=ENGINE + 1), f"engine: {ENGINE + 1} is refused; allowed: 1 to {ENGINE}"),
    "another engine": (put("engine", to=ENGINE - 1), "key: it is not that of these settings and data"),
    "other data": (put("data_sha256", to="0" * 64), "key: it is not that of these settings and data"),
    "no hash": (put("data_sha256", to="x"), "data_sha256: 'x' is refused; allowed: a SHA-256"),
    "another data set": (put("dataset", to="nltcs"), "dataset: 'nltcs' is not that of the settings, 'two-clusters'"),
    "versions that are none": (put("versions", to={"numpy": 2}), "versions: "),
    "settings that are none": (put("settings", to=[]), "settings: [] is refused"),
    "no experiment": (put("settings", to={}), "settings: experiment: missing"),
    "an experiment that is none": (put("settings", "experiment", to=3), "settings: experiment: 3 is refused"),
    "an unknown schema": (put("settings", "experiment", "schema", to=99), "schema: 99 is not known"),
    "an unknown setting": (put("settings", "experiment", "colour", to="red"), "colour: no such setting"),
    "a depth beyond": (put("settings", "depths", to=[1, 9]), "settings: depths: [1, 9] is refused"),
    "depths that fall": (put("settings", "depths", to=[3, 1]), "depths: "),
    "another rate": (put("settings", "experiment", "learning_rate", to=0.2), "key: it is not that"),
    "a whole number": (put("settings", "experiment", "learning_rate", to=1), "not as this release writes them"),
    "a list for a rate": (put("settings", "experiment", "learning_rate", to=[0.1]), "learning_rate: "),
    "changes that are none": (put("settings", "experiment", "changes", to=[{}]), "changes: "),
    "a million steps": (put("settings", "experiment", "iterations", to=10**6), "iterations: 1000000 is out of range"),
    "trees of a mixture": (put("settings", "shallow", to=True), "settings: shallow: true is refused"),
    "another key": (put("key", to="0" * 64), "key: it is not that of these settings and data"),
    "one curve less": (lambda values: values["curves"].pop(), "curves: 1 are there; the settings have 2"),
    "another learner": (put("curves", 0, "learner", to="em"), "curves: 'L=1' is refused; allowed here: L=1"),
    "another seed": (put("curves", 0, "seeds", to=[0, 2]), "curves: 'L=1' is refused"),
    "states beyond": (put("curves", 0, "states", to=10), "curves: L=1 has 10 states; the settings make 9"),
    "an end that nobody says": (put("curves", 0, "states", to=5), "curves: L=1 has 5 states; the settings make 9"),
    "many states": (put("curves", 0, "states", to=10**12), "curves: states: 1000000000000 is refused"),
    "curves that are none": (put("curves", to=[[], []]), "curves: "),
    "no target": (put("summary", to=[]), "summary: [] is refused; allowed: an object"),
    "a target that is none": (put("summary", "target", to=3), "summary: target: levels: None is refused"),
    "an unknown rule": (put("summary", "target", "rule", to="x"), "summary: target: rule: 'x' is refused"),
    "levels of other seeds": (put("summary", "target", "levels", to=[1.0]), "allowed: 2 numbers"),
}


@pytest.mark.parametrize("what", SAID)
def test_what_is_said_of_a_run_is_checked(data, what):
    edit, said = SAID[what]
    assert said in refusal(with_said(data, edit))


def test_a_summary_follows_from_the_numbers_whatever_a_file_says(data):
    falsified = with_said(data, put("summary", "end", to=0.0))
    assert unpacking.read(falsified).runs[0].entry.summary == unpacking.read(data).runs[0].entry.summary


NUMBERS = {
    "one less": (lambda kept: kept[:-8], "numbers: 280 bytes are there; the curves make up 288"),
    "one more": (lambda kept: kept + b"\0" * 8, "numbers: 296 bytes are there; the curves make up 288"),
    "none": (lambda kept: b"", "numbers: 0 bytes are there; the curves make up 288"),
    "half of one": (lambda kept: kept[:-4], "numbers: 284 bytes"),
    "NaN": (lambda kept: struct.pack("<d", np.nan) + kept[8:], "numbers: one is not finite"),
    "infinite": (lambda kept: kept[:-8] + struct.pack("<d", np.inf), "numbers: one is not finite"),
}


@pytest.mark.parametrize("what", NUMBERS)
def test_numbers_are_as_many_as_the_settings_make_and_finite(data, what):
    edit, said = NUMBERS[what]
    assert said in refusal(with_numbers(data, edit))


HEADS = {
    "a newer format": (
        put("format", to=2),
        "manifest.json: format: 2 is refused; allowed: 1, which",
    ),
    "true for 1": (put("format", to=True), "format: True is refused"),
    "something else": (put("what", to="a model"), "what: 'a model' is refused; allowed: runs of SPN Lab"),
    "a link that is none": (put("link", to=None), "link: None is refused"),
    "no members": (put("members", to=3), "members: 3 is refused"),
    "a name that leads out": (put("members", "../x", to="0" * 64), "members: '../x' is refused"),
    "half of a run": (put("members", f"{'0' * 64}.json", to="0" * 64), "000000000000… has not both of .json and .f64"),
}


@pytest.mark.parametrize("what", HEADS)
def test_the_manifest_is_checked(data, what):
    edit, said = HEADS[what]
    assert said in refusal(with_manifest(data, edit))


def test_members_are_those_of_the_manifest_each_once_and_as_they_were(data):
    found = members(data)
    [first, second, *_] = found
    assert "is not named in the manifest" in refusal(archived({**found, "../../evil": b""}))
    assert "is not named in the manifest" in refusal(archived({**found, "/etc/evil": b""}))
    without = {name: each for name, each in found.items() if name != second}
    assert "it is missing; allowed: the members that manifest.json names" in refusal(archived(without))
    assert "manifest.json is missing" in refusal(archived({first: found[first]}))
    damaged = {**found, second: found[second][:-1] + bytes([found[second][-1] ^ 1])}
    assert "it is damaged: its SHA-256 is not the manifest's" in refusal(archived(damaged))
    for manifest, said in ((b"[]", "is a JSON object"), (b"{", "not JSON"), (b"\xff", "utf-8"), (b"{" * 9999, "JSON")):
        assert said in refusal(archived({**found, MANIFEST: manifest}))
    with pytest.warns(UserWarning, match="Duplicate name"):
        file = io.BytesIO(data)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(first, found[first])
    assert "the name stands there twice; allowed: each member once" in refusal(file.getvalue())


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_nothing_grows_when_it_is_read(data, kind):
    assert "it is compressed or encrypted" in refusal(archived(members(data), kind))
    bomb = archived({**members(data), "zeros": bytes(10_000_000)}, kind)
    assert len(bomb) < 100_000 and "it is compressed or encrypted" in refusal(bomb)


def declared(data, offset, value, of=b"PK\x01\x02", size=4):
    """The file with a number of its directory's first entry, or of its end, replaced."""
    at = data.index(of) + offset
    return data[:at] + value.to_bytes(size, "little") + data[at + size :]


def test_sizes_that_are_only_claimed_are_refused_before_anything_is_read(data):
    assert "claims" in refusal(declared(data, 24, 4_000_000_000))  # the first member's size
    assert "the members claim" in refusal(declared(declared(data, 24, 10**9), 20, 10**9))
    assert "compressed or encrypted" in refusal(declared(data, 8, 1, size=2))
    end = {"of": b"PK\x05\x06"}
    assert "names 65,535 members" in refusal(declared(data, 10, 65_535, size=2, **end))
    assert "in 4,000,000,000 bytes; allowed: 2,001 members" in refusal(declared(data, 12, 4_000_000_000, **end))
    locator = b"PK\x06\x07" + bytes(16)
    assert "it does not end as one" in refusal(data[:-22] + locator + data[-22:])


def test_many_members_are_refused_by_their_number(data):
    many = archived({**members(data), **{f"x{n}": b"" for n in range(2_001)}})
    assert "the archive names 2,006 members" in refusal(many)


def test_a_large_file_or_member_is_refused_by_its_size(data, monkeypatch):
    monkeypatch.setattr(unpacking, "LIMITS", replace(LIMITS, bundle_characters=2_000))
    assert "bytes; allowed: 2,000" in refusal(data)
    monkeypatch.setattr(unpacking, "LIMITS", replace(LIMITS, bundle_bytes=2_000))
    assert refusal(data) == f"the file has {len(data):,} bytes; allowed: 2,000"


def test_other_files_are_none():
    array = io.BytesIO()
    np.savez(array, a=np.arange(3))
    for other in (b"", b"PK", b"a,b\n0,1\n", bytes(1000), b"\x80\x04N.", archived({}), array.getvalue()):
        assert refusal(other)


def test_a_byte_that_is_turned_anywhere_is_found_or_means_nothing(data):
    whole, rng = unpacking.read(data), np.random.default_rng(0)
    for at in [*rng.integers(0, len(data), 400), *range(len(data) - 600, len(data), 3)]:
        turned = data[:at] + bytes([data[at] ^ int(rng.integers(1, 256))]) + data[at + 1 :]
        try:
            found = unpacking.read(turned)
        except KeptError:
            continue
        assert [run.entry for run in found.runs] == [run.entry for run in whole.runs], at
        assert [run.finished.results[0].llh.tobytes() for run in found.runs] == [
            run.finished.results[0].llh.tobytes() for run in whole.runs
        ]


def test_a_file_that_is_cut_short_anywhere_is_refused(data):
    for length in range(0, len(data), 97):
        assert refusal(data[:length])


def test_a_study_with_a_mixture_of_trees_is_read_with_it(tmp_path):
    with Store(Place(file=tmp_path / "runs.db")) as store:
        kept_runs.keep(store, [DEEP])
        file = io.BytesIO()
        bundle.write(file, kept(store))
    [run] = unpacking.read(file.getvalue()).runs
    assert run.study == DEEP and [curve["name"] for curve in run.entry.summary["curves"]][-1] == "mixture of trees"
