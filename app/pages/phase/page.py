"""Phase diagram: how much faster depth L reaches a target than L = 1, over learning rate and starting weight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import streamlit as st

from app.kit import controls, page, progress, session, study_links, uploads
from app.kit.text import choice, label, literal, page_text, plain
from app.live import jobs
from app.pages.phase import charts
from spncore.data.library import Dataset
from spncore.files.places import SHIPPED
from spncore.runs.experiment import FIELDS, Experiment, ExperimentError
from spncore.runs.study import Study
from spncore.studies.findings import comparison, in_words, stripe_agreement, summary
from spncore.studies.phase import Diagram, Plane, diagram, shown_depths
from spncore.sweep import SweepError, to_csv

DEFAULT = SHIPPED / "phase-default.json"  # made by experiments/phase_diagram.py
INKS = {"light": "#31333f", "dark": "#fafafa"}
PANELS_PER_ROW = 3
RESOLUTIONS = {1: "coarse", 2: "medium", 3: "fine", 6: "very fine"}
JOB = "phase_job"  # the key of the job that this session has started last
CHOICES = ("init_convention", "component_init", "topology", "parametrisation")
CHART = {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": {"format": "svg"}}
MARKS = (
    "▲ only depth L reaches the target, ▼ only L = 1 does: coloured by the least factor possible · / neither · "
    "× depth L was thrown off, it ended below its start"
)


@lru_cache(maxsize=1)
def shipped() -> Diagram:
    """The diagram that ships with the lab."""
    return Diagram.from_json(DEFAULT.read_text(encoding="utf-8"))


def wanted(base: Plane, data: dict[str, Dataset]) -> tuple[Plane, Dataset]:
    """Draw the controls; the plane they describe and its data. SweepError or ExperimentError where it is refused."""
    names, first = list(data), base.base.dataset
    columns = st.columns(3)
    name = columns[0].selectbox(
        label("dataset"),
        names,
        names.index(first) if first in names else 0,
        key="phase_data",
        format_func=lambda name: plain(data[name].title),
        help=FIELDS["dataset"].help,
    )
    said: dict[str, Any] = {"dataset": name}
    for column, setting in zip((columns[1], columns[2], columns[0], columns[1]), CHOICES, strict=True):
        options = FIELDS[setting].choices
        said[setting] = column.selectbox(
            label(setting),
            options,
            options.index(getattr(base.base, setting)),
            key=f"phase_{setting}",
            format_func=partial(choice, setting),
            help=FIELDS[setting].help,
        )
    said["num_components"] = columns[2].number_input(label("num_components"), 1, 64, 8, key="phase_num_components")
    said["num_seeds"] = columns[0].number_input(label("num_seeds"), 1, 32, 3, key="phase_num_seeds")
    said["iterations"] = columns[1].select_slider(
        label("iterations"), [50, 100, 200, 500, 1000, 2000, 5000], 500, key="phase_iterations"
    )
    per_decade = columns[2].select_slider(
        "resolution", list(RESOLUTIONS), 1, key="phase_resolution", format_func=RESOLUTIONS.__getitem__
    )
    depths = columns[0].pills(
        label("depth"), list(range(2, 9)), default=[2, 3], selection_mode="multi", key="phase_depths"
    )
    said["train_components"] = columns[1].toggle(
        label("train_components"), base.base.train_components, key="phase_train_components"
    )
    control = columns[2].toggle("also L = 1 at L·η", value=True, key="phase_control")
    noise = 0.0 if said["component_init"] == "fitted" else 1e-3
    experiment = base.base.replace(**said, init_noise=noise, depth=1)
    plane = Plane(experiment, (1, *sorted(depths)), per_decade=per_decade, control=control, gain=base.gain)
    return plane, data[name]


def settings_panel(base: Plane) -> None:
    """Another setting: its controls, the number of runs, and the button that starts the job."""
    data = uploads.at_hand(session.held_uploads())
    if not data:
        return
    try:
        plane, dataset = wanted(base, data)
    except (SweepError, ExperimentError) as error:
        page.refused(error)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Compute", key="phase_compute", type="primary", icon=":material/grid_on:"):
            start(plane, dataset)
        st.caption(
            f"{len(plane.cells()):,} cells (seeds: {plane.base.num_seeds}): {len(plane.scales)} starts × "
            f"{len(plane.rates)} learning rates. Computed in the background; cells that are known are not run again."
        )


def start(plane: Plane, dataset: Dataset) -> None:
    """Start the job of a plane, or join it; the page shows how it gets on."""
    key = progress.key_of("phase", plane, dataset.sha256)
    cells = list(plane.cells().values())

    def work(job: jobs.Job) -> Diagram:
        return diagram(plane, dataset, jobs.sweep(job, cells, {plane.base.dataset: dataset}))

    progress.leave(JOB)
    if progress.start(key, work):
        st.session_state[JOB] = key
        st.rerun()


def job_standing() -> None:
    """How the session's job gets on, why there is no result, or the way back from it."""
    state, _ = progress.follow(st.session_state.get(JOB))
    if state == "cancelled":
        st.info("Cancelled. What was computed is kept: Compute goes on from there.", icon=":material/pause:")
    elif state == "done":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Done: it is shown above.", width="content")
            label, icon = "Back to the diagram that ships", ":material/undo:"
            st.button(label, key="phase_back", icon=icon, on_click=progress.leave, args=(JOB,))


def open_in_lab(shown: Diagram, depth: int, row: int, column: int) -> None:
    """Train the pair of runs of one cell in the lab."""
    experiment: Experiment = shown.plane.base.replace(
        learning_rate=shown.plane.rates[column], init_scale=shown.plane.scales[row]
    )
    if uploads.ready(experiment.dataset, session.held_uploads()) is None:
        experiment = experiment.replace(dataset=uploads.FALLBACK.get(experiment.dataset, experiment.dataset))
    session.open_session()
    study = Study(experiment, (1, depth))
    controls.show(study)
    session.train()
    st.switch_page("pages/lab/page.py", query_params=study_links.encode(study))


def panels(shown: Diagram, control: bool) -> None:
    """A panel per depth, the colour key, and what a click on a cell does."""
    ink = INKS[page.theme()]
    depths = shown_depths(shown.plane)
    for first in range(0, len(depths), PANELS_PER_ROW):
        row = depths[first : first + PANELS_PER_ROW]
        for column, depth in zip(st.columns(max(len(row), 2)), row, strict=False):
            clicked = column.plotly_chart(
                charts.phase_panel(shown, depth, control, ink),
                key=f"phase_panel_{depth}",
                on_select="rerun",
                selection_mode="points",
                config=CHART,
                alt=summary(shown, depth)[0],
            )
            if clicked.selection.points:
                open_in_lab(shown, *clicked.selection.points[0]["customdata"])
    st.plotly_chart(charts.phase_key(shown, control, ink), key="phase_key", config={"displayModeBar": False})
    stripe = shown.plane.stripe_name("L")
    st.caption(f"{MARKS}. Dotted: {stripe} constant, its value at the end. Click a square to open its runs in the lab.")


def findings(shown: Diagram, depths: Sequence[int]) -> None:
    """What the numbers say, in sentences made from them."""
    for column, depth in zip(st.columns(max(len(depths), 2)), depths, strict=False):
        column.markdown(f"**L = {depth}**\n" + "\n".join(f"- {sentence}" for sentence in summary(shown, depth)))
    equal, pairs = stripe_agreement(shown)
    if pairs:
        st.markdown(
            f"**Stripes, checked and not assumed:** {equal:,} of {pairs:,} runs need exactly the iterations of their "
            "neighbour on the same η/s²."
        )


def take_away(shown: Diagram, control: bool) -> None:
    """The numbers as a table, whose rows open in the lab too, and as files."""
    rows = comparison(shown, control)
    names = {"row": None, "column": None}
    picked = st.dataframe(
        rows,
        key="phase_table",
        on_select="rerun",
        selection_mode="single-row",
        hide_index=True,
        height=280,
        column_config=names,
    )
    if picked.selection.rows:
        chosen = rows[picked.selection.rows[0]]
        open_in_lab(shown, chosen["L"], chosen["row"], chosen["column"])
    with st.container(horizontal=True):
        title = f"phase {shown.data['title']}"
        page.hand_out("Every run (CSV)", lambda: to_csv(shown.rows()), title, "csv", "phase_csv")
        page.hand_out("Settings and result (JSON)", shown.to_json, title, "json", "phase_json")


st.header("Phase diagram: when does depth help, and by how much?", anchor=False)
own = jobs.JOBS.get(st.session_state.get(JOB, ""))
on_screen: Diagram = own.result if own and own.state == "done" else shipped()
st.caption(literal(in_words(on_screen)))
with_control = False
if on_screen.plane.control:
    against = ["compared with L = 1 at the same η", "with L = 1 at L·η"]
    chosen = st.segmented_control(
        "compared with", against, default=against[0], key="phase_against", label_visibility="collapsed", required=True
    )
    with_control = chosen == against[1]
panels(on_screen, with_control)
with st.expander("Another setting", icon=":material/tune:"):
    settings_panel(shipped().plane)
    job_standing()
findings(on_screen, shown_depths(on_screen.plane))
st.markdown(page_text("phase"))
with st.expander("Show as table, take away", icon=":material/table:"):
    take_away(on_screen, with_control)
