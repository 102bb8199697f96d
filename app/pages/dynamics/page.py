"""The Dynamics page: a run taken apart equation by equation; first one that the theory describes, then the lab's."""

import streamlit as st

from app.kit import page, session
from app.kit.session import Shown
from app.kit.text import WORDS, literal, sections
from app.live.runs import RunRefused
from spncore.data.library import DataError
from spncore.record import ExperimentError
from spncore.studies import presets

HELD = presets.PRESETS["fixed-components"]  # small relative steps: what first order says is what happens
RUNS = {"held": HELD.title, "lab": WORDS["dynamics_lab"]}


def held_run() -> Shown | None:
    """The run in which first order holds, on the data in use; None where it is refused, and then that is said."""
    study = HELD.on(session.study().experiment.dataset)
    kept: Shown | None = st.session_state.get("dynamics_held")
    if kept is None or kept.study != study or kept.run() is None:
        try:
            st.session_state["dynamics_held"] = kept = session.started(study, "dynamics")
        except (DataError, ExperimentError, RunRefused) as error:
            page.refused(error)
            return None
    return kept


def lab_run() -> Shown | None:
    """The run on screen in the lab; one that the server has let go of is made again, with the same numbers."""
    known = session.shown()
    if known is not None and known.run() is None and not session.is_stale():
        session.train()
    page.refused(st.session_state["problem"])
    return session.shown()


def chosen() -> Shown | None:
    """Which run to take apart, and in words which it is; a link's own comes first where a link opened the page."""
    which = st.session_state["dynamics_run"]
    if session.shown() is not None:
        said = st.segmented_control(
            WORDS["dynamics_which"],
            RUNS,
            default=which,
            format_func=RUNS.__getitem__,
            required=True,
            key="dynamics_which",
        )
        st.session_state["dynamics_run"] = which = str(said)
    run = held_run() if which == "held" else lab_run()
    if run is not None:
        preset = presets.matching(run.study)
        named = preset.title if preset else WORDS["own_settings"]
        words = WORDS[f"dynamics_says_{which}"].format(data=run.dataset.title, name=named)
        st.caption(literal(words), width=page.TEXT_PIXELS)
    return run


if "dynamics_run" not in st.session_state:
    linked = "study" not in st.session_state and set(page.params()) - {"view"}
    st.session_state["dynamics_run"] = "lab" if linked else "held"
session.open_session(training=st.session_state["dynamics_run"] == "lab")

intro, prose = sections("dynamics")
page.titled(WORDS["dynamics"])
page.prose(intro)

run = chosen()
if run is not None:
    is_lab = st.session_state["dynamics_run"] == "lab"
    described = session.study() if is_lab else run.study
    labels = {f"prose_{name}": text for name, text in prose.items()}
    view = session.run_view("dynamics", run, run.study != described, st.session_state["view"], labels=labels)
    session.answer(view, run, described)

session.say()
