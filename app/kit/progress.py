"""How a page shows a background job: progress once a second, a button to cancel, the page anew at its end."""

from __future__ import annotations

import math
import secrets

import streamlit as st

from app.live.jobs import JOBS, Job
from spncore.words import counted

POLL_SECONDS = 1.0


@st.cache_resource(scope="session", on_release=JOBS.release, show_spinner=False)
def watcher() -> str:
    """This session's name among those who wait for jobs; when the tab closes, it waits for none."""
    return secrets.token_urlsafe(16)


@st.fragment(run_every=POLL_SECONDS)
def show_progress(key: str) -> None:
    """Show how far a job is; only this part of the page runs again until the job has ended. Never waits for it."""
    job = JOBS.get(key)
    if job is None or job.ended:
        st.rerun()
        return  # AppTest goes on after a rerun it cannot do
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(job.done / job.total if job.total else 0.0, text=standing(job))
        if st.button("Cancel", key=f"cancel_{key}", icon=":material/close:", width="content"):
            JOBS.leave(key, watcher())
            st.rerun()


def standing(job: Job) -> str:
    """Where a job stands, in words."""
    if job.state == "queued":
        before = JOBS.position(job)
        return f"Waiting for {counted(before, 'other computation')}."
    left = job.seconds_left
    return f"{job.done:,} of {job.total:,} {job.unit}" + ("" if left is None else f", about {duration(left)} left")


def duration(seconds: float) -> str:
    """Seconds up to two minutes, then whole minutes."""
    return f"{math.ceil(seconds)} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"
