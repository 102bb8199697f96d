"""A server whose only page is the lab view: the entry of the tests in test_live_chart.py."""

from pathlib import Path

import streamlit as st
from streamlit import config

from app.live.routes import routes
from app.live.runs import REGISTRY

app = st.App(
    Path(__file__).with_name("chart_page.py"), routes=routes(REGISTRY, config.get_option("server.baseUrlPath") or "")
)
