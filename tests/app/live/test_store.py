"""What the server writes to, tried: the cache folder, and the folder of the store where that is a file."""

from pathlib import Path

import pytest

from app.live import store
from tests import disks


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder, and a store on a disk of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SPNLAB_STORE", str(tmp_path / "disk" / "spnlab.db"))


@pytest.mark.fault("F03", "F04")
@pytest.mark.parametrize(
    ("spoil", "words"), [(disks.fill, "make room"), (disks.make_read_only, "or set SPNLAB_STORE to another")]
)
def test_a_store_that_cannot_be_written_is_a_fault_with_its_place_and_setting(spoil, words, tmp_path) -> None:
    with disks.small_disk(tmp_path / "disk", "size=200k") as disk:
        assert store.fault() is None
        spoil(disk)
        fault = store.fault()
        assert fault is not None and str(disk) not in store.why(fault)
        assert store.remedy(fault).startswith(f"{disk} cannot be written by user ") and words in store.remedy(fault)


def test_a_store_on_a_server_has_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("postgresql://lab@host/runs", "no://such"):
        monkeypatch.setenv("SPNLAB_STORE", address)
        assert store.fault() is None and store.folder_of_store() is None
    assert not (tmp_path / "disk").exists()
