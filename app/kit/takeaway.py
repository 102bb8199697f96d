"""Kept runs as files: one that opens in another lab, tables, and programs that train them again."""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import IO, Any

import streamlit as st

from app.kit import page
from app.kit.text import WORDS
from app.live.history import HISTORY
from spncore.kept import bundle, repeat, tidy
from spncore.kept.runs import KeptError, Selection, of_store
from spncore.store import StoreError
from spncore.store.rows import Entry

MOST_BYTES = 64_000_000  # of the curves of runs that are taken away by one press
TABLES: dict[str, Callable[[IO[bytes], Selection, str], object]] = {
    "spnlab": lambda file, selection, link: bundle.write(file, selection.runs(), link),
    "csv": tidy.write_csv,
    "parquet": tidy.write_parquet,
}
PROGRAMS = {"py": repeat.script_of, "ipynb": repeat.notebook_of}


@st.dialog(WORDS["take"])
def take_dialog(entries: Sequence[Entry], link: str) -> None:
    """Some kept runs as files; each is made when its button is pressed."""
    st.markdown(WORDS["take_intro"])
    size = sum(entry.num_bytes for entry in entries)
    if size > MOST_BYTES:
        said = WORDS["take_many"].format(size=f"{size / 1e6:,.0f}", most=f"{MOST_BYTES / 1e6:.0f}")
        page.refused(said)
        return
    for suffix in (*TABLES, *PROGRAMS):
        many = suffix in PROGRAMS and len(entries) > repeat.MOST
        words = WORDS["take_few"].format(most=repeat.MOST) if many else WORDS[f"take_{suffix}_help"]
        made = partial(file_of, suffix, entries, link)
        look: dict[str, Any] = {"help": words, "disabled": many, "width": "stretch"}
        page.hand_out(WORDS[f"take_{suffix}"], made, "runs", suffix, f"take_{suffix}", **look)


def file_of(suffix: str, entries: Sequence[Entry], link: str) -> bytes:
    """A file of some runs; where one is damaged, the sentence about it is what the file says."""
    selection, out = of_store(HISTORY.store, lambda: entries), BytesIO()
    try:
        if suffix in TABLES:
            TABLES[suffix](out, selection, link)
            return out.getvalue()
        return PROGRAMS[suffix]([*selection.runs()], link).encode()
    except (KeptError, StoreError) as error:
        return f"{error}\n".encode()
