"""Files that appear whole or not at all, and are on the disk when that is said; what to do where they cannot."""

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

STRAY = re.compile(r".+\.[0-9a-f]{8}\.part")
STRAY_SECONDS = 3_600.0  # a file that nobody has written to for so long was left by a process that is gone
PROBE_BYTES = 65_536  # what a full disk does not take
ROOM = "make room there or name another place"
REMEDIES = {
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "name a place that this user may use",
    errno.EPERM: "name a place that this user may use",
    errno.EIO: "the disk has a fault; name another place",
}


class _Probed(Exception):  # noqa: N818  no error: the file is not wanted
    """What was to be found out is known."""


@contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
    """A file to write to, beside `target`; in the end it takes its place, and both file and name are on the disk.

    OSError names `target`, which is then as it was before. A device or a pipe is written as it stands.
    """
    try:
        if _is_stream(target):
            with target.open("wb") as stream:
                yield stream
            return
        place = Path(os.path.realpath(target))
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with _unfinished(place) as file:
            yield file
        _sync_folder(place.parent)
    except OSError as error:
        raise _at(target, error) from error


def write_whole(target: Path, data: bytes | bytearray | str) -> None:
    """Write a file, text as UTF-8; see `whole`."""
    with whole(target) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def make_ready(folder: Path, num_bytes: int = 0) -> None:
    """Make a folder, remove what killed processes left half written there, and try to write; OSError names it if not.

    For the time before work begins whose result goes there: so many bytes, as far as that is known.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_strays(folder)
        with suppress(_Probed), _unfinished(folder / "probe") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
            raise _Probed
        if shutil.disk_usage(folder).free < num_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise _at(folder, error) from error


def check_place(target: Path) -> None:
    """Refuse a place where no file can be put, before there is one; OSError names it. Its folder is made."""
    if _is_stream(target):
        return
    try:
        make_ready(target.parent)
        problem = errno.EISDIR if target.is_dir() else errno.EACCES
        if target.is_dir() or (target.exists() and not os.access(target, os.W_OK)):
            raise OSError(problem, os.strerror(problem))
    except OSError as error:
        raise _at(target, error) from error


def remove_strays(folder: Path) -> None:
    """Remove the unfinished files of our own in a folder that no process writes any more."""
    for file in folder.glob("*.part"):
        with suppress(OSError):  # another process was faster, or may and this one may not
            if STRAY.fullmatch(file.name) and time.time() - file.stat().st_mtime > STRAY_SECONDS:
                file.unlink()


def fault(error: OSError) -> str:
    """An error of the file system in a sentence: where, what, and what to do if that is known."""
    where = f"{error.filename}: " if error.filename is not None else ""
    remedy = REMEDIES.get(error.errno or 0)
    return f"{where}{error.strerror or error}{f'; {remedy}' if remedy else ''}"


@contextmanager
def _unfinished(place: Path) -> Iterator[IO[bytes]]:
    """A file beside `place` that takes its place when it is whole, and is removed when it does not become so."""
    unfinished = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, place)
    except BaseException:
        with suppress(OSError):  # on a disk that has become read-only it stays; the fault itself is what is said
            unfinished.unlink()
        raise


def _at(target: Path, error: OSError) -> OSError:
    """The same error, of the file that was to be written."""
    return OSError(error.errno, error.strerror, str(target)) if error.errno else OSError(f"{target}: {error}")


def _is_stream(target: Path) -> bool:
    """Whether a device or a pipe stands there, such as /dev/stdout, wherever that leads."""
    return target.exists() and not target.is_dir() and (not target.is_file() or target.parent == Path("/dev"))


def _sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk; where folders cannot be opened the system sees to that."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
