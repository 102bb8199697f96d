"""Mounts the lab view: the component that fetches a run, draws it and plays it back in the browser."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.live import assets
from app.live.catalogues import KIT, catalogue

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
    base = payload["base"].strip("/")
    prefix = f"/{base}" if base else ""
    page = payload.get("views", "lab")

    def static(name: str) -> str:
        return f"{prefix}/api/static/{assets.static_name(name)}"

    return {
        **payload,
        "base": prefix,
        "module": static(f"{page}/{page}.js"),
        "styles": [static("kit/kit.css"), static(f"{page}/{page}.css")],
        "words": static(f"words/{page}.json"),
        "palette": static("palette.json"),
        "plotly": f"{prefix}/api/{assets.plotly().name}",
        "not_loaded": catalogue(KIT)["not_loaded"],
    }


def _noted() -> None:
    """Streamlit reports an event only where a callback is registered for it."""
