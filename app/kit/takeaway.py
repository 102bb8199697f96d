"""Kept runs as files to take away: a file that another lab takes in, a table, and programs that train them again."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO

import streamlit as st

from app.kit import page
from app.kit.text import WORDS
from app.live.history import HISTORY
from spncore.kept import bundle, repeat, runs, tidy
from spncore.kept.runs import Selection
from spncore.limits import LIMITS
from spncore.store.rows import Entry

TABLE_BYTES = 16_000_000  # of traces, of which a table in memory takes ten times as much
BUNDLE_BYTES = LIMITS.bundle_bytes // 2  # of traces, so that the rest has room
Write = Callable[[IO[bytes], Selection, str], object]


def buttons(entries: Sequence[Entry], name: str, link: str, key: str) -> None:
    """A button for each kind of file; what is too much for one is not offered."""
    size = sum(entry.num_bytes for entry in entries)
    with st.container(horizontal=True):
        for kind in WRITERS:
            look = {"type": "tertiary", "help": WORDS[f"take_{kind}_help"], "disabled": not fits(kind, entries, size)}
            page.hand_out(
                WORDS[f"take_{kind}"], partial(made, kind, entries, link), name, kind, f"{key}_{kind}", **look
            )


def fits(kind: str, entries: Sequence[Entry], size: int) -> bool:
    """Whether runs with traces of so many bytes can be one file of a kind."""
    if kind == "spnlab":
        return len(entries) <= LIMITS.bundle_runs and size <= BUNDLE_BYTES
    return size <= TABLE_BYTES if kind == "csv" else len(entries) <= repeat.MOST


def made(kind: str, entries: Sequence[Entry], link: str) -> bytes:
    """Runs as a file of a kind, with the link to what it holds."""
    with io.BytesIO() as file:
        WRITERS[kind](file, runs.of_store(HISTORY.store, lambda: entries), link)
        return file.getvalue()


def _bundle(file: IO[bytes], chosen: Selection, link: str) -> None:
    bundle.write(file, chosen.runs(), link)


def _script(file: IO[bytes], chosen: Selection, link: str) -> None:
    file.write(repeat.script_of([*chosen.runs()], link).encode())


def _notebook(file: IO[bytes], chosen: Selection, link: str) -> None:
    file.write(repeat.notebook_of([*chosen.runs()], link).encode())


WRITERS: Mapping[str, Write] = {"spnlab": _bundle, "csv": tidy.write_csv, "py": _script, "ipynb": _notebook}
