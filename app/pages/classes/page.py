"""Predicting a class: objectives with a class, accuracy and log-likelihoods by depth; does depth still help?"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import address, controls, page, progress, session, uploads
from app.kit.data import offered, upload_button
from app.kit.link import LAB
from app.kit.text import WORDS, literal, number, plain
from app.kit.uploads import Upload
from app.pages.classes import charts
from app.pages.classes import link as classes_link
from app.pages.classes import words as classes_words
from app.pages.classes.link import MAX_ITERATIONS, MAX_SEEDS, RIGHT, Look
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.files import export
from spncore.record import ExperimentError, Field
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study
from spncore.studies import classes
from spncore.studies.classes import CHOICES, DEFAULT, DEPTHS, SETUPS, Comparison

LEVEL = "the distribution itself"
STATE, REFUSED, DATA = "classes_study", "classes_refused", "classes_dataset"
JOB, BEFORE = "classes_job", "classes_before"  # what is trained, and the comparison that was on screen last
SCORED = 5  # times as long as a run alone takes one whose every state is scored, on training and on test rows
QUICK_SECONDS = 4.0  # of CPU; what takes longer may pass the time of the quick jobs and be begun again
LOOKS = address.Looks("classes", Look, beside=True)
MAIN = "column objective hybrid_mix labelled_share setup depths learning_rate".split()
MORE = "num_components iterations num_seeds seed".split()
SETTINGS = {
    **controls.SETTINGS,
    "column": replace(FIELDS["class_variable"], help="The column that is to be told."),
    "setup": Field(
        str,
        "what learns",
        "",
        "Everything: sum and leaf weights. Sum weights only: leaves stay as they were drawn.",
        choices=tuple(SETUPS),
        name="train_components",
    ),
    "num_seeds": replace(FIELDS["num_seeds"], high=MAX_SEEDS),
}


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


def said(study: Study, width: int) -> dict[str, Any]:
    """What the controls of a study of so many variables say of it."""
    experiment = study.experiment
    setup = next(name for name, each in SETUPS.items() if each.train_components == experiment.train_components)
    own = {"setup": setup, "column": min(experiment.class_variable or width, width)}
    return {**controls.settings(study), **own}


def study_panel(before: Study, dataset: Dataset) -> Study:
    """Draw the settings; the study that they describe, or the one of before where they are refused."""
    width = dataset.num_variables

    def made(values: Mapping[str, Any]) -> Study:
        column = values["column"]
        train = SETUPS[values["setup"]].train_components
        study = controls.study_of({**values, "class_variable": column % width, "train_components": train})
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
    values = {**said(before, width), "dataset": st.session_state[DATA]}
    return controls.panel("classes", values, made, MAIN, MORE, SETTINGS, how) or before


def panel() -> tuple[Study, Dataset, DeltaGenerator]:
    """Draw the side panel; the study that is wanted, its data, and the place in the panel of a button that trains."""
    data = uploads.at_hand(session.held_uploads())

    def show(study: Study) -> None:
        controls.show("classes", said(study, data[study.experiment.dataset].num_variables))

    decode = partial(classes_link.decode, at_hand=data)
    before = address.opened(decode, STATE, REFUSED, Look, show)
    with st.sidebar:
        study = st.session_state[STATE] = study_panel(before, choose_data(before, data))
        return study, data[study.experiment.dataset], st.container()


def price(study: Study) -> float:
    """CPU seconds that a comparison will take."""
    return SCORED * session.price_of(study) * len(classes.networks(study)) / len(study.depths)


def found(study: Study, dataset: Dataset, place: DeltaGenerator) -> Comparison | None:
    """What is known of a study, for it ships or was trained here; None while it trains, with how far it is.

    What is short is trained as soon as the controls say it, what is long when the button in `place` is pressed; it
    takes the place of what was trained before.
    """
    key, seconds = progress.key_of("classes", study, dataset.sha256), price(study)
    known: Comparison | None = classes.shipped().get(study) or progress.made(key)
    if known is None and session.is_short(seconds):
        how: dict[str, Any] = {"title": WORDS["under_way"], "unit": "runs", "quick": seconds <= QUICK_SECONDS}
        known = progress.soon(JOB, key, classes.run, study, dataset, **how)
    elif known is None:
        label = session.price_words(seconds, WORDS["run_price"])
        with place:
            progress.run_button("classes_run", key, False, classes.run, study, dataset, unit="runs", label=label)
        progress.waits_for(JOB, key)
        progress.not_yet(key)
    return known


def provenance(shown: Comparison) -> None:
    """What is on screen, and where its numbers were made."""
    made = f"Shipped with the lab, made by {shown.made_by}." if shown.made_by else "Made on this server."
    st.caption(f":material/database: {literal(classes_words.about(shown))}. {literal(made)}")


def curves(shown: Comparison, stale: bool) -> None:
    """Accuracy beside a log-likelihood, with what they show in words; in grey where other settings are asked for."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        how = {"options": list(RIGHT), "words": lambda name: RIGHT[name][0], "label_visibility": "collapsed"}
        title, quantity = RIGHT[LOOKS.draw("right", kind="segmented_control", **how)]
        with_control, log_iterations = LOOKS.draw("control"), LOOKS.draw("log")
    with st.container(key="classes_stale" if stale else "classes_curves"):
        if stale:
            st.markdown(WORDS["classes_stale"])
        charts_of(shown, title, quantity, with_control, log_iterations)
        provenance(shown)


def charts_of(shown: Comparison, title: str, quantity: str, with_control: bool, log_iterations: bool) -> None:
    """The two charts side by side."""
    best = classes_words.best_levels(shown)
    left, right = st.columns(2, gap="medium")
    for column, key, scored, named, words in (
        (left, "accuracy", "test accuracy", charts.ACCURACY, classes_words.accuracy_words(shown)),
        (right, "likelihood", quantity, title, classes_words.likelihood_words(shown, quantity)),
    ):
        lines = classes_words.lines(shown, scored, with_control)
        levels = {LEVEL: best[scored]} if scored in best else {}
        figure = charts.over_iterations(named, lines, levels, page.theme(), log_iterations)
        with column:
            page.titled_chart(figure, named, words, f"classes_{key}")
    st.caption(
        "Thick: test rows, with the middle half of the seeds; thin: training rows. Grey: one layer at L times the rate."
    )


def take_away(shown: Comparison) -> None:
    """Every comparison as a row; the numbers, the link, and the runs in the lab."""
    link = page.page_address(urlencode({**LAB.encode(shown.study), **LOOKS.said()}, safe=",:"), "classes")
    rows = [map(literal, row) for row in classes_words.table_rows(shown)]
    page.table(classes_words.TABLE_COLUMNS, rows)
    st.caption(classes_words.columns_explained(shown))
    st.caption(f"{classes_words.by_chance(shown, list(classes.shipped().values()))} {WORDS['restarts']}")
    with st.container(horizontal=True):
        remarks = export.signed(classes_words.about(shown), f"link: {link}")
        every, name = partial(classes.rows, shown), f"class {shown.title}"
        page.download("All numbers (CSV)", name, classes.COLUMNS, every, remarks, "classes_csv", type="secondary")
        page.lab_link("Open in the lab", shown.study, "classes_lab")
    same_table = ", to be opened with the same table" if is_upload(shown.study.experiment.dataset) else ""
    st.caption(f"Link to these settings{same_table}:")
    page.share(link)


def show(shown: Comparison) -> None:
    """The answer, the control, the curves, where they are from, and every comparison."""
    st.header(classes_words.headline(shown), anchor=False)
    st.markdown(literal(classes_words.control(shown)))
    for sentence in classes_words.stopped(shown):
        st.warning(literal(sentence), icon=":material/error:")
    curves(shown, stale=False)
    st.header("Every comparison", divider="gray")
    take_away(shown)


parts = page.introduced("Predicting a class", "classes")
LOOKS.opened()
wanted, its_data, button_place = panel()
page.refusals([*st.session_state[REFUSED], *LOOKS.refused])
comparison = found(wanted, its_data, button_place)
if comparison is not None:
    st.session_state[BEFORE] = comparison
    show(comparison)
elif BEFORE in st.session_state:
    curves(st.session_state[BEFORE], stale=True)
st.header("All objectives on the labelled clusters", divider="gray")
rows = classes_words.answer_rows(list(classes.shipped().values()))
page.table(classes_words.ANSWER_COLUMNS, rows)
st.caption("Who is first at 90 % of L=1's gain in the objective; seeds ahead, behind, level. Shipped with the lab.")
page.parts_of_text(parts)
address.write(LAB.encode(wanted), LOOKS, plain=wanted == DEFAULT)
