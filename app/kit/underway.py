"""The runs of a session that train now, on pages that show no run."""

import streamlit as st

from app.kit import session, stored
from app.kit.text import WORDS, literal, plain
from app.live.history import saved
from app.live.run import LiveRun
from app.live.runs import REGISTRY
from spncore.words import counted

LIVE_SECONDS = 1.0


def show() -> None:
    """What trains now and how far it is, if anything does."""
    runs = going()
    if runs:
        st.markdown(f"**{WORDS['runs_live']}**")
        _rows(frozenset(run.id for run in runs))


def going() -> list[LiveRun]:
    """The session's runs that are under way or being put into the list; each is waited for by being asked for."""
    runs = [REGISTRY.get(run.id) for run in REGISTRY.of(session.session_name())]
    return [run for run in runs if run is not None and (not run.ended or saved(run).state == "saving")]


@st.fragment(run_every=LIVE_SECONDS)
def _rows(were: frozenset[str]) -> None:
    """Only this part of the page runs again, until one of the runs has come into the list."""
    runs = going()
    if {run.id for run in runs} != were:
        st.rerun()
        return  # AppTest goes on after a rerun it cannot do
    for run in runs:
        title = f"{stored.settings_in_words(run.study)} · {plain(run.dataset.title)}"
        done, total = max(run.length - 1, 0), run.study.experiment.iterations
        st.progress(done / total, text=f"{literal(title)} · {standing(run)}")


def standing(run: LiveRun) -> str:
    """Where a run stands, in words."""
    if run.ended:
        return WORDS["runs_saving"]
    if run.state == "queued":
        return WORDS["runs_queued"]
    return f"{max(run.length - 1, 0):,} of {counted(run.study.experiment.iterations, 'update')}"
