"""The lesson: one step at a time, on runs of the lab; guess, see what comes out, keep a sentence, answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import streamlit as st

from app.kit import address, page, rooms, session, uploads
from app.kit.answers import Given
from app.kit.axes import axes
from app.kit.lessons import Lesson, Run, Step, lessons
from app.kit.session import Shown
from app.kit.text import literal, sections
from app.live.runs import RunRefused
from app.pages.lesson import charts, guess, handing, link, panel, room
from app.pages.lesson.facts import FactError, Seen, all_told, expected
from app.pages.lesson.panel import REFUSED, SAY, WHOLE
from spncore.data.library import DataError, Dataset
from spncore.plots.drawing import STILL
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.studies import presets

RUNS, TOLD = "lesson_runs", "lesson_told"
POLL_SECONDS = 1.0


class Begun(NamedTuple):
    """A run of a step that has begun, as it is in the lab."""

    run: Run
    shown: Shown

    @property
    def whole(self) -> bool:
        """Whether it has come to its end."""
        live = self.shown.run()
        return live is not None and live.whole


def place() -> tuple[Lesson, int]:
    """The lesson and the step that the address names; it says them from here on."""
    lesson, number, refused = link.place(address.goes_along(), lessons())
    if refused:
        st.session_state[REFUSED] = refused
    address.carry(lesson=lesson.name, step=str(number))
    return lesson, number


def data() -> Dataset:
    """The rows that lessons are about, or their stand-in."""
    found = uploads.find(session.usual_data(), session.held_uploads())
    assert found is not None
    return found


def begun(step: Step, guessed: bool, dataset: Dataset) -> list[Begun]:
    """The runs of a step that have begun: one after the other, those that wait for a guess once there is one."""
    found: list[Begun] = []
    for run in step.runs:
        shown = started(run.study.on(dataset.name)) if run.starts or guessed else None
        if shown is None:
            break
        found.append(Begun(run, shown))
        if not found[-1].whole:
            break
    return found


def started(study: Study) -> Shown | None:
    """A study's run, begun once; what was stopped stays so, and what the server let go of is made again."""
    held: dict[Study, Shown] = st.session_state.setdefault(RUNS, {})
    kept = held.get(study)
    if kept is None or kept.run() is None:
        try:
            held[study] = kept = session.started(study, "lesson")
        except (DataError, ExperimentError, RunRefused) as error:
            page.refused(error)
            return None
    return kept


def again(study: Study) -> None:
    """Have a run that was stopped begin anew."""
    st.session_state[RUNS].pop(study, None)


def seen(step: Step, runs: Sequence[Begun]) -> dict[str, Seen]:
    """The runs that have ended, with what facts are made of."""
    found: dict[str, Seen] = {}
    for one in runs:
        live = one.shown.run()
        if live is not None and live.whole:
            before = tuple(found.values())
            traces, target = live.traces(), live.computation.target
            found[one.run.name] = Seen(live.study, live.dataset, traces, target, step.given, before)
    return found


@st.fragment(run_every=POLL_SECONDS)
def standing(one: Begun) -> None:
    """How far a run is; only this runs again until it has ended. Never waits for it."""
    live = one.shown.run()
    if live is None or live.ended:
        st.rerun()
        return  # AppTest goes on after a rerun it cannot do
    done, title = max(live.length - 1, 0), literal(one.run.title)
    words = SAY["lesson_running" if done else "lesson_in_line"]
    st.caption(words.format(title=title, done=f"{done:,}", all=f"{live.study.experiment.iterations:,}"))


def stand(runs: Sequence[Begun]) -> None:
    """How far the last of the runs is, if it goes on; a way to run again what was stopped."""
    live = runs[-1].shown.run() if runs else None
    if live is not None and not live.ended:
        standing(runs[-1])
    elif live is not None and not live.whole:
        said = {"done": f"{max(live.length - 1, 0):,}", "all": f"{live.study.experiment.iterations:,}"}
        st.info(SAY["lesson_stopped"].format(title=literal(runs[-1].run.title), **said))
        st.button(SAY["lesson_again"], key="lesson_again", on_click=again, args=(live.study,))


def choose(step: Step, runs: Sequence[Begun]) -> Begun:
    """The run that is shown: the latest, until the reader chooses another one."""
    if len(step.runs) == 1:
        return runs[0]
    names, key, latest = [one.run.name for one in runs], f"lesson_which_{step.name}", f"lesson_latest_{step.name}"
    if st.session_state.get(latest) != names[-1] or st.session_state.get(key) not in names:
        st.session_state[latest] = st.session_state[key] = names[-1]
    titles = {one.run.name: one.run.title for one in runs}
    st.radio(SAY["lesson_which"], names, key=key, format_func=titles.__getitem__, horizontal=True)
    return next(one for one in runs if one.run.name == st.session_state[key])


def view(step: Step, one: Begun) -> None:
    """The lab's view of a run, or that of the page which takes runs apart."""
    study, more = one.shown.study, dict[str, Any]()
    if step.view == "dynamics":
        more = {"labels": {f"prose_{name}": text for name, text in sections("dynamics")[1].items()}}
    else:
        preset = presets.matching(study)
        more = {"published": presets.is_figure_3(study), "preset": preset.name if preset else None}
    session.run_view(step.view, one.shown, False, fixed=True, **more)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(SAY["point_whole"], key=WHOLE)
        page.lab_link(SAY["lesson_open_lab"], study, "lesson_open_lab")


def dumbbells(found: Seen) -> None:
    """What the mixture of a run that has ended expects of everything, before and after one answer is known."""
    names = {name: name.replace("_", " ") for name in found.dataset.variables}
    options = list(names)
    look: dict[str, Any] = {"index": options.index(found.given), "format_func": names.__getitem__, "width": 320}
    known = st.selectbox(SAY["lesson_given"], options, key="lesson_given", **look)
    now = expected(found.depths[0], options.index(known))
    figure = charts.expectations(now, [escape(name) for name in names.values()], page.theme())
    page.plot(figure, "lesson_dumbbells", SAY["lesson_dumbbells"].format(given=names[known]), STILL)


def run_area(step: Step, runs: Sequence[Begun], known: dict[str, Seen], withheld: bool) -> None:
    """The runs of a step: how far the last one is and, unless they are `withheld`, which is shown and its view."""
    st.header(SAY["lesson_run"], anchor=False)
    if not runs:
        page.prose(SAY["lesson_first_guess"])
        return
    stand(runs)
    if withheld:
        page.prose(rooms.SAY["room_withheld"])
    elif step.view == "dumbbells":
        for one in known.values():
            if one.given in one.dataset.variables:
                dumbbells(one)
    else:
        view(step, choose(step, runs))


def told_of(step: Step, known: dict[str, Seen], told: Given) -> list[str]:
    """What came out, in sentences: beside a drawn guess, and of all runs that have ended."""
    if not known:
        return []
    drawn = told.guess.value if told.guess and told.guess.kind == "curve" else {}
    first = known.get(step.runs[0].name)
    return [*(guess.beside(drawn, first) if drawn and first else []), *all_told(step, known)]


def sentences(step: Step, runs: Sequence[Begun], known: dict[str, Seen], told: Given) -> list[str]:
    """The same, made once: they take longer than all else on the page."""
    of = (step, told.guess, *(one.shown.run_id for one in runs if one.run.name in known))
    if st.session_state.get(TOLD, ((), []))[0] != of:
        try:
            st.session_state[TOLD] = of, told_of(step, known, told)
        except FactError as error:
            st.session_state[TOLD] = of, [str(error)]
    found: list[str] = st.session_state[TOLD][1]
    return found


def reveal(step: Step, said: Sequence[str], whole: bool) -> None:
    """What came out, and the sentence to keep once all of it is there."""
    st.header(SAY["lesson_reveal"], anchor=False)
    page.prose("  \n\n".join(map(literal, said)) or SAY["lesson_waits"])
    if whole:
        st.header(SAY["lesson_keep"], anchor=False)
        page.prose(f"**{literal(step.keep)}**")


session.open_session(training=False)
inside = room.entered()
room.follow(inside)
lesson, number = place()
step = room.own(lesson.steps[number - 1], inside)
told, dataset = panel.given(lesson, step), data()

page.titled(SAY["lesson_at"].format(n=number, all=len(lesson.steps), title=step.title))
page.refusals(st.session_state.setdefault(REFUSED, []))
about = [lesson.title, SAY["lesson_minutes"].format(minutes=step.minutes), dataset.title]
st.caption(literal(" · ".join(about)))
room.head(inside)
page.prose(step.prompt)
panel.guess_area(lesson, step)

runs = begun(step, step.guess is None or told.guess is not None, dataset)
room.tell(inside, step, number, told, runs)
withheld = inside is not None and inside.withheld
known = {} if withheld else seen(step, runs)
said = sentences(step, runs, known, told)
first = known.get(step.runs[0].name)
chart_axes = axes(dataset, step.runs[0].study.experiment.iterations)
chart = panel.chart_of(step, told, chart_axes, first)
panel.browser_part(lesson, number, chart, said)

run_area(step, runs, known, withheld)
room.picture(inside, step, told, chart_axes)
reveal(step, said, whole=len(known) == len(step.runs))
if len(known) == len(step.runs):
    panel.check_area(lesson, step)
panel.navigation(lesson, number, room.held(inside))
handing.section(lesson, panel.answers(lesson), dataset, st.session_state.get(RUNS, {}), number)
if inside is None:
    room.way_in()
    panel.other_lessons(lesson, lessons())
else:
    room.foot(inside)
address.write()
