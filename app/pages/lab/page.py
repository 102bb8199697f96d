"""The lab: choose an experiment, watch it train, play it back, take it away."""

from __future__ import annotations

import streamlit as st

from app.kit import controls, data, dialogs, session
from app.kit.link import CIRCUITS
from app.kit.text import WORDS, literal
from app.live.chart import lab_view
from spncore.studies import presets

session.open_session()

with st.sidebar:
    study, refusal = controls.side_panel(session.study())
    st.session_state["study"] = study
    data.data_control()
    with st.container(horizontal=True):
        st.button(WORDS["reset"], key="reset", help=WORDS["reset_help"], on_click=controls.reset)
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
        disabled=refusal is not None,
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
