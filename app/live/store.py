"""The folder that the server writes to: outcomes of studies, and data that it fetched. Without it the lab works, and
nothing outlives the server."""

import errno
import os
from pathlib import Path

from platformdirs import user_cache_dir

from spncore.files.whole import make_ready


def folder() -> Path:
    """Where it is: below XDG_CACHE_HOME, which the container sets to /data/cache."""
    return Path(user_cache_dir("spnlab", appauthor=False))


def fault() -> OSError | None:
    """Why nothing can be saved; None if it can, which was just tried."""
    try:
        make_ready(folder())
    except OSError as error:
        return error
    return None


def why(error: OSError) -> str:
    """The same in a few words for everybody, without the place."""
    return error.strerror or "it is missing"


def remedy(error: OSError) -> str:
    """For the operator: what cannot be written, by whom, and the command that lets it be written."""
    user = os.getuid() if hasattr(os, "getuid") else "this user"
    nearest = next(place for place in (folder(), *folder().parents) if place.exists())
    commands = {
        errno.EROFS: f"mount a folder there, as in docker run -v FOLDER:{nearest}, or set XDG_CACHE_HOME to another",
        errno.ENOSPC: f"make room; du -sh {nearest}/* says what takes it",
    }
    command = commands.get(error.errno or 0, f"as root: chown -R {user} {nearest}")
    return f"{folder()} cannot be written by user {user}: {error.strerror or error}; {command}"
