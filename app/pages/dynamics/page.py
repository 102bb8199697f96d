"""The Dynamics page: the run on screen in the lab, taken apart equation by equation, linked to the same cursor."""

import streamlit as st

from app.kit import page, session
from app.kit.text import WORDS, sections

session.open_session()
known = session.shown()
if known is not None and known.run() is None and not session.is_stale():
    session.train()  # the server has let go of the run; the same study gives the same numbers

intro, prose = sections("dynamics")
st.header(WORDS["dynamics"])
page.prose(intro)

page.refused(st.session_state["problem"])

shown = session.shown()
if shown is not None:
    labels = {f"prose_{name}": text for name, text in prose.items()}
    session.answer(session.run_view("dynamics", shown, session.is_stale(), st.session_state["view"], labels=labels))

session.say()
