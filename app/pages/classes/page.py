"""Predicting a class: objectives with a class, accuracy and log-likelihoods by depth; does depth still help?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.kit import files, page, progress, study_links
from app.kit.text import literal
from app.pages.classes import charts as charts_classes
from app.pages.classes import panel
from app.pages.classes import study as classes_study
from app.pages.classes import words as classes_words
from app.pages.classes.study import DEFAULT, Comparison
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.runs.study import Study

RIGHT = {"test conditional": "log p(class | rest)", "test llh": "log-likelihood", "objective": "objective"}
LEVEL = "best possible"
OTHER = "The curves belong to other settings. Press Run in the side panel to train yours."


def on_screen(study: Study, dataset: Dataset) -> Comparison:
    """The result of the controls' study where there is one; else the one before, with a word on how to get it."""
    key = panel.job_key(study, dataset)
    found = classes_study.result(study, key)
    shown: Comparison = found or st.session_state.get("classes_shown") or classes_study.shipped()[DEFAULT]
    st.session_state["classes_shown"] = shown
    if found is None:
        state, _ = progress.follow(key)
        if state in ("", "cancelled"):
            st.info(OTHER, icon=":material/tune:")
    return shown


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
    mode = page.theme()
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
            page.titled_chart(figure, title, words, f"classes_{key}")
    st.caption(
        "Thick: test rows, with the middle half of the seeds; thin: training rows. Grey: one layer at L times the rate."
    )


def _level(best: dict[str, float], quantity: str) -> dict[str, float]:
    return {LEVEL: best[quantity]} if quantity in best else {}


def take_away(shown: Comparison) -> None:
    """Every comparison as a row; the numbers, the link, and the runs in the lab."""
    link = page.page_address(study_links.query_string(shown.study), "classes")
    rows = [map(literal, row) for row in classes_words.table_rows(shown)]
    page.table(classes_words.TABLE_COLUMNS, rows)
    with st.container(horizontal=True):
        remarks = files.signed(classes_words.about(shown), f"link: {link}")
        every, name = partial(classes_words.csv_rows, shown), f"class {shown.title}"
        columns = classes_words.CSV_COLUMNS
        page.download("All numbers (CSV)", name, columns, every, remarks, "classes_csv", type="secondary")
        page.lab_link("Open in the lab", shown.study, "classes_lab")
    same_table = ", to be opened with the same table" if is_upload(shown.study.experiment.dataset) else ""
    st.caption(f"Link to these settings{same_table}:")
    page.share(link)


parts = page.introduced("Predicting a class", "classes")
wanted, table = panel.panel()
page.refusals(st.session_state.get("classes_refused", []))
if wanted != DEFAULT or st.query_params:
    page.write_address(study_links.encode(wanted))
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
page.table(classes_words.ANSWER_COLUMNS, rows)
st.caption("Who is first at 90 % of the objective's gain; seeds ahead, behind, level. Shipped with the lab.")
page.parts_of_text(parts)
