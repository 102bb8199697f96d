"""The numbers that a page shows, as its reader chooses: those that ship, or the same runs made here on other seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.kit import page, progress, uploads
from app.kit.address import Looks
from app.kit.text import WORDS, literal
from spncore.data.library import DATASETS, Dataset
from spncore.plots.curves import Line, around
from spncore.record import Field
from spncore.runs.experiment import Experiment
from spncore.studies import shipped
from spncore.studies.cells import Runs, depth_name
from spncore.studies.shipped import Data, FirstSteps, Measured, finals, held_out
from spncore.sweep import Cell, Outcome, Reporter

SHIPPED, HERE = "shipped", "here"
SOURCE = Field(  # a choice of the pages that show results
    str,
    "Numbers",
    "",
    "Shipped: results that come with the lab. Made here: the same runs with other seeds, on this server.",
    choices=(SHIPPED, HERE),
)
Labelled = Iterable[tuple[Sequence[str], Cell]]
Run = Callable[[Any, Dataset, Reporter], Measured]


@dataclass(frozen=True)
class Results:
    """Results to show, the rows and seeds they belong to, and where they come from, in a sentence."""

    runs: Runs
    results: Mapping[Cell, Outcome]
    first_steps: Mapping[Experiment, FirstSteps]
    data: Data
    words: str
    is_shipped: bool

    def independent(self, rows: str = "train") -> float:
        """LLH of independent variables, the level to read others against, on training or test rows."""
        return self.data.references["independent" if rows == "train" else "independent_test"]

    @property
    def levels(self) -> dict[str, float]:
        """That level by name, as charts draw it."""
        return {"independent variables": self.independent()}

    def lines(self, cells: Iterable[Cell]) -> list[Line]:
        """Median and range over the seeds of each cell, named by its depth."""
        runs = [(cell.experiment.depth, self.results[cell].curve or {}) for cell in cells]
        return [Line.of_seeds(depth_name(depth), depth, curve) for depth, curve in runs]

    def y_range(self, cells: Iterable[Cell]) -> tuple[float, float]:
        """The LLH that charts of these cells span: from the level of the first iterations that matter to the best."""
        ends = [value for line in self.lines(cells) for value in (line.median[-1], max(line.high))]
        return around([self.independent(), *ends], 0.25)

    def finals(self, cells: Iterable[Cell], rows: str) -> dict[int, list[float]]:
        """Final LLH by depth, seed by seed, on training or test rows."""
        runs = {cell.experiment.depth: self.results[cell] for cell in cells}
        return {depth: finals(each) if rows == "train" else held_out(each, rows) for depth, each in runs.items()}


def chart(shown: Results, figure: go.Figure, words: str, key: str, labels: Sequence[str], runs: Labelled) -> None:
    """A chart of runs with its words; to take away, every number of theirs under their labels."""
    rows = partial(shipped.tidy, [(label, cell, shown.results[cell]) for label, cell in runs])
    page.chart(figure, words, key, (*labels, *shipped.COLUMNS), rows, [shown.words])


def that_ship(book: Measured, runs: Runs) -> Results:
    """The results of a file that comes with the lab."""
    data = book.data[runs.dataset]
    words = (
        f"Shipped with the lab: measured on {data.title}, seeds {_seed_words(runs)}, by {book.made_by}. "
        f"Rows: SHA-256 {data.sha256[:12]}…"
    )
    return Results(runs, book.results, book.first_steps, data, words, True)


def choose(
    looks: Looks[Any],
    book: Measured,
    own: Runs,
    seeds: int,
    run: Run,
    cost: str,
    what: str = "",
    study: Callable[[Runs], Any] = lambda runs: runs,
) -> Results:
    """Let the reader choose shipped results or runs made here; until those are done the shipped ones, said to be so.

    One of the page's choices is called `source`. `run` is given what `study` makes of rows and seeds; `what` tells one
    way to run it from another; `cost` says how long it takes.
    """
    source = looks.draw("source", words=lambda name: "made here" if name == HERE else name)
    made = _made_here(looks.page, own, seeds, run, cost, what, study) if source == HERE else None
    shown = made or that_ship(book, own)
    if source == HERE and made is None:
        st.info(WORDS["shipped_instead"].format(seeds=_seed_words(own)), icon=":material/hourglass:")
    st.caption(f":material/database: {literal(shown.words)} {WORDS['restarts']}")
    if shown.data.synthetic:
        st.info(
            "These runs are on synthetic rows that stand in for NLTCS. The published curves belong to the real rows, "
            "so they are drawn for their shape, not for a comparison of numbers.",
            icon=":material/info:",
        )
    return shown


def _made_here(
    name: str, own: Runs, seeds: int, run: Run, cost: str, what: str, study: Callable[[Runs], Any]
) -> Results | None:
    dataset = uploads.stand_in(own.dataset)
    if dataset is None:
        st.warning(f"{DATASETS[own.dataset].title} is not on this computer.")
        return None
    runs = Runs(dataset.name, seeds, own.seed + own.num_seeds)
    key = progress.key_of(name, what, study(runs), dataset.sha256)
    state, made = progress.follow(key)
    progress.not_saved()
    if state in progress.IDLE:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Run", key=f"{name}_run", type="primary", icon=":material/play_arrow:"):
                if progress.start(key, run, study(runs), dataset):
                    st.rerun()
            st.caption(
                f"{literal(dataset.title)}, seeds {_seed_words(runs)}; {cost}. It runs in the background; what is "
                "known is kept."
            )
    if made is None:
        return None
    words = f"Made on this server: {dataset.title}, seeds {_seed_words(runs)}. Rows: SHA-256 {dataset.sha256[:12]}…"
    return Results(runs, made.results, made.first_steps, made.data[dataset.name], words, False)


def _seed_words(runs: Runs) -> str:
    return f"{runs.seed} to {runs.seed + runs.num_seeds - 1}"
