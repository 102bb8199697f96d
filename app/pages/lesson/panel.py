"""What a reader does in a step: guesses, answers the check, goes on; and what the session holds of it meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app.kit import address, marking, page
from app.kit.answers import SKIPPED, Answers, AnswersError, Given, Guessed, document, guessed, read
from app.kit.axes import Axes
from app.kit.lessons import FOLDED, Lesson, Step
from app.kit.text import literal
from app.live.catalogues import catalogue
from app.live.chart import lesson_view
from app.pages.lesson.facts import Seen
from app.pages.lesson.guess import truth

SAY: Mapping[str, Any] = catalogue("lesson")
ANSWERS, HEARD, REFUSED = "lesson_answers", "lesson_heard", "lesson_refused"
VIEW, WHOLE = "lesson_view", "lesson_whole"  # of the browser's part, and whether it shows all of a view


def answers(lesson: Lesson) -> dict[str, Given]:
    """What was answered in a lesson, as the session holds it, by the names of steps."""
    of_all: dict[str, dict[str, Given]] = st.session_state.setdefault(ANSWERS, {})
    return of_all.setdefault(lesson.name, {})


def given(lesson: Lesson, step: Step) -> Given:
    """What was answered in a step."""
    return marking.of(answers(lesson), step)


def give(lesson: Lesson, step: Step, **said: Any) -> None:
    """Take an answer: a guess, or the check's."""
    answers(lesson)[step.name] = given(lesson, step)._replace(**said)


def forget(lesson: Lesson) -> None:
    """Take all answers back; the browser then keeps none."""
    answers(lesson).clear()


def go(lesson: Lesson, number: int) -> None:
    """Go to a step, from 1."""
    st.session_state[REFUSED] = []
    address.carry(lesson=lesson.name, step=str(number))


def browser_part(lesson: Lesson, number: int, chart: Mapping[str, Any] | None, told: Sequence[str]) -> None:
    """Mount what the browser has of a step: its answers, the chart to draw on, what the step points at."""
    step, heard = lesson.steps[number - 1], st.session_state.setdefault(HEARD, set())
    kept = json.dumps(document(lesson, answers(lesson))) if lesson.name in heard else None
    parts = {**dict.fromkeys(FOLDED), **step.selectors}
    payload = {"lesson": lesson.name, "kept": kept, "step": number, "chart": chart, "parts": parts, "told": [*told]}
    looks = {"whole": bool(st.session_state.get(WHOLE)), "view": address.view()}
    lesson_view({**payload, **looks}, VIEW, partial(_said, lesson, step))


def _said(lesson: Lesson, step: Step) -> None:
    """Take what the browser says: the answers that it has kept, or a guess that was drawn."""
    said = st.session_state[VIEW].get("said")
    if not isinstance(said, dict):
        return
    if isinstance(said.get("kept"), str):
        st.session_state.setdefault(HEARD, set()).add(lesson.name)
        _take_up(lesson, said["kept"])
    found = guessed(step.guess, said.get("guess")) if step.guess else None
    if found is not None:
        give(lesson, step, guess=found)


def _take_up(lesson: Lesson, kept: str) -> None:
    """The answers that a browser has kept, where none was given meanwhile."""
    try:
        before: Answers = read(kept, lesson) if kept else {}
    except AnswersError as error:
        st.session_state[REFUSED] = [str(error)]
        return
    now = answers(lesson)
    now.update({name: one for name, one in before.items() if name not in now})


def chart_of(step: Step, told: Given, axes: Axes, ran: Seen | None) -> dict[str, Any] | None:
    """The chart to draw on, with what was drawn and, beside a guess, what came out; None where nothing is drawn."""
    if step.guess is None or step.guess.kind != "curve" or (told.guess and told.guess.kind == SKIPPED):
        return None
    drawn = told.guess.value if told.guess else None
    came = truth(ran) if ran and drawn else None
    return {**axes._asdict(), "depths": list(step.runs[0].study.depths), "drawn": drawn, "truth": came}


def guess_area(lesson: Lesson, step: Step) -> None:
    """Ask for a guess, of a drawn one only the words; or say what was guessed."""
    told, asked = given(lesson, step), step.guess
    if asked is None:
        return
    st.header(SAY["lesson_guess"], anchor=False)
    page.prose(literal(asked.question))
    if told.guess is not None:
        page.prose(_in_words(step, told.guess))
        return
    key = f"lesson_guess_{lesson.name}_{step.name}"
    value: str | float | None = None
    if asked.kind == "choice":
        texts = {option.name: option.text for option in asked.options}
        look: dict[str, Any] = {"format_func": texts.__getitem__, "label_visibility": "collapsed", "index": None}
        value = st.radio(asked.question, list(texts), key=key, **look)
    elif asked.kind == "number":
        ends: dict[str, Any] = {"min_value": asked.low, "max_value": asked.high, "step": asked.step, "value": None}
        value = st.number_input(SAY["lesson_number"], key=key, width=240, **ends)
    with st.container(horizontal=True):
        if asked.kind != "curve":
            take = partial(give, lesson, step, guess=Guessed(asked.kind, value))
            st.button(SAY["lesson_give"], key="lesson_give", type="primary", disabled=value is None, on_click=take)
        skip = partial(give, lesson, step, guess=Guessed(SKIPPED, None))
        st.button(SAY["lesson_skip"], key="lesson_skip", on_click=skip)


def _in_words(step: Step, told: Guessed) -> str:
    if told.kind == SKIPPED:
        return str(SAY["lesson_skipped"])
    if told.kind == "curve":
        return str(SAY["lesson_guessed_curve"].format(depths=marking.depths_drawn(told)))
    assert step.guess is not None
    texts = {option.name: option.text for option in step.guess.options}
    said = texts[told.value] if told.kind == "choice" else f"{told.value:g} {SAY['lesson_number']}"
    return str(SAY["lesson_guessed"].format(guess=literal(said)))


def check_area(lesson: Lesson, step: Step) -> None:
    """The question after the run; of the answer that is chosen, whether it is right and why."""
    check, told = step.check, given(lesson, step)
    st.header(SAY["lesson_check"], anchor=False)
    texts = {option.name: option.text for option in check.options}
    key = f"lesson_check_{lesson.name}_{step.name}"
    st.session_state[key] = told.check
    take = partial(_take_check, lesson, step, key)
    st.radio(check.question, list(texts), key=key, format_func=texts.__getitem__, index=None, on_change=take)
    chosen = marking.chosen(check.options, told.check)
    if chosen is not None:
        is_right = chosen.name == check.right
        words = SAY["lesson_right" if is_right else "lesson_not_right"].format(why=literal(chosen.why))
        (st.success if is_right else st.info)(words)


def _take_check(lesson: Lesson, step: Step, key: str) -> None:
    give(lesson, step, check=st.session_state[key])


def navigation(lesson: Lesson, number: int, held: str) -> None:
    """To the step before and to the next one, unless `held` says why not, and how far the reader is."""
    done = [given(lesson, step).check is not None for step in lesson.steps]
    dots = "".join("◉" if at == number else "●" if one else "○" for at, one in enumerate(done, 1))
    with st.container(horizontal=True, vertical_alignment="center"):
        back, on = number - 1, number + 1
        free: dict[str, Any] = {"disabled": bool(held), "help": held or None}
        if back:
            st.button(SAY["lesson_previous"], key="lesson_previous", on_click=partial(go, lesson, back), **free)
        if on <= len(lesson.steps):
            go_on = partial(go, lesson, on)
            st.button(SAY["lesson_next"], key="lesson_next", type="primary", on_click=go_on, **free)
        progress = SAY["lesson_progress"].format(done=sum(done), all=len(done))
        st.html(f'<div><span aria-hidden="true">{dots}</span><br>{progress}</div>', width="content")


def other_lessons(lesson: Lesson, lessons: Mapping[str, Lesson]) -> None:
    """To the beginning of each lesson, and what becomes of answers."""
    st.header(SAY["lesson_others"], anchor=False)
    for one in lessons.values():
        label = SAY["lesson_start"].format(title=one.title, minutes=one.minutes)
        st.button(label, key=f"lesson_start_{one.name}", help=one.summary, on_click=partial(go, one, 1))
    st.caption(SAY["lesson_private"])
    st.button(SAY["lesson_forget"], key="lesson_forget", on_click=partial(forget, lesson))
