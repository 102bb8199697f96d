"""Outcomes are kept in the store of runs, or by every computer and share in a file of its own; earlier ones move in."""

import hashlib
import logging
import platform
import sqlite3
from contextlib import closing

import pytest

from spncore.store import StoreError
from spncore.sweep import Outcome
from spncore.sweep.kept import KeptOutcomes
from tests import disks
from tests.stored_cells import cells


def outcome(number):
    return Outcome(hashlib.sha256(str(number).encode()).hexdigest(), "done", seconds=float(number))


OUTCOMES = {each.key: each for each in map(outcome, range(6))}
KEYS = [*OUTCOMES]


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """The cache folder as an earlier release left it, with four outcomes; the store is this computer's own."""
    monkeypatch.delenv("SPNLAB_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return left(tmp_path / "cache" / "spnlab" / "sweeps", KEYS[:4])


def left(folder, keys):
    for key in keys:
        (folder / key[:2]).mkdir(parents=True, exist_ok=True)
        (folder / key[:2] / f"{key}.json").write_text(OUTCOMES[key].to_json())
    return folder


def test_what_an_earlier_release_kept_moves_into_the_store_and_its_folder_goes(tmp_path, earlier):
    with KeptOutcomes.by_default() as kept:
        assert kept.of(KEYS) == {key: OUTCOMES[key] for key in KEYS[:4]}
        kept.keep(OUTCOMES[KEYS[5]])
    assert not earlier.exists() and cells(tmp_path / "data").keys() == {*KEYS[:4], KEYS[5]}
    with KeptOutcomes.by_default() as kept:
        assert len(kept.of(KEYS)) == 5 and not kept.not_kept


def test_what_is_not_an_outcome_of_ours_stays_there(tmp_path, earlier):
    own = earlier / KEYS[0][:2] / "notes.json"
    own.write_text("mine")
    (earlier / KEYS[1][:2] / f"{KEYS[1]}.json").write_text("{")  # what was broken is made anew, as before
    with KeptOutcomes.by_default() as kept:
        assert kept.of(KEYS).keys() == {KEYS[0], *KEYS[2:4]}
    assert [file for file in earlier.rglob("*") if file.is_file()] == [own]


def test_what_cannot_be_written_into_the_store_stays_where_it_was(tmp_path, earlier, caplog):
    with disks.small_disk(tmp_path / "data", "size=1m") as disk:
        KeptOutcomes.by_default().close()
        assert not earlier.exists()
        left(earlier, KEYS[4:])
        disks.fill(disk)
        with caplog.at_level(logging.WARNING), KeptOutcomes.by_default() as kept:
            assert "spnlab.db cannot be written: " in kept.fault
        (disk / "filling").unlink()
        large = earlier / "ab" / f"ab{0:062x}.json"
        large.parent.mkdir(exist_ok=True)
        large.write_text(Outcome(large.stem, "done", reason="x" * 2_000_000).to_json())
        with caplog.at_level(logging.WARNING), KeptOutcomes.by_default() as kept:
            assert len(kept.of(KEYS)) == 4, "all together or none"
        assert len(list(earlier.rglob("*.json"))) == 3 and f"stay in {earlier}: database or disk is full" in caplog.text
        large.unlink()
        with KeptOutcomes.by_default() as kept:
            assert kept.of(KEYS) == OUTCOMES
        assert not earlier.exists()


def test_somebody_who_tries_another_place_takes_nothing_along(tmp_path, earlier, monkeypatch):
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "elsewhere" / "runs.db"))
    with KeptOutcomes.by_default() as kept:
        assert kept.of(KEYS) == {}
    assert len(list(earlier.rglob("*.json"))) == 4
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "runs.db"))  # as in the image, where /data has both
    with KeptOutcomes.by_default() as kept:
        assert len(kept.of(KEYS)) == 4
    assert not earlier.exists()


@pytest.mark.fault("F10", "H09")
def test_every_share_of_a_sweep_has_a_file_of_its_own_and_reads_all(tmp_path):
    left(tmp_path, KEYS[:1])
    shares = [KeptOutcomes.in_folder(tmp_path, f"{number}/3") for number in (1, 2, 3)]
    for share, key in zip(shares, KEYS[1:], strict=False):
        share.put(OUTCOMES[key])
    host = platform.node()
    assert {file.name for file in tmp_path.glob("*.db")} == {f"{host}-{number}-of-3.db" for number in (1, 2, 3)}
    assert not list(tmp_path.glob("*-wal")), "no log: it takes all who use it to be on one computer"
    with KeptOutcomes.in_folder(tmp_path) as whole:
        assert whole.of(KEYS) == {key: OUTCOMES[key] for key in KEYS[:4]}
        assert [len(share.of(KEYS)) for share in shares] == [4, 4, 4]
    assert len(list(tmp_path.rglob("*.json"))) == 1, "what an earlier release kept there is read and left"
    for share in shares:
        share.close()


def test_a_share_without_a_folder_writes_beside_this_computer_s_store_and_the_sweep_finds_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "runs.db"))
    with KeptOutcomes.by_default() as whole, KeptOutcomes.by_default("2/7") as share:
        share.put(OUTCOMES[KEYS[0]])
        whole.put(OUTCOMES[KEYS[1]])
        assert share.of(KEYS) == whole.of(KEYS) == {key: OUTCOMES[key] for key in KEYS[:2]}
    assert [file.name for file in (tmp_path / "shares").iterdir()] == [f"{platform.node()}-2-of-7.db"]


def test_a_file_of_another_that_is_damaged_hides_no_outcome_of_the_others(tmp_path, caplog):
    for number, key in enumerate(KEYS[:3]):
        with KeptOutcomes.in_folder(tmp_path, f"{number + 1}/3") as share:
            share.put(OUTCOMES[key])
    broken = next(tmp_path.glob("*-2-of-3.db"))
    broken.write_bytes(b"no database" * 100)
    with caplog.at_level(logging.WARNING), KeptOutcomes.in_folder(tmp_path) as whole:
        assert whole.of(KEYS).keys() == {KEYS[0], KEYS[2]}
    assert f"{broken}: it is not a database" in caplog.text and broken.read_bytes() == b"no database" * 100


def test_an_outcome_that_is_kept_again_is_replaced(tmp_path):
    with KeptOutcomes.in_folder(tmp_path) as one, KeptOutcomes.in_folder(tmp_path) as other:
        one.put(OUTCOMES[KEYS[0]])
        again = Outcome(KEYS[0], "done", seconds=9.0)
        other.put(again)
        assert one.of(KEYS) == {KEYS[0]: again}


def test_a_lookup_of_thousands_of_cells_finds_each(tmp_path):
    with KeptOutcomes.in_folder(tmp_path) as kept:
        with closing(sqlite3.connect(next(tmp_path.glob("*.db")))) as connection, connection:
            many = [outcome(number) for number in range(3000)]
            connection.executemany("INSERT INTO cell VALUES (?, ?)", [(each.key, each.to_json()) for each in many])
        assert kept.of([each.key for each in many]) == {each.key: each for each in many}


@pytest.mark.fault("F03", "F04")
def test_without_a_store_the_work_goes_on_and_is_counted_as_not_saved(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "runs.db"))
    (tmp_path / "runs.db").write_bytes(b"")
    with caplog.at_level(logging.WARNING), KeptOutcomes.at_hand() as kept:
        kept.keep(OUTCOMES[KEYS[0]])
        assert kept.of(KEYS) == {} and (kept.not_kept, kept.fault.partition(": ")[2][:8]) == (1, "it is em")
        with pytest.raises(StoreError, match="runs.db: it is empty"):
            kept.put(OUTCOMES[KEYS[0]])
    assert caplog.text.count("outcomes are not saved") == 1 and (tmp_path / "runs.db").read_bytes() == b""


@pytest.mark.fault("F04")
def test_a_store_that_may_only_be_read_gives_what_it_has_and_says_that_it_keeps_nothing(tmp_path, monkeypatch, caplog):
    with disks.small_disk(tmp_path / "disk", "size=2m") as disk:
        monkeypatch.setenv("SPNLAB_STORE", str(disk / "runs.db"))
        with KeptOutcomes.by_default() as kept:
            kept.put(OUTCOMES[KEYS[0]])
        disks.make_read_only(disk)
        with caplog.at_level(logging.WARNING), KeptOutcomes.at_hand() as kept:
            assert kept.of(KEYS) == {KEYS[0]: OUTCOMES[KEYS[0]]}
            kept.keep(OUTCOMES[KEYS[1]])
            assert kept.not_kept == 1 and kept.fault == f"{disk}/runs.db may be read only by this user"
    assert caplog.text.count("outcomes are not saved") == 1
