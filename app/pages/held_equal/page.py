"""What is held equal: the same comparison of depths under four answers, side by side, with what each supports."""

from __future__ import annotations

import streamlit as st

from app.kit import shipped_or_here
from app.kit.link import in_address
from app.kit.shipped_or_here import Evidence, Made, lab_link
from app.kit.text import literal, page_text
from app.live import jobs
from app.live.jobs import Job
from app.pages.held_equal import words as facts
from app.pages.held_equal.words import Setting
from spncore.data.library import Dataset
from spncore.plots import curves as charts
from spncore.studies import shipped
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.held_equal import Case
from spncore.sweep import Cell, Outcome

LAB_SEEDS = 6


def selectors() -> Case:
    """Topology, weights, components."""
    with st.container(horizontal=True, gap="medium"):
        return in_address(Case)


def trainer(case: Case) -> shipped_or_here.Work:
    """The page's runs of one case on other rows or seeds: first the grid of learning rates, then what it decides."""

    def train(job: Job, dataset: Dataset, runs: Runs) -> Made:
        own, data = Case(case.topology, case.weights, case.components, runs), {runs.dataset: dataset}
        made: dict[Cell, Outcome] = {}
        if _add(job, own.grid(), data, made) and _add(job, own.all_cells(made.__getitem__), data, made):
            return made, {}
        return {}, {}

    return train


def _add(job: Job, cells: list[Cell], data: dict[str, Dataset], made: dict[Cell, Outcome]) -> bool:
    """Compute cells into `made`; False when the job was cancelled on the way."""
    done = jobs.sweep(job, cells, data)
    if job.stop.is_set():
        return False
    made |= {cell: done[cell.key(data[cell.experiment.dataset].sha256)] for cell in cells}
    return True


def panel(setting: Setting, shown: Evidence, log_iterations: bool, ranges: tuple[tuple[float, float], ...]) -> None:
    """One setting: its curves on the shared axes, and its statement."""
    figure = charts.curves(
        setting.name,
        facts.lines(setting, shown.results),
        shipped_or_here.mode(),
        log_iterations=log_iterations,
        x_range=ranges[0],
        y_range=ranges[1],
        height=charts.SMALL_HEIGHT,
    )
    words = facts.statement(setting, shown.results)
    labelled = [((setting.name, name), cell, shown.results[cell]) for name, cell in setting.cells.items()]
    columns = ("held equal", "network", "L", "learning rate", "seed or statistic", "quantity", "iteration", "value")
    shipped_or_here.chart(figure, words, f"fair_{setting.name}", columns, lambda: shipped.tidy(labelled), [shown.words])
    if setting.note:
        st.caption(literal(setting.note))
    first = list(setting.cells.values())[-1].experiment
    rates = {cell.experiment.learning_rate for cell in setting.cells.values()}
    if len(rates) == 1:
        lab_link("Open in the lab", first.replace(num_seeds=LAB_SEEDS), DEPTHS, f"fair_lab_{setting.name}")


def panels(settings: list[Setting], shown: Evidence) -> None:
    """Two rows of two; a phone stacks them."""
    log_iterations = st.toggle("iterations on a log axis", value=True, key="fair_log")
    ranges = facts.ranges(settings, shown.results)
    for pair in (settings[:2], settings[2:]):
        for column, setting in zip(st.columns(2, gap="large"), pair, strict=True):
            with column:
                panel(setting, shown, log_iterations, ranges)


def wins(settings: list[Setting], shown: Evidence) -> None:
    """Every comparison as a row, and every seed to take away."""
    rows = facts.win_rows(settings, shown.results)
    st.table([dict(zip(facts.WIN_COLUMNS, row, strict=True)) for row in rows], hide_index=True)
    st.caption(
        "Counts: pairs with the same seed. Share of wins: exact 95 % interval. Iterations: median [interval that holds "
        "the median with 95 % probability]."
    )
    columns = ("held equal", "network", "learning rate", "seed", "iterations", "final llh")
    st.download_button(
        "Every seed (CSV)",
        lambda: shipped_or_here.table(columns, facts.seed_rows(settings, shown.results), [shown.words]),
        "spn-lab-held-equal.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        key="fair_seeds_csv",
    )


text = shipped_or_here.paragraphs(page_text("fair"))
st.title("What is held equal")
st.markdown(text[""], width=shipped_or_here.TEXT_PIXELS)
case = selectors()
on_screen = shipped_or_here.choose(
    "fair", shipped.shipped("held_equal"), case.runs, 12, trainer(case), "about a minute", what=repr(case)
)
case = Case(case.topology, case.weights, case.components, on_screen.runs)
shipped_or_here.provenance(on_screen)
panels_shown = facts.settings(case, on_screen.results)
st.subheader(f"Who is first at {facts.target(case)}?", anchor=False)
st.markdown(literal(facts.summary(panels_shown, on_screen.results)))
panels(panels_shown, on_screen)
st.header("Every comparison", divider="gray")
wins(panels_shown, on_screen)
for heading in list(text)[1:]:
    st.header(heading, divider="gray")
    st.markdown(text[heading], width=shipped_or_here.TEXT_PIXELS)
