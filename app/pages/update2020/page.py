"""The authors' update of 2020: log-weights on three data sets, with the objective as written and the proper one."""

from __future__ import annotations

import streamlit as st

from app.kit import page, results
from app.kit.results import Made, Results
from app.live import jobs
from app.live.jobs import Job
from app.pages.update2020 import words as facts
from spncore.data.library import Dataset
from spncore.plots import curves as charts
from spncore.runs.study import Study
from spncore.studies import cells, shipped, update2020
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.update2020 import UPDATE_DATA

COSTS = {"nltcs": "under a minute", "plants": "about four minutes", "baudio": "about a quarter of an hour"}

SCORE_COLUMNS = ("group", "L", "seed", "llh")


def train(job: Job, dataset: Dataset, runs: Runs) -> Made:
    """The page's runs with other seeds, one by one so that progress moves."""
    parts = [part for cell in update2020.update2020_cells(runs) for part in cells.by_seed(cell)]
    done = jobs.sweep(job, parts, {runs.dataset: dataset})
    if job.stop.is_set():
        return {}, {}
    outcomes = {part: done[part.key(dataset.sha256)] for part in parts}
    return update2020.update2020_merged(outcomes, runs), {}


def curves(shown: Results) -> None:
    """One panel per objective, on shared axes."""
    y_range = shown.y_range(update2020.update2020_cells(shown.runs))
    for column, (objective, title) in zip(st.columns(2, gap="large"), facts.TITLES.items(), strict=True):
        found = facts.cells(shown, objective)
        figure = charts.curves(
            title,
            shown.lines(found),
            page.theme(),
            shown.levels,
            y_range=y_range,
            height=charts.SMALL_HEIGHT,
        )
        words, runs = facts.curve_words(shown, objective), [((objective,), cell) for cell in found]
        with column:
            results.chart(shown, figure, words, f"update_{objective}", ("objective",), runs)
            page.lab_link("Open in the lab", Study(found[-1].experiment, DEPTHS), f"update_lab_{objective}")


def final_scores(shown: Results) -> None:
    """Every seed's last scores, and the table of means."""
    groups = facts.groups(shown)
    figure = charts.scores(facts.ENDS, groups, shown.levels, page.theme())
    rows = [
        (name, depth, seed, value)
        for name, by_depth in groups.items()
        for depth, values in by_depth.items()
        for seed, value in enumerate(values, shown.runs.seed)
    ]
    page.chart(figure, facts.score_words(shown), "update_scores", SCORE_COLUMNS, lambda: rows, [shown.words])
    with st.expander("Show as table", icon=":material/table:"):
        page.table(facts.COLUMNS, facts.table_rows(shown))


parts = page.introduced("The update of 2020", "update2020")
name = st.segmented_control(
    "data set", UPDATE_DATA, default=UPDATE_DATA[0], required=True, key="data", bind="query-params"
)
on_screen = results.choose(
    "update2020", shipped.shipped("update2020"), update2020.update2020_runs(name), 5, train, COSTS[name]
)
curves(on_screen)
final_scores(on_screen)
page.parts_of_text(parts)
