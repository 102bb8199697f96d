"""What sweeps have kept, read past the code that keeps it: the cells of every store below a folder."""

import sqlite3
from contextlib import closing
from pathlib import Path


def cells(folder: Path) -> dict[str, str]:
    """The outcomes by their keys; while they are written, those that have been committed."""
    found: dict[str, str] = {}
    for file in folder.rglob("*.db"):
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=60)) as connection:
            found |= dict(connection.execute("SELECT key, outcome FROM cell"))
    return found


def replace(folder: Path, outcome: str) -> None:
    """Let all outcomes be this text."""
    for file in folder.rglob("*.db"):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE cell SET outcome = ?", (outcome,))
