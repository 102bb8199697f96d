"""The Dynamics page: the run on screen in the lab, taken apart equation by equation, linked to the same cursor."""

from __future__ import annotations

import streamlit as st

from app import dialogs, workbench
from app.live.chart import lab_view
from app.text import WORDS, literal, sections

workbench.open_session()
known = workbench.shown()
if known is not None and known.run() is None and not workbench.is_stale():
    workbench.train()  # the server has let go of the run; the same study gives the same numbers

intro, prose = sections("dynamics")
st.header(WORDS["dynamics"])
st.markdown(intro, width=760)

if st.session_state["problem"]:
    st.error(literal(st.session_state["problem"]), icon=":material/block:")

shown = workbench.shown()
if shown is not None:
    asked = lab_view(
        {
            "views": "dynamics",
            "run_id": shown.run_id,
            "base": st.get_option("server.baseUrlPath"),
            "stale": workbench.is_stale(),
            "labels": {f"prose_{name}": text for name, text in prose.items()},
            "view": st.session_state["view"],
        },
        key="dynamics",
    )
    dialogs.answer(asked)

workbench.say()
