"""The side panel of "Predicting a class": its controls, and the one checked study that they describe."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.kit import controls, page, progress, session, study_links, uploads
from app.kit import data as datapanel
from app.kit.text import WORDS, choice, label, literal, number, plain
from app.kit.uploads import Upload
from app.pages.classes import study as classes_study
from app.pages.classes.study import CHOICES, DEFAULT, DEPTHS, MAX_ITERATIONS, MAX_SEEDS, SETUPS
from spncore.data.dataset import is_upload
from spncore.data.library import DataError, Dataset
from spncore.limits import LIMITS
from spncore.runs.experiment import FIELDS, ExperimentError
from spncore.runs.study import Study

STATE = "classes_study"
DATA = "classes_dataset"
ITERATIONS = (50, 100, 200, 300, 400, 600, 1000, MAX_ITERATIONS)
SETTINGS = (
    "objective",
    "hybrid_mix",
    "labelled_share",
    "learning_rate",
    "num_components",
    "iterations",
    "num_seeds",
    "seed",
)


def opened(data: dict[str, Dataset]) -> Study:
    """The study of the controls; at the first visit the one in the address, on data that is at hand."""
    if STATE in st.session_state:
        study: Study = st.session_state[STATE]
        return study
    params = page.params()
    study, refused = (DEFAULT, []) if set(params) <= {"view"} else study_links.decode(params)
    study, unfit = classes_study.fitting(study)
    name = study.experiment.dataset
    if name not in data:
        unfit.append(WORDS["upload_again"] if is_upload(name) else f"{name}: {WORDS['missing_data']}")
        study = Study(study.experiment.replace(dataset=DEFAULT.experiment.dataset, class_variable=0), study.depths)
    st.session_state["classes_refused"] = [*refused, *unfit]
    return study


def fill(study: Study, num_columns: int) -> None:
    """Make the controls show a study where they do not say anything yet: first visit, or back from another page."""
    experiment = study.experiment
    shown = {
        "dataset": experiment.dataset,
        "column": experiment.class_variable or num_columns,
        "setup": setup_of(study),
        "depths": list(study.depths),
        **{name: getattr(experiment, name) for name in SETTINGS},
    }
    for name, value in shown.items():
        st.session_state.setdefault(f"classes_{name}", value)
    columns = st.session_state["classes_column"]
    st.session_state["classes_column"] = columns if columns <= num_columns else num_columns


def setup_of(study: Study) -> str:
    """What is trained, by its name."""
    return next(name for name, setup in SETUPS.items() if setup.train_components == study.experiment.train_components)


def take_setup() -> None:
    """Another choice of what learns brings the numbers that suit it."""
    setup = SETUPS[st.session_state["classes_setup"]]
    for name in ("num_components", "learning_rate", "iterations"):
        st.session_state[f"classes_{name}"] = getattr(setup, name)


def last_column() -> None:
    """Another table: its last column is the class until another is chosen."""
    st.session_state.pop("classes_column", None)


def keep(upload: Upload) -> None:
    """Hold an uploaded table and choose it."""
    session.held_uploads()[upload.name] = upload
    st.session_state["classes_uploaded"] = upload.name


def data_controls(data: dict[str, Dataset]) -> Dataset:
    """Data set and class column."""
    st.selectbox(
        label("dataset"),
        list(data),
        key=DATA,
        format_func=lambda name: plain(data[name].title),
        on_change=last_column,
        help=WORDS["data_help"],
    )
    dataset = data[st.session_state[DATA]]
    if st.button(WORDS["upload"], icon=":material/upload_file:", key="classes_upload", width="stretch"):
        datapanel.upload_dialog(keep)
    st.selectbox(
        label("class_variable"),
        range(1, dataset.num_variables + 1),
        key="classes_column",
        format_func=lambda column: plain(dataset.variables[column - 1]),
        help="The column that is to be told.",
    )
    return dataset


def learning_controls() -> None:
    """Objective, what learns, depths, and the numbers."""
    st.selectbox(
        label("objective"),
        CHOICES,
        key="classes_objective",
        format_func=partial(choice, "objective"),
        help=FIELDS["objective"].help,
    )
    objective = st.session_state["classes_objective"]
    for name in ("hybrid_mix", "labelled_share"):
        if controls.CLASS_SETTINGS[name](objective):
            st.slider(label(name), 0.0, 1.0, step=controls.FINE_STEP, key=f"classes_{name}", help=FIELDS[name].help)
    st.segmented_control(
        "what learns",
        list(SETUPS),
        key="classes_setup",
        required=True,
        on_change=take_setup,
        help="Everything: sum and leaf weights. Sum weights only: leaves stay as they were drawn.",
    )
    st.pills(label("depth"), list(DEPTHS), key="classes_depths", selection_mode="multi", help=WORDS["depths_help"])
    offered = sorted({*controls.steps(FIELDS["learning_rate"]), st.session_state["classes_learning_rate"]})
    st.select_slider(
        label("learning_rate"),
        offered,
        key="classes_learning_rate",
        format_func=number,
        help=FIELDS["learning_rate"].help,
    )
    with st.expander(WORDS["more"]):
        _number("num_components", 1, LIMITS.num_components)
        iterations = sorted({*ITERATIONS, st.session_state["classes_iterations"]})
        st.select_slider(label("iterations"), iterations, key="classes_iterations", help=FIELDS["iterations"].help)
        _number("num_seeds", 1, MAX_SEEDS)
        _number("seed", 0, LIMITS.seed)


def _number(name: str, low: int, high: int) -> None:
    st.number_input(label(name), low, high, key=f"classes_{name}", help=FIELDS[name].help)


def chosen(before: Study, dataset: Dataset) -> Study:
    """The study that the controls describe; ExperimentError where it is refused."""
    said = {name: st.session_state.get(f"classes_{name}", getattr(before.experiment, name)) for name in SETTINGS}
    column = st.session_state["classes_column"]
    experiment = before.experiment.replace(
        **said,
        dataset=st.session_state[DATA],
        class_variable=0 if column == dataset.num_variables else column,
        train_components=SETUPS[st.session_state["classes_setup"]].train_components,
    )
    study = Study(experiment, tuple(sorted(st.session_state["classes_depths"])))
    study.experiments()
    ones = int(dataset.counts @ dataset.rows[:, column - 1])
    if ones in (0, dataset.num_rows):
        raise ExperimentError(f"class column: {dataset.variables[column - 1]} has one value only; choose another")
    return study


def panel() -> tuple[Study, Dataset]:
    """Draw the panel; what it refuses is said, and the study of before kept."""
    data = uploads.at_hand(session.held_uploads())
    if "classes_uploaded" in st.session_state:
        st.session_state[DATA] = st.session_state.pop("classes_uploaded")
        last_column()
    before = opened(data)
    name = st.session_state.get(DATA, before.experiment.dataset)
    fill(before, data[name].num_variables)
    with st.sidebar:
        dataset = data_controls(data)
        learning_controls()
        try:
            study = chosen(before, dataset)
        except ExperimentError as error:
            page.refused(error)
            study = before
        st.session_state[STATE] = study
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
    return progress.key_of("classes", study, dataset.sha256)


def start(key: str, study: Study, dataset: Dataset) -> None:
    """Start the job of a study, or join it."""
    try:
        rows = classes_study.rows_of(study, dataset)
    except DataError as refusal:
        st.warning(literal(str(refusal)))
        return
    if progress.start(key, lambda job: classes_study.compute(job, study, rows)):
        st.rerun()
