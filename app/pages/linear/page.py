"""Linear networks, section 2.1 of the paper: factors learn faster, and in an SPN the same scalar does nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from app.kit import controls
from app.kit.files import file_name, table
from app.kit.link import LAB
from app.kit.text import literal, page_text
from app.pages.linear import charts
from app.pages.linear import words as linear_words
from app.pages.linear.link import LINKS
from spncore.files.provenance import made_by
from spncore.linear import network, rates, steps
from spncore.plots.drawing import CONFIG
from spncore.studies import linear
from spncore.studies.linear import Comparison, LinearStudy, SharedScalar

STATE = "linear_study"
TEXT_PIXELS = 760
HOW: Mapping[str, controls.Values] = {  # in the order of the controls
    "p": {"kind": "segmented_control", "options": [2, 4], "words": {2: "ℓ₂", 4: "ℓ₄"}.get},
    "condition": {"options": [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]},
    "num_layers": {"kind": "segmented_control"},
    "dimension": {"kind": "select_slider", "options": range(1, 17)},
    "init_scale": {"options": [1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0]},
    "each_at": {"words": {"best": "each at its own best", "chosen": "both at a chosen one"}.get},
}


@st.cache_data(max_entries=256, show_spinner=False)
def compare(study: LinearStudy) -> Comparison:
    """The runs of a comparison; under half a second of CPU time, shared by all users."""
    return linear.compare(study)


@st.cache_data(max_entries=1, show_spinner=False)
def shared_scalar() -> SharedScalar:
    """The runs of the network with a shared scalar."""
    return linear.shared_scalar()


def opened() -> LinearStudy:
    """The comparison on screen; at the first visit the one in the address."""
    if STATE not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        st.session_state[STATE], st.session_state["linear_refused"] = LINKS.decode(params)
    study: LinearStudy = st.session_state[STATE]
    return study


def chosen(study: LinearStudy) -> LinearStudy:
    """Draw the controls; the comparison they describe."""
    at_chosen = st.session_state.get("linear_each_at", study.each_at) == "chosen"
    names = (*HOW, *(["learning_rate"] if at_chosen else []))
    with st.sidebar:
        values = study.settings()
        made = controls.panel("linear", values, LinearStudy.of, names, fields=LinearStudy.declared(), how=HOW)
    return made or study


def write_address(study: LinearStudy) -> None:
    """Let the address bar name the comparison; a first visit to the default keeps its plain address."""
    values = LINKS.encode(study)
    if len(values) == 1 and not st.query_params:
        return
    if "view" in st.query_params:
        values["view"] = st.query_params["view"]
    if values != st.query_params.to_dict():
        st.query_params.from_dict(values)


def page_address(page: str, query: str) -> str:
    """The whole address of a page of the lab with its settings; the empty name is the lab itself."""
    root = (st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    return f"{root}/{page}?{query}"


def take(title: str, columns: Sequence[str], rows: Callable[[], Iterable[Sequence[Any]]], link: str) -> None:
    """A button that hands out the data of the charts above it."""
    remarks = [f"link: {link}", f"made with: {made_by()}"]
    st.download_button(
        f"{title} (CSV)",
        lambda: table(columns, rows(), remarks),
        file_name(f"linear {title}", "csv"),
        "text/csv",
        key=f"take_{title}",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


def _titled(words: str, name: str = "", axis: str = "") -> bool:
    """A chart's title; with an axis, also the switch of its steps, and whether that says log."""
    with st.container(horizontal=True, vertical_alignment="center", height="content" if axis else 32, border=False):
        st.markdown(words, width="stretch")
        if not axis:
            return False
        said = st.segmented_control(
            "Step axis",
            ["linear steps", "log steps"],
            default=axis,
            key=f"linear_axis_{name}",
            required=True,
            label_visibility="collapsed",
            width="content",
            format_func=lambda word: word.removesuffix(" steps"),
        )
    return said == "log steps"


def runs(shown: Comparison, theme: str) -> None:
    """The four charts of both models."""
    link = page_address("linear", LINKS.query_string(shown.study))
    headline = linear_words.headline(shown).replace("*", "")
    left, right = st.columns(2, gap="medium")
    with left:
        log_steps = _titled("**Loss**", "loss", "linear steps")
        st.plotly_chart(charts.loss(shown, theme, log_steps), key="linear_loss", config=CONFIG, alt=headline)
    with right:
        _titled("**Steps to the target** by learning rate")
        st.plotly_chart(
            charts.steps_by_rate(shown, theme),
            key="linear_rates",
            config=CONFIG,
            alt=linear_words.at_chosen_start(shown),
        )
    left, right = st.columns(2, gap="medium")
    for column, quantity, words in (
        (left, "rho", "**Adaptive rate (ρ)**"),
        (right, "lam", "**Multiplicative term (λ)**"),
    ):
        with column:
            log_steps = _titled(words, quantity, "log steps")
            st.plotly_chart(
                charts.rate_and_term(shown, quantity, theme, log_steps),
                key=f"linear_{quantity}",
                config=CONFIG,
                alt=linear_words.rate_sentence(shown),
            )
    st.caption(linear_words.rate_sentence(shown))
    with st.container(horizontal=True):
        take("runs", ("model", "eta", "t", "quantity", "value"), lambda: linear_words.csv_rows(shown), link)
        take("rates", ("model", "eta", "steps", "outcome"), lambda: linear_words.rate_rows(shown), link)


def one_step(shown: Comparison) -> None:
    """The identity, with the numbers of one step of the run in it, and its residual over the run."""
    terms, layers = shown.terms, shown.study.num_layers
    if layers == 2:
        st.latex(r"w(t{+}1) \;=\; w \;-\; \rho\,\nabla \;-\; \lambda\,w \;+\; \eta^2\,\nabla_{w_1}\nabla_{w_2}")
        st.latex(r"\rho = \eta\,w_2^2 \qquad \lambda = \eta\,\nabla_{w_2} / w_2")
    else:
        st.latex(r"w(t{+}1) \;=\; (w - \rho\,\nabla)\prod_{l>1}\bigl(1-\eta\,\nabla_{w_l}/w_l\bigr)")
        st.latex(r"\rho = \eta\prod_{l>1} w_l^2 \qquad \lambda = \eta\sum_{l>1}\nabla_{w_l}/w_l")
    last = len(terms.before) - 1
    step = st.slider("step (t)", 0, last, min(5, last), key="linear_step", width=360) if last else 0
    st.markdown(linear_words.step_table(shown, min(step, last)))
    st.markdown(linear_words.residual_sentence(shown))
    link = page_address("linear", LINKS.query_string(shown.study))
    take("terms", ("t", "weight", "term", "value"), lambda: linear_words.term_rows(shown), link)


def in_a_network(shown: Comparison, theme: str) -> None:
    """The same scalar on an SPN: the same curve at every depth."""
    same = shared_scalar()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**SPN, train LLH**: three depths, one curve")
        st.plotly_chart(
            charts.same_curve(same.llh, theme),
            key="linear_spn",
            config=CONFIG,
            alt=linear_words.network_sentence(same).replace("*", ""),
        )
    with right:
        st.markdown("**The scalar, over its start**")
        start = shown.terms.scalars[:, 0] / shown.terms.scalars[0, 0]
        st.plotly_chart(
            charts.scalars(np.asarray(start), same.scalars, shown.study.num_layers, theme),
            key="linear_scalars",
            config=CONFIG,
            alt=linear_words.scalar_sentence(shown),
        )
    st.markdown(f"{linear_words.network_sentence(same)} {linear_words.scalar_sentence(shown)}", width=TEXT_PIXELS)
    query = LAB.query_string(same.study)
    with st.container(horizontal=True):
        st.link_button("Open these runs in the lab", page_address("", query), icon=":material/science:")
        take(
            "shared scalar",
            ("L", "t", "quantity", "value"),
            lambda: linear_words.network_rows(same),
            page_address("", query),
        )


theme = "dark" if st.context.theme.type == "dark" else "light"
st.session_state[STATE] = chosen(opened())
st.title("Linear networks")
st.markdown(page_text("linear_intro"), width=TEXT_PIXELS)
for sentence in st.session_state["linear_refused"]:
    st.warning(literal(sentence), icon=":material/link_off:")
write_address(st.session_state[STATE])
on_screen = compare(st.session_state[STATE])
st.subheader(linear_words.headline(on_screen), anchor=False)
st.caption(linear_words.at_chosen_start(on_screen))
runs(on_screen, theme)
st.markdown(page_text("linear_charts"), width=TEXT_PIXELS)
st.header("One step, exactly")
st.markdown(page_text("linear_identity"), width=TEXT_PIXELS)
one_step(on_screen)
st.header("In a sum-product network the same scalar does nothing")
st.markdown(page_text("linear_network"), width=TEXT_PIXELS)
in_a_network(on_screen, theme)
with st.expander("Source of what this page runs", icon=":material/code:"):
    for function in (network.step, steps.step_terms, rates.outcomes_by_rate):
        st.caption(f"`{function.__module__}.{function.__name__}`")
        st.code(inspect.getsource(function))
