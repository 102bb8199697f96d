"""Figure 3 explained: the published curves beside ours, and in five steps what drives the depths apart."""

from functools import partial

import streamlit as st

from app.kit import address, page, results
from app.kit.results import Results
from app.kit.text import number
from app.pages.figure3 import words as facts
from app.pages.figure3.link import Look
from spncore.files import export
from spncore.plots import curves as charts
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from spncore.studies import figure3, shipped
from spncore.studies.cells import DEPTHS
from spncore.studies.figure3 import HONEST, ROUNDING
from spncore.words import signed

TARGET = -7.2
LOOKS = address.Looks("figure3", Look)
EARLY_SHOWN, STEPS_SHOWN = 30, 20  # the first states, and the first updates, in a chart of their own


def llh_chart(shown: Results, noise: float, key: str, title: str, words: str) -> None:
    """Published curves in grey under ours at one noise."""
    lines = [*facts.published_lines(), *facts.our_lines(shown, noise)]
    figure = charts.curves(title, lines, page.theme(), shown.levels)
    page.chart(figure, words, key, facts.CURVE_COLUMNS, partial(facts.curve_rows, lines), [shown.words])


def lab_link(label: str, experiment: Experiment, key: str) -> None:
    """A link that opens the depths of a setting in the lab."""
    page.lab_link(label, Study(experiment, DEPTHS), f"figure3_lab_{key}")


def overview(shown: Results) -> None:
    """The two figures in one, and the table of updates."""
    title = f"Figure 3: published (grey) and ours with noise {number(ROUNDING)}, median and range of seeds"
    llh_chart(shown, ROUNDING, "figure3_overview", title, facts.overview_words(shown, TARGET))
    offered = Look.fields["noise"].only
    noise = LOOKS.draw("noise", kind="select_slider", options=offered, words=number, width=480)
    st.table(facts.table_rows(shown, noise), hide_index=True)
    st.caption(
        "In updates; 0 is the start. Ours: median over seeds [interval that holds their median with 95 % probability]. "
        "Bold where the published run lies outside the range of our seeds."
    )
    rows, remarks = partial(facts.seed_rows, shown), export.signed(shown.words)
    page.download("Table (CSV)", "figure 3 updates", facts.SEED_COLUMNS, rows, remarks, "figure3_table_csv")


def symmetry(shown: Results) -> None:
    words = facts.symmetry_words(shown)
    llh_chart(shown, 0.0, "figure3_symmetry", "Without noise: three depths, one curve", words)
    lab_link("Run it in the lab: no noise", figure3.cell(0.0, 3, shown.runs).experiment, "none")


def rounding(shown: Results) -> None:
    noise = LOOKS.draw("early", kind="segmented_control", options=Look.fields["early"].only, words=number)
    ours = facts.departures(shown, noise, EARLY_SHOWN)
    published = facts.published_departures(shown, EARLY_SHOWN)
    figure = charts.departure(ours, published, facts.LEFT, page.theme())
    rows, words = partial(facts.curve_rows, [*ours, *published]), facts.departure_words(shown, noise)
    page.chart(figure, words, "figure3_departure", facts.CURVE_COLUMNS, rows, [shown.words])
    lab_link(f"Run it in the lab: noise {number(noise)}", facts.six(shown, noise), "rounding")


def honest(shown: Results) -> None:
    reached, words = (
        facts.by_noise(shown, TARGET),
        f"{facts.noise_words(shown, TARGET)} {facts.law_words(shown, TARGET)}",
    )
    figure = charts.noise_response(reached, *target(shown))
    rows = partial(facts.seed_rows, shown)
    page.chart(figure, words, "figure3_noise_response", facts.SEED_COLUMNS, rows, [shown.words])
    lab_link(f"Run it in the lab: noise {number(HONEST)}", facts.six(shown, HONEST), "honest")


def target(shown: Results) -> tuple[dict[int, int], int, str, str]:
    """The level that updates are counted to, as the charts ask for it: published, end, name, and the theme."""
    return facts.published_reached(TARGET), facts.end(shown), signed(TARGET, "g"), page.theme()


def pairs(shown: Results) -> None:
    reached, words = facts.reached(shown, ROUNDING, TARGET), facts.pair_words(shown, ROUNDING, TARGET)
    figure = charts.seeds_and_pairs(reached, *target(shown))
    rows = partial(facts.seed_rows, shown, ROUNDING)
    page.chart(figure, words, "figure3_pairs", facts.SEED_COLUMNS, rows, [shown.words])
    lab_link("Run single seeds in the lab", facts.six(shown, ROUNDING), "pairs")


def near_zero(shown: Results) -> None:
    lines = facts.first_changes(shown, STEPS_SHOWN)
    figure, words = charts.first_changes(lines, page.theme()), facts.change_words(shown)
    page.chart(figure, words, "figure3_changes", facts.CURVE_COLUMNS, partial(facts.curve_rows, lines), [shown.words])
    gentle = facts.six(shown, HONEST).replace(init_scale=1.0, learning_rate=0.1, iterations=1000)
    lab_link("Compare with a step that is small: w0 = 1, η = 0.1", gentle, "gentle")


parts = page.introduced("Figure 3, explained", "figure3")
LOOKS.opened()
page.refusals(LOOKS.refused)
on_screen = results.choose(LOOKS, shipped.shipped("figure3"), figure3.RUNS, 12, figure3.run, "about half a minute")
overview(on_screen)
for step in (symmetry, rounding, honest, pairs, near_zero):
    heading = next(iter(parts))
    st.header(heading, divider="gray")
    prose, picture = st.columns([2, 3], gap="large")
    with prose:
        page.prose(parts.pop(heading))
    with picture:
        step(on_screen)
page.parts_of_text(parts)
address.write(looks=LOOKS)
