"""Which data is in use: said on the page, chosen in the side panel, fetched or uploaded on request."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from app.kit import address, controls, locks, page, session, uploads
from app.kit.text import WORDS, literal, page_text, plain
from app.kit.uploads import Upload
from spncore.data import library
from spncore.data.library import DATASETS, DataError, Dataset
from spncore.limits import LIMITS
from spncore.runs.experiment import FIELDS

KEY = "control_dataset"


def data_control() -> None:
    """Choose a built-in or uploaded set, or upload one; a set that is not at hand is offered to be fetched."""
    if locks.hides("dataset"):
        return
    st.session_state[KEY] = session.study().experiment.dataset
    titles = session.data_titles()
    how: dict[str, Any] = {
        "options": list(titles),
        "words": titles.__getitem__,
        "help": WORDS["data_help"],
        "on_change": _choose,
    }
    controls.draw("control", "dataset", FIELDS["dataset"], st.session_state[KEY], **how)
    missing = st.session_state["not_at_hand"]
    if missing is not None:
        st.warning(f"{DATASETS[missing].title}: {WORDS['missing_data']}", icon=":material/cloud_download:")
        if st.button(WORDS["fetch"], key="fetch_missing", width="stretch"):
            _fetch(missing)
    upload_button("upload")


def offered() -> dict[str, Any]:
    """How data is chosen where only what is at hand can be: registered sets, then the session's uploads, by title."""
    options = list(uploads.at_hand(session.held_uploads()))
    return {"options": options, "words": session.data_titles().__getitem__}


def upload_button(key: str, keep: Callable[[Upload], None] = session.keep) -> None:
    """A button that opens the window to upload a table in, unless the link locks or hides which one is used."""
    locked = "dataset" in locks.locked()
    how: dict[str, Any] = {"disabled": locked, "help": WORDS["locked_help"] if locked else None, "width": "stretch"}
    if not locks.hides("dataset") and st.button(WORDS["upload"], icon=":material/upload_file:", key=key, **how):
        upload_dialog(keep)


def data_in_use() -> None:
    """One line that names the data on screen and says whether it is synthetic; a stand-in is said to be one."""
    shown = session.shown()
    if shown is not None:
        name = session.study().experiment.dataset
        chosen = (
            "" if name == shown.study.experiment.dataset else f"; {WORDS['next_run']}: {session.data_titles()[name]}"
        )
        st.caption(f":material/database: {literal(describe(shown.dataset) + chosen)}")
    if st.session_state["instead_of"] is not None:
        st.caption(f":material/info: {WORDS['twin_instead']}")
    if st.session_state.get("fetch_problem"):
        st.error(literal(st.session_state.pop("fetch_problem")), icon=":material/cloud_off:")


def fetch_instead() -> None:
    """A button to fetch what the stand-in stands for, where there is one and the link leaves the data free."""
    instead_of = st.session_state["instead_of"]
    if instead_of is None or "dataset" in locks.locked() or locks.hides("dataset"):
        return
    if st.button(WORDS["fetch"], key="fetch_instead", icon=":material/cloud_download:"):
        _fetch(instead_of)


def describe(dataset: Dataset) -> str:
    """A data set in a line: title, kind, size."""
    # registered titles say real or synthetic themselves
    kind = "" if dataset.name in DATASETS else f" ({WORDS['uploaded']})"
    return f"{plain(dataset.title)}{kind}: {dataset.num_rows:,} rows, {dataset.num_variables} variables"


@st.dialog(WORDS["upload_title"])
def upload_dialog(keep: Callable[[Upload], None]) -> None:
    """A window to upload a table in; `keep` is given what the user decides to use."""
    upload_form(keep)


def upload_form(keep: Callable[[Upload], None] = session.keep) -> None:
    """Take a file, and report on it: what was noticed, or the one sentence that refuses it."""
    st.markdown(page_text("upload"))
    if needs_own_tab():
        return
    limits = f"At most {LIMITS.upload_bytes / 1e6:g} MB, {LIMITS.rows:,} rows, {LIMITS.columns} columns."
    file = st.file_uploader(WORDS["upload_label"], key="upload_file", help=limits)
    st.caption(f"{limits} {WORDS['upload_private']}")
    if file is None:
        return
    try:
        upload = uploads.read(file.getvalue(), file.name, session.held_uploads())
    except DataError as error:
        page.refused(error)
        st.caption(WORDS["nothing_changed"])
        return
    _report(upload)
    if st.button(WORDS["use"], type="primary", key="use_upload"):
        keep(upload)
        st.rerun()


def needs_own_tab() -> bool:
    """Whether no file gets through from this browser, which is then said: Streamlit wants a cookie that is kept from
    most frames.

    Who comes without any header is no browser but a test.
    """
    wanted = st.get_option("server.enableXsrfProtection") and st.context.headers
    if not wanted or XSRF_COOKIE_NAME in st.context.cookies:
        return False
    st.warning(WORDS["no_cookie"], icon=":material/cookie_off:")
    here = page.page_address(urlencode(address.params(), doseq=True))
    st.link_button(WORDS["own_tab"], here, icon=":material/open_in_new:", width="stretch")
    return True


def _report(upload: Upload) -> None:
    """What was found in an accepted file."""
    dataset = upload.dataset
    distinct = f"{dataset.num_distinct:,} of them distinct"
    st.success(f"{literal(describe(dataset))}, {distinct}.", icon=":material/check_circle:")
    for note in upload.notes or (WORDS["as_it_is"],):
        st.caption(f":material/chevron_right: {literal(note)}")
    st.caption("SHA-256 of the rows:")
    page.to_copy(dataset.sha256, "SHA-256")


def _choose() -> None:
    """Use the chosen set if it is at hand; otherwise nothing changes and the page offers to fetch it."""
    name = st.session_state[KEY]
    try:
        found = uploads.find(name, session.held_uploads())
    except DataError as error:
        st.session_state["problem"] = str(error)
        return
    if found is not None:
        session.choose_data(name)
    else:
        st.session_state["not_at_hand"] = name if name in DATASETS else None


def _fetch(name: str) -> None:
    """Download a registered set with a bar that moves; a failure is said in words and changes nothing."""
    bar = st.progress(0.0, text=WORDS["fetching"])

    def progress(file: str, done: int, total: int) -> None:
        bar.progress(min(1.0, done / total), text=f"{file}: {done:,} of {total:,} bytes")

    try:
        library.fetch(name, progress)
    except DataError as error:
        st.session_state["fetch_problem"] = str(error)
    else:
        session.choose_data(name)
    st.rerun()
