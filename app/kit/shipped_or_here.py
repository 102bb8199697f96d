"""What the evidence pages share: where the numbers come from, runs made here, charts with words and data, links."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.kit import files, progress, uploads
from app.kit.files import file_name
from app.kit.link import LAB
from app.kit.text import literal
from app.live.jobs import JOBS, Job, JobRefused
from spncore.data.library import DATASETS, DataError, Dataset
from spncore.files.provenance import made_by
from spncore.plots.drawing import CONFIG
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from spncore.studies import shipped
from spncore.studies.cells import Runs
from spncore.studies.shipped import Data, FirstSteps, Shipped
from spncore.sweep import Cell, Outcome

TEXT_PIXELS = 760  # lines that the eye can follow
SHIPPED, HERE = "shipped", "made here"
Made = tuple[dict[Cell, Outcome], dict[Experiment, FirstSteps]]
Work = Callable[[Job, Dataset, Runs], Made]


@dataclass(frozen=True)
class Evidence:
    """Results to show, the rows and seeds they belong to, and where they come from, in a sentence."""

    runs: Runs
    results: Mapping[Cell, Outcome]
    first_steps: Mapping[Experiment, FirstSteps]
    data: Data
    words: str
    is_shipped: bool


def mode() -> str:
    """Light or dark, as the page is shown."""
    return "dark" if st.context.theme.type == "dark" else "light"


def at_hand(name: str) -> Dataset | None:
    """A data set that needs no download, or the stand-in that ships; None where there is neither."""
    for candidate in (name, uploads.FALLBACK.get(name)):
        try:
            found = uploads.find(candidate, {}) if candidate else None
        except DataError:
            found = None
        if found is not None:
            return found
    return None


def choose(page: str, book: Shipped, own: Runs, seeds: int, work: Work, cost: str, what: str = "") -> Evidence:
    """Let the reader choose shipped results or runs made here; until those are done the shipped ones are shown.

    `what` tells one computation of a page from another; `cost` says how long it takes.
    """
    data = book.data[own.dataset]
    whole = Evidence(own, book.results, book.first_steps, data, _shipped_words(book, data, own), True)
    source = st.segmented_control(
        "Numbers",
        [SHIPPED, HERE],
        default=SHIPPED,
        required=True,
        key=f"{page}_source",
        help="Shipped: results that come with the lab. Made here: the same runs with other seeds, on this server.",
    )
    if source != HERE:
        return whole
    dataset = at_hand(own.dataset)
    if dataset is None:
        st.warning(f"{DATASETS[own.dataset].title} is not on this computer; the shipped results are shown.")
        return whole
    runs = Runs(dataset.name, seeds, own.seed + own.num_seeds)
    made = _made_here(page, dataset, runs, work, cost, what)
    if made is None:
        return whole
    steps, words = made[1], _own_words(dataset, runs)
    return Evidence(runs, made[0], steps, shipped.registered(dataset.name), words, False)


def provenance(shown: Evidence) -> None:
    """One line under the title: data, seeds, and where the numbers were made."""
    st.caption(f":material/database: {literal(shown.words)}")
    if shown.data.synthetic:
        st.info(
            "These runs are on synthetic rows that stand in for NLTCS. The published curves belong to the real rows, "
            "so they are drawn for their shape, not for a comparison of numbers.",
            icon=":material/info:",
        )


def chart(
    figure: go.Figure,
    words: str,
    key: str,
    columns: Sequence[str],
    rows: Callable[[], Sequence[Sequence[Any]]],
    remarks: Sequence[str] = (),
) -> None:
    """A chart under its title, what it shows in words made from its numbers, and its data to take away."""
    title = str(figure.layout.meta)
    st.markdown(f"**{literal(title)}**")
    st.plotly_chart(figure, key=key, config=CONFIG, alt=f"{title}. {words}")
    st.markdown(literal(words))
    st.download_button(
        "Data (CSV)",
        lambda: table(columns, rows(), [title, *remarks]),
        file_name(title, "csv"),
        "text/csv",
        key=f"{key}_csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], remarks: Sequence[str]) -> str:
    """A CSV file whose remarks end with what wrote it."""
    return files.table(columns, rows, [*remarks, f"written by {made_by()}"])


def lab_link(label: str, experiment: Experiment, depths: tuple[int, ...], key: str) -> None:
    """A link that opens the lab with a setting, in a tab of its own so that the place in the text is kept."""
    study = Study(experiment, depths)
    st.link_button(label, f"./?{LAB.query_string(study)}", key=key, icon=":material/science:")


def paragraphs(text: str) -> dict[str, str]:
    """The parts of a page's Markdown text by their second-level headings; the part before the first is ''."""
    parts = ("\n" + text).split("\n## ")
    named = {part.split("\n", 1)[0].strip(): part.split("\n", 1)[-1].strip() for part in parts[1:]}
    return {"": parts[0].strip(), **named}


def _made_here(page: str, dataset: Dataset, runs: Runs, work: Work, cost: str, what: str) -> Made | None:
    key = hashlib.sha256(f"{page} {what} {runs!r} {dataset.sha256}".encode()).hexdigest()
    job = JOBS.get(key)
    if job is not None and job.state in ("queued", "running"):
        progress.show_progress(key)
        return None
    if job is not None and job.state == "done":
        made: Made = job.result
        return made
    if job is not None and job.state == "failed":
        st.error(literal(job.reason or ""), icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Run", key=f"{page}_run", type="primary", icon=":material/play_arrow:"):
            try:
                JOBS.start(key, lambda job: work(job, dataset, runs), progress.watcher())
                st.rerun()
            except JobRefused as refusal:
                st.warning(str(refusal))
        st.caption(
            f"{literal(dataset.title)}, seeds {_seed_words(runs)}; {cost}. It runs in the background; what is known is "
            "kept. Until then you see the shipped results."
        )
    return None


def _shipped_words(book: Shipped, data: Data, runs: Runs) -> str:
    return (
        f"Shipped with the lab: measured on {data.title}, seeds {_seed_words(runs)}, by “{book.script}” with "
        f"{book.made_by}. Rows: SHA-256 {data.sha256[:12]}…"
    )


def _own_words(dataset: Dataset, runs: Runs) -> str:
    return f"Made on this server: {dataset.title}, seeds {_seed_words(runs)}. Rows: SHA-256 {dataset.sha256[:12]}…"


def _seed_words(runs: Runs) -> str:
    return f"{runs.seed} to {runs.seed + runs.num_seeds - 1}"
