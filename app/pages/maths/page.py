"""The maths in plain words: each equation with the function that computes it, each erratum with its evidence."""

import re

import streamlit as st

from app.kit import address, page, progress
from app.kit.link import LAB
from app.kit.text import WORDS, page_text
from app.live.chart import idea_view
from app.pages.maths import errata
from app.pages.maths.equations import EQUATIONS
from app.pages.maths.errata import Errata
from spncore.files.provenance import made_by
from spncore.plots.lines import residuals

SECTIONS = """
1_notation 2_objective 3_step 4_momentum 5_preconditioner 6_scale 7_parametrisations 8_trees 8b_objectives
9_linear errata references
""".split()
PLACE = re.compile(r"^\{(equation|erratum) (\w+)\}$", re.MULTILINE)
FIGURE = re.compile(r"^\{figure (\w+)\}$", re.MULTILINE)  # what stands beside all that follows, up to the next one
FIGURE_PIXELS = 600


def evidence() -> Errata | None:
    """The numbers of the errata, from runs that take a fraction of a second; None until they are there."""
    key, title = progress.key_of("errata"), WORDS["maths_computing"]
    found: Errata | None = progress.soon("maths_job", key, errata.measure, title=title, unit="networks")
    return found


def equation(name: str) -> None:
    """An equation, what the paper calls it, what computes it and which test checks it; its source unfolds."""
    shown = EQUATIONS[name]
    with st.container(horizontal=True, horizontal_alignment="center", gap="medium"):
        for part in shown.latex.split(r"\qquad"):  # side by side, or one below the other on a phone
            st.latex(part, width="content")
    functions = ", ".join(f"`{function}`" for function in shown.computed_by)
    code = st.expander(f"{shown.source} · {functions}", icon=":material/code:", key=f"code_{name}", on_change="rerun")
    if code.open:  # only then is what colours it loaded
        file, test = shown.test.split("::")
        checked = test.removeprefix("test_").replace("_", " ")
        code.markdown(f"Checked by the test *{checked}* (`tests/spncore/{file}`).")
        code.code(shown.code)


def erratum(name: str, found: Errata | None) -> None:
    """The evidence of one erratum: a sentence with numbers, a chart where one helps, and the run."""
    if found is None:
        return
    with st.container(border=True):
        st.markdown(errata.sentences(found)[name])
        if name == "rho":
            _slopes(found)
        page.lab_link("Open the run in the lab", found.study, f"erratum_{name}")


def _slopes(found: Errata) -> None:
    rho = found.rho
    figure = residuals(rho.rates, rho.residuals, rho.slopes, page.theme())
    page.plot(figure, "maths_slopes", errata.sentences(found)["rho"].replace("*", ""))
    columns = ("eta", *(name.replace(" ", "_") for name in rho.residuals))
    rows = list(zip(rho.rates.tolist(), *(values.tolist() for values in rho.residuals.values()), strict=True))
    link = page.page_address(LAB.query_string(found.study), "")
    remarks = [f"link: {link}", "largest relative residual of one step at L = 3"]
    page.download("residuals (CSV)", "maths residuals", columns, lambda: rows, remarks, "take_residuals")


def section(text: str) -> None:
    """A part of the page: its text in a column, beside what it is about the figure that can be moved."""
    first, *illustrated = FIGURE.split(text)
    column(first)
    for name, words in zip(illustrated[::2], illustrated[1::2], strict=True):
        with st.container(horizontal=True, gap="large"):
            column(words)
            with st.container(width=page.pixels(FIGURE_PIXELS), key=f"beside_{name}"):
                idea_view(name, f"idea_{name}", address.view())


def column(text: str) -> None:
    """Markdown, with an equation or an erratum in the place of each line that names one."""
    parts = PLACE.split(text)
    found = evidence() if "erratum" in parts else None
    with st.container(width=page.pixels(page.TEXT_PIXELS)):
        st.markdown(parts[0])
        for kind, name, following in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if kind == "equation":
                equation(name)
            else:
                erratum(name, found)
            if following.strip():
                st.markdown(following)


page.titled("The mathematics")
page.prose(page_text("maths/intro"))
for each in SECTIONS:
    section(page_text(f"maths/{each}"))
st.caption(f"Numbers on this page were computed here with {made_by()}.")
address.write()
