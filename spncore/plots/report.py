"""The curves of an experiment at several depths as self-contained HTML that opens without a network."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Bools, Floats
from spncore.dynamics.steps import FIRST_ORDER, beyond_first_order
from spncore.plots.curves import Line, curves
from spncore.plots.palette import DEPTHS
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
    """Adaptive rate ρ/η on a log axis: median and band over components and seeds, by depth.

    Stripes below mark the updates that first order does not describe.
    """
    lines = [
        _line(trace, np.moveaxis(trace.rho / trace.rates[0], 2, 1).reshape(-1, trace.rho.shape[1])) for trace in traces
    ]
    figure = curves("Adaptive rate by number of sum layers L", lines, THEME, height=None, y_title=RATES)
    figure.update_yaxes(type="log", exponentformat="power")
    stripes = [found for trace in traces if (found := beyond(trace))[1].any()]
    for row, (trace, passed) in enumerate(stripes):
        _add_stripe(figure, trace, passed, row)
    figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})
    return _on_its_own(figure, traces)


def beyond(trace: Trace) -> tuple[Trace, Bools]:
    """A trace, and for each of its updates (T,) whether first order does not describe it in half of its seeds or more.

    With one sum layer and linear weights it always does; of other learners than gradient ascent it is not asked.
    """
    settings = trace.experiment
    described = settings.optimiser != "gradient_ascent" or (settings.depth, settings.parametrisation) == (1, "linear")
    passed = beyond_first_order(trace.weights, trace.flow, trace.sums, *trace.rates)[:, :-1]
    return trace, (passed.mean(axis=0) >= 0.5) & (not described)


def _add_stripe(figure: go.Figure, trace: Trace, passed: Bools, row: int) -> None:
    """A stripe along the foot of the chart, with gaps where first order describes the update."""
    depth, seeds = trace.experiment.depth, "half of the seeds or more" if trace.experiment.num_seeds > 1 else "its seed"
    figure.add_scatter(
        x=[at for t in np.flatnonzero(passed).tolist() for at in (t, t + 1, None)],
        y=[height for _ in range(int(passed.sum())) for height in (0.01 + 0.015 * row,) * 2 + (None,)],
        yaxis="y2",
        mode="lines",
        line={"width": 4, "color": DEPTHS[THEME][depth - 1]},
        name=f"L = {depth}: relative step above {FIRST_ORDER:g} in {seeds}, first order does not describe it: "
        f"{passed.sum()} of {len(passed)} steps",
        hoverinfo="skip",
    )


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
