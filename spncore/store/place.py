"""Where the store is: a file in the platform's data folder, or what the environment's SPNLAB_STORE names."""

from __future__ import annotations

import os
import re
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
SHARED = (
    "nfs",
    "cifs",
    "smb",
    "sshfs",
    "9p",
    "lustre",
    "ceph",
    "afs",
    "glusterfs",
    "beegfs",
    "gpfs",
    "panfs",
    "wekafs",
)
MOUNTS = Path("/proc/self/mounts")
ESCAPED = re.compile(r"\\([0-7]{3})")  # a space in the name of a folder is \040 there


class StoreError(Exception):
    """The store cannot be opened, read or written; the text names it, says why and what to do, without a password."""


class Place(NamedTuple):
    """A store's place: a file, or the address of a database server; neither where it is kept in memory alone.

    A file that is `shared` may be read from other computers, whatever is known of its file system.
    """

    file: Path | None = None
    server: URL | None = None
    shared: bool = False

    def __str__(self) -> str:
        """It in words, without a password, which an address may also have among its options."""
        if self.server is not None:
            return self.server.set(query={}).render_as_string(hide_password=True)
        return str(self.file or "memory")


MEMORY = Place()


class Patience(NamedTuple):
    """Seconds that are waited: for another's lock before that is said, until a write is given up, for a store that
    another moves on, for a connection to a server, and between two attempts."""

    busy: float = 10.0
    retry: float = 90.0
    migration: float = 60.0
    connect: float = 5.0
    pause: float = 0.2


PATIENCE = Patience()


def place_of(text: str) -> Place:
    """The place that a text names; StoreError if it is none. The text may hold a password and is not repeated."""
    if "://" not in text:
        return Place(file=Path(text).expanduser())
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
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
    place, found = Path(os.path.realpath(file)), (-1, "")
    for words in map(str.split, lines):
        folder = Path(ESCAPED.sub(lambda sign: chr(int(sign[1], 8)), words[1])) if len(words) > 2 else None
        if folder is not None and place.is_relative_to(folder) and len(folder.parts) >= found[0]:
            found = len(folder.parts), words[2]  # of two in one place the later hides the earlier
    kind = found[1]
    return kind if kind.removeprefix("fuse.").startswith(SHARED) else None
