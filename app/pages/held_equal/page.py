"""What is held equal: the same comparison of depths under four answers, side by side, with what each supports."""

from dataclasses import replace
from functools import partial

import streamlit as st

from app.kit import address, page, results
from app.kit.results import Results
from app.kit.text import literal
from app.pages.held_equal import words as facts
from app.pages.held_equal.link import Look
from app.pages.held_equal.words import Setting
from spncore.files import export
from spncore.plots import curves as charts
from spncore.runs.study import Study
from spncore.studies import held_equal, shipped
from spncore.studies.cells import DEPTHS
from spncore.studies.held_equal import Case

LAB_SEEDS = 6
LOOKS = address.Looks("fair", Look)


def panel(setting: Setting, shown: Results, log_iterations: bool, ranges: tuple[tuple[float, float], ...]) -> None:
    """One setting: its curves on the shared axes, and its statement."""
    figure = charts.curves(
        setting.name,
        facts.lines(setting),
        page.theme(),
        log_iterations=log_iterations,
        x_range=ranges[0],
        y_range=ranges[1],
        height=charts.SMALL_HEIGHT,
    )
    words = facts.statement(setting)
    runs = [((setting.name, name), cell) for name, cell in setting.cells.items()]
    results.chart(shown, figure, words, f"fair_{setting.name}", ("held equal", "network"), runs)
    if setting.note:
        st.caption(literal(setting.note))
    first = list(setting.cells.values())[-1].experiment
    rates = {cell.experiment.learning_rate for cell in setting.cells.values()}
    if len(rates) == 1:
        page.lab_link("Open in the lab", Study(first.replace(num_seeds=LAB_SEEDS), DEPTHS), f"fair_lab_{setting.name}")


def panels(settings: list[Setting], shown: Results) -> None:
    """Two rows of two; a phone stacks them."""
    log_iterations = LOOKS.draw("log")
    ranges = facts.ranges(settings)
    for pair in (settings[:2], settings[2:]):
        for column, setting in zip(st.columns(2, gap="large"), pair, strict=True):
            with column:
                panel(setting, shown, log_iterations, ranges)


def wins(case: Case, settings: list[Setting], shown: Results) -> None:
    """Every comparison as a row; every seed, and every learning rate that was tried, to take away."""
    rows = facts.win_rows(settings)
    page.table(facts.WIN_COLUMNS, rows)
    st.caption(facts.columns_explained(settings))
    st.caption(facts.by_chance(settings))
    seeds, rates = partial(facts.seed_rows, settings), partial(facts.rate_rows, case, shown.results)
    remarks = export.signed(shown.words)
    with st.container(horizontal=True):
        page.download("Every seed (CSV)", "held equal", facts.SEED_COLUMNS, seeds, remarks, "fair_seeds_csv")
        page.download("Every rate tried (CSV)", "rates tried", facts.RATE_COLUMNS, rates, remarks, "fair_rates_csv")


parts = page.introduced("What is held equal", "fair")
LOOKS.opened()
page.refusals(LOOKS.refused)
with st.container(horizontal=True, gap="medium"):
    case = Case(**{name: LOOKS.draw(name, words=str) for name in Case.fields})
on_screen = results.choose(
    LOOKS,
    shipped.shipped("held_equal"),
    case.runs,
    12,
    held_equal.run,
    "about a minute",
    study=lambda runs: replace(case, runs=runs),
)
case = replace(case, runs=on_screen.runs)
panels_shown = facts.settings(case, on_screen.results)
st.header(f"Who is first at {facts.target(case)}?", anchor=False)
st.markdown(literal(facts.summary(panels_shown)))
panels(panels_shown, on_screen)
st.header("Every comparison", divider="gray")
wins(case, panels_shown, on_screen)
page.parts_of_text(parts)
address.write(looks=LOOKS)
