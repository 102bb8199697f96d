"""A lesson in a room: the page follows the teacher, trains its seat's start, and gives the room what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import streamlit as st

from app.kit import address, page, rooms
from app.kit.answers import Given
from app.kit.axes import Axes
from app.kit.lessons import Run, Step
from app.kit.questions import acts, pictured
from app.kit.rooms import SAY
from app.kit.session import Shown
from app.kit.text import literal
from app.live.rooms import ROOMS
from spncore.record import ExperimentError
from spncore.store.rooms import member_of
from spncore.studies.classroom.acts import NICKNAME_CHARACTERS
from spncore.studies.classroom.seats import seat_study, shared
from spncore.studies.classroom.state import Place, RoomState

FIELD, NICKNAME = "room_field", "room_nickname"


class Ran(Protocol):
    """A run of a step that has begun."""

    @property
    def shown(self) -> Shown:
        """As it is in the lab."""
        ...

    @property
    def whole(self) -> bool:
        """Whether it has come to its end."""
        ...


class Inside(NamedTuple):
    """Where the reader is: the room as it stood when this script began, and the own place; None without a seat."""

    code: str
    state: RoomState
    place: Place | None
    ends_at: float

    @property
    def follows(self) -> bool:
        """Whether the teacher decides which step is shown."""
        return self.state.pace == "follow" and not self.state.ended

    @property
    def withheld(self) -> bool:
        """Whether nothing that came out may be shown yet."""
        return self.state.hidden and not self.state.ended


def entered() -> Inside | None:
    """The room that the address names, with a seat in it; None where there is none."""
    code = rooms.code()
    return rooms.tried(lambda: _inside(code)) if code else None


def _inside(code: str, also_teacher: bool = False) -> Inside:
    held, owner = ROOMS.held(code), rooms.owner()
    if held.place(owner) is None and not held.state.ended and (also_teacher or not held.is_teacher(owner)):
        ROOMS.join(code, owner)
    held.greet(owner)
    return Inside(held.room.code, held.state, held.place(owner), held.room.ends_at)


def follow(inside: Inside | None) -> None:
    """Go to the room's lesson, and to the step where the teacher is, if the page follows her."""
    if inside is None:
        return
    address.carry(lesson=inside.state.agenda.name)
    if inside.follows:
        address.carry(step=str(max(inside.state.step, 1)))


def own(step: Step, inside: Inside | None) -> Step:
    """A step whose runs are those of the own seat."""
    if inside is None or inside.place is None:
        return step
    return replace(step, runs=tuple(_of_seat(run, inside.place.seat) for run in step.runs))


def _of_seat(run: Run, seat: int) -> Run:
    try:
        return replace(run, study=seat_study(shared(run.study, seat), seat))
    except ExperimentError:  # what no room takes is trained as it is
        return run


def held(inside: Inside | None) -> str:
    """Why the reader cannot go to another step; empty where that is free."""
    return str(SAY["room_held"]) if inside is not None and inside.follows else ""


def tell(inside: Inside | None, step: Step, number: int, given: Given, runs: Sequence[Ran]) -> None:
    """Give the room what it does not have yet: where the reader is, what was answered first, and the ended start."""
    if inside is None or inside.place is None or inside.state.ended:
        return
    if inside.place.step != number:
        rooms.press("progress", step=number)
    for kind, said in () if inside.state.paused else acts(step, given):
        if _is_new(inside.state, member_of(inside.code, rooms.owner()), kind, said["question"]):
            rooms.press(kind, **said)
    study = ROOMS.study(inside.code, rooms.owner())
    for one in runs:
        if one.whole and one.shown.study == study and inside.place.seat not in inside.state.arrived:
            _give(inside.code, one.shown)


def _is_new(state: RoomState, member: str, kind: str, question: str) -> bool:
    """Whether the room asks this and has no answer of a member; after the first one a reader knows what is right."""
    if kind == "vote":
        return question in state.agenda.votes and member not in state.votes.get(question, {})
    return question in state.agenda.guesses and member not in state.guesses.get(question, {})


def _give(code: str, shown: Shown) -> None:
    run = shown.run()
    if run is not None:
        rooms.tried(lambda: ROOMS.take(code, rooms.owner(), run))


def head(inside: Inside | None) -> None:
    """Which seat the reader has, what is kept of it, and whether the class goes on."""
    rooms.refusals()
    if inside is None:
        return
    state = inside.state
    if inside.place is not None:
        words = {"seat": inside.place.seat, "code": inside.code, "ends": rooms.clock(inside.ends_at)}
        st.info(SAY["room_seat"].format(**words))
    elif not state.ended:
        st.info(SAY["room_teacher_looks"])
        st.button(SAY["room_take_seat"], key="room_take_seat", on_click=_take_seat)
    if state.ended or state.paused:
        st.warning(SAY["room_over" if state.ended else "room_paused"])
    else:
        begun = "room_waiting" if state.step == 0 else "room_following" if inside.follows else "room_free"
        st.caption(SAY[begun])


def _take_seat() -> None:
    rooms.tried(lambda: _inside(rooms.code(), also_teacher=True))


def picture(inside: Inside | None, step: Step, given: Given, axes: Axes) -> None:
    """The class, below one's own: what it answered, and all starts as one distribution."""
    if inside is None:
        return
    st.header(SAY["room_class"], anchor=False)
    if inside.place is not None:
        page.prose(SAY["room_own_seed"].format(seat=inside.place.seat))
    questions = pictured(step, None if inside.place is None else given)
    rooms.follow(inside.code, inside.state, "student", "room_view", questions=questions, axes=axes._asdict())


def foot(inside: Inside) -> None:
    """A nickname for who wants one, what becomes of answers, and the way out."""
    if inside.place is not None and not inside.state.ended:
        if inside.place.nickname:
            page.prose(literal(SAY["room_nickname_is"].format(name=inside.place.nickname)))
        look: dict[str, Any] = {"max_chars": NICKNAME_CHARACTERS, "width": 360}
        st.text_input(SAY["room_nickname_field"], key=NICKNAME, on_change=_take_nickname, **look)
    st.caption(SAY["room_private"])
    st.button(SAY["room_leave"], key="room_leave", on_click=rooms.leave)


def _take_nickname() -> None:
    if name := st.session_state[NICKNAME].strip():
        rooms.press("nickname", name=name)


def way_in() -> None:
    """A field for the code of a room."""
    look: dict[str, Any] = {"help": SAY["room_field_help"], "max_chars": 12, "width": 260}
    st.text_input(SAY["room_field"], key=FIELD, on_change=_enter, **look)


def _enter() -> None:
    rooms.enter(st.session_state[FIELD])
