"""The lab: choose an experiment, watch it train, play it back, take it away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.kit import controls, data, dialogs, session
from app.kit.link import CIRCUITS, LAB
from app.kit.text import WORDS, literal
from app.live.chart import lab_view
from spncore.learning.learners import title
from spncore.record import Field
from spncore.studies import presets

MAIN = ("num_components", "depths", "learning_rate", "init_scale", "init_convention", "rivals")
MORE = (
    "topology",
    "component_init",
    "init_noise",
    "weight_init",
    "train_components",
    "parametrisation",
    "floor",
    "objective",
    "class_variable",
    "hybrid_mix",
    "labelled_share",
    "optimiser",
    "momentum",
    "batch_size",
    "iterations",
    "num_seeds",
    "seed",
)
PRESET = Field(str, WORDS["preset"], "", WORDS["preset_help"], choices=tuple(presets.PRESETS))


def preset_control() -> None:
    """Choose a prepared study; which of them the controls describe, and what to look for in it."""
    found = presets.matching(session.study())
    controls.show("control", {"preset": found.name if found else None})
    controls.draw(
        "control",
        "preset",
        PRESET,
        None,
        words=lambda name: presets.PRESETS[name].title,
        index=None,
        placeholder=WORDS["own_settings"],
        on_change=choose_preset,
    )
    if found:
        st.caption(f"**Look for:** {found.look_for}  \n**Held equal:** {found.held_equal}")


def choose_preset() -> None:
    """Show the chosen study, on the data set in use."""
    preset = presets.PRESETS.get(st.session_state["control_preset"] or "")
    if preset is not None:
        session.show(preset.on(session.study().experiment.dataset))


def reset() -> None:
    """Bring back the default study, on the data set in use."""
    session.show(LAB.default().on(session.study().experiment.dataset))


session.open_session()

with st.sidebar:
    top = st.container()
    said = controls.settings(session.study())
    rival = partial(title, momentum=st.session_state.get("control_momentum", said["momentum"]))
    wanted = controls.panel("control", said, controls.study_of, MAIN, MORE, how={"rivals": {"words": rival}})
    st.session_state["study"] = wanted or session.study()
    with top:
        preset_control()
    data.data_control()
    with st.container(horizontal=True):
        st.button(WORDS["reset"], key="reset", help=WORDS["reset_help"], on_click=reset)
        if session.baseline() is not None:
            st.button(WORDS["unpin"], key="unpin", icon=":material/keep_off:", on_click=session.unpin)

if st.session_state["notices"]:
    st.warning("  \n".join(literal(sentence) for sentence in st.session_state["notices"]), icon=":material/link_off:")

if st.session_state["elsewhere"] is not None:
    st.info(WORDS["elsewhere"], icon=":material/account_tree:")
    values = CIRCUITS.encode(st.session_state["elsewhere"])
    st.page_link("pages/circuits/page.py", label=WORDS["open_circuits"], query_params=values)

with st.container(horizontal=True, vertical_alignment="center"):
    with st.container(width="stretch", gap="xxsmall"):
        data.data_in_use()
    data.fetch_instead()
    if st.button(
        WORDS["train"],
        key="train",
        type="primary" if session.is_stale() else "secondary",
        icon=":material/play_arrow:",
        help=WORDS["train_help"],
        disabled=wanted is None,
    ):
        session.train()
        st.rerun()
    files = st.button(WORDS["export"], key="export", icon=":material/download:")
    guide = st.button(WORDS["help"], key="help", icon=":material/help:")

if st.session_state["problem"]:
    st.error(literal(st.session_state["problem"]), icon=":material/block:")

shown = session.shown()
if shown is not None:
    preset = presets.matching(shown.study)
    asked = lab_view(
        {
            "run_id": shown.run_id,
            "base": st.get_option("server.baseUrlPath"),
            "stale": session.is_stale(),
            "baseline": session.baseline(),
            "published": shown.study == presets.FIGURE_3,
            "labels": {},
            "view": st.session_state["view"],
            "preset": preset.name if preset else None,
        },
        key="lab",
    )
    dialogs.answer(asked)

session.say()
if files:
    dialogs.export_dialog()
elif guide:
    dialogs.help_dialog()
