"""Mounts the lab view: the component that fetches a run, draws it and plays it back in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.live import assets

NOT_LOADED = "The view could not be loaded from the server. Check the connection and reload the page."
_LOADER = (assets.CLIENT / "chart.js").read_text(encoding="utf-8")
_VIEW = st.components.v2.component("spn_lab_view", js=_LOADER, isolate_styles=False)


def lab_view(payload: Mapping[str, Any], key: str) -> Any:
    """Mount the view of a run. Its result has `pin` and `share`: the run's id in the script run after the press.

    `payload`: run_id, base (the server's base path), stale, baseline (id, ids or None), published, labels, view
    ("normal" or "projector"), views ("lab" or "dynamics", a module each). The stream never passes through it: the
    browser fetches the run by its id.
    """
    return _VIEW(key=key, data=view_data(payload), on_pin_change=_noted, on_share_change=_noted)


def view_data(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with the addresses of what the browser loads once."""
    base = str(payload.get("base") or "").strip("/")
    prefix = f"/{base}" if base else ""
    static, views = f"{prefix}/api/static", payload.get("views", "lab")
    return {
        **payload,
        "base": prefix,
        "module": f"{static}/{assets.static_name(f'{views}/{views}.js')}",
        "style": f"{static}/{assets.static_name('kit/style.css')}",
        "own_style": None if views == "lab" else f"{static}/{assets.static_name(f'{views}/{views}.css')}",
        "plotly": f"{prefix}/api/{assets.plotly_name()}",
        "not_loaded": NOT_LOADED,
    }


def _noted() -> None:
    """Streamlit reports an event only where a callback is registered for it."""
