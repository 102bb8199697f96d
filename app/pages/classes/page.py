"""Predicting a class: objectives with a class, accuracy and log-likelihoods by depth; does depth still help?"""

from __future__ import annotations

import streamlit as st

from app.kit import progress, shipped_or_here, study_links
from app.kit.files import file_name
from app.kit.text import literal, page_text
from app.live import jobs
from app.pages.classes import charts as charts_classes
from app.pages.classes import panel
from app.pages.classes import words as classes_words
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.plots.curves import CONFIG
from spncore.runs.study import Study
from spncore.studies import classes
from spncore.studies.classes import DEFAULT, Comparison

RIGHT = {"test conditional": "log p(class | rest)", "test llh": "log-likelihood", "objective": "objective"}
LEVEL = "best possible"


def on_screen(study: Study, dataset: Dataset) -> Comparison:
    """The result of the controls' study where there is one; else the one before, with a word on how to get it."""
    key = panel.job_key(study, dataset)
    found = panel.result(study, key)
    shown: Comparison = found or st.session_state.get("classes_shown") or classes.shipped()[DEFAULT]
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
    made = f"Shipped with the lab, made by {shown.made_by}." if shown.made_by else "Made on this server."
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
    query = study_links.query_string(shown.study)
    root = (st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    link = f"{root}/classes?{query}"
    rows = [map(literal, row) for row in classes_words.table_rows(shown)]
    st.table([dict(zip(classes_words.TABLE_COLUMNS, row, strict=True)) for row in rows], hide_index=True)
    with st.container(horizontal=True):
        remarks = [classes_words.about(shown), f"link: {link}"]
        st.download_button(
            "All numbers (CSV)",
            lambda: shipped_or_here.table(classes.COLUMNS, classes.rows(shown), remarks),
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
    values = study_links.encode(study)
    if "view" in st.query_params:
        values["view"] = st.query_params["view"]
    if values != st.query_params.to_dict():
        st.query_params.from_dict(values)


text = shipped_or_here.paragraphs(page_text("classes"))
st.title("Predicting a class")
st.markdown(text[""], width=shipped_or_here.TEXT_PIXELS)
wanted, table = panel.panel()
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
rows = classes_words.answer_rows(list(classes.shipped().values()))
st.table([dict(zip(classes_words.ANSWER_COLUMNS, row, strict=True)) for row in rows], hide_index=True)
st.caption("Who is first at 90 % of the objective's gain; seeds ahead, behind, level. Shipped with the lab.")
for heading in list(text)[1:]:
    st.header(heading, divider="gray")
    st.markdown(text[heading], width=shipped_or_here.TEXT_PIXELS)
