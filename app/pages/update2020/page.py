"""The authors' update of 2020: log-weights on three data sets, with the objective as written and the proper one."""

import streamlit as st

from app.kit import page, results
from app.kit.link import in_address
from app.kit.results import Results
from app.pages.update2020 import words as facts
from spncore.plots import curves as charts
from spncore.runs.study import Study
from spncore.studies import shipped, update2020
from spncore.studies.cells import DEPTHS, Runs
from spncore.studies.update2020 import SEEDS, Update

COSTS = {"nltcs": "under a minute", "plants": "about four minutes", "baudio": "about a quarter of an hour"}

SCORE_COLUMNS = "group L seed llh".split()


def curves(shown: Results) -> None:
    """One panel per objective, on shared axes."""
    y_range = shown.y_range(update2020.cells(shown.runs))
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
name = in_address(Update).data
on_screen = results.choose(
    "update2020", shipped.shipped("update2020"), Runs(name, SEEDS), SEEDS, update2020.run, COSTS[name]
)
curves(on_screen)
final_scores(on_screen)
page.parts_of_text(parts)
