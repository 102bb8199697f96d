"""The Dynamics page: the run on screen in the lab, taken apart equation by equation, linked to the same cursor."""

from __future__ import annotations

import streamlit as st

from app.kit import dialogs, session
from app.kit.text import WORDS, literal, sections
from app.live.chart import lab_view

session.open_session()
known = session.shown()
if known is not None and known.run() is None and not session.is_stale():
    session.train()  # the server has let go of the run; the same study gives the same numbers

intro, prose = sections("dynamics")
st.header(WORDS["dynamics"])
st.markdown(intro, width=760)

if st.session_state["problem"]:
    st.error(literal(st.session_state["problem"]), icon=":material/block:")

shown = session.shown()
if shown is not None:
    asked = lab_view(
        {
            "views": "dynamics",
            "run_id": shown.run_id,
            "base": st.get_option("server.baseUrlPath"),
            "stale": session.is_stale(),
            "labels": {f"prose_{name}": text for name, text in prose.items()},
            "view": st.session_state["view"],
        },
        key="dynamics",
    )
    dialogs.answer(asked)

session.say()
