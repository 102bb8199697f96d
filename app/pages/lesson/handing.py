"""The end of a lesson: one file with the answers and the runs of this session, made when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import streamlit as st

from app.kit import handin, page, stored
from app.kit.answers import Answers
from app.kit.handin_page import standing
from app.kit.lessons import Lesson
from app.kit.marking import studies
from app.kit.session import Shown
from app.kit.text import WORDS
from app.live.history import HISTORY
from app.live.run import LiveRun
from spncore.data.library import Dataset
from spncore.kept.runs import KeptError, Run, unkept, whole
from spncore.limits import LIMITS
from spncore.runs.study import Study
from spncore.store import StoreError, reading
from spncore.store.rows import Entry, Finished
from spncore.studies.history import finished, key_of

NAME, TYPED = "lesson_hand_name", "lesson_hand_typed"
SETTLE_SECONDS, LOOK_SECONDS = 0.6, 0.05  # in which a name arrives that was typed just before the button was pressed


class Source(NamedTuple):
    """Where the numbers of a finished run are: with this session, or in the list of its browser."""

    live: LiveRun | None
    entry: Entry | None

    def finished(self) -> Finished | None:
        """All that was computed; None where what is stored is damaged."""
        if self.live is not None:
            made, traces = self.live.computation, self.live.traces()
            return finished(made.study, self.live.dataset, traces, made.target, made.seconds)
        assert self.entry is not None
        try:
            return whole(HISTORY.store, self.entry).finished
        except (StoreError, KeptError):
            return None


def section(lesson: Lesson, answers: Answers, dataset: Dataset, held: Mapping[Study, Shown], number: int) -> None:
    """Hand in what there is so far; unfolded in the last step."""
    last = number == len(lesson.steps)
    fold = st.expander(WORDS["handin"], last, key=f"lesson_hand_{last}", on_change="rerun", icon=":material/download:")
    if not fold.open:
        return
    with fold:
        page.prose(WORDS["handin_intro"])
        if not answers:
            st.caption(WORDS["handin_nothing"])
            return
        found = sources(lesson, dataset, held)
        typed = name_typed()
        st.caption(standing(lesson, answers, len(found)))
        made = partial(file_of, lesson, dict(answers), found, typed, page.page_address("", "").removesuffix("?"))
        title, kind = f"{typed.get(NAME, '')} {lesson.title}", "primary" if last else "secondary"
        page.hand_out(WORDS["handin_get"], made, title, "html", "lesson_hand_get", type=kind)


def name_typed() -> dict[str, str]:
    """Ask for a name; where it is kept is looked at when the file is made."""
    typed: dict[str, str] = st.session_state.setdefault(TYPED, {})
    st.session_state.setdefault(NAME, typed.get(NAME, ""))
    st.text_input(
        WORDS["handin_name"],
        key=NAME,
        max_chars=LIMITS.handin_name,
        help=WORDS["handin_name_help"],
        on_change=lambda: typed.update({NAME: st.session_state[NAME]}),
        width=page.TEXT_PIXELS,
    )
    return typed


def settled(typed: Mapping[str, str]) -> str:
    """The name, once it has had time to arrive: leaving its field and pressing the button are one click."""
    before, end = typed.get(NAME, ""), time.monotonic() + SETTLE_SECONDS
    while typed.get(NAME, "") == before and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return typed.get(NAME, "")


def sources(lesson: Lesson, dataset: Dataset, held: Mapping[Study, Shown]) -> list[Source]:
    """The runs of a lesson's steps that have come to their end, in their order."""
    found = (source(study.on(dataset.name), dataset, held) for study in studies(lesson))
    return [each for each in found if each is not None]


def source(study: Study, dataset: Dataset, held: Mapping[Study, Shown]) -> Source | None:
    """Where the numbers of a study are, if it has been trained to its end here."""
    shown = held.get(study)
    live = shown.run() if shown is not None else None
    if live is not None and live.whole:
        return Source(live, None)
    try:
        entry = HISTORY.read(reading.begun, stored.owner(), key_of(study, dataset.sha256))
    except StoreError:
        return None
    return Source(None, entry) if entry is not None and entry.deleted_at is None else None


def file_of(lesson: Lesson, answers: Answers, found: list[Source], typed: Mapping[str, str], lab: str) -> bytes:
    """The file; where it cannot be made, the sentence about that is what it says."""
    rows = [each for each in (source.finished() for source in found) if each is not None]
    runs: list[Run] = [unkept(each, place) for place, each in enumerate(rows, 1)]
    try:
        return handin.write(lesson, answers, runs, settled(typed), lab)
    except handin.HandinError as error:
        return f"{error}\n".encode()
