"""A page by the kit: settings that a link names, a job, a figure with its words and data, a link to share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import streamlit as st

from app.kit import address, controls, page, progress
from app.kit.link import LAB
from spncore.files.export import linked
from spncore.plots import curves
from spncore.plots.curves import Line
from spncore.runs.study import Study
from tests.app.kit.skeleton_study import train

STUDY, REFUSED, SHOWN = "skeleton_study", "skeleton_refused", "skeleton_shown"
COLUMNS = ("L", "iteration", "median", "low", "high")
OTHER = "The curves belong to other settings. Press Run to train yours."


def settings(study: Study) -> Study:
    """Draw the controls; the study that they describe, or the one on screen where they are refused."""
    return controls.panel("skeleton", controls.settings(study), controls.study_of, ("learning_rate",)) or study


def computed(study: Study) -> list[Line] | None:
    """What the job of these settings has made; else its progress, or the button that starts it, and what was before."""
    key = progress.key_of("skeleton", study)
    state, made = progress.follow(key)
    if made is not None:
        st.session_state[SHOWN] = made
        return made
    if state in progress.IDLE and st.button("Run", key="skeleton_run", type="primary", icon=":material/play_arrow:"):
        if progress.start(key, train, study):
            st.rerun()
    before: list[Line] | None = st.session_state.get(SHOWN)
    if before:
        st.info(OTHER, icon=":material/tune:")
    return before


def sentence(lines: list[Line]) -> str:
    """What the figure shows, from its numbers."""
    ends = "; ".join(f"{line.name}: {line.median[-1]:.3f} nats per row" for line in lines)
    return f"Median over the seeds after {lines[0].iterations[-1]:,} iterations: {ends}."


def rows(lines: list[Line]) -> Iterator[tuple[float, ...]]:
    """A row per depth and iteration."""
    for line in lines:
        for point in zip(line.iterations, line.median, line.low, line.high, strict=True):
            yield line.depth, *point


st.title("A page by the kit")
page.prose("Depth against depth on the data that the link names. Change the rate, press Run, share what you see.")
study = st.session_state[STUDY] = settings(address.opened(LAB.decode, STUDY, REFUSED))
page.refusals(st.session_state[REFUSED])
link = page.page_address(LAB.query_string(study))
with st.popover("Share", icon=":material/share:"):
    st.markdown("This link opens the page with the same settings.")
    page.share(link)
shown = computed(study)
if shown:
    figure = curves.curves("Log-likelihood of the depths", shown, page.theme())
    page.chart(figure, sentence(shown), "skeleton", COLUMNS, partial(rows, shown), linked(link))
    page.lab_link("Open in the lab", study, "skeleton_lab")
address.write(LAB.encode(study))
