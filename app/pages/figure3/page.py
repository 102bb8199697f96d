"""Figure 3 explained: the published curves beside ours, and in five steps what drives the depths apart."""

from __future__ import annotations

import streamlit as st

from app.kit import shipped_or_here
from app.kit.shipped_or_here import Evidence, Made, chart, lab_link
from app.kit.text import number, page_text
from app.live import jobs
from app.live.jobs import Job
from app.pages.figure3 import words as facts
from app.pages.figure3.words import published_reached
from spncore.data.library import Dataset
from spncore.plots import curves as charts
from spncore.plots.curves import Line
from spncore.studies import figure3, shipped
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.figure3 import EARLY_NOISES, HONEST, NOISES, ROUNDING
from spncore.words import signed

TARGET = -7.2
EARLY_SHOWN, STEPS_SHOWN = 30, 20  # the first iterations in a chart of their own
CURVE_COLUMNS = ("setting", "L", "iteration", "median", "low", "high")


def train(job: Job, dataset: Dataset, runs: Runs) -> Made:
    """The page's runs on other rows or seeds, in the background."""
    cells = figure3.figure3_cells(runs)
    done = jobs.sweep(job, cells, {runs.dataset: dataset})
    if job.stop.is_set():
        return {}, {}
    beginnings = [shipped.first_steps(experiment, dataset) for experiment in figure3.figure3_beginnings(runs)]
    return {cell: done[cell.key(dataset.sha256)] for cell in cells}, {row.experiment: row for row in beginnings}


def curve_rows(lines: list[Line]) -> list[tuple[object, ...]]:
    """A row per curve and iteration; a single run is its own range."""
    rows: list[tuple[object, ...]] = []
    for line in lines:
        low, high = line.low or line.median, line.high or line.median
        points = zip(line.iterations, line.median, low, high, strict=True)
        rows += [(line.name, line.depth, *point) for point in points]
    return rows


def llh_chart(shown: Evidence, noise: float, key: str, title: str, words: str) -> None:
    """Published curves in grey under ours at one noise."""
    lines = [*facts.published_lines(), *facts.our_lines(shown, noise)]
    levels = {"independent variables": shown.data.references["independent"]}
    figure = charts.curves(title, lines, shipped_or_here.mode(), levels)
    chart(figure, words, key, CURVE_COLUMNS, lambda: curve_rows(lines), [shown.words])


def overview(shown: Evidence) -> None:
    """The two figures in one, and the table of iterations."""
    title = f"Figure 3: published (grey) and ours with noise {number(ROUNDING)}, median and range of seeds"
    llh_chart(shown, ROUNDING, "figure3_overview", title, facts.overview_words(shown, TARGET))
    noise = float(
        st.select_slider(
            "noise at the start, for the table (ε)",
            list(map(number, NOISES)),
            number(ROUNDING),
            key="figure3_noise",
            width=480,
        )
    )
    rows = facts.table_rows(shown, noise)
    st.table(rows, hide_index=True)
    st.caption(
        "Iterations count from 1. Ours: median over seeds [interval that holds the median with 95 % probability]. "
        "Bold where the published run lies outside the range of our seeds."
    )
    st.download_button(
        "Table (CSV)",
        lambda: shipped_or_here.table(facts.SEED_COLUMNS, facts.seed_rows(shown), [shown.words]),
        "spn-lab-figure-3-iterations.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        key="figure3_table_csv",
    )


def symmetry(shown: Evidence) -> None:
    words = facts.symmetry_words(shown)
    llh_chart(shown, 0.0, "figure3_symmetry", "Without noise: three depths, one curve", words)
    lab_link("Run it in the lab: no noise", figure3.figure3(0.0, 3, shown.runs).experiment, DEPTHS, "figure3_lab_none")


def rounding(shown: Evidence) -> None:
    names = [number(noise) for noise in EARLY_NOISES if noise]
    noise = float(
        st.segmented_control("noise (ε)", names, default=number(ROUNDING), required=True, key="figure3_early")
    )
    ours = facts.departures(shown, noise, EARLY_SHOWN)
    published = facts.published_departures(shown, EARLY_SHOWN)
    figure = charts.departure(ours, published, facts.LEFT, shipped_or_here.mode())
    words = facts.departure_words(shown, noise)
    chart(figure, words, "figure3_departure", CURVE_COLUMNS, lambda: curve_rows([*ours, *published]), [shown.words])
    lab_link(f"Run it in the lab: noise {number(noise)}", facts.six(shown, noise), DEPTHS, "figure3_lab_rounding")


def honest(shown: Evidence) -> None:
    by_noise = facts.by_noise(shown, TARGET)
    figure = charts.noise_response(
        by_noise, published_reached(TARGET), facts.end(shown), signed(TARGET, "g"), shipped_or_here.mode()
    )
    chart(
        figure,
        facts.noise_words(shown, TARGET),
        "figure3_noise_response",
        facts.SEED_COLUMNS,
        lambda: facts.seed_rows(shown),
        [shown.words],
    )
    lab_link(f"Run it in the lab: noise {number(HONEST)}", facts.six(shown, HONEST), DEPTHS, "figure3_lab_honest")


def pairs(shown: Evidence) -> None:
    reached = facts.reached(shown, ROUNDING, TARGET)
    figure = charts.seeds_and_pairs(
        reached, published_reached(TARGET), facts.end(shown), signed(TARGET, "g"), shipped_or_here.mode()
    )
    chart(
        figure,
        facts.pair_words(shown, ROUNDING, TARGET),
        "figure3_pairs",
        facts.SEED_COLUMNS,
        lambda: facts.seed_rows(shown, ROUNDING),
        [shown.words],
    )
    lab_link("Run single seeds in the lab", facts.six(shown, ROUNDING), DEPTHS, "figure3_lab_pairs")


def near_zero(shown: Evidence) -> None:
    lines = facts.first_changes(shown, STEPS_SHOWN)
    figure = charts.first_changes(lines, shipped_or_here.mode())
    chart(figure, facts.change_words(shown), "figure3_changes", CURVE_COLUMNS, lambda: curve_rows(lines), [shown.words])
    gentle = facts.six(shown, HONEST).replace(init_scale=1.0, learning_rate=0.1, iterations=1000)
    lab_link("Compare with a step that is small: w0 = 1, η = 0.1", gentle, DEPTHS, "figure3_lab_gentle")


text = shipped_or_here.paragraphs(page_text("figure3"))
steps = (symmetry, rounding, honest, pairs, near_zero)

st.title("Figure 3, explained")
st.markdown(text[""], width=shipped_or_here.TEXT_PIXELS)
on_screen = shipped_or_here.choose(
    "figure3", shipped.shipped("figure3_runs"), figure3.FIGURE3_RUNS, 12, train, "about half a minute"
)
shipped_or_here.provenance(on_screen)
overview(on_screen)
for heading, step in zip(list(text)[1:], steps, strict=False):
    st.header(heading, divider="gray")
    prose, picture = st.columns([2, 3], gap="large")
    prose.markdown(text[heading])
    with picture:
        step(on_screen)
st.header(list(text)[-1], divider="gray")
st.markdown(text[list(text)[-1]], width=shipped_or_here.TEXT_PIXELS)
