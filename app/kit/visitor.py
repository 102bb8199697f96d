"""The browser tab as the registry knows it: one name per session, and the release of its runs when the tab closes."""

from __future__ import annotations

import secrets

import streamlit as st

from app.live.runs import REGISTRY


@st.cache_resource(scope="session", on_release=REGISTRY.release, show_spinner=False)
def session_name() -> str:
    """The name of this session for `REGISTRY.start`; when the session ends, its runs are let go of."""
    return secrets.token_urlsafe(16)
