"""Predicting a class: objectives with a class, accuracy and log-likelihoods by depth; does depth still help?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app.kit import controls, progress, session, shipped_or_here, uploads
from app.kit.data import offered, upload_button
from app.kit.files import file_name
from app.kit.link import LAB
from app.kit.text import WORDS, literal, number, page_text, plain
from app.kit.uploads import Upload
from app.live import jobs
from app.pages.classes import charts as charts_classes
from app.pages.classes import link as classes_link
from app.pages.classes import study as classes_study
from app.pages.classes import words as classes_words
from app.pages.classes.study import CHOICES, DEFAULT, DEPTHS, MAX_ITERATIONS, MAX_SEEDS, SETUPS, Comparison
from spncore.data.dataset import is_upload
from spncore.data.library import DataError, Dataset
from spncore.plots.drawing import CONFIG
from spncore.record import ExperimentError, Field
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study

RIGHT = {"test conditional": "log p(class | rest)", "test llh": "log-likelihood", "objective": "objective"}
LEVEL = "best possible"
STATE, DATA = "classes_study", "classes_dataset"
MAIN = ("column", "objective", "hybrid_mix", "labelled_share", "setup", "depths", "learning_rate")
MORE = ("num_components", "iterations", "num_seeds", "seed")
SETTINGS = {
    **controls.SETTINGS,
    "column": replace(FIELDS["class_variable"], help="The column that is to be told."),
    "setup": Field(
        str,
        "what learns",
        "",
        "Everything: sum and leaf weights. Sum weights only: leaves stay as they were drawn.",
        choices=tuple(SETUPS),
    ),
    "num_seeds": replace(FIELDS["num_seeds"], high=MAX_SEEDS),
}


def opened(data: Collection[str]) -> Study:
    """The study of the controls; at the first visit the one in the address, on data that is at hand."""
    if STATE not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        st.session_state[STATE], st.session_state["classes_refused"] = classes_link.decode(params, data)
    study: Study = st.session_state[STATE]
    return study


def take_setup() -> None:
    """Another choice of what learns brings the numbers that suit it."""
    setup = SETUPS[st.session_state["classes_setup"]]
    names = ("num_components", "learning_rate", "iterations")
    controls.show("classes", {name: getattr(setup, name) for name in names})


def last_column() -> None:
    """Another table: its last column is the class until another is chosen."""
    st.session_state.pop("classes_column", None)


def keep(upload: Upload) -> None:
    """Hold an uploaded table and choose it."""
    session.held_uploads()[upload.name] = upload
    st.session_state["classes_uploaded"] = upload.name


def choose_data(study: Study, data: Mapping[str, Dataset]) -> Dataset:
    """Draw the choice of data; a table that was uploaded is chosen."""
    if "classes_uploaded" in st.session_state:
        st.session_state[DATA] = st.session_state.pop("classes_uploaded")
        last_column()
    how = {**offered(), "help": WORDS["data_help"], "on_change": last_column}
    name: str = controls.draw("classes", "dataset", FIELDS["dataset"], study.experiment.dataset, **how)
    upload_button("classes_upload", keep)
    return data[name]


def study_panel(before: Study, dataset: Dataset) -> Study:
    """Draw the settings; the study that they describe, or the one of before where they are refused."""
    experiment, width = before.experiment, dataset.num_variables
    setup = next(name for name, each in SETUPS.items() if each.train_components == experiment.train_components)
    own = {"setup": setup, "column": min(experiment.class_variable or width, width)}

    def made(said: Mapping[str, Any]) -> Study:
        column = said["column"]
        train = SETUPS[said["setup"]].train_components
        study = controls.study_of({**said, "class_variable": column % width, "train_components": train})
        if int(dataset.counts @ dataset.rows[:, column - 1]) in (0, dataset.num_rows):
            raise ExperimentError(f"class column: {dataset.variables[column - 1]} has one value only; choose another")
        return study

    how: dict[str, controls.Values] = {
        "column": {
            "kind": "selectbox",
            "options": range(1, width + 1),
            "words": lambda column: plain(dataset.variables[column - 1]),
        },
        "objective": {"options": CHOICES},
        "setup": {"on_change": take_setup},
        "depths": {"options": DEPTHS},
        "learning_rate": {"words": number},
        "num_components": {"kind": "number_input"},
        "iterations": {"kind": "select_slider", "options": (50, 100, 200, 300, 400, 600, 1000, MAX_ITERATIONS)},
        "num_seeds": {"kind": "number_input"},
    }
    values = {**controls.settings(before), "dataset": st.session_state[DATA], **own}
    return controls.panel("classes", values, made, MAIN, MORE, SETTINGS, how) or before


def panel() -> tuple[Study, Dataset]:
    """Draw the side panel; the study that is wanted, and its data."""
    data = uploads.at_hand(session.held_uploads())
    before = opened(data)
    with st.sidebar:
        study = st.session_state[STATE] = study_panel(before, choose_data(before, data))
        dataset = data[study.experiment.dataset]
        key = job_key(study, dataset)
        known = classes_study.result(study, key) is not None
        if st.button(
            "Run",
            key="classes_run",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=known,
            help="These settings are on screen." if known else "Trains all networks in the background.",
        ):
            start(key, study, dataset)
    return study, dataset


def job_key(study: Study, dataset: Dataset) -> str:
    """What is computed, by its content."""
    return hashlib.sha256(f"classes {study!r} {dataset.sha256}".encode()).hexdigest()


def start(key: str, study: Study, dataset: Dataset) -> None:
    """Start the job of a study, or join it."""
    try:
        rows = classes_study.rows_of(study, dataset)
        jobs.JOBS.start(key, lambda job: classes_study.compute(job, study, rows), progress.watcher())
        st.rerun()
    except (DataError, jobs.JobRefused) as refusal:
        st.warning(literal(str(refusal)))


def on_screen(study: Study, dataset: Dataset) -> Comparison:
    """The result of the controls' study where there is one; else the one before, with a word on how to get it."""
    key = job_key(study, dataset)
    found = classes_study.result(study, key)
    shown: Comparison = found or st.session_state.get("classes_shown") or classes_study.shipped()[DEFAULT]
    st.session_state["classes_shown"] = shown
    if found is None:
        waiting(jobs.JOBS.get(key))
    return shown


def waiting(job: jobs.Job | None) -> None:
    """What there is to say while the settings have no result."""
    if job is not None and not job.ended:
        progress.show_progress(job.key)
    elif job is not None and job.state == "failed":
        st.error(literal(job.reason or ""), icon=":material/error:")
    else:
        st.info(
            "The curves belong to other settings. Press Run in the side panel to train yours.", icon=":material/tune:"
        )


def provenance(shown: Comparison) -> None:
    """What is on screen, and where its numbers were made."""
    made = (
        f"Shipped with the lab, made by “{classes_study.SCRIPT}” with {shown.made_by}."
        if shown.made_by
        else ("Made on this server.")
    )
    st.caption(f":material/database: {literal(classes_words.about(shown))}. {literal(made)}")


def charts(shown: Comparison) -> None:
    """Accuracy beside a log-likelihood, with what they show in words."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        quantity = st.segmented_control(
            "right chart",
            list(RIGHT),
            default="test conditional",
            required=True,
            key="classes_right",
            label_visibility="collapsed",
            format_func=RIGHT.__getitem__,
        )
        with_control = st.toggle("L = 1 at L·η", key="classes_control", help="One layer, L times the learning rate.")
        log_iterations = st.toggle("log iterations", key="classes_log")
    best = classes_words.best_levels(shown)
    mode = shipped_or_here.mode()
    accuracy = charts_classes.accuracy(
        classes_words.lines(shown, "test accuracy", with_control), _level(best, "test accuracy"), mode, log_iterations
    )
    likelihood = charts_classes.likelihood(
        RIGHT[quantity],
        classes_words.lines(shown, quantity, with_control),
        _level(best, quantity),
        mode,
        log_iterations,
    )
    left, right = st.columns(2, gap="medium")
    for column, figure, key, title, words in (
        (left, accuracy, "accuracy", "Accuracy", classes_words.accuracy_words(shown)),
        (right, likelihood, "likelihood", RIGHT[quantity], classes_words.likelihood_words(shown, quantity)),
    ):
        with column:
            st.markdown(f"**{literal(title)}**")
            st.plotly_chart(figure, key=f"classes_{key}", config=CONFIG, alt=f"{title}. {words}")
            st.markdown(literal(words))
    st.caption(
        "Thick: test rows, with the middle half of the seeds; thin: training rows. Grey: one layer at L times the rate."
    )


def _level(best: dict[str, float], quantity: str) -> dict[str, float]:
    return {LEVEL: best[quantity]} if quantity in best else {}


def take_away(shown: Comparison) -> None:
    """Every comparison as a row; the numbers, the link, and the runs in the lab."""
    query = LAB.query_string(shown.study)
    root = (st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    link = f"{root}/classes?{query}"
    rows = [map(literal, row) for row in classes_words.table_rows(shown)]
    st.table([dict(zip(classes_words.TABLE_COLUMNS, row, strict=True)) for row in rows], hide_index=True)
    with st.container(horizontal=True):
        remarks = [classes_words.about(shown), f"link: {link}"]
        st.download_button(
            "All numbers (CSV)",
            lambda: shipped_or_here.table(classes_words.CSV_COLUMNS, classes_words.csv_rows(shown), remarks),
            file_name(f"class {shown.title}", "csv"),
            "text/csv",
            key="classes_csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.link_button("Open in the lab", f"./?{query}", icon=":material/science:")
    st.caption(
        "Link to these settings"
        + (", to be opened with the same table" if is_upload(shown.study.experiment.dataset) else "")
        + ":"
    )
    st.code(link, language=None, wrap_lines=True)


def write_address(study: Study) -> None:
    """Let the address name the settings; a first visit to the default keeps its plain address."""
    if study == DEFAULT and not st.query_params:
        return
    values = LAB.encode(study)
    if "view" in st.query_params:
        values["view"] = st.query_params["view"]
    if values != st.query_params.to_dict():
        st.query_params.from_dict(values)


text = shipped_or_here.paragraphs(page_text("classes"))
st.title("Predicting a class")
st.markdown(text[""], width=shipped_or_here.TEXT_PIXELS)
wanted, table = panel()
for sentence in st.session_state.get("classes_refused", []):
    st.warning(literal(sentence), icon=":material/link_off:")
write_address(wanted)
comparison = on_screen(wanted, table)
st.subheader(classes_words.headline(comparison), anchor=False)
st.markdown(literal(classes_words.control(comparison)))
for sentence in classes_words.stopped(comparison):
    st.warning(literal(sentence), icon=":material/error:")
charts(comparison)
provenance(comparison)
st.header("Every comparison", divider="gray")
take_away(comparison)
st.header("All objectives on the labelled clusters", divider="gray")
rows = classes_words.answer_rows(list(classes_study.shipped().values()))
st.table([dict(zip(classes_words.ANSWER_COLUMNS, row, strict=True)) for row in rows], hide_index=True)
st.caption("Who is first at 90 % of the objective's gain; seeds ahead, behind, level. Shipped with the lab.")
for heading in list(text)[1:]:
    st.header(heading, divider="gray")
    st.markdown(text[heading], width=shipped_or_here.TEXT_PIXELS)
