"""The Dynamics page: a run taken apart equation by equation; first one that the theory describes, then the lab's."""

import streamlit as st

from app.kit import address, controls, page, session
from app.kit.link import LAB
from app.kit.session import Shown
from app.kit.text import WORDS, literal, sections
from app.live.runs import RunRefused
from app.pages.dynamics import link
from spncore.data.library import DataError
from spncore.record import ExperimentError
from spncore.studies import presets

HELD = presets.PRESETS["fixed-components"]  # small relative steps: what first order says is what happens
RUNS = {link.HELD: HELD.title, link.LAB_RUN: WORDS["dynamics_lab"]}
LOOKS = address.Looks("dynamics", link.Look, beside=True)


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


def opened() -> str:
    """Which run is on screen."""
    if not LOOKS.opened().run:
        LOOKS.choose("run", link.meant(address.settings(link.Look)))
        controls.show("dynamics", LOOKS.now.settings())
    return LOOKS.now.run


def chosen() -> Shown | None:
    """Which run to take apart, and in words which it is."""
    which = LOOKS.now.run
    if session.shown() is not None:
        which = LOOKS.draw("run", kind="segmented_control", options=RUNS, words=RUNS.__getitem__)
    run = held_run() if which == link.HELD else lab_run()
    if run is not None:
        preset = presets.matching(run.study)
        named = preset.title if preset else WORDS["own_settings"]
        words = WORDS[f"dynamics_says_{which}"].format(data=run.dataset.title, name=named)
        st.caption(literal(words), width=page.pixels(page.TEXT_PIXELS))
    return run


session.open_session(training=opened() == link.LAB_RUN, besides=link.Look)

intro, prose = sections("dynamics")
page.titled(WORDS["dynamics"])
page.prose(intro)

run = chosen()
if run is not None:
    is_lab = LOOKS.now.run == link.LAB_RUN
    described = session.study() if is_lab else run.study
    labels = {f"prose_{name}": text for name, text in prose.items()}
    view = session.run_view("dynamics", run, run.study != described, labels=labels)
    session.answer(view, run, described)

session.say()
address.write(link.said(LOOKS.now.run, LAB.encode(session.study())))
