"""The lab's pages and what they share: title, width, navigation at the top."""

from pathlib import Path

import streamlit as st

from app.kit import page
from app.kit.link import VIEWS, decode_view
from app.kit.text import WORDS

PANEL_PIXELS = 280
# Streamlit's own margins push the drawing off a 1366-pixel screen and its transport below the fold, and no setting
# narrows them. Without this rule the page is the same, only wider apart.
MARGINS = "<style>.stMainBlockContainer { padding: 4rem clamp(1rem, 2vw, 2.5rem) 2rem; }</style>"

view, _ = decode_view(page.params())
st.set_page_config(
    page_title=WORDS["title"],
    page_icon=str(Path(__file__).with_name("icon.svg")),
    layout="wide",
    initial_sidebar_state=PANEL_PIXELS if view == VIEWS[0] else "collapsed",
)
st.html(MARGINS)

pages = {
    "": [
        st.Page("pages/lab/page.py", title=WORDS["lab"], icon=":material/science:", default=True),
        st.Page("pages/dynamics/page.py", url_path="dynamics", title=WORDS["dynamics"], icon=":material/timeline:"),
        st.Page("pages/circuits/page.py", url_path="circuits", title="Circuits", icon=":material/account_tree:"),
        st.Page("pages/ask/page.py", url_path="ask", title="Ask the network", icon=":material/help_center:"),
    ],
    WORDS["evidence"]: [
        st.Page("pages/figure3/page.py", url_path="figure3", title="Figure 3", icon=":material/compare_arrows:"),
        st.Page("pages/held_equal/page.py", url_path="fair", title="What is held equal", icon=":material/balance:"),
        st.Page("pages/phase/page.py", url_path="phase", title="Phase diagram", icon=":material/grid_on:"),
        st.Page("pages/classes/page.py", url_path="classes", title="Predicting a class", icon=":material/category:"),
        st.Page("pages/update2020/page.py", url_path="update2020", title="Update of 2020", icon=":material/update:"),
    ],
    WORDS["explained"]: [
        st.Page("pages/linear/page.py", url_path="linear", title="Linear networks", icon=":material/linear_scale:"),
        st.Page("pages/maths/page.py", url_path="maths", title="Maths", icon=":material/function:"),
        st.Page("pages/about/page.py", url_path="about", title=WORDS["about"], icon=":material/info:"),
    ],
}
st.navigation(pages, position="top").run()
