"""One run of the list, opened as it is stored: its headline, its curves, and what can be done with it."""

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from app.kit import brought, data, page, progress, session, stored, takeaway
from app.kit.brought import Brought
from app.kit.stored import Stored
from app.kit.text import WORDS, literal, plain
from app.kit.uploads import Upload
from app.live.history import HISTORY
from app.pages.runs import charts, words
from spncore.data.dataset import is_upload
from spncore.files.provenance import ENGINE
from spncore.kept.runs import Holding, Proof, holding_of, proved
from spncore.store import StoreError, changes
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
        asked = train_again(run)
        if st.button(WORDS["take"], key="runs_take_one", icon=":material/download:"):
            takeaway.take_dialog([entry], page.page_address(urlencode({"run": stored.short(entry)})))
        if st.button(WORDS["runs_describe"], key="runs_describe_one", icon=":material/notes:"):
            describe(entry)
        st.button(WORDS["runs_delete"], key="runs_delete_one", icon=":material/backspace:", on_click=delete)
    return asked


def train_again(run: Stored) -> bool:
    """The ways to have a run trained again: on its page, or to compare; whether that was pressed."""
    target, query = stored.retrained_by(run.study)
    label = WORDS["runs_open_circuits" if run.study.deep else "runs_open_lab"]
    st.page_link(target, label=label, icon=":material/science:", query_params=query)
    return st.button(
        WORDS["runs_recompute"],
        key="runs_recompute_now",
        icon=":material/refresh:",
        help=WORDS["runs_recompute_help"],
        disabled=run.dataset is None,
    )


def of_file(found: Brought, when: Callable[[float], str]) -> None:
    """The runs of a file, one at a time, as it says."""
    brought.about(found)
    runs = [Stored(run) for run in found.bundle.runs]
    names = [f"{run.entry.id}: {plain(stored.title(run.entry, run.study))}" for run in runs]
    place = st.selectbox(WORDS["brought_choose"], range(len(runs)), format_func=names.__getitem__, key="brought_run")
    if place is None:
        return
    run = runs[place]
    if run.dataset is None:
        missing_rows(run.entry)
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = train_again(run)
    show(run, when(run.entry.made_at))
    recompute(run, partial(holding_of, run.run), asked)


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


def elsewhere(run: Stored, other: Mapping[str, str]) -> str:
    """That a run was made by another computer or release, and in what that is another one."""
    said = [f"{name} {run.made_by.get(name, 'unknown')} then, {now} here" for name, now in other.items()]
    engine = [f"engine {run.entry.engine} then, {ENGINE} here"] if run.entry.engine != ENGINE else []
    return WORDS["runs_elsewhere"].format(what="; ".join([*engine, *said]))


def recompute(run: Stored, look: Callable[[], Holding], asked: bool) -> None:
    """Train it again where that was `asked` for, show how far that is, and say whether every number came back.

    `look` gives all that is kept of it, once that is needed.
    """
    if not asked and JOB not in st.session_state:
        return
    kept = look()
    content = [(key, llh.tobytes()) for key, llh in kept.llh.items()]
    key = progress.key_of("recompute", run.entry.study, run.entry.summary, kept.rows, content)
    if asked and run.dataset is not None and progress.start(key, proved, kept, run.dataset, unit="curves"):
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
