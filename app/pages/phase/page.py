"""Phase diagram: how much faster depth L reaches a target than L = 1, over learning rate and starting weight."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from app.kit import address, controls, page, progress, session, uploads
from app.kit.data import offered
from app.kit.link import GRID, LAB
from app.kit.results import HERE, SHIPPED
from app.kit.text import WORDS, literal, page_text
from app.pages.phase import charts, link
from app.pages.phase.words import comparison, fairness, in_words, summary
from spncore.plots.drawing import STILL
from spncore.record import Field
from spncore.runs.experiment import FIELDS, Experiment
from spncore.runs.study import Study
from spncore.studies import phase
from spncore.studies.phase import Diagram, Plane, stripe_agreement
from spncore.sweep import to_csv

PANELS_PER_ROW = 3
RESOLUTIONS = {1: "coarse", 2: "medium", 3: "fine", 6: "very fine"}
STATE, REFUSED = "phase_plane", "phase_refused"
JOB, MADE = "phase_job", "phase_made"  # the key of the job whose diagram is on show once it is made, and its plane
LOOKS = address.Looks("phase", link.Look, beside=True)
CHOICES = "init_convention component_init topology parametrisation".split()
MORE = "num_components num_seeds iterations resolution depths train_components control".split()
SETTINGS = {
    **{name: replace(field, help="") for name, field in controls.SETTINGS.items() if name not in CHOICES},
    **{name: controls.SETTINGS[name] for name in CHOICES},
    "data": FIELDS["dataset"],
    "num_seeds": replace(FIELDS["num_seeds"], help="", high=32),
    "resolution": Field(int, "resolution", "", ""),
    "control": Field(bool, "also L = 1 at L·η", "", ""),
}
HOW: Mapping[str, controls.Values] = {
    **{name: {"kind": "selectbox"} for name in CHOICES},
    "num_components": {"kind": "number_input"},
    "num_seeds": {"kind": "number_input"},
    "iterations": {"kind": "select_slider", "options": [50, 100, 200, 500, 1000, 2000, 5000]},
    "resolution": {
        "kind": "select_slider",
        "options": list(RESOLUTIONS),
        "words": lambda number: RESOLUTIONS.get(number, number),
    },
    "depths": {"options": range(2, 9)},
}
MARKS = (
    "▲ only depth L reaches the target, ▼ only L = 1 does: coloured by the least factor possible · / neither · "
    "× depth L was thrown off, it ended below its start"
)


def said(plane: Plane) -> dict[str, Any]:
    """What the controls say of a plane."""
    own = {"data": plane.base.dataset, "resolution": plane.per_decade, "control": plane.control}
    return {**controls.settings(Study(plane.base, plane.depths[1:])), **own}


def decode(params: Mapping[str, Any]) -> tuple[Plane, list[str]]:
    """The plane of a link, on data that is at hand, and a sentence for each thing refused."""
    plane, refused = link.LINKS.decode(params)
    used, why = uploads.instead(plane.base.dataset, session.held_uploads())
    base = plane.base.replace(dataset=used, depth=1)  # as the controls have it; every depth is computed
    return replace(plane, base=base), [*refused, *([why] if why and params else [])]


def take_up(plane: Plane) -> None:
    """Show what the address says: the plane in the controls, and its diagram if the address asks for that one."""
    controls.show("phase", said(plane))
    st.session_state.pop(JOB, None)  # not left: it may be gone forward to again
    if LOOKS.now.source == HERE:
        st.session_state.update({JOB: key_of(plane), MADE: plane})


def key_of(plane: Plane) -> str:
    """The key of the job that computes a plane."""
    dataset = uploads.at_hand(session.held_uploads())[plane.base.dataset]
    return progress.key_of("phase", plane, dataset.sha256)


def wanted(before: Plane) -> Plane | None:
    """Draw the controls; the plane they describe, or None where it is refused."""

    def make(values: dict[str, Any]) -> Plane:
        noise = 0.0 if values["component_init"] == "fitted" else link.NOISE
        settings = {name: values[name] for name in FIELDS}
        experiment = Experiment(**{**settings, "dataset": values["data"], "init_noise": noise, "depth": 1})
        depths = (1, *sorted(values["depths"]))
        return Plane(experiment, depths, per_decade=values["resolution"], control=values["control"], gain=before.gain)

    how = {**HOW, "data": offered()}
    return controls.panel(
        "phase", said(before), make, ["data", *CHOICES, *MORE], fields=SETTINGS, how=how, places=st.columns(3)
    )


def settings_panel(before: Plane) -> None:
    """Another setting: its controls, the number of runs, and the button that starts the job."""
    plane = wanted(before)
    if plane is None:
        return
    st.session_state[STATE] = plane
    progress.not_saved()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Compute", key="phase_compute", type="primary", icon=":material/grid_on:"):
            key = key_of(plane)
            progress.leave(JOB)
            if progress.start(key, phase.run, plane, uploads.at_hand(session.held_uploads())[plane.base.dataset]):
                st.session_state.update({JOB: key, MADE: plane})
                st.rerun()
        st.caption(
            f"{len(plane.cells()):,} cells (seeds: {plane.base.num_seeds}): {len(plane.scales)} starts × "
            f"{len(plane.rates)} learning rates. Computed in the background; cells that are known are not run again."
        )


def job_ended() -> None:
    """Why the session's job has no result, or the way back from it."""
    key = st.session_state.get(JOB)
    state, _ = progress.follow(key)
    if state == "cancelled":
        st.info("Cancelled. What was computed is kept: Compute goes on from there.", icon=":material/pause:")
    elif state == "done":
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Done: it is shown above.", width="content")
            label, icon = "Back to the diagram that ships", ":material/undo:"
            st.button(label, key="phase_back", icon=icon, on_click=progress.leave, args=(JOB,))
    elif key is not None and not state:
        st.info(WORDS["phase_not_made"], icon=":material/tune:")


def open_in_lab(shown: Diagram, depth: int, row: int, column: int) -> None:
    """Train the pair of runs of one cell in the lab."""
    experiment: Experiment = shown.plane.base.replace(
        learning_rate=shown.plane.rates[column], init_scale=shown.plane.scales[row]
    )
    if uploads.ready(experiment.dataset, session.held_uploads()) is None:
        experiment = experiment.replace(dataset=uploads.FALLBACK.get(experiment.dataset, experiment.dataset))
    st.switch_page("pages/lab/page.py", query_params=LAB.encode(Study(experiment, (1, depth))))


def panels(shown: Diagram, control: bool) -> None:
    """A panel per depth, the colour key, and what a click on a cell does."""
    theme = page.theme()
    depths = shown.plane.depths[1:]
    for first in range(0, len(depths), PANELS_PER_ROW):
        row = depths[first : first + PANELS_PER_ROW]
        for column, depth in zip(st.columns(max(len(row), 2)), row, strict=False):
            figure, words = charts.phase_panel(shown, depth, control, theme), summary(shown, depth)[0]
            with column:
                cell = page.clicked(figure, f"phase_panel_{depth}", words, STILL)
            if cell:
                open_in_lab(shown, *cell)
    colours = charts.phase_key(shown, control, theme)
    page.plot(colours, "phase_key", f"The colours: {colours.layout.title.text}", {"displayModeBar": False})
    stripe = shown.plane.stripe_name("L")
    st.caption(f"{MARKS}. Dotted: {stripe} constant, its value at the end. Click a square to open its runs in the lab.")


def findings(shown: Diagram, control: bool) -> None:
    """What the numbers say, in sentences made from them."""
    depths = shown.plane.depths[1:]
    for column, depth in zip(st.columns(max(len(depths), 2)), depths, strict=False):
        column.markdown(f"**L = {depth}**\n" + "\n".join(f"- {sentence}" for sentence in summary(shown, depth)))
    equal, pairs = stripe_agreement(shown)
    if pairs:
        st.markdown(
            f"**Stripes, checked and not assumed:** {equal:,} of {pairs:,} runs need exactly the updates of their "
            "neighbour on the same η/w0²."
        )
    st.caption(f"{fairness(shown, control)} {WORDS['restarts']}")


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
        page.hand_out("Every run (CSV)", lambda: to_csv(phase.tidy(shown)), title, "csv", "phase_csv")
        page.hand_out("Settings and result (JSON)", lambda: phase.to_json(shown), title, "json", "phase_json")


def diagram() -> None:
    """The diagram on screen: whose it is, its panels, its findings, its numbers."""
    made: Diagram | None = progress.made(st.session_state.get(JOB))
    shown = made or phase.shipped()
    origin = "Made on this server." if made else "Shipped with the lab."
    st.caption(literal(f"{in_words(shown)} {origin}"))
    with_control = False
    if shown.plane.control:
        words = link.AGAINST.__getitem__
        with_control = LOOKS.draw("against", words=words, label_visibility="collapsed") == "times"
    panels(shown, with_control)
    findings(shown, with_control)
    with st.expander("Show as table, take away", icon=":material/table:"):
        take_away(shown, with_control)


LOOKS.opened()
plane = address.opened(decode, STATE, REFUSED, link.Look, take_up)
page.titled("Phase diagram: when does depth help, and by how much?")
page.refusals([*st.session_state[REFUSED], *LOOKS.refused])
if progress.under_way(st.session_state.get(JOB)):
    st.info(WORDS["under_way"], icon=":material/hourglass:")
    progress.follow(st.session_state.get(JOB))
else:
    diagram()
with st.expander("Another setting", icon=":material/tune:"):
    settings_panel(plane)
    if not progress.under_way(st.session_state.get(JOB)):
        job_ended()
st.header("How to read it", divider="gray")
page.prose(page_text("phase"))
page.prose(WORDS["phase_as_grid"])
as_grid = GRID.encode((progress.made(st.session_state.get(JOB)) or phase.shipped()).plane.grid)
st.page_link("pages/grid/page.py", label=WORDS["open_as_grid"], icon=":material/table:", query_params=as_grid)
made_here = st.session_state.get(JOB) is not None
LOOKS.choose("source", HERE if made_here else SHIPPED)
on_show = st.session_state[MADE if made_here else STATE]
address.write(link.LINKS.encode(on_show), LOOKS, plain=not made_here and on_show == decode({})[0])
