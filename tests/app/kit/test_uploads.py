"""Data of a session: found by content, never downloaded unasked."""

import pytest

from app.kit import uploads
from app.live.limits import server_limits
from spncore.data import library
from spncore.data.library import DataError

TABLE = b"a,b\n0,1\n1,0\n"


@pytest.mark.fault("A25")
def test_the_content_decides_not_the_name():
    first, again = uploads.read(TABLE, "one.csv", {}), uploads.read(TABLE, "two.csv", {})
    other = uploads.read(b"a,b\n0,1\n1,1\n", "one.csv", {})
    assert first.name == again.name == f"sha256:{first.dataset.sha256}" != other.name


def test_accepted_irregularities_are_noted():
    assert uploads.read(b"\xef\xbb\xbf" + TABLE, "marked.csv", {}).notes


def test_a_refused_file_is_one_sentence():
    with pytest.raises(DataError, match="row 2"):
        uploads.read(b"a,b\n0,2\n", "bad.csv", {})


def test_a_session_holds_so_many_files_and_the_same_one_again():
    tables = [
        f"a,b\n{'0,1' + chr(10)}".encode() + b"1,0\n" * n for n in range(1, server_limits().tables_per_session + 2)
    ]
    held = {}
    for table in tables[:-1]:
        upload = uploads.read(table, "x.csv", held)
        held[upload.name] = upload
    with pytest.raises(DataError, match="held already"):
        uploads.read(tables[-1], "x.csv", held)
    assert uploads.read(tables[0], "x.csv", held).name in held


def test_what_is_not_at_hand_is_not_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    monkeypatch.setattr(library, "download", lambda *_: pytest.fail("nothing may be downloaded"))
    assert uploads.find("nltcs", {}) is None
    assert uploads.find("sha256:" + "0" * 64, {}) is None
    assert uploads.find("../../etc/passwd", {}) is None


def test_shipped_and_uploaded_sets_are_at_hand():
    twin = uploads.find("nltcs-twin", {})
    assert twin is not None and twin.synthetic and twin is uploads.find("nltcs-twin", {})
    upload = uploads.read(TABLE, "one.csv", {})
    assert uploads.find(upload.name, {upload.name: upload}) is upload.dataset


def test_all_that_is_at_hand_are_the_shipped_and_the_uploaded_sets(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    upload = uploads.read(TABLE, "one.csv", {})
    shipped = [name for name, info in library.DATASETS.items() if info.synthetic]
    assert list(uploads.at_hand({upload.name: upload})) == [*shipped, upload.name]
