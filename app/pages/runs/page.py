"""Runs: what this browser has trained, found again, opened as it was, named, compared and deleted."""

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.kit import address, brought, controls, page, session, stored, takeaway, underway
from app.kit.text import WORDS, literal, plain, spoken
from app.live.history import HISTORY
from app.pages.runs import charts, link, panel, words
from app.pages.runs.link import PART, Look
from spncore.kept.runs import holding
from spncore.record import ExperimentError
from spncore.runs.study import Study
from spncore.store import StoreError, changes, reading
from spncore.store.rows import Entry
from spncore.studies.history import study_of
from spncore.words import counted

LOOKS = address.Looks("runs", Look)
PICKED = "runs_picked"  # under which the session keeps which runs are ticked: numbers of entries, and their keys
DELETED = "runs_deleted"  # and the numbers of those it deleted last, which can be brought back
REFUSED = "runs_refused"  # and why the last change was refused
FEWEST, MOST = 2, 6  # runs that are compared


def look(**chosen: Any) -> None:
    """Show another part of the list, or one run; to be called before the page is drawn."""
    for name, value in chosen.items():
        LOOKS.choose(name, value)
    controls.show("runs", chosen)


def picked() -> dict[int, str]:
    """The runs that are ticked, on whichever part of the list."""
    found: dict[int, str] = st.session_state.setdefault(PICKED, {})
    return found


def pick(number: int, key: str) -> None:
    """Take a run among those that are ticked, or out of them."""
    if st.session_state[f"runs_pick_{number}"]:
        picked()[number] = key
    else:
        picked().pop(number, None)


def clear() -> None:
    """Untick all runs."""
    st.session_state.update({f"runs_pick_{number}": False for number in picked()})
    picked().clear()


def delete(numbers: Iterable[int]) -> None:
    """Delete runs, which can be taken back for a day."""
    gone = [*numbers]
    if changed(changes.remove, gone):
        st.session_state[DELETED] = gone
        for number in gone:
            picked().pop(number, None)
        look(run="", part=1)


def restore(numbers: Iterable[int]) -> None:
    """Bring deleted runs back."""
    if changed(changes.restore, [*numbers]):
        st.session_state.pop(DELETED, None)


def changed(change: Any, numbers: list[int]) -> bool:
    """Whether the list was changed; where not, why is said on the page."""
    try:
        HISTORY.write(change, stored.owner(), numbers)
    except StoreError as error:
        st.session_state[REFUSED] = str(error)
        return False
    return True


def when(at: float) -> str:
    """A time as the reader's clock has it."""
    return words.when(at, st.context.timezone_offset)


def said_once() -> None:
    """What was deleted last with the way back, and why the last change was refused."""
    page.refused(st.session_state.pop(REFUSED, None))
    gone = st.session_state.get(DELETED)
    if gone:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(WORDS["runs_deleted"].format(runs=counted(len(gone), "run")), width="content")
            st.button(WORDS["runs_undo"], key="runs_undo", icon=":material/undo:", on_click=restore, args=(gone,))


def lasting() -> None:
    """That lists end with the server, where they do, and what to do about it."""
    if not HISTORY.store.lasts or HISTORY.fault:
        why = HISTORY.fault or WORDS["runs_memory_asked"]
        st.warning(literal(WORDS["runs_in_memory"].format(why=why)), icon=":material/database:")


def narrowing() -> None:
    """What of the list is shown, and in which order; all but the search is folded away until it says something."""
    owner, now, first = stored.owner(), LOOKS.now, {"on_change": look, "kwargs": {"part": 1}}
    LOOKS.draw("words", kind="text_input", max_chars=link.WORDS_CHARACTERS, help=WORDS["runs_words_help"], **first)
    folded = st.expander(WORDS["runs_narrow"], now.narrowed or bool(now.group), icon=":material/tune:")
    with folded:
        columns = [*st.columns(2), *st.columns(2)]
    with columns[0]:
        LOOKS.draw("order", kind="selectbox", words=words.order, **first)
    with columns[1]:
        LOOKS.draw("group", kind="selectbox", options=("", *link.GROUPS), words=words.group_choice, **first)
    tags, datasets = HISTORY.read(reading.tags, owner), HISTORY.read(reading.datasets, owner)
    lists = {"data": datasets, "tag": {tag: tag for tag in tags}}
    for column, (name, known) in zip(columns[2:], lists.items(), strict=True):
        chosen = getattr(now, name)
        if len(known) > (name == "data") or chosen:
            titles = {"": WORDS["runs_any"], **{each: plain(title) for each, title in known.items()}}
            titles.setdefault(chosen, plain(chosen))
            with column:
                LOOKS.draw(name, kind="selectbox", options=[*titles], words=partial(titled, titles), **first)
    with folded:
        LOOKS.draw("named", **first)


def titled(titles: Mapping[str, str], name: str) -> str:
    """What a choice is called, also one that is gone."""
    return titles.get(name, plain(name))


def acting() -> None:
    """What can be done with the runs that are ticked."""
    ticked = picked()
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            WORDS["runs_compare"].format(number=len(ticked)),
            key="runs_compare",
            type="primary" if FEWEST <= len(ticked) <= MOST else "secondary",
            disabled=not FEWEST <= len(ticked) <= MOST,
            icon=":material/show_chart:",
            help=WORDS["runs_compare_help"],
        )
        if st.button(WORDS["bring"], key="runs_bring", icon=":material/folder_open:"):
            brought.bring_dialog()
        if ticked:
            if st.button(WORDS["take"], key="runs_take", icon=":material/download:"):
                chosen = HISTORY.read(reading.own, stored.owner(), [*ticked])
                takeaway.take_dialog(chosen, page.page_address(urlencode(LOOKS.said())))
            number = WORDS["runs_delete_some"].format(number=len(ticked))
            st.button(number, key="runs_delete_some", icon=":material/backspace:", on_click=delete, args=([*ticked],))
            st.button(WORDS["runs_clear"], key="runs_clear", icon=":material/close:", on_click=clear)
    if pressed:
        runs = ",".join(key[: stored.DIGITS] for key in ticked.values())
        st.switch_page("pages/compare/page.py", query_params={"runs": runs})


def study_in(entry: Entry) -> Study | None:
    """The study of an entry; None where a release that knew more has written it."""
    try:
        return study_of(entry.settings)
    except ExperimentError:
        return None


def row(entry: Entry, facts: str, title: str) -> None:
    """A run in the list: a box to tick it, its title to open it, what is to be seen of it."""
    name = literal(title)
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        st.session_state.setdefault(f"runs_pick_{entry.id}", entry.id in picked())
        st.checkbox(
            WORDS["runs_pick"].format(name=spoken(title)),
            key=f"runs_pick_{entry.id}",
            label_visibility="collapsed",
            on_change=pick,
            args=(entry.id, entry.study),
        )
        with st.container(gap="xxsmall", width="stretch"):
            opens = {"run": stored.short(entry)}
            st.button(f"**{name}**", key=f"runs_open_{entry.id}", type="tertiary", on_click=look, kwargs=opens)
            st.html(facts)


def line_of(entry: Entry, study: Study) -> str:
    """The small picture of a run."""
    said = entry.summary
    return charts.sparkline(said["at"], said["line"], f"L={study.depths[-1]}", page.theme())


def each_run() -> tuple[int, int, str]:
    """A row for every run; how many there are here, and of what how many in all."""
    found = HISTORY.read(reading.part, LOOKS.now.query(stored.owner()))
    for entry in found.entries:
        study = study_in(entry)
        if study is None:
            st.caption(literal(WORDS["runs_later"].format(name=entry.name or stored.short(entry))))
        else:
            row(
                entry, words.facts(entry, study, line_of(entry, study), when(entry.made_at)), stored.title(entry, study)
            )
    return len(found.entries), found.total, "run"


def together() -> tuple[int, int, str]:
    """A row for all runs that differ in their seeds alone, under what they have of the setting that is chosen."""
    now, owner = LOOKS.now, stored.owner()
    query = now.query(owner)
    folds = HISTORY.read(reading.folds, query, now.by, now.by_number)
    newest = {entry.id: entry for entry in HISTORY.read(reading.own, owner, [fold.newest for fold in folds])}
    ends = HISTORY.read(reading.ends, query, [fold.fold for fold in folds])
    heading = None
    for fold in folds:
        entry = newest.get(fold.newest)
        study = study_in(entry) if entry else None
        if entry is None or study is None:
            continue
        said = words.group(study, now.group) if now.by else None
        if said != heading:
            st.markdown(f"**{literal(said or '')}**")
        heading = said
        title = stored.title(entry, study) if fold.studies == 1 else words.without_seeds(study)
        row(entry, words.fold_facts(entry, study, fold, ends.get(fold.fold, {}), line_of(entry, study)), title)
        if fold.studies > 1:
            only = fold.fold[: stored.DIGITS]
            st.button(
                WORDS["runs_fold"].format(runs=counted(fold.studies, "run")),
                key=f"runs_fold_{only}",
                type="tertiary",
                icon=":material/list:",
                on_click=look,
                kwargs={"group": "", "fold": only, "part": 1},
            )
    return len(folds), HISTORY.read(reading.count_folds, query), "setting"


def listed() -> None:
    """The list, a part at a time."""
    narrowing()
    acting()
    now = LOOKS.now
    heading = st.container()
    here, total, what = together() if now.group else each_run()
    if not here and now.part > 1:  # a part that is not there any more, or never was
        LOOKS.choose("part", max(1, -(-total // PART)))
        st.rerun()
    first = (now.part - 1) * PART
    with heading:
        if total:
            st.header(words.part(first, here, total, what), anchor=False)
        else:
            st.info(WORDS["runs_none" if now.narrowed else "runs_empty"], icon=":material/info:")
        if now.narrowed:
            plainly = {"words": "", "data": "", "tag": "", "named": False, "fold": "", "part": 1}
            st.button(WORDS["runs_all"], key="runs_all", icon=":material/close:", on_click=look, kwargs=plainly)
    turning(first, here, total)
    deleted()


def deleted() -> None:
    """Runs that were deleted within the last day, and the way back for each."""
    gone = HISTORY.read(reading.entries, reading.Query(stored.owner(), deleted=True, most=PART))
    gone = [entry for entry in gone if (entry.deleted_at or 0.0) > time.time() - changes.UNDO_SECONDS]
    if not gone:
        return
    with st.expander(WORDS["runs_deleted_today"].format(runs=counted(len(gone), "run")), icon=":material/backspace:"):
        for entry in gone:
            study = study_in(entry)
            name = plain(stored.title(entry, study) if study else entry.name or stored.short(entry))
            label = WORDS["runs_bring_back"].format(name=literal(name))
            st.button(label, key=f"runs_back_{entry.id}", icon=":material/undo:", on_click=restore, args=([entry.id],))


def turning(first: int, here: int, total: int) -> None:
    """To the parts of the list before and after."""
    if not first and here >= total:
        return
    now = LOOKS.now.part
    with st.container(horizontal=True):
        for key, to, possible in (("before", now - 1, first > 0), ("after", now + 1, first + here < total)):
            words_of = WORDS[f"runs_{key}"]
            st.button(words_of, key=f"runs_{key}", disabled=not possible, on_click=look, kwargs={"part": to})


def one() -> None:
    """The run that the address names, or why there is none to be seen."""
    st.button(WORDS["runs_back"], key="runs_back", icon=":material/chevron_left:", on_click=look, kwargs={"run": ""})
    entry = stored.named(LOOKS.now.run)
    if entry is None:
        page.titled(WORDS["runs"])
        st.warning(WORDS["runs_not_here"], icon=":material/link_off:")
        return
    if entry.deleted_at is not None:
        page.titled(WORDS["runs"])
        st.warning(WORDS["runs_was_deleted"], icon=":material/backspace:")
        st.button(WORDS["runs_undo"], key="runs_undo_one", icon=":material/undo:", on_click=restore, args=([entry.id],))
        return
    run = stored.opened(entry)
    page.titled(literal(plain(stored.title(entry, run.study))))
    asked = panel.buttons(run, partial(delete, [entry.id]))
    panel.show(run, when(entry.made_at))
    panel.recompute(run, partial(holding, HISTORY.store, entry), asked)


LOOKS.opened()
try:
    if LOOKS.now.run:
        one()
    else:
        page.introduced(WORDS["runs"], "runs")
        page.refusals(LOOKS.refused)
        lasting()
        said_once()
        found = brought.held()
        if found is not None:
            panel.of_file(found, when)
        else:
            underway.show()
            listed()
except stored.REFUSED as error:
    page.refused(error)
session.say()
address.write(looks=LOOKS)
