"""Background jobs of a page: start or join one, see how far it is, cancel it, the page anew at its end.

A job is a function of a module, not of a page's script, with arguments: it is computed in another process, which is
handed both, and given `report(done, total)`.
"""

import hashlib
import math
import secrets
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.kit.text import WORDS, literal
from app.kit.turns import TURNS
from app.live import store
from app.live.jobs import JOBS, JobRefused
from app.live.lane import Job
from spncore.words import counted

POLL_SECONDS = 1.0
SOON_SECONDS = 2.0  # after its start a quick job is waited for, asleep, before the page shows how far it is
LOOK_SECONDS = 10.0  # between two looks whether results can be saved
IDLE = ("", "cancelled", "failed")  # states from which a job can be started
LEFT = "left_job"  # under which a session keeps the job that it has cancelled, which others may still wait for


def watcher() -> str:
    """This session's name among those who wait for jobs; when the tab closes, it soon waits for none."""
    return _connected(st.session_state.setdefault("job_watcher", secrets.token_urlsafe(16)))


@st.cache_resource(scope="session", on_release=JOBS.release, show_spinner=False)
def _connected(name: str) -> str:
    """The same name, which is let go of when the connection is lost and taken up when the session has another."""
    JOBS.welcome(name)
    return name


def key_of(*content: Any) -> str:
    """A job's key: what it computes, by its content."""
    return hashlib.sha256(repr(content).encode()).hexdigest()


def start(key: str, function: Callable[..., Any], *arguments: Any, quick: bool = False, unit: str = "runs") -> bool:
    """Start a job or join it; when it is refused, say why and give False.

    `quick` where it takes about a second; `unit` is what it counts.
    """
    st.session_state.pop(LEFT, None)
    try:
        JOBS.start(key, watcher(), function, *arguments, quick=quick, unit=unit)
    except JobRefused as refusal:
        st.warning(str(refusal), icon=":material/hourglass:")
        return False
    return True


def follow(key: str | None, title: str = "") -> tuple[str, Any]:
    """Show how far a job is under its title, or why it failed; its state, empty if unknown, and what it has made.

    Who follows a job waits for it, also where another session, or this tab before it was loaded anew, has started it.
    """
    job = JOBS.get(key or "")
    if job is None:
        return "", None
    if st.session_state.get(LEFT) != job.key:
        JOBS.join(job.key, watcher())
    state = job.state
    if state in ("queued", "running"):
        if title:
            st.markdown(title)
        show_progress(job.key)
    elif state == "failed":
        st.error(literal(job.reason or ""), icon=":material/error:")
    return state, job.result if state == "done" else None


def soon(
    slot: str, key: str, function: Callable[..., Any], *arguments: Any, title: str, unit: str, quick: bool = True
) -> Any:
    """What a job makes that the page cannot do without: begun at once, waited for a moment, then shown as under way.

    None until it is there. The session waits in this slot for no other job than this one.
    """
    if st.session_state.get(slot) != key:
        leave(slot)
    wanted = st.session_state.get(slot) != key or JOBS.get(key) is None
    if wanted and not start(key, function, *arguments, quick=quick, unit=unit):
        return None
    st.session_state[slot] = key
    job = JOBS.get(key)
    if quick and job is not None:
        with TURNS.aside():
            job.over.wait(job.since + SOON_SECONDS - time.monotonic())
    state, result = follow(key, title)
    again = state in IDLE and st.button(WORDS["compute_it"], key=f"{slot}_again", icon=":material/play_arrow:")
    if again and start(key, function, *arguments, quick=quick, unit=unit):
        st.rerun()
    return result


def waits_for(slot: str, key: str) -> None:
    """The session waits in this slot for the job of this key, where that is under way, and for no other any more."""
    if under_way(key) and st.session_state.get(slot) != key:
        leave(slot)
        st.session_state[slot] = key


def run_button(
    name: str, key: str, known: bool, function: Callable[..., Any], *arguments: Any, unit: str, label: str = ""
) -> None:
    """The button of a side panel, by its name, that starts a job, if what it makes is not known already."""
    if st.button(
        label or WORDS["run"],
        key=name,
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=known,
        help=WORDS["run_known"] if known else WORDS["run_help"],
    ):
        if start(key, function, *arguments, unit=unit):
            st.rerun()


def not_yet(key: str) -> None:
    """Where settings have no result yet: how far its job is, or a word on how to get it."""
    state, _ = follow(key)
    words = WORDS["under_way"] if under_way(key) else "" if state == "failed" else WORDS["not_made"]
    if words:
        st.info(words, icon=":material/tune:")


def not_saved() -> None:
    """That what is computed here cannot be kept, where it is kept otherwise, and why; nothing where it can."""
    found = _why_not_saved()
    if found is not None:
        st.warning(literal(WORDS["not_saved"].format(why=found)), icon=":material/database:")


@st.cache_data(ttl=LOOK_SECONDS, show_spinner=False)
def _why_not_saved() -> str | None:
    """Tried by writing, so not for every page that is drawn."""
    fault = store.fault()
    return None if fault is None else store.why(fault)


def made(key: str | None) -> Any:
    """What the job of this key has made; None before its end, and of no job."""
    job = JOBS.get(key or "")
    return job.result if job and job.state == "done" else None


def under_way(key: str | None) -> bool:
    """Whether the job of this key waits or runs."""
    job = JOBS.get(key or "")
    return job is not None and not job.ended


def leave(slot: str) -> None:
    """The job whose key the session keeps in this slot is waited for no more: cancelled, unless others wait for it."""
    key = st.session_state.pop(slot, None)
    if key is not None:
        JOBS.leave(watcher(), key)


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
            st.session_state[LEFT] = key
            JOBS.leave(watcher(), key)
            st.rerun()


def standing(job: Job) -> str:
    """Where a job stands, in words."""
    if job.state == "queued":
        before = JOBS.position(job)
        return f"Waiting for {counted(before, 'other computation')}."
    if not job.total:
        return WORDS["job_begun"]
    left = job.seconds_left
    return f"{job.done:,} of {job.total:,} {job.unit}" + ("" if left is None else f", about {duration(left)} left")


def duration(seconds: float) -> str:
    """Seconds up to two minutes, then whole minutes."""
    return f"{math.ceil(seconds)} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"
