"""The lab's pages and what they share: title, width, navigation at the top."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.kit import address, contrast, locks, page
from app.kit.link import VIEWS
from app.kit.text import WORDS
from app.kit.turns import TURNS
from app.live.document import PANEL_PIXELS
from app.live.door.sockets import refused_values

# A panel is there by now or never will be, so no room is kept for it; soon nothing is hidden until it is whole.
OPENED = "<style>:root { --spn-panel: 0px; animation: spn-opened 0s 1s forwards; }</style>"

# In the order of what one wants: see, ask, understand; then doubt; then read. By heading, and of each page its folder,
# its address (the lab's is empty) and its icon; its title is the folder's word.
PAGES = {
    "": [
        ("lab", "", "science"),
        ("ask", "ask", "help_center"),
        ("dynamics", "dynamics", "timeline"),
        ("circuits", "circuits", "account_tree"),
    ],
    WORDS["of_class"]: [
        ("lesson", "lesson", "linear_scale"),
        ("teach", "teach", "share"),
    ],
    WORDS["of_runs"]: [
        ("runs", "runs", "list"),
        ("compare", "compare", "show_chart"),
    ],
    WORDS["evidence"]: [
        ("figure3", "figure3", "compare_arrows"),
        ("held_equal", "fair", "balance"),
        ("phase", "phase", "grid_on"),
        ("grid", "grid", "table"),
        ("classes", "classes", "category"),
        ("update2020", "update2020", "update"),
    ],
    WORDS["explained"]: [
        ("linear", "linear", "linear_scale"),
        ("maths", "maths", "function"),
        ("about", "about", "info"),
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
    st.html(f"<style>{contrast.STYLE}</style>{page.scale()}")
    pages = {
        heading: [
            st.Page(
                f"pages/{folder}/page.py",
                url_path=url or None,
                title=WORDS[folder],
                icon=f":material/{icon}:",
                default=folder == "lab",
            )
            for folder, url, icon in entries
        ]
        for heading, entries in PAGES.items()
    }
    unseen = page.embedded() or locks.hides("menu")
    chosen = st.navigation(pages, position="hidden" if unseen else "top", expanded=True)
    running = get_script_run_ctx()
    for sentence in refused_values(running.session_id) if running else ():
        page.refused(sentence)
    address.arrived(chosen.url_path)
    page.refusals(address.along_refused())
    chosen.run()
    page.foot()
    page.find_root()
    st.html(OPENED)


with TURNS.taken():
    run()
