"""The authors' update of 2020: log-weights on three data sets, with the objective as written and the proper one."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.kit import shipped_or_here
from app.kit.link import in_address
from app.kit.shipped_or_here import Evidence, Made, chart, lab_link
from app.kit.text import page_text
from app.live import jobs
from app.live.jobs import Job
from app.pages.update2020 import words as facts
from spncore.data.library import Dataset
from spncore.plots import curves as charts
from spncore.studies import cells, shipped, update2020
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.update2020 import OBJECTIVES, Update

COSTS = {"nltcs": "under a minute", "plants": "about four minutes", "baudio": "about a quarter of an hour"}


def train(job: Job, dataset: Dataset, runs: Runs) -> Made:
    """The page's runs with other seeds, one by one so that progress moves."""
    parts = [part for cell in update2020.update2020_cells(runs) for part in cells.by_seed(cell)]
    done = jobs.sweep(job, parts, {runs.dataset: dataset})
    if job.stop.is_set():
        return {}, {}
    outcomes = {part: done[part.key(dataset.sha256)] for part in parts}
    return update2020.update2020_merged(outcomes, runs), {}


def curves(shown: Evidence) -> None:
    """One panel per objective, on shared axes."""
    levels = {"independent variables": shown.data.references["independent"]}
    for column, objective in zip(st.columns(2, gap="large"), OBJECTIVES, strict=True):
        with column:
            figure = charts.curves(
                facts.TITLES[objective],
                facts.lines(shown, objective),
                shipped_or_here.mode(),
                levels,
                y_range=facts.y_range(shown),
                height=charts.SMALL_HEIGHT,
            )
            cells = {depth: update2020.update2020(objective, depth, shown.runs) for depth in DEPTHS}
            labelled = [((objective,), cell, shown.results[cell]) for cell in cells.values()]
            names = ("objective", "L", "learning rate", "seed or statistic", "quantity", "iteration", "value")
            chart(
                figure,
                facts.curve_words(shown, objective),
                f"update_{objective}",
                names,
                partial(shipped.tidy, labelled),
                [shown.words],
            )
            lab_link("Open in the lab", cells[DEPTHS[-1]].experiment, DEPTHS, f"update_lab_{objective}")


def final_scores(shown: Evidence) -> None:
    """Every seed's last scores, and the table of means."""
    references = shown.data.references
    levels = {"independent variables": references["independent"]}
    figure = charts.scores(
        "Where every seed ends, on training rows and on rows held back",
        facts.groups(shown),
        levels,
        shipped_or_here.mode(),
    )
    rows = [
        (name, depth, seed, value)
        for name, by_depth in facts.groups(shown).items()
        for depth, values in by_depth.items()
        for seed, value in zip(range(shown.runs.seed, shown.runs.seed + len(values)), values, strict=True)
    ]
    chart(figure, facts.score_words(shown), "update_scores", ("group", "L", "seed", "llh"), lambda: rows, [shown.words])
    with st.expander("Show as table", icon=":material/table:"):
        st.table([dict(zip(facts.COLUMNS, row, strict=True)) for row in facts.table_rows(shown)], hide_index=True)


text = shipped_or_here.paragraphs(page_text("update2020"))
st.title("The update of 2020")
st.markdown(text[""], width=shipped_or_here.TEXT_PIXELS)
name = in_address(Update).data
on_screen = shipped_or_here.choose(
    "update2020", shipped.shipped("update2020"), update2020.update2020_runs(name), 5, train, COSTS[name]
)
shipped_or_here.provenance(on_screen)
curves(on_screen)
final_scores(on_screen)
for heading in list(text)[1:]:
    st.header(heading, divider="gray")
    st.markdown(text[heading], width=shipped_or_here.TEXT_PIXELS)
