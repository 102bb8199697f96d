"""One run of the list, opened as it is stored: its headline, its curves, and what can be done with it."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from app.kit import data, page, progress, session, stored, takeaway
from app.kit.stored import Stored
from app.kit.text import WORDS, literal, plain
from app.kit.uploads import Upload
from app.live.history import HISTORY
from app.pages.runs import charts, words
from app.pages.runs.recompute import digest, recomputed
from spncore.data.dataset import is_upload
from spncore.files.provenance import ENGINE
from spncore.kept.runs import Proof
from spncore.store import StoreError, changes, reading
from spncore.store.rows import Entry
from spncore.studies.history import explained
from spncore.words import counted

JOB = "runs_recompute"  # under which the session keeps the job that it waits for


def buttons(run: Stored, delete: Callable[[], None]) -> bool:
    """What can be done with a run; whether it is to be trained again and compared with what is kept."""
    entry = run.entry
    if run.dataset is None:
        missing_rows(entry)
    with st.container(horizontal=True, vertical_alignment="center"):
        target, query = stored.retrained_by(run.study)
        label = WORDS["runs_open_circuits" if run.study.deep else "runs_open_lab"]
        st.page_link(target, label=label, icon=":material/science:", query_params=query)
        asked = st.button(
            WORDS["runs_recompute"],
            key="runs_recompute_now",
            icon=":material/refresh:",
            help=WORDS["runs_recompute_help"],
            disabled=run.dataset is None,
        )
        if st.button(WORDS["runs_describe"], key="runs_describe_one", icon=":material/notes:"):
            describe(entry)
        st.button(WORDS["runs_delete"], key="runs_delete_one", icon=":material/backspace:", on_click=delete)
    return asked


@st.dialog(WORDS["runs_describe"])
def describe(entry: Entry) -> None:
    """A run's name, its note and its tags."""
    with st.form("runs_describe", border=False):
        name = st.text_input(WORDS["runs_name"], entry.name or "", max_chars=changes.NAME_CHARACTERS)
        note = st.text_area(WORDS["runs_note"], entry.note, max_chars=changes.NOTE_CHARACTERS)
        tags = st.text_input(WORDS["runs_tags"], ", ".join(entry.tags), help=WORDS["runs_tags_help"])
        pressed = st.form_submit_button(WORDS["runs_save"], type="primary")
    if pressed:
        refused = described(entry, name, note, tags)
        page.refused(refused)
        if refused is None:
            st.rerun()


def described(entry: Entry, name: str, note: str, tags: str) -> StoreError | None:
    """Give a run another name, note and tags, with commas between them; why that was refused, if it was."""
    try:
        HISTORY.write(changes.describe, stored.owner(), entry.id, name, note, tags.split(","))
    except StoreError as error:
        return error
    return None


def show(run: Stored, when: str) -> None:
    """A run that is in the list: what it is, what it shows, what is known of it."""
    entry, told = run.entry, run.told()
    about = [plain(entry.title), *words.shape(run.study), counted(entry.num_rows, "row"), when]
    st.caption(literal(" · ".join(about)))
    st.markdown(f"**{literal(told.headline)}**")
    st.markdown(literal(told.details))
    if run.study.experiment.objective != "generative":
        st.caption(WORDS["runs_llh_only"])
    figure = charts.figure(run, WORDS["runs_chart"], page.theme())
    said = "; ".join(f"{name}: {text}" for name, text in _ends(run))
    rows, remarks = partial(charts.rows, run), [stored.own_settings(run.study)]
    page.chart(figure, said, "runs_curves", charts.CURVE_COLUMNS, rows, remarks)
    query = urlencode(stored.retrained_by(run.study)[1], safe=",:")
    link = page.page_address(query, "circuits" if run.study.deep else "")
    takeaway.buttons([entry], stored.title(entry, run.study), link, "runs_take")
    _notes(run)


def _ends(run: Stored) -> list[tuple[str, str]]:
    at, iterations = words.target(run.entry), run.study.experiment.iterations
    return [words.curve(each, iterations, at) for each in run.entry.summary["curves"]]


def _notes(run: Stored) -> None:
    """What somebody wrote of it, what it differs in, and where it was made."""
    entry = run.entry
    if entry.note:
        st.text(entry.note)
    if entry.tags:
        st.caption(literal(f"{WORDS['runs_tags']}: {', '.join(entry.tags)}"))
    st.markdown(literal(WORDS["runs_settings"].format(settings=stored.own_settings(run.study))))
    other = explained(run.made_by)
    if other or entry.engine != ENGINE:
        st.info(literal(elsewhere(run, other)), icon=":material/info:")


def elsewhere(run: Stored, other: dict[str, str]) -> str:
    """That a run was made by another computer or release, and in what that is another one."""
    said = [f"{name} {run.made_by.get(name, 'unknown')} then, {now} here" for name, now in other.items()]
    engine = [f"engine {run.entry.engine} then, {ENGINE} here"] if run.entry.engine != ENGINE else []
    return WORDS["runs_elsewhere"].format(what="; ".join([*engine, *said]))


def recompute(run: Stored, asked: bool) -> None:
    """Train it again where that was `asked` for, show how far that is, and say whether all that is stored came back."""
    if not asked and JOB not in st.session_state:
        return
    rows, kept = HISTORY.read(reading.results, [run.entry.study])[run.entry.study], run.by_seed()
    key = progress.key_of("recompute", ENGINE, digest(run.entry, rows, kept))
    if asked and run.dataset is not None:
        if progress.start(key, recomputed, run.entry, rows, kept, run.dataset, unit="curves"):
            st.session_state[JOB] = key
    if st.session_state.get(JOB) != key:
        return
    state, found = progress.follow(key, WORDS["runs_recomputing"])
    if state == "cancelled":
        st.info(WORDS["runs_recompute_stopped"], icon=":material/pause:")
    if isinstance(found, Proof):
        said = literal(" ".join(found.sentences))
        if found.same:
            st.success(said, icon=":material/check_circle:")
        else:
            st.warning(said, icon=":material/error:")


def missing_rows(entry: Entry) -> None:
    """That the rows of a run are not here, by which they are known; those of a file can be brought again."""
    name = plain(entry.title)
    about = WORDS["runs_rows"].format(
        rows=counted(entry.num_rows, "row"), columns=counted(entry.num_variables, "column"), sha256=entry.data_sha256
    )
    if is_upload(entry.dataset):
        st.info(literal(f"{WORDS['runs_file_again'].format(name=name)} {about}"), icon=":material/upload_file:")
        data.upload_button("runs_upload", _hold)
    else:
        st.info(literal(f"{WORDS['runs_not_at_hand'].format(name=name)} {about}"), icon=":material/database:")


def _hold(upload: Upload) -> None:
    session.held_uploads()[upload.name] = upload
