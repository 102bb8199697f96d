"""Circuits: Claim 1 on a deep circuit, trained live beside the mixture of its induced trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app.kit import controls, data, session, uploads
from app.kit.files import file_name
from app.kit.link import CIRCUITS, decode_view
from app.kit.session import Shown
from app.kit.text import WORDS, literal, sections
from app.kit.uploads import FALLBACK
from app.kit.visitor import session_name
from app.live.chart import lab_view
from app.live.runs import REGISTRY, RunRefused
from app.pages.circuits import files as circuit_export
from spncore.circuits.circuit import CircuitError
from spncore.data.dataset import is_upload
from spncore.data.library import DataError
from spncore.record import ExperimentError, Field
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
LIVELY = {"num_components": 8, "split_depth": 4, "num_repetitions": 8, "num_seeds": 16}  # ends of the sliders
MAIN = (
    "dataset",
    "structure",
    "num_components",
    "split_depth",
    "num_repetitions",
    "depths",
    "learning_rate",
    "init_scale",
    "train_components",
)
MORE = ("component_init", "init_noise", "init_convention", "iterations", "seed", "num_seeds")
SETTINGS = {
    **controls.SETTINGS,
    **{name: replace(controls.SETTINGS[name], high=high) for name, high in LIVELY.items()},
    "train_components": Field(bool, "train the leaves, too", "", ""),
}
HOW: Mapping[str, controls.Values] = {
    "structure": {"options": list(STRUCTURES)[1:], "words": lambda name: TITLES.get(name, name)},
    "depths": {"options": [1, 2, 3]},
    "component_init": {"options": ["fitted", "uniform", "random"]},
    **dict.fromkeys(("init_convention", "iterations", "seed"), {"help": None}),
}


def opened() -> Study:
    """The study the controls show; at the first visit the one in the address."""
    if STATE not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        study, refusals = CIRCUITS.decode(params)
        st.session_state.update({STATE: study, SHOWN: None, "circuit_problem": None})
        st.session_state["circuit_view"] = decode_view(params)[0]
        st.session_state["circuit_refused"] = [*refusals, *stand_in(study)]
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
        dataset = uploads.find(study.experiment.dataset, session.held_uploads())
        if dataset is None:
            raise DataError(WORDS["missing_data"])
        study = study.beside_trees(dataset)
        run_id = REGISTRY.start(study, dataset, session_name())
    except (DataError, ExperimentError, CircuitError, RunRefused) as error:
        st.session_state["circuit_problem"] = str(error)
        return
    st.session_state[SHOWN] = Shown(run_id, study, dataset)
    values = CIRCUITS.encode(study)
    if (len(values) > 1 or st.query_params) and values != st.query_params.to_dict():
        st.query_params.from_dict(values)


def link_to(study: Study) -> str:
    """The whole address that reopens a study."""
    return f"{(st.context.url or '').split('?')[0]}?{CIRCUITS.query_string(study)}"


@st.dialog(WORDS["share"])
def share_dialog(study: Study) -> None:
    """The link to the controls' study."""
    st.markdown(WORDS["share_intro"])
    st.code(link_to(study), language=None, wrap_lines=True)


@st.dialog(WORDS["export"])
def export_dialog(shown: Shown) -> None:
    """The run on screen as files; each is made when its button is pressed."""
    st.markdown(WORDS["export_intro"])
    link, depth = link_to(shown.study), shown.study.depths[-1]

    def maker(make: Callable[..., Any], *more: Any) -> Callable[[], Any]:
        return lambda: make(shown.study, shown.dataset, shown.traces(), *more)

    files = {
        "Curves and tree weights": ("csv", "text/csv", maker(circuit_export.curves_csv, link)),
        "Settings and result": ("json", "application/json", maker(circuit_export.result_json, link)),
        f"Trained circuit, L={depth}": ("npz", "application/octet-stream", maker(circuit_export.model_file, depth)),
    }
    for title, (suffix, mime, make) in files.items():
        st.download_button(
            f"{title} ({suffix.upper()})",
            make,
            file_name(f"circuit {title}", suffix),
            mime,
            key=f"circuit_{suffix}",
            on_click="ignore",
            icon=":material/download:",
            width="stretch",
        )


@st.dialog(WORDS["help_title"], width="large")
def help_dialog() -> None:
    """How to read the page."""
    st.markdown(sections("circuits")[1]["help"])


said = controls.settings(opened())
with st.sidebar:
    wanted = controls.panel(
        "circuit", said, controls.study_of, MAIN, MORE, SETTINGS, {**HOW, "dataset": data.offered()}
    )
    study = st.session_state[STATE] = wanted or opened()
for sentence in st.session_state["circuit_refused"]:
    st.warning(literal(sentence), icon=":material/link_off:")
shown: Shown | None = st.session_state[SHOWN]
if shown is not None and shown.run() is None:
    train()  # the server has let go of the run; the same study gives the same numbers
    shown = st.session_state[SHOWN]
stale = shown is None or study != Study(shown.study.experiment, shown.study.depths)
with st.container(horizontal=True, vertical_alignment="center"):
    with st.container(width="stretch", gap="xxsmall"):
        if shown is not None:
            st.caption(f":material/database: {literal(data.describe(shown.dataset))}")
    if st.button(
        WORDS["train"],
        key="circuit_train",
        type="primary" if stale else "secondary",
        icon=":material/play_arrow:",
        disabled=wanted is None,
    ):
        st.session_state["circuit_refused"] = []
        train()
        st.rerun()
    files = st.button(WORDS["export"], key="circuit_export", icon=":material/download:", disabled=shown is None)
    guide = st.button(WORDS["help"], key="circuit_help", icon=":material/help:")
if st.session_state["circuit_problem"]:
    st.error(literal(st.session_state["circuit_problem"]), icon=":material/block:")
asked = None
if shown is not None:
    asked = lab_view(
        {
            "views": "circuits",
            "run_id": shown.run_id,
            "base": st.get_option("server.baseUrlPath"),
            "stale": stale,
            "labels": {},
            "view": st.session_state["circuit_view"],
        },
        key="circuits",
    )
with st.expander("What is compared here", icon=":material/info:"):
    st.markdown(sections("circuits")[0])
if asked is not None and asked.share:
    share_dialog(study)
elif files and shown is not None:
    export_dialog(shown)
elif guide:
    help_dialog()
