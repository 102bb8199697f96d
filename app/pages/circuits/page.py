"""Circuits: Claim 1 on a deep circuit, trained live beside the mixture of its induced trees."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from app.kit import address, controls, data, keeping, page, session, uploads
from app.kit.link import CIRCUITS
from app.kit.session import Shown
from app.kit.text import WORDS, literal, sections
from app.live.runs import RunRefused
from app.pages.circuits import files
from spncore.data.library import DataError
from spncore.record import ExperimentError, Field
from spncore.runs.study import Study
from spncore.structures import STRUCTURES

STATE, SHOWN, FOLLOWED = "circuit_study", "circuit_shown", "circuit_followed"
TITLES = {
    "random_partitions": "random partitions (2019)",
    "rat": "RAT-SPN, all pairs",
    "rat_elementwise": "RAT-SPN, element-wise",
    "chow_liu": "Chow–Liu tree, learned",
    "learn_spn": "LearnSPN, learned",
}
LIVELY = {"num_components": 8, "split_depth": 4, "num_repetitions": 8, "num_seeds": 16}  # ends of the sliders
MAIN = """
dataset structure num_components split_depth num_repetitions depths learning_rate init_scale train_components
""".split()
MORE = "component_init init_noise init_convention iterations seed num_seeds".split()
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
    """The study the controls show; where the address has news, what it says, on data at hand."""
    if address.news(STATE):
        study, refused = CIRCUITS.decode(address.settings())
        used, why = uploads.instead(study.experiment.dataset, session.held_uploads())
        study = study.on(used)
        said = [*refused, *filter(None, [why])]
        st.session_state.update({STATE: study, FOLLOWED: study, "circuit_refused": said, "circuit_problem": None})
        controls.show("circuit", controls.settings(study))
        if is_stale(study):
            train()
    current: Study = st.session_state[STATE]
    return current


def is_stale(study: Study) -> bool:
    """Whether a study is another than the one on screen."""
    shown: Shown | None = st.session_state.setdefault(SHOWN, None)
    return shown is None or study != Study(shown.study.experiment, shown.study.depths)


def follow(study: Study) -> None:
    """Train what the controls say as soon as they say it, once: what is long, or was refused, waits for a press."""
    if study == st.session_state[FOLLOWED]:
        return
    st.session_state.update({FOLLOWED: study, "circuit_problem": None, "circuit_refused": []})  # of the study before
    if is_stale(study) and session.is_short(session.price_of(study)):
        train()


def train() -> None:
    """Register the controls' study as a run and show it; when it is refused, say why and keep the run on screen."""
    study = st.session_state[FOLLOWED] = st.session_state[STATE]
    st.session_state["circuit_problem"] = None
    try:
        st.session_state[SHOWN] = session.started(study, "circuits")
    except (DataError, ExperimentError, RunRefused) as error:
        st.session_state["circuit_problem"] = str(error)


def train_now() -> None:
    """Train what the controls say, unless it is refused; the panel then says why."""
    with suppress(ExperimentError):
        st.session_state[STATE] = controls.study_of(controls.said("circuit", controls.settings(opened()), MAIN + MORE))
        st.session_state["circuit_refused"] = []
        train()


def link_to(study: Study) -> str:
    """The whole address that reopens a study."""
    return page.page_address(CIRCUITS.query_string(study))


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
said = controls.settings(opened())
with st.sidebar:
    wanted = controls.panel(
        "circuit", said, controls.study_of, MAIN, MORE, SETTINGS, {**HOW, "dataset": data.offered()}
    )
    study = st.session_state[STATE] = wanted or opened()
if wanted is not None:
    follow(wanted)
page.refusals(st.session_state["circuit_refused"])
shown: Shown | None = st.session_state[SHOWN]
if shown is not None and shown.run() is None:
    train()  # the server has let go of the run; the same study gives the same numbers
    shown = st.session_state[SHOWN]
stale = is_stale(study)
with st.container(horizontal=True, vertical_alignment="center"):
    with st.container(width="stretch", gap="xxsmall"):
        page.titled(WORDS["circuits"])
        if shown is not None:
            st.caption(f":material/database: {literal(data.describe(shown.dataset))}")
    label = session.price_words(session.price_of(study), WORDS["train_price"]) if stale else ""
    page.train_button("circuit_train", stale, wanted is not None, train_now, WORDS["train_help"], label)
    keep = keeping.keep_button("circuit_keep", shown)
    export = page.head_button("export", "circuit_export", ":material/download:", disabled=shown is None)
    guide = page.head_button("help", "circuit_help", ":material/help:")
page.refused(st.session_state["circuit_problem"])
asked = None
if shown is not None:
    asked = session.run_view("circuits", shown, stale)
with st.expander("What is compared here", icon=":material/info:"):
    page.prose(intro)
session.say()
address.write(CIRCUITS.encode(study))
if asked is not None and asked.share:
    page.share_dialog(link_to(study))
elif keep:
    keeping.keep_dialog(shown)
elif export and shown is not None:
    export_dialog(shown)
elif guide:
    page.help_dialog(prose["help"])
