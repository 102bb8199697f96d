"""Where the store is: a file in the platform's data folder, or what the environment's SPNLAB_STORE names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_data_dir
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

VARIABLE = "SPNLAB_STORE"
FILE = "spnlab.db"
SERVER = "postgresql"
ALLOWED = "a file such as /data/spnlab.db, or postgresql://user:password@host/database"
# Kinds of file systems that several computers share; SQLite's write-ahead log needs all its users on one of them.
SHARED = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "lustre", "ceph", "afs", "glusterfs", "beegfs")
MOUNTS = Path("/proc/self/mounts")


class StoreError(Exception):
    """The store cannot be opened, read or written; the text names it, says why and what to do, without a password."""


class Place(NamedTuple):
    """A store's place: a file, or the address of a database server; neither where it is kept in memory alone."""

    file: Path | None = None
    server: URL | None = None

    def __str__(self) -> str:
        """It in words, without a password."""
        if self.server is not None:
            return self.server.render_as_string(hide_password=True)
        return str(self.file or "memory")


MEMORY = Place()


def place_of(text: str) -> Place:
    """The place that a text names; StoreError if it is none. The text may hold a password and is not repeated."""
    if "://" not in text:
        return Place(file=Path(text).expanduser())
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError(f"{VARIABLE}: the address cannot be read; allowed: {ALLOWED}") from None
    if url.get_backend_name() != SERVER:
        raise StoreError(f"{VARIABLE}: {url.get_backend_name()!a} is not known; allowed: {ALLOWED}")
    return Place(server=url.set(drivername=f"{SERVER}+psycopg"))


def default_place(environment: Mapping[str, str] = os.environ) -> Place:
    """The place that the environment names, or the platform's own."""
    said = environment.get(VARIABLE, "")
    return place_of(said) if said else Place(file=Path(user_data_dir("spnlab", appauthor=False)) / FILE)


def shared_file_system(file: Path) -> str | None:
    """The kind of the file system that a file is on, where that is one of several computers; None elsewhere."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None  # not Linux: what is not known is not said
    mounts = [(Path(words[1].replace("\\040", " ")), words[2]) for words in map(str.split, lines) if len(words) > 2]
    around = [(len(folder.parts), kind) for folder, kind in mounts if file.absolute().is_relative_to(folder)]
    kind = max(around, default=(0, ""))[1]
    return kind if kind in SHARED else None
