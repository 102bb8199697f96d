"""Any grid: settings that vary, all their combinations trained, as small multiples and parallel coordinates."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from app.kit import address, controls, page, progress, session, uploads
from app.kit.data import offered
from app.kit.link import CIRCUITS, GRID, LAB
from app.kit.text import WORDS, literal
from app.pages.grid import charts, words
from app.pages.grid.link import (
    ASKED,
    BEST,
    CONTROLS,
    FORMS,
    NONE,
    SLOTS,
    Look,
    decode,
    described,
    said,
    suggested,
)
from spncore.data.library import Dataset
from spncore.plots.drawing import STILL
from spncore.record import ExperimentError
from spncore.runs.experiment import FIELDS
from spncore.runs.study import Study
from spncore.studies import grid as grids
from spncore.studies.axes import VARIED
from spncore.studies.grid import Found, Grid, Place
from spncore.sweep import to_csv
from spncore.words import counted

PANELS_PER_ROW = 3
STATE, REFUSED = "grid_study", "grid_refused"
LOOKS = address.Looks("grid", Look, beside=True)
SETTINGS = {**controls.SETTINGS, **CONTROLS}


def suggest(slot: str) -> None:
    """Another setting along an axis brings values that suit it."""
    name = st.session_state[f"grid_{slot}"]
    st.session_state[f"grid_{slot}_values"] = "" if name == NONE else suggested(name)


def decoded(params: address.Params) -> tuple[Grid, list[str]]:
    """The grid of a link, on data that is at hand or as it ships, and a sentence for each thing refused."""
    grid, refused = decode(params)
    used, why = uploads.instead(grid.base.dataset, session.held_uploads())
    if used == grid.base.dataset or grid in grids.shipped():
        return grid, refused
    return Grid.of({**grid.settings(), "dataset": used}), [*refused, why]


def chosen(before: Grid) -> Grid:
    """Draw the controls; the grid that they describe, or the one of before where they are refused."""
    data, values = offered(), said(before)
    of_that_ships = before.base.dataset if before in grids.shipped() else GRID.default().base.dataset

    def made(now: controls.Values) -> Grid:
        grid = described(now)
        if uploads.ready(grid.base.dataset, session.held_uploads()) is None and grid not in grids.shipped():
            raise ExperimentError(WORDS["grid_no_data"])
        return grid

    now = controls.said("grid", values, (*SLOTS, "asked"), SETTINGS)
    varied = {now[slot] for slot in SLOTS}
    axes = [name for slot in SLOTS for name in (slot, *([f"{slot}_values"] if now[slot] != NONE else []))]
    asked = [name for name in ("gain", "level") if name == now["asked"]]
    main = ["dataset", *axes, "asked", *asked, *(name for name in ("num_seeds", "iterations") if name not in varied)]
    more = [name for name in (*VARIED, "seed") if name not in varied and name not in main]
    titles = {name: field.title for name, field in FIELDS.items()} | {NONE: "nothing"}
    how: dict[str, controls.Values] = {
        "dataset": {**data, "options": [*dict.fromkeys([*data["options"], of_that_ships])]},
        "asked": {"kind": "selectbox", "words": ASKED.__getitem__},
        "gain": {"kind": "slider"},
        "level": {"kind": "number_input"},
        "num_seeds": {"kind": "number_input"},
        **{
            slot: {"kind": "selectbox", "words": titles.__getitem__, "on_change": partial(suggest, slot)}
            for slot in SLOTS
        },
        **{f"{slot}_values": {"kind": "text_input"} for slot in SLOTS},
    }
    return controls.panel("grid", values, made, main, more, SETTINGS, how) or before


def panel() -> tuple[Grid, Found | None, str]:
    """Draw the side panel; the grid that is wanted, what is known of it, and the key of the job that computes it."""
    before = address.opened(decoded, STATE, REFUSED, Look, lambda grid: controls.show("grid", said(grid)))
    with st.sidebar:
        grid = st.session_state[STATE] = chosen(before)
        dataset = uploads.ready(grid.base.dataset, session.held_uploads())
        key = progress.key_of("grid", grid, dataset.sha256 if dataset else "")
        known: Found | None = grids.shipped().get(grid) or progress.made(key)
        if dataset is not None:
            st.caption(price_words(grid, dataset))
            progress.run_button("grid_run", key, known is not None, grids.run, grid, dataset, unit="cells")
        progress.not_saved()
    return grid, known, key


def price_words(grid: Grid, dataset: Dataset) -> str:
    """How much is to be computed, before it is."""
    cells, seeds = counted(len(grid.cells()), "cell"), counted(grid.base.num_seeds, "seed")
    return WORDS["grid_price"].format(cells=cells, seeds=seeds, time=progress.duration(words.price(grid, dataset)))


def open_run(found: Found, place: Place) -> None:
    """Train the run of one cell in the lab, or among the deep circuits."""
    experiment = found.grid.cells()[tuple(place)].experiment
    used, _ = uploads.instead(experiment.dataset, session.held_uploads())
    study = Study(experiment.replace(dataset=used), (experiment.depth,))
    links, folder = (CIRCUITS, "circuits") if study.deep else (LAB, "lab")
    st.switch_page(f"pages/{folder}/page.py", query_params=links.encode(study))


def small_multiples(found: Found) -> None:
    """A panel for each value of the third setting, as squares or as lines, with what they show in words."""
    axes = found.grid.axes
    form = LOOKS.draw("form", words=FORMS.__getitem__, label_visibility="collapsed") if len(axes) > 1 else "lines"
    if form == "lines" and len(axes) > 1 and len(axes[1].values) > charts.MOST_LINES:
        st.caption(WORDS["grid_lines"].format(most=charts.MOST_LINES))
        form = "map"
    draw: Callable[..., Any] = charts.curves if form == "lines" else charts.squares
    alt, drawn = " ".join(words.summary(found)), charts.panels(found)
    per_row = min(len(drawn), PANELS_PER_ROW)
    for first in range(0, len(drawn), per_row):
        for column, (title, last) in zip(st.columns(per_row), drawn[first : first + per_row], strict=False):
            figure = draw(found, title, last, page.theme())
            with column:
                place = page.clicked(figure, f"grid_panel_{'_'.join(map(str, last))}", f"{title} {alt}".strip(), STILL)
            if place:
                open_run(found, place)
    if form == "map":
        page.plot(charts.key(found, page.theme()), "grid_key", f"The colours: {words.asked(found.grid)}", STILL)
    st.caption(WORDS["grid_marks" if form == "map" else "grid_lines_help"])


def parallel_coordinates(found: Found) -> None:
    """Every cell as a line through its settings, the best in colour, and what those share."""
    st.header("Parallel coordinates", divider="gray")
    share = BEST[LOOKS.draw("best")]
    shared = words.shared(found, share)
    place = page.clicked(charts.parallel(found, share, page.theme()), "grid_parallel", shared, STILL)
    if place:
        open_run(found, place)
    st.markdown(literal(shared))
    st.caption(WORDS["grid_parallel"])


def take_away(found: Found) -> None:
    """The cells as a table, whose rows open their runs, and every run as files."""
    with st.expander("Show as table, take away", icon=":material/table:"):
        rows = words.table(found)
        how: dict[str, Any] = {"on_select": "rerun", "selection_mode": "single-row", "hide_index": True, "height": 280}
        picked = st.dataframe(rows, key="grid_table", column_config={"place": None}, **how)
        if picked.selection.rows:
            open_run(found, rows[picked.selection.rows[0]]["place"])
        with st.container(horizontal=True):
            title = f"grid {found.data['title']}"
            page.hand_out("Every run (CSV)", lambda: to_csv(grids.tidy(found)), title, "csv", "grid_csv")
            page.hand_out("Settings and result (JSON)", lambda: grids.to_json(found), title, "json", "grid_json")


def show(found: Found) -> None:
    """The answer, small multiples, what the numbers say, parallel coordinates, the table."""
    st.header(literal(words.headline(found)), anchor=False)
    st.caption(literal(words.in_words(found)))
    small_multiples(found)
    along = [sentence for at in range(len(found.grid.axes)) if (sentence := words.along(found, at))]
    st.markdown("\n".join(f"- {sentence}" for sentence in [*map(literal, words.summary(found)), *along]))
    st.caption(f"{words.fairness(found)} {WORDS['restarts']}")
    st.caption(f":material/database: {literal(words.origin(found))}")
    parallel_coordinates(found)
    take_away(found)


parts = page.introduced("Any grid", "grid")
LOOKS.opened()
wanted, result, job = panel()
page.refusals([*st.session_state[REFUSED], *LOOKS.refused])
if result is None:
    progress.not_yet(job)
else:
    show(result)
page.parts_of_text(parts)
page.prose(WORDS["grid_instance"])
st.page_link("pages/phase/page.py", label=WORDS["open_phase"], icon=":material/grid_on:")
page.sources(grids.run, grids.found)
address.write(GRID.encode(wanted), LOOKS, plain=wanted == GRID.default())
