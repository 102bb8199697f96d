"""Named arrays in one NumPy archive (.npz): written whole or not at all, and read without trusting the file.

Nothing is unpickled, and no size that the file claims is believed before it is compared with what it holds.
"""

import math
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np

from spncore.arrays import Array
from spncore.files.whole import whole

MAX_MEMBERS = 10_000
KINDS = "iufbU"  # whole, real and truth values, and text
# What zipfile raises over a broken archive; the last two where it looks for a place before the file's first byte.
BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error, ValueError, OSError)


class ArchiveError(ValueError):
    """The file is no archive of plain arrays; the text names the array and the fault."""


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write the arrays; the file appears whole or not at all. OSError if the place cannot be written."""
    with whole(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(source: Path | IO[bytes], max_bytes: int) -> dict[str, Array]:
    """What `write_arrays` wrote; ArchiveError if it is not, or holds more than `max_bytes`. OSError if unreadable."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_arrays(file, max_bytes)
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            _check_sizes(members, max_bytes)
            return {member.filename.removesuffix(".npy"): _read(archive, member) for member in members}
    except ArchiveError:
        raise
    except BROKEN as error:
        raise ArchiveError(f"not an archive of arrays ({str(error)[:80]})") from None


def _check_sizes(members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > max_bytes:
        raise ArchiveError(
            f"{len(members)} arrays of {total} bytes together; at most {MAX_MEMBERS} of {max_bytes} are read"
        )
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ArchiveError("an array's name stands there twice")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """One array; the shape its header claims must make up exactly the bytes that are there."""
    name = ascii(member.filename[:40])
    data = archive.read(member)
    file = BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    except (ValueError, TokenError) as error:
        raise ArchiveError(f"{name}: not an array ({str(error)[:60]})") from None
    if dtype.kind not in KINDS or not dtype.itemsize:
        raise ArchiveError(f"{name}: an array of plain numbers or text is needed, got {str(dtype)[:40]}")
    held = len(data) - file.tell()
    if any(not 0 <= length <= len(data) for length in shape) or math.prod(shape) * dtype.itemsize != held:
        raise ArchiveError(f"{name}: claims shape {ascii(shape)[:60]} of {dtype}, but holds {held} bytes")
    return np.ndarray(shape, dtype, data, file.tell(), order="F" if fortran else "C").copy()
