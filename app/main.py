"""The lab's pages and what they share: title, width, navigation at the top."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.kit import study_links
from app.kit.text import WORDS

PANEL_PIXELS = 280
# Streamlit's own margins push the drawing off a 1366-pixel screen and its transport below the fold, and no setting
# narrows them. Without this rule the page is the same, only wider apart.
MARGINS = "<style>.stMainBlockContainer { padding: 4rem clamp(1rem, 2vw, 2.5rem) 2rem; }</style>"

view, _ = study_links.decode_view({name: st.query_params.get_all(name) for name in st.query_params})
st.set_page_config(
    page_title=WORDS["title"],
    page_icon=str(Path(__file__).with_name("icon.svg")),
    layout="wide",
    initial_sidebar_state=PANEL_PIXELS if view == study_links.VIEWS[0] else "collapsed",
)
st.html(MARGINS)

pages = {
    "": [
        st.Page("pages/lab.py", title=WORDS["lab"], icon=":material/science:", default=True),
        st.Page("pages/dynamics.py", title=WORDS["dynamics"], icon=":material/timeline:"),
        st.Page("pages/circuits.py", title="Circuits", icon=":material/account_tree:"),
        st.Page("pages/ask.py", title="Ask the network", icon=":material/help_center:"),
    ],
    WORDS["evidence"]: [
        st.Page("pages/figure3.py", title="Figure 3", icon=":material/compare_arrows:"),
        st.Page("pages/fair.py", title="What is held equal", icon=":material/balance:"),
        st.Page("pages/phase.py", title="Phase diagram", icon=":material/grid_on:"),
        st.Page("pages/classes.py", title="Predicting a class", icon=":material/category:"),
        st.Page("pages/update2020.py", title="Update of 2020", icon=":material/update:"),
    ],
    WORDS["explained"]: [
        st.Page("pages/linear.py", title="Linear networks", icon=":material/linear_scale:"),
        st.Page("pages/maths.py", title="Maths", icon=":material/function:"),
        st.Page("pages/about.py", title=WORDS["about"], icon=":material/info:"),
    ],
}
st.navigation(pages, position="top").run()
