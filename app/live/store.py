"""The folders that the server writes to: fetched data and large runs, and the store of outcomes and runs. Without them
the lab works, and nothing outlives the server."""

import errno
import os
from pathlib import Path

from platformdirs import user_cache_dir

from spncore.files.whole import make_ready
from spncore.store import StoreError, default_place


def folder() -> Path:
    """Where it is: below XDG_CACHE_HOME, which the container sets to /data/cache."""
    return Path(user_cache_dir("spnlab", appauthor=False))


def folder_of_store() -> Path | None:
    """Where the store's file is, if it is one: SPNLAB_STORE, which the container sets to /data/spnlab.db, names it."""
    try:
        file = default_place().file
    except StoreError:  # which is said where the store is opened
        return None
    return file.parent if file is not None else None


def fault() -> OSError | None:
    """Why not all can be saved; None if it can, which was just tried."""
    try:
        for each in filter(None, (folder(), folder_of_store())):
            make_ready(each)
    except OSError as error:
        return error
    return None


def why(error: OSError) -> str:
    """The same in a few words for everybody, without the place."""
    return error.strerror or "it is missing"


def remedy(error: OSError) -> str:
    """For the operator: what cannot be written, by whom, and the command that lets it be written."""
    user = os.getuid() if hasattr(os, "getuid") else "this user"
    place = Path(error.filename or folder())
    setting = "XDG_CACHE_HOME" if place == folder() else "SPNLAB_STORE"
    nearest = next(each for each in (place, *place.parents) if each.exists())
    commands = {
        errno.EROFS: f"mount a folder there, as in docker run -v FOLDER:{nearest}, or set {setting} to another",
        errno.ENOSPC: f"make room; du -sh {nearest}/* says what takes it",
    }
    command = commands.get(error.errno or 0, f"as root: chown -R {user} {nearest}")
    return f"{place} cannot be written by user {user}: {error.strerror or error}; {command}"
