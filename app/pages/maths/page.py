"""The maths in plain words: each equation with the function that computes it, each erratum with its evidence."""

from __future__ import annotations

import re

import streamlit as st

from app.kit.files import file_name, table
from app.kit.link import LAB
from app.kit.text import page_text
from app.pages.maths import errata
from app.pages.maths.equations import EQUATIONS
from app.pages.maths.errata import Errata
from spncore.files.provenance import made_by
from spncore.plots.drawing import CONFIG
from spncore.plots.lines import residuals

SECTIONS = (
    "1_notation",
    "2_objective",
    "3_step",
    "4_momentum",
    "5_preconditioner",
    "6_scale",
    "7_parametrisations",
    "8_trees",
    "8b_objectives",
    "9_linear",
    "errata",
    "references",
)
PLACE = re.compile(r"^\{(equation|erratum) (\w+)\}$", re.MULTILINE)
TEXT_PIXELS = 760


@st.cache_data(max_entries=1, show_spinner=False)
def evidence() -> Errata:
    """The numbers of the errata, from runs that take a fraction of a second."""
    return errata.measure()


def lab_address(found: Errata) -> str:
    """The address that opens the run the errata come from."""
    root = (st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    return f"{root}/?{LAB.query_string(found.study)}"


def equation(name: str) -> None:
    """An equation, what the paper calls it, what computes it and which test checks it; its source unfolds."""
    shown = EQUATIONS[name]
    with st.container(horizontal=True, horizontal_alignment="center", gap="large"):
        for part in shown.latex.split(r"\qquad"):  # side by side, or one below the other on a phone
            st.latex(part, width="content")
    functions = ", ".join(f"`{function}`" for function in shown.computed_by)
    with st.expander(f"{shown.source} · {functions}", icon=":material/code:"):
        file, test = shown.test.split("::")
        st.markdown(f"Checked by the test *{test.removeprefix('test_').replace('_', ' ')}* (`tests/spncore/{file}`).")
        st.code(shown.code)


def erratum(name: str) -> None:
    """The evidence of one erratum: a sentence with numbers, a chart where one helps, and the run."""
    found = evidence()
    with st.container(border=True):
        st.markdown(errata.sentences(found)[name])
        if name == "rho":
            _slopes(found)
        st.link_button("Open the run in the lab", lab_address(found), icon=":material/science:", key=f"erratum_{name}")


def _slopes(found: Errata) -> None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    rho = found.rho
    st.plotly_chart(
        residuals(rho.rates, rho.residuals, rho.slopes, theme),
        key="maths_slopes",
        config=CONFIG,
        alt=errata.sentences(found)["rho"].replace("*", ""),
    )
    columns = ("eta", *(name.replace(" ", "_") for name in rho.residuals))
    rows = list(zip(rho.rates.tolist(), *(values.tolist() for values in rho.residuals.values()), strict=True))
    remarks = [f"link: {lab_address(found)}", "largest relative residual of one step at L = 3"]
    st.download_button(
        "residuals (CSV)",
        lambda: table(columns, rows, remarks),
        file_name("maths residuals", "csv"),
        "text/csv",
        key="take_residuals",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


PIECES = {"equation": equation, "erratum": erratum}


def section(text: str) -> None:
    """Markdown, with an equation or an erratum in the place of each line that names one."""
    parts = PLACE.split(text)
    st.markdown(parts[0])
    for kind, name, following in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        PIECES[kind](name)
        if following.strip():
            st.markdown(following)


with st.container(width=TEXT_PIXELS):
    st.title("The mathematics")
    st.markdown(page_text("maths/intro"))
    for each in SECTIONS:
        section(page_text(f"maths/{each}"))
    st.caption(f"Numbers on this page were computed here with {made_by()}.")
