"""Circuits: Claim 1 on a deep circuit, trained live beside the mixture of its induced trees."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app.kit import circuit_links, controls, data, page, session, study_links, uploads
from app.kit.session import Shown
from app.kit.text import WORDS, label, literal, plain, point, sections
from app.kit.uploads import FALLBACK
from app.live.runs import RunRefused
from app.pages.circuits import files
from spncore.circuits.circuit import CircuitError
from spncore.data.dataset import is_upload
from spncore.data.library import DATASETS, DataError
from spncore.runs.experiment import FIELDS, Experiment, ExperimentError
from spncore.runs.study import Study
from spncore.structures import STRUCTURES

STATE, SHOWN = "circuit_study", "circuit_shown"
TITLES = {
    "random_partitions": "random partitions (2019)",
    "rat": "RAT-SPN, all pairs",
    "rat_elementwise": "RAT-SPN, element-wise",
    "chow_liu": "Chow–Liu tree, learned",
    "learn_spn": "LearnSPN, learned",
}
DRAWN = ("random_partitions", "rat", "rat_elementwise")
LIVELY = {"num_components": 8, "split_depth": 4, "num_repetitions": 8, "num_seeds": 16}  # ends of the sliders
DEPTHS = [1, 2, 3]
STARTS = ["fitted", "uniform", "random"]


def opened() -> Study:
    """The study the controls show; at the first visit the one in the address."""
    first = STATE not in st.session_state
    study = page.opened(circuit_links.decode, STATE, "circuit_refused")
    if first:
        st.session_state.update({SHOWN: None, "circuit_view": study_links.decode_view(page.params())[0]})
        st.session_state["circuit_refused"] += stand_in(study)
        train()
    current: Study = st.session_state[STATE]
    return current


def stand_in(study: Study) -> list[str]:
    """Use data that is at hand where the study's is not; what is said about it."""
    name = study.experiment.dataset
    try:
        if uploads.find(name, session.held_uploads()) is not None:
            return []
        said = WORDS["upload_again"] if is_upload(name) else WORDS["twin_instead"]
    except DataError as error:
        said = str(error)
    st.session_state[STATE] = study.on(FALLBACK.get(name, "nltcs-twin"))
    return [said]


def train() -> None:
    """Register the controls' study as a run and show it; when it is refused, say why and keep the run on screen."""
    study: Study = st.session_state[STATE]
    st.session_state["circuit_problem"] = None
    try:
        shown = st.session_state[SHOWN] = session.started(study, circuit_links.prepared)
    except (DataError, ExperimentError, CircuitError, RunRefused) as error:
        st.session_state["circuit_problem"] = str(error)
        return
    page.write_address(circuit_links.encode(shown.study), st.session_state["circuit_view"])


def side_panel(study: Study) -> tuple[Study, str | None]:
    """Draw the controls; the study they describe, or the old one and the sentence that says what is refused."""
    experiment = study.experiment
    settings = {name: getattr(experiment, name) for name in FIELDS}
    settings["dataset"] = _choice("dataset", _titles_at_hand())
    settings["structure"] = _choice(
        "structure", {name: TITLES.get(name, name) for name in STRUCTURES if name != "mixture"}
    )
    if settings["structure"] in DRAWN:
        for name in ("num_components", "split_depth", "num_repetitions"):
            if name != "num_repetitions" or settings["structure"] != "random_partitions":
                settings[name] = _slider(name)
    depths = st.pills(label("depth"), DEPTHS, selection_mode="multi", key="circuit_depths", help=WORDS["depths_help"])
    for name in ("learning_rate", "init_scale"):
        settings[name] = _steps(name)
    settings["train_components"] = st.toggle("train the leaves, too", key="circuit_train_components")
    with st.expander(WORDS["more"]):
        settings["component_init"] = st.segmented_control(
            label("component_init"),
            STARTS,
            key="circuit_component_init",
            required=True,
            help=FIELDS["component_init"].help,
        )
        settings["init_noise"] = _steps("init_noise")
        settings["init_convention"] = st.segmented_control(
            label("init_convention"),
            FIELDS["init_convention"].choices,
            key="circuit_init_convention",
            required=True,
            format_func=lambda value: {"per_layer": "per layer", "matched": "product"}[value],
        )
        for name in ("iterations", "seed"):
            field = FIELDS[name]
            step = 100 if name == "iterations" else 1
            settings[name] = st.number_input(
                label(name), int(field.low), int(field.high), step=step, key=f"circuit_{name}"
            )
        settings["num_seeds"] = _slider("num_seeds")
    try:
        if not depths:
            raise ExperimentError(WORDS["no_depth"])
        return Study(Experiment(**settings), tuple(sorted(depths))), None
    except ExperimentError as error:
        return study, str(error)


def show(study: Study) -> None:
    """Give every control the study's value: at the first visit, and after a visit to another page."""
    values = {name: getattr(study.experiment, name) for name in FIELDS} | {"depths": list(study.depths)}
    for name, value in values.items():
        if f"circuit_{name}" not in st.session_state:
            st.session_state[f"circuit_{name}"] = value


def _titles_at_hand() -> dict[str, str]:
    titles = {name: info.title for name, info in DATASETS.items() if uploads.ready(name)}
    return titles | {name: plain(upload.dataset.title) for name, upload in session.held_uploads().items()}


def _choice(name: str, titles: dict[str, str]) -> Any:
    return st.selectbox(
        label(name),
        list(titles),
        format_func=lambda value: titles[value],
        key=f"circuit_{name}",
        help=FIELDS[name].help,
    )


def _slider(name: str) -> Any:
    high = max(LIVELY[name], st.session_state[f"circuit_{name}"])  # a link may ask for more
    return st.slider(label(name), int(FIELDS[name].low), high, key=f"circuit_{name}", help=FIELDS[name].help)


def _steps(name: str) -> Any:
    offered = sorted({*controls.steps(FIELDS[name]), st.session_state[f"circuit_{name}"]})  # a link may say 0.13
    return st.select_slider(
        label(name),
        offered,
        format_func=lambda value: point(name, value),
        key=f"circuit_{name}",
        help=FIELDS[name].help,
    )


def link_to(study: Study) -> str:
    """The whole address that reopens a study."""
    return page.page_address(circuit_links.query_string(study))


@st.dialog(WORDS["export"])
def export_dialog(shown: Shown) -> None:
    """The run on screen as files; each is made when its button is pressed."""
    st.markdown(WORDS["export_intro"])
    link, depth = link_to(shown.study), shown.study.depths[-1]
    kinds: dict[str, tuple[str, Callable[..., Any], Any]] = {
        "Curves and tree weights": ("csv", files.curves_csv, link),
        "Settings and result": ("json", files.result_json, link),
        f"Trained circuit, L={depth}": ("npz", files.model_file, depth),
    }
    for title, (suffix, make, more) in kinds.items():
        label, written = f"{title} ({suffix.upper()})", partial(shown.file, make, more)
        page.hand_out(label, written, f"circuit {title}", suffix, f"circuit_{suffix}", width="stretch")


intro, prose = sections("circuits")
show(opened())
with st.sidebar:
    study, refusal = side_panel(opened())
    st.session_state[STATE] = study
    if refusal:
        page.refused(refusal)
page.refusals(st.session_state["circuit_refused"])
shown: Shown | None = st.session_state[SHOWN]
if shown is not None and shown.run() is None:
    train()  # the server has let go of the run; the same study gives the same numbers
    shown = st.session_state[SHOWN]
stale = shown is None or study != Study(shown.study.experiment, shown.study.depths)
with st.container(horizontal=True, vertical_alignment="center"):
    with st.container(width="stretch", gap="xxsmall"):
        if shown is not None:
            st.caption(f":material/database: {literal(data.describe(shown.dataset))}")
    if page.train_button("circuit_train", stale, refusal is None):
        st.session_state["circuit_refused"] = []
        train()
        st.rerun()
    export = st.button(WORDS["export"], key="circuit_export", icon=":material/download:", disabled=shown is None)
    guide = st.button(WORDS["help"], key="circuit_help", icon=":material/help:")
if st.session_state["circuit_problem"]:
    page.refused(st.session_state["circuit_problem"])
asked = None
if shown is not None:
    asked = session.run_view("circuits", shown, stale, st.session_state["circuit_view"])
with st.expander("What is compared here", icon=":material/info:"):
    st.markdown(intro)
if asked is not None and asked.share:
    page.share_dialog(link_to(study))
elif export and shown is not None:
    export_dialog(shown)
elif guide:
    page.help_dialog(prose["help"])
