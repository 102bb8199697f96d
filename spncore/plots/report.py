"""The Figure 3 experiment as files: tidy CSV, and curves as self-contained HTML that opens without a network."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spncore.arrays import Floats
from spncore.plots.drawing import band
from spncore.plots.palette import DASHES, DEPTHS, FAINT, stroke
from spncore.runs.trace import Trace

if TYPE_CHECKING:
    import plotly.graph_objects as go

THEME = "light"


def tidy(traces: Sequence[Trace]) -> Iterator[tuple[int, int, int, str, float]]:
    """Rows (seed, L, t, quantity, value): LLH of every seed; ρ, λ and effective weight of every component k."""
    for trace in traces:
        depth = trace.experiment.depth
        for index, seed in enumerate(trace.experiment.seeds):
            for t, llh in enumerate(trace.llh[index], start=1):
                yield seed, depth, t, "llh", float(llh)
            for name, array in (("rho", trace.rho), ("lambda", trace.lam), ("weight", trace.effective_weights)):
                for t, k in np.ndindex(array.shape[1:]):
                    yield seed, depth, t + 1, f"{name}_{k + 1}", float(array[index, t, k])


def write_csv(path: Path, traces: Sequence[Trace]) -> None:
    """Write `tidy` rows; numbers in the shortest form that reads back to the same bits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("seed", "L", "t", "quantity", "value"))
        writer.writerows(tidy(traces))


def llh_figure(
    traces: Sequence[Trace], references: Mapping[str, float], published: Mapping[int, Floats] | None = None
) -> go.Figure:
    """LLH by depth: median over seeds with the band of all seeds, reference lines, and the published curves."""
    figure = _figure(traces, "Training log-likelihood by number of sum layers L", "mean log-likelihood (nats per row)")
    for name, value in references.items():
        figure.add_hline(y=value, line={"dash": "dot", "width": 1, "color": FAINT[THEME]}, annotation_text=name)
    for depth, curve in (published or {}).items():
        line = {"color": FAINT[THEME], "width": 1, "dash": DASHES[depth - 1]}
        entry = {"name": "published", "legendgroup": "published", "showlegend": depth == 1}
        figure.add_scatter(x=_steps(curve), y=curve, line=line, **entry)
    for trace in traces:
        _add_band(figure, trace, trace.llh)
    return figure


def rate_figure(traces: Sequence[Trace]) -> go.Figure:
    """Effective learning rate ρ/η on a log axis: median and band over components and seeds, by depth."""
    figure = _figure(traces, "Effective learning rate by number of sum layers L", "ρ/η, of all components and seeds")
    figure.update_yaxes(type="log", exponentformat="power")
    for trace in traces:
        rates = np.moveaxis(trace.rho, 2, 1).reshape(-1, trace.rho.shape[1]) / trace.experiment.learning_rate
        _add_band(figure, trace, rates)
    return figure


def write_html(path: Path, figure: go.Figure) -> None:
    """One self-contained HTML file, plotly.js included."""
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _figure(traces: Sequence[Trace], title: str, y_title: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    legend = {"y": 0.02, "yanchor": "bottom", "x": 0.98, "xanchor": "right"}
    settings = traces[0].experiment
    subtitle = (
        f"{settings.dataset}, K = {settings.num_components}, η = {settings.learning_rate:g}, start "
        f"{settings.init_scale:g}, {settings.num_seeds} seeds: median and range"
    )
    figure.update_layout(
        template="plotly_white",
        font={"size": 15},
        hovermode="x unified",
        legend=legend,
        title={"text": title, "subtitle": {"text": subtitle}},
        margin={"t": 90, "r": 30},
    )
    figure.update_xaxes(title="iteration")
    figure.update_yaxes(title=y_title)
    return figure


def _add_band(figure: go.Figure, trace: Trace, runs: Floats) -> None:
    """Median of `runs` (R, T) as a line, their range as a band."""
    depth, steps = trace.experiment.depth, _steps(runs[0])
    band(figure, steps, runs.min(axis=0), runs.max(axis=0), DEPTHS[THEME][depth - 1], opacity=0.15)
    figure.add_scatter(x=steps, y=np.median(runs, axis=0), line=stroke(depth, THEME), name=f"L = {depth}")


def _steps(curve: Floats) -> NDArray[np.int64]:
    return np.arange(1, len(curve) + 1)
