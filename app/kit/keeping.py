"""Runs in the list of this browser: one on screen is given a name, and one that is there is opened, not trained."""

import streamlit as st

from app.kit import locks, page, session, stored, uploads
from app.kit.session import Shown
from app.kit.text import WORDS, literal
from app.kit.turns import TURNS
from app.live.history import HISTORY, saved
from spncore.runs.study import Study
from spncore.store import StoreError, reading
from spncore.store.changes import NAME_CHARACTERS
from spncore.studies.history import key_of


def keep_button(key: str, shown: Shown | None) -> bool:
    """The button that gives the run on screen a name, unless the link hides it; whether it was pressed."""
    return not locks.hides("keep") and st.button(
        WORDS["keep"], key=key, icon=":material/bookmark_add:", help=WORDS["keep_help"], disabled=shown is None
    )


@st.dialog(WORDS["keep"])
def keep_dialog(shown: Shown | None) -> None:
    """A name for the run on screen, under which it stands in the list."""
    run = shown.run() if shown else None
    if run is None:
        st.warning(WORDS["gone"])
        return
    if run.ended and not run.whole:
        st.warning(WORDS["keep_stopped"])
        return
    st.markdown(WORDS["keep_intro"])
    if not HISTORY.store.lasts:
        st.info(WORDS["keep_in_memory"])
    with st.form("keep", border=False):
        name = st.text_input(WORDS["keep_name"], run.name, max_chars=NAME_CHARACTERS)
        pressed = st.form_submit_button(WORDS["keep"], type="primary", icon=":material/bookmark_add:")
    if not pressed:
        return
    if not name.strip():
        page.refused(WORDS["keep_no_name"])
        return
    try:
        with TURNS.aside():
            HISTORY.name(run, name)
    except StoreError as error:
        page.refused(error)
        return
    words = WORDS["kept"] if saved(run).state == "saved" else WORDS["kept_later"]
    st.session_state["said"] = words.format(name=literal(run.name))
    st.rerun()


def offer_stored(study: Study) -> None:
    """A link to a study that is in this browser's list; nothing where it is not, or there is no store."""
    dataset = uploads.find(study.experiment.dataset, session.held_uploads())
    if dataset is None:
        return
    try:
        entry = HISTORY.read(reading.of_study, stored.owner(), key_of(study, dataset.sha256))
    except StoreError:
        return
    if entry is not None:
        said = {"run": stored.short(entry)}
        st.page_link("pages/runs/page.py", label=WORDS["already"], icon=":material/history:", query_params=said)
