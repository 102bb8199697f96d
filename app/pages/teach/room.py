"""A room that a teacher leads: she opens it, shows the code, goes from step to step, and sees what the class has."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from app.kit import page, rooms, session, uploads
from app.kit.axes import axes
from app.kit.lessons import Lesson, Step, lessons
from app.kit.qr import qr_code
from app.kit.questions import Act, asked, pictured
from app.kit.rooms import SAY
from app.kit.text import literal
from app.live.rooms import ROOMS, Held
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.store.rooms import RoomLimits
from spncore.studies.classroom.seats import shared
from spncore.studies.history import settings_of

LESSON, RUN, COUNT = "room_lesson", "room_run", "room_count"
ON_A_WALL = 480  # pixels of a code that the last row's cameras find


def entered() -> Held | None:
    """The room that the address names; None where there is none."""
    code = rooms.code()
    return rooms.tried(lambda: ROOMS.held(code)) if code else None


def is_own(held: Held) -> bool:
    """Whether the reader has opened a room."""
    return held.is_teacher(rooms.owner())


def opening() -> None:
    """Open a room for a lesson, or find again those that are open; and the head of what a link does instead."""
    rooms.refusals()
    with st.container(key="teach_room"):
        st.header(SAY["room_teach"], divider="gray", anchor=False)
        page.prose(SAY["room_teach_words"])
        titles = {name: one.title for name, one in lessons().items()}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(SAY["room_lesson"], list(titles), key=LESSON, format_func=titles.__getitem__, width=360)
            st.button(SAY["room_open"], key="room_open", type="primary", on_click=_open)
        for one in rooms.tried(lambda: ROOMS.of(rooms.owner())) or ():
            title = titles.get(one.settings["name"], one.settings["name"])
            words = SAY["room_own"].format(code=one.code, title=title, made=rooms.clock(one.made_at))
            st.button(words, key=f"room_to_{one.code}", type="tertiary", on_click=rooms.enter, args=(one.code,))
        st.header(SAY["room_link"], divider="gray", anchor=False)


def _open() -> None:
    lesson = lessons()[st.session_state[LESSON]]
    code = rooms.tried(lambda: ROOMS.open(rooms.owner(), asked(lesson)))
    if code is not None:
        rooms.enter(code)


def led(held: Held) -> None:
    """The room that this reader leads: the code, what can be done, and the class."""
    page.titled(SAY["room_title"].format(code=held.room.code))
    rooms.refusals()
    lesson = lessons().get(held.state.agenda.name)
    doing, showing = st.columns([3, 2], gap="large")
    with doing:
        if held.state.ended or lesson is None:
            st.info(SAY["room_ended"])
        else:
            steps(held, lesson)
            starts(held, lesson)
        st.header(SAY["room_class"], anchor=False)
        the_class(held, lesson, "teacher")
    with showing:
        invitation(held.room.code)
        projected = page.page_address(f"room={held.room.code}&view=projector", "teach")
        st.link_button(SAY["room_project"], projected, key="room_project", icon=":material/open_in_new:")
        ending(held)
        st.button(SAY["room_other"], key="room_other", on_click=rooms.leave, icon=":material/chevron_left:")


def others(held: Held) -> None:
    """The room of somebody else, which can be joined."""
    page.titled(SAY["room_title"].format(code=held.room.code))
    st.info(SAY["room_not_yours"].format(code=held.room.code))
    st.link_button(SAY["room_join"].format(code=held.room.code), rooms.address_of(held.room.code), key="room_join")
    st.button(SAY["room_other"], key="room_other", on_click=rooms.leave, icon=":material/chevron_left:")


def on_a_wall(held: Held) -> None:
    """What the last row sees: how to join until the lesson begins, then the class."""
    lesson = lessons().get(held.state.agenda.name)
    if held.state.step == 0 or lesson is None:
        page.titled(lesson.title if lesson else SAY["room_title"].format(code=held.room.code))
        join, code = st.columns([3, 2], gap="large")
        with join:
            page.prose(SAY["room_join_words"])
            letters(held.room.code, 7)
            page.prose(literal(page.page_address("", "lesson").rstrip("?")))
            the_class(held, lesson, "wall")
        with code:
            join_here = SAY["room_join"].format(code=held.room.code)
            st.html(qr_code(rooms.address_of(held.room.code), join_here, ON_A_WALL))
        return
    page.titled(f"{held.state.step} · {lesson.steps[held.state.step - 1].title}")
    st.markdown(SAY["room_title"].format(code=f"**{held.room.code}**"))
    the_class(held, lesson, "wall")


def letters(code: str, size: float) -> None:
    """A code as large as that many lines."""
    style = f"margin: 0; font: 700 {size}rem/1.2 monospace; letter-spacing: 0.12em"
    st.html(f'<p style="{style}">{code}</p>')


def invitation(code: str) -> None:
    """How students join: the code to read out, its link and its picture."""
    letters(code, 3)
    page.share(rooms.address_of(code))


def steps(held: Held, lesson: Lesson) -> None:
    """Where the class is, and what leads it."""
    state, last = held.state, len(lesson.steps)
    st.subheader(literal(_where(lesson, state.step)), anchor=False)
    on = SAY["room_next" if state.step else "room_begin"]
    with st.container(horizontal=True):
        back: dict[str, Any] = {"disabled": state.step <= 1, "on_click": partial(go, lesson, state.step - 1)}
        st.button(SAY["room_previous"], key="room_previous", icon=":material/chevron_left:", **back)
        forth: dict[str, Any] = {"disabled": state.step >= last, "on_click": partial(go, lesson, state.step + 1)}
        look: dict[str, Any] = {"type": "secondary" if state.hidden else "primary", **forth}
        st.button(on, key="room_next", icon=":material/chevron_right:", **look)
    with st.container(horizontal=True):
        _switch("hide", "hidden", state.hidden, "room_hide", "room_show", stands_out=state.hidden)
        _switch("pause", "paused", state.paused, "room_pause", "room_go_on", stands_out=state.paused)
        other = "free" if state.pace == "follow" else "follow"
        st.button(SAY[f"room_pace_{other}"], key="room_pace", on_click=partial(rooms.press, "pace", pace=other))
    if state.hidden:
        st.caption(SAY["room_hidden_now"])


def _where(lesson: Lesson, number: int) -> str:
    if not number:
        return str(SAY["room_before"])
    words = {"n": number, "all": len(lesson.steps), "title": lesson.steps[number - 1].title}
    return str(SAY["room_at"].format(**words))


def _switch(kind: str, name: str, now: bool, on: str, off: str, stands_out: bool) -> None:
    look: dict[str, Any] = {"type": "primary" if stands_out else "secondary"}
    change = {name: not now}
    st.button(SAY[off if now else on], key=f"room_{kind}", on_click=partial(rooms.press, kind, **change), **look)


def go(lesson: Lesson, number: int) -> None:
    """Have the class go to a step: its study first, so that what comes of it is taken as soon as it is there.

    Where something is guessed before, results are hidden until the teacher shows them.
    """
    held, step = entered(), lesson.steps[number - 1]
    if held is None:
        return
    hides = step.guess is not None and held.state.pace == "follow" and not held.state.hidden
    hiding: list[Act] = [("hide", {"hidden": True})] if hides else []
    rooms.act(*hiding, *study_acts(held, step.runs[0].study), ("step", {"step": number}))


def study_acts(held: Held, wanted: Study) -> list[Act]:
    """What has the class train a study, unless it does already; as many starts count as there are seats now."""
    study, seats = on_data(wanted), len(held.state.members)
    if _is_on(held, study):
        return []
    counting: list[Act] = [("announce", {"number": seats})] if seats else []
    return [("study", {"study": settings_of(study)}), *counting]


def on_data(study: Study) -> Study:
    """A study on the rows that lessons are about, or their stand-in."""
    return study.on(session.usual_data())


def _is_on(held: Held, wanted: Study) -> bool:
    now = held.state.asked
    try:
        return now is not None and now.study == shared(wanted, 1)
    except ExperimentError:
        return False


def starts(held: Held, lesson: Lesson) -> None:
    """Which of the step's runs the class trains, and how many starts of it will count."""
    now, step = held.state.asked, held.state.step
    if now is None or step == 0:
        return
    choose_run(held, lesson.steps[step - 1])
    words = "room_unannounced" if now.announced is None else "room_announced"
    st.caption(SAY[words].format(number=now.announced))
    most = ROOMS.limits.room_members or RoomLimits().members
    seats = min(max(len(held.state.members), 1), most)
    late = bool(held.state.arrived)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look: dict[str, Any] = {"help": SAY["room_count_help"], "disabled": late, "width": 220}
        number = st.number_input(
            SAY["room_count"], 1, most, now.announced or seats, key=f"{COUNT}_{now.number}", **look
        )
        announce = partial(rooms.press, "announce", number=int(number))
        st.button(SAY["room_announce"], key="room_announce", disabled=late, on_click=announce)


def choose_run(held: Held, step: Step) -> None:
    """Which of several runs of a step the class trains."""
    if len(step.runs) < 2:
        return
    titles = {run.name: run.title for run in step.runs}
    names = [run.name for run in step.runs if _is_on(held, on_data(run.study))]
    key = f"{RUN}_{step.name}"
    st.session_state[key] = names[0] if names else None
    look: dict[str, Any] = {"format_func": titles.__getitem__, "index": None, "horizontal": True}
    st.radio(SAY["room_run"], list(titles), key=key, on_change=partial(_chosen, step, key), **look)


def _chosen(step: Step, key: str) -> None:
    held, name = entered(), st.session_state[key]
    if held is not None:
        rooms.act(*study_acts(held, next(run.study for run in step.runs if run.name == name)))


def the_class(held: Held, lesson: Lesson | None, who: str) -> None:
    """What the browser follows: counts, answers, and all starts as one distribution."""
    more: dict[str, Any] = {"titles": [], "questions": None, "axes": None}
    if lesson is not None:
        more["titles"] = [step.title for step in lesson.steps]
        if held.state.step:
            more |= _of_step(lesson.steps[held.state.step - 1])
    rooms.follow(held.room.code, held.state, who, f"room_{who}", **more)


def _of_step(step: Step) -> dict[str, Any]:
    """The questions of a step, and the chart that its runs are drawn on."""
    study = on_data(step.runs[0].study)
    dataset = uploads.find(study.experiment.dataset, session.held_uploads())
    drawn_on = axes(dataset, study.experiment.iterations)._asdict() if dataset else None
    return {"questions": pictured(step, None), "axes": drawn_on}


def ending(held: Held) -> None:
    """The end of the class, and of the room."""
    with st.popover(SAY["room_end"], key="room_ending"):
        page.prose(SAY["room_end_words"].format(ends=rooms.clock(held.room.ends_at)))
        ended: dict[str, Any] = {"disabled": held.state.ended, "on_click": partial(rooms.press, "end")}
        st.button(SAY["room_end_now"], key="room_end_now", **ended)
        st.button(SAY["room_delete_now"], key="room_delete_now", on_click=_delete)


def _delete() -> None:
    code = rooms.code()
    rooms.tried(lambda: ROOMS.close(code, rooms.owner()))
    rooms.leave()
