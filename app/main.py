"""The lab's pages and what they share: title, width, navigation at the top."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.kit import address, page
from app.kit.link import VIEWS
from app.kit.text import WORDS
from app.kit.turns import TURNS
from app.live.door.sockets import refused_values

PANEL_PIXELS = 280
# Streamlit's own margins push the drawing off a 1366-pixel screen and its transport below the fold, and no setting
# narrows them; what asks the browser where it is shows nothing. Without these rules the page is the same, only wider
# apart.
MARGINS = (
    "<style>.stMainBlockContainer { padding: 4rem clamp(1rem, 2vw, 2.5rem) 2rem; } .st-key-place { display: none; }"
    "</style>"
)

# By heading, and of each page its folder, its address (the lab's is empty), its title and its icon.
PAGES = {
    "": [
        ("lab", "", WORDS["lab"], "science"),
        ("dynamics", "dynamics", WORDS["dynamics"], "timeline"),
        ("circuits", "circuits", "Circuits", "account_tree"),
        ("ask", "ask", "Ask the network", "help_center"),
    ],
    WORDS["evidence"]: [
        ("figure3", "figure3", "Figure 3", "compare_arrows"),
        ("held_equal", "fair", "What is held equal", "balance"),
        ("phase", "phase", "Phase diagram", "grid_on"),
        ("classes", "classes", "Predicting a class", "category"),
        ("update2020", "update2020", "Update of 2020", "update"),
    ],
    WORDS["explained"]: [
        ("linear", "linear", "Linear networks", "linear_scale"),
        ("maths", "maths", "Maths", "function"),
        ("about", "about", WORDS["about"], "info"),
    ],
}


def run() -> None:
    """The page that the address names."""
    st.set_page_config(
        page_title=WORDS["title"],
        page_icon=str(Path(__file__).with_name("icon.svg")),
        layout="wide",
        initial_sidebar_state=PANEL_PIXELS if address.view() == VIEWS[0] else "collapsed",
    )
    st.html(MARGINS)
    pages = {
        heading: [
            st.Page(
                f"pages/{folder}/page.py",
                url_path=url or None,
                title=title,
                icon=f":material/{icon}:",
                default=folder == "lab",
            )
            for folder, url, title, icon in entries
        ]
        for heading, entries in PAGES.items()
    }
    chosen = st.navigation(pages, position="top")
    running = get_script_run_ctx()
    for sentence in refused_values(running.session_id) if running else ():
        page.refused(sentence)
    address.arrived(chosen.url_path)
    chosen.run()
    page.find_root()


with TURNS.taken():
    run()
