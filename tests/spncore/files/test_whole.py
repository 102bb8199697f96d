"""A file is there whole and for good, or as it was before; where it cannot be, a sentence says where and why."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from spncore.files import whole as files
from spncore.files.archive import write_arrays
from spncore.files.results import saved, saved_or_printed
from spncore.files.whole import check_place, fault, make_ready, remove_strays, write_whole
from tests import children, disks
from tests.places import ROOT

FAULTS = (errno.ENOSPC, errno.EIO, errno.EROFS)
WRITERS = {
    "bytes": lambda path: write_whole(path, b"new" * 100_000),
    "arrays": lambda path: write_arrays(path, {"numbers": np.arange(100_000)}),
}


class Faulty:
    """A file that cannot be written."""

    def __init__(self, file, write) -> None:
        self.file, self.write = file, write

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


def failing(number: int):
    """A function of the system that fails so."""

    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


def break_at(step: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one step of writing fail."""
    if step == "write":
        opened = Path.open

        def opened_faulty(path, *how):
            return Faulty(opened(path, *how), failing(number))

        monkeypatch.setattr(Path, "open", opened_faulty)
    elif step == "open":
        monkeypatch.setattr(Path, "open", failing(number))
    elif step == "fsync of the folder":
        monkeypatch.setattr(files, "_sync_folder", failing(number))
    else:
        monkeypatch.setattr(files.os, step, failing(number))


@pytest.mark.fault("J06")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("number", FAULTS, ids=errno.errorcode.get)
@pytest.mark.parametrize("step", ["open", "write", "fsync", "replace", "fsync of the folder"])
@pytest.mark.parametrize("before", [b"old", None], ids=["over a file", "new"])
def test_a_fault_at_any_step_leaves_what_was_there_and_names_the_file(
    step, number, before, write, tmp_path, monkeypatch
) -> None:
    target = tmp_path / "results.npz"
    if before is not None:
        target.write_bytes(before)
    with monkeypatch.context() as broken:
        break_at(step, number, broken)
        with pytest.raises(OSError) as raised:
            write(target)
    assert raised.value.errno == number and raised.value.filename == str(target)
    assert fault(raised.value).startswith(f"{target}: {os.strerror(number)}; ") and "None" not in fault(raised.value)
    if step == "fsync of the folder":  # it is there, and nobody says that it stays
        assert target.stat().st_size > 3
    else:
        assert (target.read_bytes() if target.exists() else None) == before
    assert {file.name for file in tmp_path.iterdir()} <= {target.name}


@pytest.mark.fault("F03", "F04")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_disk_that_is_full_or_read_only_keeps_what_was_there(write, tmp_path) -> None:
    with disks.small_disk(tmp_path / "disk", "size=128k") as disk:
        target = disk / "results.npz"
        target.write_bytes(b"old")
        with pytest.raises(OSError, match="No space left on device"):
            write(target)
        assert target.read_bytes() == b"old" and list(disk.iterdir()) == [target]
        disks.make_read_only(disk)
        with pytest.raises(OSError, match="Read-only file system"):
            write(target)
        assert target.read_bytes() == b"old" and list(disk.iterdir()) == [target]


@pytest.mark.fault("J06")
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path) -> None:
    with disks.small_disk(tmp_path / "disk", "size=256k") as disk:
        make_ready(disk / "new" / "folder")
        with pytest.raises(OSError, match="No space left on device"):
            make_ready(disk, 1_000_000)
        disks.fill(disk)
        with pytest.raises(OSError, match="No space left on device") as full:
            make_ready(disk)
        assert fault(full.value) == f"{disk}: No space left on device; make room there or name another place"
        disks.make_read_only(disk)
        with pytest.raises(OSError, match="Read-only file system"):
            check_place(disk / "table.csv")
        assert {file.name for file in disk.iterdir()} == {"new", "filling"}


def test_a_place_where_a_folder_stands_is_refused(tmp_path) -> None:
    with pytest.raises(IsADirectoryError):
        check_place(tmp_path)
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="File exists|Not a directory"):
        check_place(tmp_path / "file" / "table.csv")


def test_what_goes_to_a_device_or_a_link_goes_where_that_leads(tmp_path) -> None:
    program = "from pathlib import Path; from spncore.files.whole import *; place = Path('/dev/stdout');"
    program += "check_place(place); write_whole(place, 'a,b\\n')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=children.environment(), capture_output=True, check=True)
    assert done.stdout == b"a,b\n" and os.path.islink("/dev/stdout")
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"


def test_a_file_is_for_whom_the_user_s_mask_says(tmp_path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "shared", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o644


def test_only_our_own_old_unfinished_files_are_removed(tmp_path) -> None:
    ours, young, theirs = (tmp_path / name for name in ("a.csv.0123abcd.part", "b.csv.0123abcd.part", "film.mkv.part"))
    for file in (ours, young, theirs):
        file.write_bytes(b"half")
    long_ago = time.time() - files.STRAY_SECONDS - 1.0
    for file in (ours, theirs):
        os.utime(file, (long_ago, long_ago))
    remove_strays(tmp_path)
    assert {*tmp_path.iterdir()} == {young, theirs}


@pytest.mark.fault("F01")
def test_a_process_killed_while_it_writes_leaves_the_old_file_and_what_is_removed_later(tmp_path) -> None:
    target = tmp_path / "table.csv"
    target.write_bytes(b"old")
    program = (
        "import os, signal, sys; from pathlib import Path; from spncore.files.whole import whole\n"
        "with whole(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(target)]
    assert subprocess.run(command, cwd=ROOT, env=children.environment()).returncode < 0
    [left] = [file for file in tmp_path.iterdir() if file != target]
    assert target.read_bytes() == b"old" and files.STRAY.fullmatch(left.name)
    os.utime(left, (0, 0))
    make_ready(tmp_path)
    assert list(tmp_path.iterdir()) == [target]


def test_a_table_that_cannot_be_written_is_printed_and_said(tmp_path, capsys, monkeypatch) -> None:
    assert saved_or_printed(tmp_path / "table.csv", "a,b\n")
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(files.os, "fsync", failing(errno.EIO))
    assert not saved_or_printed(tmp_path / "table.csv", "a,c\n")
    said = capsys.readouterr()
    assert said.out == "a,c\n" and said.err.startswith(f"Not saved: {tmp_path / 'table.csv'}: Input/output error; ")
    assert (tmp_path / "table.csv").read_text() == "a,b\n"
    assert not saved(failing(errno.ENOSPC))
    assert capsys.readouterr().err.startswith("Not saved: No space left on device; make room")
