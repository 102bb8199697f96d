"""What the page's buttons open: the link, the files to take away, how to read the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.kit import run_files, session
from app.kit.files import file_name
from app.kit.link import LAB
from app.kit.session import Shown
from app.kit.text import WORDS, page_text
from spncore.data.dataset import is_upload
from spncore.runs.study import Study


def answer(asked: Any) -> None:
    """Do what was pressed in the lab view: pin its run, or open the link."""
    if asked.pin:
        session.pin()
        st.rerun()
    if asked.share:
        share_dialog()


@st.dialog(WORDS["share"])
def share_dialog() -> None:
    """The link to the controls' study, to be copied."""
    study = session.study()
    st.markdown(WORDS["share_intro"])
    projector = st.toggle(WORDS["projector"], key="share_projector")
    st.code(link_to(study) + ("&view=projector" if projector else ""), language=None, wrap_lines=True)
    if session.is_stale():
        st.info(WORDS["share_stale"])
    if is_upload(study.experiment.dataset):
        st.info(WORDS["share_upload"])


@st.dialog(WORDS["export"])
def export_dialog() -> None:
    """The run on screen as files; each is made when its button is pressed."""
    shown = session.shown()
    run = shown.run() if shown else None
    if shown is None or run is None:
        st.warning(WORDS["gone"])
        return
    st.markdown(WORDS["export_intro"])
    if run.state in ("queued", "running"):
        st.info(WORDS["export_running"])
    link = link_to(shown.study)
    for kind, (suffix, mime, make) in FILES.items():
        st.download_button(
            WORDS[kind],
            data=_maker(make, shown, link),
            file_name=file_name(f"{shown.dataset.title} {kind.removeprefix('export_')}", suffix),
            mime=mime,
            key=kind,
            help=WORDS[f"{kind}_help"],
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


@st.dialog(WORDS["help_title"], width="large")
def help_dialog() -> None:
    """How to read the page."""
    st.markdown(page_text("lab"))


def link_to(study: Study) -> str:
    """The whole address that reopens a study."""
    page = (st.context.url or "").split("?")[0]
    return f"{page}?{LAB.query_string(study)}"


def _curves(shown: Shown, link: str) -> str:
    return run_files.curves_csv(shown.study, shown.dataset, shown.traces(), link)


def _components(shown: Shown, link: str) -> str:
    return run_files.components_csv(shown.study, shown.dataset, shown.traces(), link)


def _result(shown: Shown, link: str) -> str:
    return run_files.result_json(shown.study, shown.dataset, shown.traces(), link)


def _script(shown: Shown, link: str) -> str:
    return run_files.script(shown.study, shown.dataset, link)


FILES: dict[str, tuple[str, str, Callable[[Shown, str], str]]] = {
    "export_csv": ("csv", "text/csv", _curves),
    "export_components": ("csv", "text/csv", _components),
    "export_json": ("json", "application/json", _result),
    "export_script": ("py", "text/x-python", _script),
}


def _maker(make: Callable[[Shown, str], str], shown: Shown, link: str) -> Callable[[], str]:
    return lambda: make(shown, link)
