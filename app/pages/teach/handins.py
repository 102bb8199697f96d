"""The hand-ins of a class: many files opened at once, their runs verified in the background, the class as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from app.kit import data, page, progress, stored
from app.kit.handin import HandinError
from app.kit.lessons import lessons
from app.kit.text import WORDS, literal, plain
from app.live.limits import server_limits
from app.pages.teach import pile
from app.pages.teach.pile import ANSWERS, CLASS, Asked, Opened
from spncore.files import export
from spncore.kept.verifying import Verdict, verified
from spncore.limits import LIMITS
from spncore.words import counted

PILE, REFUSED, ROUND = "teach_pile", "teach_refused", "teach_round"
VERDICTS, JOB = "teach_verdicts", "teach_verify_job"


def section() -> None:
    """Open files, verify their runs, and see the class."""
    with st.container(key="teach_handins"):
        st.header(WORDS["handins"], divider="gray", anchor=False)
        page.prose(WORDS["handins_intro"])
        if data.needs_own_tab():
            return
        choose()
        for sentence in st.session_state.get(REFUSED, []):
            page.refused(sentence)
        opened = held()
        if opened:
            verify(opened)
            show(opened)


def held() -> list[Opened]:
    """The files that are open."""
    found: list[Opened] = st.session_state.setdefault(PILE, [])
    return found


def verdicts() -> dict[str, Verdict]:
    """What is known of runs by their content."""
    found: dict[str, Verdict] = st.session_state.setdefault(VERDICTS, {})
    return found


def choose() -> None:
    """Take files; each is read or refused, and Streamlit's own copies of them are let go of."""
    number = st.session_state.setdefault(ROUND, 0)
    most = server_limits().handins_per_session
    limit = WORDS["handins_limit"].format(size=f"{LIMITS.handin_bytes / 1e6:g}", most=most)
    look: dict[str, Any] = {"accept_multiple_files": True, "max_upload_size": LIMITS.handin_bytes // 10**6}
    files = st.file_uploader(WORDS["handins_label"], key=f"teach_files_{number}", **look)
    st.caption(limit)
    if files:
        st.session_state[REFUSED] = taken([(file.name, file.getvalue()) for file in files])
        st.session_state[ROUND] = number + 1
        st.rerun()


def taken(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """Put files on the pile; a sentence for each that is refused."""
    opened, refused = held(), []
    for name, content in files:
        try:
            opened.append(pile.added(opened, name, content, lessons()))
        except HandinError as error:
            refused.append(WORDS["handins_refused"].format(file=plain(name), why=error))
    return refused


def close() -> None:
    """Close all files."""
    for key in (PILE, REFUSED, VERDICTS):
        st.session_state.pop(key, None)
    progress.leave(JOB)


def verify(opened: Sequence[Opened]) -> None:
    """Have what is not verified trained again where that is asked for, and take what that found."""
    asked = pile.pending(opened, verdicts(), stored.rows_of)
    slot = st.container(horizontal=True, vertical_alignment="center")
    with slot:
        pressed = st.button(
            WORDS["handins_verify"],
            key="teach_verify",
            type="primary",
            icon=":material/refresh:",
            help=WORDS["handins_verify_help"],
            disabled=not asked.work or progress.under_way(st.session_state.get(JOB)),
        )
        st.button(WORDS["handins_close"], key="teach_close", icon=":material/close:", on_click=close)
    if pressed:
        key = progress.key_of("hand-ins", asked.keys)
        if progress.start(key, verified, asked.work, unit="curves"):
            st.session_state[JOB] = key
            st.session_state[f"{JOB}_asked"] = asked.keys
    follow(asked)
    st.caption(WORDS["handins_honest"])


def follow(asked: Asked) -> None:
    """How far the verification is; what it has found is kept and the page drawn anew."""
    key = st.session_state.get(JOB)
    said = {"runs": counted(len(asked.work), "run"), "files": counted(asked.files, "file")}
    state, found = progress.follow(key, WORDS["handins_verifying"].format(**said))
    if state == "cancelled":
        st.info(WORDS["handins_stopped"], icon=":material/pause:")
    if found is not None:
        st.session_state.pop(JOB)
        keys = st.session_state.pop(f"{JOB}_asked")
        for names, judged in zip(keys, found, strict=True):
            verdicts().update(zip(names, judged, strict=True))
        st.rerun()


def show(opened: Sequence[Opened]) -> None:
    """The class, a row for each file, and each question with its answers."""
    rows = [pile.row(each, verdicts(), stored.rows_of) for each in opened]
    page.table(pile.columns(CLASS), [[literal(row[name]) for name in CLASS] for row in rows])
    with st.container(horizontal=True):
        table_button("class", CLASS, rows)
        table_button("answers", ANSWERS, pile.answers(opened))
    for lesson in pile.lessons_of(opened):
        st.subheader(literal(f"{WORDS['handins_tally']}: {lesson.title}"), anchor=False)
        found = [[literal(cell) for cell in row] for row in pile.tally(lesson, opened)]
        page.table(pile.columns(("step", "question", "answer", "is_right", "given")), found)


def table_button(which: str, names: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """A button that hands out a table of the class."""
    label, remarks = WORDS[f"handins_{which}_csv"], export.signed(WORDS["handins"])
    page.download(label, label, pile.columns(names), partial(pile.cells, rows, names), remarks, f"teach_{which}_csv")
