"""Where the store is: as the environment says, never with a password in a message; shared file systems are known."""

from pathlib import Path

import pytest

from spncore.store import Place, Store, StoreError, default_place, place
from spncore.store.place import place_of, shared_file_system

SECRET = "hunter2"


def test_the_environment_names_a_file_or_a_server_and_else_it_is_in_the_platform_s_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_place({}) == default_place({"SPNLAB_STORE": ""}) == Place(file=tmp_path / "spnlab" / "spnlab.db")
    assert default_place({"SPNLAB_STORE": "/data/runs.db"}) == Place(file=Path("/data/runs.db"))
    assert default_place({"SPNLAB_STORE": "~/runs.db"}) == Place(file=Path.home() / "runs.db")
    server = default_place({"SPNLAB_STORE": f"postgresql://lab:{SECRET}@host:5433/runs"}).server
    assert (server.host, server.port, server.password, server.database) == ("host", 5433, SECRET, "runs")


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://lab:{SECRET}@host:port/runs",
        f"postgres://lab:{SECRET}@host/runs",
        f"mysql://lab:{SECRET}@host/runs",
        f"sqlite:///{SECRET}",
        f"://{SECRET}",
    ],
)
def test_an_address_that_is_none_is_refused_in_a_sentence_without_its_password(address):
    with pytest.raises(StoreError, match=r"^SPNLAB_STORE: .*; allowed: a file such as .*postgresql://") as refused:
        place_of(address)
    assert SECRET not in str(refused.value) and refused.value.__cause__ is None


@pytest.mark.fault("F11")
@pytest.mark.parametrize("address", ["postgresql://lab:{}@host/runs", "postgresql://lab@host/runs?password={}"])
def test_a_place_in_words_has_no_password(address):
    assert str(place_of(address.format(SECRET))).startswith("postgresql+psycopg://lab") and SECRET not in str(
        place_of(address.format(SECRET))
    )


MOUNTS = """\
sysfs /sys sysfs rw 0 0
/dev/sda1 / ext4 rw 0 0
host:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/local ext4 rw 0 0
host:/x /mnt/my\\040disk cifs rw 0 0
me@host: /mnt/far fuse.sshfs rw 0 0
scratch /gpfs gpfs rw 0 0
host:/y /twice nfs rw 0 0
/dev/sdc1 /twice xfs rw 0 0
"""


@pytest.mark.fault("F10")
@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/var/lib/spnlab.db", None),
        ("/home/me/.local/share/spnlab/spnlab.db", "nfs4"),
        ("/home/local/spnlab.db", None),
        ("/mnt/my disk/spnlab.db", "cifs"),
        ("/mnt/far/spnlab.db", "fuse.sshfs"),
        ("/gpfs/a/spnlab.db", "gpfs"),
        ("/twice/spnlab.db", None),
        ("/homestead/spnlab.db", None),
    ],
)
def test_a_file_system_that_computers_share_is_known_by_the_table_of_mounts(file, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mounts")
    assert shared_file_system(Path(file)) is None  # there is no table
    (tmp_path / "mounts").write_text(MOUNTS)
    assert shared_file_system(Path(file)) == kind


@pytest.mark.fault("F10")
def test_a_link_into_a_shared_file_system_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nhost:/x {tmp_path}/far nfs rw 0 0\n")
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    assert shared_file_system(tmp_path / "near" / "spnlab.db") == "nfs"


def journal(store):
    return store.read(lambda connection: connection.exec_driver_sql("PRAGMA journal_mode").scalar())


@pytest.mark.fault("F10")
def test_on_a_shared_file_system_a_store_has_no_log_and_says_that_one_computer_may_use_it(tmp_path, monkeypatch):
    with Store(Place(file=tmp_path / "near.db")) as near, Store(Place(file=tmp_path / "other.db", shared=True)) as far:
        assert (journal(near), near.notices) == ("wal", ()) and (journal(far), far.notices) == ("delete", ())
    monkeypatch.setattr(place, "MOUNTS", tmp_path / "mounts")
    (tmp_path / "mounts").write_text(f"host:/x {tmp_path} nfs rw 0 0\n")
    for name in ("far.db", "near.db"):
        with Store(Place(file=tmp_path / name)) as far:
            assert journal(far) == "delete"
            [notice] = far.notices
            assert f"{name} is on a file system that several computers share (nfs)" in notice
            assert not list(tmp_path.glob("*-wal"))
