"""What a session has pinned: runs whose curves stay under those of the run on screen, each with a mark of its own.

A pin lasts no longer than the server keeps its run: where the run has gone, the pin goes, too.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from app.kit.differing import differing
from app.kit.text import WORDS
from app.live.limits import server_limits
from app.live.runs import REGISTRY
from spncore.words import counted

if TYPE_CHECKING:
    from app.kit.session import Shown

PINS = "pins"
ALL = "all"  # in place of a run's id


class Pin(NamedTuple):
    """A pinned run, and which of the marks is its own."""

    run: Shown
    mark: int


def pinned() -> dict[str, Pin]:
    """The pins of this session by their runs' ids, in the order of pinning; those whose runs have gone go, too."""
    held: dict[str, Pin] = st.session_state.setdefault(PINS, {})
    gone = [run_id for run_id in held if REGISTRY.get(run_id) is None]
    for run_id in gone:
        del held[run_id]
    if gone:
        st.session_state["said"] = WORDS["pins_gone"].format(runs=counted(len(gone), "pinned run"))
    return held


def pin(run: Shown) -> None:
    """Keep a run's curves, also while it is still going; why it cannot be kept is said once on the page."""
    held, most = pinned(), server_limits().pins_per_session
    live = run.run()
    if live is None:
        st.session_state["said"] = WORDS["gone"]
    elif run.run_id in held:
        st.session_state["said"] = WORDS["pinned_already"]
    elif len(held) >= most:
        st.session_state["said"] = WORDS["pins_full"].format(runs=counted(len(held), "run"), most=most)
    else:
        taken = {pin.mark for pin in held.values()}
        live.kept = True
        held[run.run_id] = Pin(run, next(mark for mark in count() if mark not in taken))


def unpin(run_id: str) -> None:
    """Remove the pin of a run, or ALL of them; a run that goes on only for its pin is ended."""
    held = pinned()
    for name in [*held] if run_id == ALL else [run_id]:
        live = held.pop(name).run.run() if name in held else None
        if live is not None:
            live.kept = False
            if st.session_state["shown"] is None or st.session_state["shown"].run_id != name:
                REGISTRY.stop(name, live.session)


def sent(shown: Shown) -> list[dict[str, Any]]:
    """What the browser is told of every pin: its run, its mark, and in words what it differs in from the run shown."""
    return [{"id": pin.run.run_id, "mark": pin.mark, "words": _words(pin.run, shown)} for pin in pinned().values()]


def _words(run: Shown, shown: Shown) -> str:
    if run.run_id == shown.run_id:
        return WORDS["pin_on_screen"]
    live = run.run()
    said = differing(run.study, shown.study)
    if live is not None and live.ended and live.state != "done":
        said.append(WORDS["pin_stopped"].format(updates=counted(max(live.length - 1, 0), "update")))
    return ", ".join(said) or WORDS["pin_same"]
