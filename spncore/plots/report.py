"""The curves of an experiment at several depths as self-contained HTML that opens without a network."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.plots.curves import Line, curves
from spncore.runs.trace import Trace

THEME = "light"
RATES = "ρ/η, of all components and seeds"


def llh_figure(
    traces: Sequence[Trace], references: Mapping[str, float], published: Mapping[int, Floats] | None = None
) -> go.Figure:
    """LLH by depth: median over seeds with the band of all seeds, reference lines, and the published curves."""
    before = [
        Line.from_start("published", depth, curve, faint=True, group="published")
        for depth, curve in (published or {}).items()
    ]
    lines = [*before, *(_line(trace, trace.llh) for trace in traces)]
    figure = curves("Training log-likelihood by number of sum layers L", lines, THEME, references, height=None)
    return _on_its_own(figure, traces)


def rate_figure(traces: Sequence[Trace]) -> go.Figure:
    """Effective learning rate ρ/η on a log axis: median and band over components and seeds, by depth."""
    lines = [
        _line(trace, np.moveaxis(trace.rho, 2, 1).reshape(-1, trace.rho.shape[1]) / trace.experiment.learning_rate)
        for trace in traces
    ]
    figure = curves("Effective learning rate by number of sum layers L", lines, THEME, height=None, y_title=RATES)
    figure.update_yaxes(type="log", exponentformat="power")
    return _on_its_own(figure, traces)


def _line(trace: Trace, runs: Floats) -> Line:
    """Median of `runs` (R, T) with their range."""
    depth = trace.experiment.depth
    return Line.from_start(f"L = {depth}", depth, np.median(runs, axis=0), runs.min(axis=0), runs.max(axis=0))


def _on_its_own(figure: go.Figure, traces: Sequence[Trace]) -> go.Figure:
    """The figure with its title and settings in it."""
    settings = traces[0].experiment
    subtitle = (
        f"{settings.dataset}, K = {settings.num_components}, η = {settings.learning_rate:g}, start "
        f"{settings.init_scale:g}, {settings.num_seeds} seeds: median and range"
    )
    return figure.update_layout(
        title={"text": figure.layout.meta, "subtitle": {"text": subtitle}},
        legend={"orientation": "v", "y": 0.02, "x": 0.98, "xanchor": "right"},
        font={"size": 15},
        hovermode="x unified",
        dragmode="zoom",
        margin={"t": 90, "r": 30},
    )
