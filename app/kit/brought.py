"""A file of runs that a session has opened: shown as it says, and added to nobody's list."""

from typing import NamedTuple

import streamlit as st

from app.kit import data, page
from app.kit.text import WORDS, literal, plain
from spncore.files.provenance import made_by
from spncore.kept.runs import KeptError
from spncore.kept.unpacking import Bundle, read
from spncore.limits import LIMITS
from spncore.words import counted

KEY = "brought"  # under which the session keeps it


class Brought(NamedTuple):
    """A file's name and what it holds."""

    name: str
    bundle: Bundle


def held() -> Brought | None:
    """The file that is open."""
    found: Brought | None = st.session_state.get(KEY)
    return found


@st.dialog(WORDS["bring"])
def bring_dialog() -> None:
    """Choose a file; the one sentence that refuses it, or it is shown."""
    st.markdown(WORDS["bring_intro"])
    if data.needs_own_tab():
        return
    limit = WORDS["bring_limit"].format(size=f"{LIMITS.upload_bytes / 1e6:g}")
    file = st.file_uploader(WORDS["bring_label"], key="bring_file", help=limit)
    if file is None:
        return
    try:
        st.session_state[KEY] = Brought(plain(file.name), read(file.getvalue()))
    except KeptError as error:
        page.refused(error)
        return
    st.rerun()


def about(found: Brought) -> None:
    """Which file is shown, what wrote it, and that nobody vouches for it; the way back."""
    runs = counted(len(found.bundle.runs), "run")
    said = WORDS["brought"].format(runs=runs, name=found.name, versions=made_by(found.bundle.versions))
    st.info(literal(said), icon=":material/folder_open:")
    st.button(WORDS["brought_close"], key="brought_close", icon=":material/close:", on_click=_close)


def _close() -> None:
    st.session_state.pop(KEY, None)
