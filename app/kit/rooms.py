"""The room of a class that a reader is in, as the address names it: `room=BCDFG` on every page.

Who somebody is to a room is known by the browser's cookie alone, so that nothing of it lives in the session: a page
asks the room anew in every script run, and runs again only when the browser hears of something that changes the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import streamlit as st

from app.kit import address, page, session
from app.kit.questions import Act
from app.kit.turns import TURNS
from app.live.catalogues import catalogue
from app.live.chart import room_view
from app.live.history import HISTORY
from app.live.rooms import ROOMS, RoomRefused
from spncore.store.rooms import code_of
from spncore.studies.classroom.state import RoomState

SAY: Mapping[str, Any] = catalogue("room")
REFUSED = "room_refused"  # under which a session keeps why a room did not do something
T = TypeVar("T")


def code() -> str:
    """The code of the room that the reader is in; empty where there is none."""
    return code_of(address.goes_along().get("room", ""))


def owner() -> str:
    """Who the reader is, as lists and rooms know browsers."""
    return HISTORY.owner(session.session_name())


def enter(said: str) -> None:
    """Go to the room of a code that somebody typed."""
    if code_of(said):
        address.carry(room=code_of(said))


def leave() -> None:
    """Be in no room from here on; the seat stays."""
    address.drop("room")


def tried(ask: Callable[[], T]) -> T | None:
    """What a room answers; None where it refuses, which the page then says. Others' scripts go on meanwhile."""
    try:
        with TURNS.aside():
            return ask()
    except RoomRefused as refused:
        st.session_state[REFUSED] = str(refused)
        return None


def act(*acts: Act) -> bool:
    """Do one thing after the other in the room; whether all are done.

    At every touch of the session Streamlit may break a script off, because the browser has heard of the first of them.
    """
    room, me = code(), owner()
    return tried(lambda: [ROOMS.act(room, me, kind, said) for kind, said in acts]) is not None


def press(kind: str, **said: Any) -> None:
    """Do one thing, as a button does."""
    act((kind, said))


def refusals() -> None:
    """Say once why a room did not do something."""
    page.refused(st.session_state.pop(REFUSED, None))


def clock(at: float) -> str:
    """The time of day of a moment, by the reader's clock."""
    return f"{datetime.fromtimestamp(at, UTC) - timedelta(minutes=st.context.timezone_offset or 0):%H:%M}"


def address_of(room: str) -> str:
    """Where students join."""
    return page.page_address(f"room={room}", "lesson")


def follow(room: str, state: RoomState, who: str, key: str, **more: Any) -> None:
    """Mount what the browser follows of a room, for a "student", the "teacher" or a "wall".

    The script runs again when step, pace, study, pause, hiding or the end are others than `state` has them.
    """
    known = [state.step, state.pace, len(state.studies), state.paused, state.hidden, state.ended]
    room_view({"code": room, "known": known, "who": who, "view": address.view(), **more}, key)
