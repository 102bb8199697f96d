"""The authors' update of 2020: log-weights on three data sets, with the objective as written and the proper one."""

from functools import partial

import streamlit as st

from app.kit import address, page, results
from app.kit.results import Results
from app.pages.update2020 import words as facts
from app.pages.update2020.link import Look
from spncore.learning.partition import PartitionFlows
from spncore.plots import curves as charts
from spncore.plots.curves import Line
from spncore.runs.study import Study
from spncore.studies import shipped, update2020
from spncore.studies.cells import CURVE, DEPTHS, OF_SCALE, Runs, depth_name
from spncore.studies.update2020 import SEEDS

LOOKS = address.Looks("update2020", Look)
COSTS = {"nltcs": "under a minute", "plants": "about a minute", "baudio": "a few minutes"}

SCORE_COLUMNS = "objective,rows,L,seed,llh,lowest of the last states,highest of the last states,swings".split(",")


def curves(shown: Results, rate: float) -> None:
    """One panel per objective, on shared axes."""
    y_range = shown.y_range(update2020.cells(shown.runs, (rate,)))
    for column, (objective, title) in zip(st.columns(2, gap="large"), facts.TITLES.items(), strict=True):
        found = facts.cells(shown, objective, rate)
        figure = charts.curves(
            title,
            shown.lines(found),
            page.theme(),
            shown.levels,
            y_range=y_range,
            height=charts.SMALL_HEIGHT,
            y_title="median log-likelihood (nats per row)",
        )
        words, runs = facts.curve_words(shown, objective, rate), [((objective,), cell) for cell in found]
        with column:
            results.chart(shown, figure, words, f"update_{objective}", ("objective",), runs)
            page.lab_link("Open in the lab", Study(found[-1].experiment, DEPTHS), f"update_lab_{objective}")


def scale(shown: Results, rate: float) -> None:
    """Log Z of the objective as written over the updates, and ηS beside it."""
    found = facts.cells(shown, "unnormalised", rate)
    kept = {cell.experiment.depth: shown.results[cell].curve or {} for cell in found}
    rows = {
        depth: dict(zip(CURVE, [curve["iteration"], *(curve[name] for name in OF_SCALE)], strict=True))
        for depth, curve in kept.items()
    }
    lines = [Line.of_seeds(depth_name(depth), depth, row) for depth, row in rows.items()]
    figure = charts.curves(
        facts.SCALE, lines, page.theme(), {"log Z = 0": 0.0}, height=charts.SMALL_HEIGHT, y_title="median log Z (nats)"
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        runs = [(("unnormalised",), cell) for cell in found]
        results.chart(shown, figure, facts.scale_words(shown, rate), "update_scale", ("objective",), runs)
    with right:
        page.table(facts.SCALE_COLUMNS, facts.scale_rows(shown, rate))


def final_scores(shown: Results, rate: float) -> None:
    """Every seed's last scores, and the table of means."""
    figure = charts.scores(
        facts.ENDS, facts.groups(shown, rate), shown.levels, page.theme(), facts.without_mean(shown, rate)
    )
    rows = partial(facts.score_rows, shown, rate)
    page.chart(figure, facts.score_words(shown, rate), "update_scores", SCORE_COLUMNS, rows, [shown.words])
    with st.expander("Show as table", icon=":material/table:"):
        page.table(facts.COLUMNS, facts.table_rows(shown, rate))


parts = page.introduced("The update of 2020", "update2020")
LOOKS.opened()
page.refusals(LOOKS.refused)
name, rate = (LOOKS.draw(choice, words=str) for choice in ("data", "rate"))
on_screen = results.choose(
    LOOKS,
    shipped.shipped("update2020"),
    Runs(name, SEEDS),
    SEEDS,
    partial(update2020.run, rates=(float(rate),)),
    COSTS[name],
    rate,
)
for part in (curves, scale, final_scores):
    part(on_screen, float(rate))
page.parts_of_text(parts)
page.sources(PartitionFlows.squared)
address.write(looks=LOOKS)
