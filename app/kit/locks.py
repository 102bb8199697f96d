"""What the link that opened this session's page locks and hides there.

Locked is what stays as the link has it, whatever a browser sends; hidden is what is not drawn, and keeps its value.
"""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from app.kit.link import ALL, SETTINGS
from app.live import locks
from spncore.record import Record

GOES_ALONG = "goes_along"  # under which a session keeps what goes with the reader from page to page
PART_OF = {"dataset": "data"}  # a setting that is hidden with a part of the page


def locked() -> frozenset[str]:
    """The settings that are locked."""
    names = _listed("lock")
    return frozenset(SETTINGS) if ALL in names else names


def hides(name: str) -> bool:
    """Whether a setting, or another part of the page, is hidden."""
    return name in hidden([name])


def hidden(names: Iterable[str]) -> list[str]:
    """Those of some settings or parts of the page that are hidden: the link is asked once for all."""
    listed = _listed("hide")
    return [name for name in names if not listed.isdisjoint((name, PART_OF.get(name, name)))]


def refusal(before: Any, after: Any) -> str | None:
    """Why what is on screen may not become another record: a sentence that names what is locked; None if it may."""
    names = locked()
    known = names and isinstance(before, Record) and isinstance(after, Record)
    return locks.locked(names, before, after) if known else None


def _listed(which: str) -> frozenset[str]:
    text: str = st.session_state.get(GOES_ALONG, {}).get(which, "")
    return frozenset(filter(None, text.split(",")))
