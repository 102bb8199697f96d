"""A store in a file: what lies in its place is named and left as it is; what was saved is there after every kill."""

import os
import pwd
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from spncore.store import Place, Store, StoreError, changes, files, reading, schema
from spncore.store.reading import Query
from tests import children, disks
from tests.places import ROOT
from tests.spncore.store.made import OWNER, bytes_of, finished, key_of, looked_through


@pytest.fixture
def file(tmp_path):
    """A store with four studies that was closed."""
    made = tmp_path / "here" / "spnlab.db"
    with Store(Place(file=made)) as store:
        for number in range(4):
            store.write(changes.keep, finished(number), OWNER).result()
    return made


def keys(place):
    with Store(place) as store:
        return {entry.study for entry in store.read(reading.entries, Query(OWNER))}


def refused(file, words):
    """Opening it says so in one line that names it, and not a byte of its folder is another afterwards."""
    before = bytes_of(file.parent)
    with pytest.raises(StoreError) as found:
        Store(Place(file=file))
    said = str(found.value)
    assert said.startswith(f"{file}: ") and words in said and "\n" not in said
    assert bytes_of(file.parent) == before


@pytest.mark.fault("F04")
def test_where_there_is_nothing_a_store_is_made_with_its_folders_for_its_user_alone(tmp_path):
    place = Place(file=tmp_path / "a" / "b" / "spnlab.db")
    with Store(place) as store:
        assert store.why_read_only is None and store.notices == () and store.lasts
    assert [each.name for each in place.file.parent.iterdir()] == ["spnlab.db"]
    assert place.file.stat().st_mode & 0o777 == 0o600


@pytest.mark.fault("F04")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty (0 bytes), not a store; it was left as it is"),
        (b"x" * 5000, "it is not a database; it was left as it is"),
        (files.MAGIC, "it is not a database"),
        (bytes(8192), "it is not a database"),
    ],
    ids=["empty", "text", "a magic alone", "zeros"],
)
def test_what_is_no_database_is_named_and_left(content, words, tmp_path):
    (tmp_path / "spnlab.db").write_bytes(content)
    refused(tmp_path / "spnlab.db", words)


@pytest.mark.fault("F04")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (x)",
        "CREATE TABLE schema_version (version TEXT); INSERT INTO schema_version VALUES ('1.2')",
        "CREATE TABLE schema_version (installed_rank INTEGER)",
        "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (1)",
    ],
)
def test_a_database_of_something_else_is_named_and_left(statement, tmp_path):
    with closing(sqlite3.connect(tmp_path / "spnlab.db")) as other:
        other.executescript(statement)
    refused(tmp_path / "spnlab.db", "it is a database, but not a store of SPN Lab; name another file")


@pytest.mark.fault("F04")
def test_a_folder_in_its_place_or_a_file_in_its_folder_s_place_is_named(tmp_path):
    (tmp_path / "spnlab.db").mkdir()
    for place in (tmp_path / "spnlab.db", tmp_path / "file" / "spnlab.db"):
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=f"^{tmp_path}/.*(Is a directory|File exists|Not a directory)"):
            Store(Place(file=place))


@pytest.mark.fault("F04")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_store_that_is_cut_short_is_named_and_left(share, file):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    refused(file, f"it is cut short, {int(share * len(content)):,} of {len(content):,} bytes; it was left as it is")


@pytest.mark.fault("F04")
def test_a_store_whose_pages_are_not_what_they_were_is_named_and_left(file):
    content = bytearray(file.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    for start in range(page, len(content), page):
        content[start] ^= 0xFF  # what kind of page it is
    file.write_bytes(content)
    refused(file, "the database is damaged")


@pytest.mark.fault("F04")
def test_flipped_bits_are_named_or_met_when_read_and_no_trace_comes_back_as_another(file, tmp_path):
    whole, flips = file.read_bytes(), random.Random(0)
    expected = {key_of(n): {(e.curve, e.seed): e.llh.tobytes() for e in finished(n).results} for n in range(4)}
    named = 0
    for turn in range(60):
        content = bytearray(whole)
        for _ in range(4):
            content[flips.randrange(len(content))] ^= 1 << flips.randrange(8)
        broken = tmp_path / f"{turn}.db"
        broken.write_bytes(content)
        try:
            with Store(Place(file=broken)) as store:
                for entry in store.read(reading.entries, Query(OWNER)):
                    there = store.read(reading.traces, entry.study)
                    assert all(expected[entry.study][at] == llh.tobytes() for at, llh in there.items())
        except StoreError as error:
            named += 1
            assert "\n" not in str(error)
    assert named > 10


@pytest.mark.fault("F04", "J15")
def test_a_trace_that_is_not_what_was_written_is_named_and_the_others_are_there(file):
    with closing(sqlite3.connect(file)) as raw, raw:
        other = np.full(45, -1.0).tobytes()
        raw.execute("UPDATE trace SET numbers = ? WHERE study = ? AND seed = 1", (other, key_of(2)))
    with Store(Place(file=file)) as store:
        with pytest.raises(StoreError, match="^The stored llh of curve 0, seed 1 is damaged: its SHA-256 is not"):
            store.read(reading.traces, key_of(2))
        assert len(store.read(reading.traces, key_of(3))) == 4


@pytest.mark.fault("F06")
def test_a_store_of_a_newer_release_is_named_and_left(file):
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("UPDATE schema_version SET version = 7")
    refused(file, f"schema 7, this release knows up to {schema.SCHEMA}; it was left as it is")


def left_by_a_kill(file, then=""):
    """A process writes study 7 and is killed while it has the store open."""
    program = f"""
import os, pathlib, signal, sys
from spncore.store import Place, Store, changes
from tests.spncore.store.made import OWNER, finished
store = Store(Place(file=pathlib.Path(sys.argv[1])))
store.write(changes.keep, finished(7), OWNER).result()
{then}
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program, file], cwd=ROOT, env=children.environment())
    assert done.returncode == -signal.SIGKILL
    return file


STORED = {*map(key_of, range(4))}


@pytest.mark.fault("F09")
def test_what_a_killed_process_has_saved_is_recovered_from_its_log(file):
    log = left_by_a_kill(file).with_name("spnlab.db-wal")
    assert log.stat().st_size > 0
    with Store(Place(file=file)) as store:
        assert store.notices == ()
    assert keys(Place(file=file)) == STORED | {key_of(7)}
    assert [each.name for each in file.parent.iterdir()] == ["spnlab.db"], "closed well, it is one file"
    assert not looked_through(Place(file=file)).wrong


@pytest.mark.fault("F09")
def test_a_log_that_somebody_has_deleted_is_missed_once(file):
    left_by_a_kill(file).with_name("spnlab.db-wal").unlink()
    with Store(Place(file=file)) as store:
        [notice] = store.notices
        assert notice.startswith(f"{file} was not closed, and spnlab.db-wal,") and "runs may be missing" in notice
        assert {entry.study for entry in store.read(reading.entries, Query(OWNER))} == STORED
    assert not looked_through(Place(file=file)).wrong
    with Store(Place(file=file)) as store:
        assert store.notices == ()


@pytest.mark.fault("F09")
def test_who_opens_a_store_that_others_have_open_misses_nothing_and_lets_them_go_on(file):
    with Store(Place(file=file)) as one:
        with Store(Place(file=file)) as other:
            assert one.notices == other.notices == ()
            other.write(changes.keep, finished(5), OWNER).result()
        assert file.with_name("spnlab.db-in-use").exists()
        one.write(changes.keep, finished(6), OWNER).result()
        assert one.read(reading.count, Query(OWNER)) == 6
    assert [each.name for each in file.parent.iterdir()] == ["spnlab.db"]


@pytest.mark.fault("J13", "F09")
@pytest.mark.parametrize("how", ["closed", "killed", "killed, its index lost", "killed, its log lost"])
def test_a_copy_on_a_disk_that_cannot_be_written_has_the_last_rows_or_says_that_they_are_gone(how, file, tmp_path):
    if how != "closed":
        left_by_a_kill(file)
    with disks.small_disk(tmp_path / "disk", "size=4m") as disk:
        for each in file.parent.iterdir():
            if not (how.endswith("its index lost") and each.name.endswith("-shm")):
                shutil.copy(each, disk)
        if how.endswith("its log lost"):
            (disk / "spnlab.db-wal").unlink()
        disks.make_read_only(disk)
        before = bytes_of(disk)
        with Store(Place(file=disk / "spnlab.db")) as store:
            found = {entry.study for entry in store.read(reading.entries, Query(OWNER))}
            assert found == STORED | ({key_of(7)} if "killed" in how and "log" not in how else set())
            assert [("log" in how) == ("is gone" in each) for each in store.notices] == [True] * ("log" in how)
            assert store.why_read_only == f"{disk}/spnlab.db may be read only by this user"
            with pytest.raises(StoreError, match=r"^Not saved: .* may be read only by this user\.$"):
                store.write(changes.keep, finished(8), OWNER).result()
        assert bytes_of(disk) == before


@pytest.fixture
def everybody_s():
    """A folder that every user may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.fault("F04")
@pytest.mark.skipif(not hasattr(os, "fork") or os.getuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize("how", ["closed", "in use", "killed"])
def test_another_user_who_may_only_read_sees_all_of_it(how, file, everybody_s):
    """What somebody else has saved until then is there, whether the store is in use or was left by a kill."""
    file = Path(shutil.copy(file, everybody_s))
    owner = Store(Place(file=file)) if how == "in use" else None
    if owner is not None:
        owner.write(changes.keep, finished(7), OWNER).result()
    if how == "killed":
        left_by_a_kill(file)
    for each in file.parent.iterdir():
        each.chmod(0o644)
    reader, writer = os.pipe()
    if not os.fork():
        found = "nothing"
        try:
            os.setuid(pwd.getpwnam("nobody").pw_uid)
            with Store(Place(file=file)) as store:
                found = f"{store.read(reading.count, Query(OWNER))} {store.why_read_only is not None}"
        except BaseException as error:
            found = repr(error)
        finally:
            os.write(writer, found.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read().decode() == ("4 True" if how == "closed" else "5 True")
    os.wait()
    if owner is not None:
        owner.write(changes.keep, finished(8), OWNER).result()
        owner.close()


@pytest.mark.fault("F03")
def test_a_store_on_a_disk_that_is_full_when_it_is_opened_can_be_read(file, tmp_path):
    with disks.small_disk(tmp_path / "disk", "size=1m") as disk:
        shutil.copy(file, disk)
        disks.fill(disk)
        with Store(Place(file=disk / "spnlab.db")) as store:
            assert {entry.study for entry in store.read(reading.entries, Query(OWNER))} == STORED
            assert store.why_read_only.startswith(f"{disk}/spnlab.db cannot be written: ")
        (disk / "filling").unlink()
        with Store(Place(file=disk / "spnlab.db")) as store:
            store.write(changes.keep, finished(8), OWNER).result()


@pytest.mark.fault("F03")
def test_where_there_is_no_room_for_a_new_store_nothing_is_left(tmp_path):
    with disks.small_disk(tmp_path / "disk", "size=32k") as disk:
        with pytest.raises(
            StoreError, match=f"^{disk}/spnlab.db: cannot be made: .*; name a place that can be written"
        ):
            Store(Place(file=disk / "spnlab.db"))
        assert not list(disk.iterdir())


@pytest.mark.fault("F12")
def test_entries_are_in_the_order_they_came_whatever_the_clock_says(file, monkeypatch):
    with Store(Place(file=file)) as store:
        for number, clock in ((10, 5e9), (11, 1.0), (12, 1.0), (13, -4.0)):
            monkeypatch.setattr("time.time", lambda clock=clock: clock)
            store.write(changes.keep, finished(number), OWNER).result()
        found = [entry.study for entry in store.read(reading.entries, Query(OWNER))]
        assert found[:4] == [*map(key_of, (13, 12, 11, 10))]
        back = [entry.study for entry in store.read(reading.entries, Query(OWNER, descending=False))]
        assert back == found[::-1]
