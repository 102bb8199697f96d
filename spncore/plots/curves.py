"""Figures of the evidence pages: pure functions from plain numbers to Plotly figures, one look for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spncore.plots.report import DASHES
from spncore.studies.statistics import Iterations, better_of_two, median, median_interval

COLOURS = {"light": ("#440154", "#3e4989", "#287d8e"), "dark": ("#287d8e", "#25ac82", "#7fd34e")}
INKS = {"light": "#31333f", "dark": "#fafafa"}
FAINT = {"light": "#6b6e78", "dark": "#a3a8b4"}
SYMBOLS = ("circle", "square", "triangle-up")
HEIGHT, SMALL_HEIGHT = 400, 320
MARGIN = {"l": 70, "r": 12, "t": 44, "b": 46}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


@dataclass(frozen=True)
class Line:
    """One curve over iterations: its name, the depth whose colour and dash it takes, median and range over seeds."""

    name: str
    depth: int
    iterations: Sequence[float]
    median: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    faint: bool = False  # grey: what the others are compared with
    group: str = ""  # lines of one group share an entry of the legend
    thin: bool = False  # the rows it was trained on, beside those it was not

    @classmethod
    def of_seeds(cls, name: str, depth: int, curve: Mapping[str, Sequence[float]]) -> Line:
        """The line of a kept curve: its iterations, median, low and high over the seeds."""
        return cls(name, depth, curve["iteration"], curve["median"], curve["low"], curve["high"])


def around(values: Sequence[float], edge: float) -> tuple[float, float]:
    """The range of an axis that holds these values, with a share of their range at each end."""
    low, high = min(values), max(values)
    return low - edge * (high - low), high + edge * (high - low)


def curves(
    title: str,
    lines: Sequence[Line],
    mode: str,
    levels: Mapping[str, float] | None = None,
    *,
    log_iterations: bool = False,
    y_range: tuple[float, float] | None = None,
    height: int = HEIGHT,
    x_range: tuple[float, float] | None = None,
    y_title: str = "mean log-likelihood (nats per row)",
) -> go.Figure:
    """LLH, or what `y_title` says, over iterations: medians as lines, ranges of seeds as bands, levels dotted."""
    figure = _figure(title, "iteration", y_title, mode, height)
    for name, value in (levels or {}).items():
        _level(figure, value, name, mode)
    for line in lines:
        _add_line(figure, line, mode)
    if log_iterations:
        figure.update_xaxes(type="log", dtick=1)
    if x_range is not None:
        figure.update_xaxes(range=np.log10(x_range).tolist() if log_iterations else list(x_range))
    if y_range is not None:
        figure.update_yaxes(range=list(y_range))
    return figure


def departure(differences: Sequence[Line], published: Sequence[Line], level: float, mode: str) -> go.Figure:
    """|LLH − LLH of exact symmetry| on a log axis: ours as lines, published as markers, a level to read it at."""
    title = "How far from the symmetric curve, at each early iteration"
    figure = _figure(title, "iteration", "difference (nats per row)", mode, HEIGHT)
    for line in differences:
        _add_line(figure, line, mode)
    for line in published:
        index = line.depth - 1
        figure.add_scatter(
            x=line.iterations,
            y=line.median,
            name=line.name,
            mode="markers",
            hovertemplate="%{x}: %{y:.2g}<extra>" + line.name + "</extra>",
            marker={"symbol": SYMBOLS[index] + "-open", "size": 8, "color": FAINT[mode], "line": {"width": 1.5}},
        )
    powers = _powers(-16, 1, 2)
    powers["ticktext"][0] = "0"  # what differs by less is drawn there
    figure.update_yaxes(type="log", **powers)
    _level(figure, level, "what reading off the figure leaves", mode)
    return figure


def noise_response(
    reached: Mapping[int, Mapping[float, Iterations]], published: Mapping[int, int], end: int, target: str, mode: str
) -> go.Figure:
    """Median iterations to a target over the noise at the start, with intervals; published values as dotted lines."""
    title = f"Iterations to {target}, by the noise at the start"
    figure = _figure(title, "relative noise on the leaf weights (ε)", "iterations", mode, HEIGHT)
    for depth, at in published.items():
        _level(figure, at, f"published L={depth}: {at}", mode, DASHES[depth - 1], below=depth == max(published))
    _level(figure, end, f"not within {end}", mode)
    for depth, by_noise in reached.items():
        middles = [_or(median(runs), end) for runs in by_noise.values()]
        intervals = [median_interval(runs) for runs in by_noise.values()]
        low = [middle - _or(span.low, end) for middle, span in zip(middles, intervals, strict=True)]
        high = [_or(span.high, end) - middle for middle, span in zip(middles, intervals, strict=True)]
        colour = COLOURS[mode][depth - 1]
        figure.add_scatter(
            x=list(by_noise),
            y=middles,
            name=f"L={depth}",
            mode="lines+markers",
            error_y={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "width": 5},
            line={"color": colour, "width": 2.4, "dash": DASHES[depth - 1]},
            marker={"size": 9, "symbol": SYMBOLS[depth - 1], "color": colour},
        )
    figure.update_xaxes(type="log", range=[-16.6, 1.4], **_powers(-16, -2, 2))
    figure.update_yaxes(range=[0, end * 1.1])
    return figure


def seeds_and_pairs(
    reached: Mapping[int, Iterations], published: Mapping[int, int], end: int, target: str, mode: str
) -> go.Figure:
    """Every seed as a point, the better of two as a box of all pairs, the published run as a diamond, by depth."""
    figure = _figure(f"Every seed, and the better of two: iterations to {target}", "iterations", "", mode, SMALL_HEIGHT)
    for depth, runs in reached.items():
        colour = COLOURS[mode][depth - 1]
        pairs = [_or(value, end) for value in better_of_two(runs)]
        figure.add_box(
            x=pairs,
            y=[depth] * len(pairs),
            orientation="h",
            boxpoints=False,
            width=0.5,
            name="better of two",
            legendgroup="pairs",
            showlegend=depth == 1,
            line={"color": FAINT[mode], "width": 1.2},
            fillcolor="rgba(128,128,128,0.22)",
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[_or(value, end) for value in runs],
            y=[depth + _aside(i) for i in range(len(runs))],
            mode="markers",
            name="one seed",
            hovertemplate="%{x} iterations<extra>one seed</extra>",
            legendgroup="seeds",
            showlegend=depth == 1,
            marker={"size": 9, "opacity": 0.6, "color": colour, "symbol": SYMBOLS[depth - 1]},
        )
        figure.add_scatter(
            x=[published[depth]],
            y=[depth],
            mode="markers",
            name="published",
            legendgroup="published",
            showlegend=depth == 1,
            marker={"size": 13, "symbol": "diamond-open", "color": INKS[mode], "line": {"width": 2}},
        )
    figure.update_xaxes(range=[0, end * 1.04])
    names = [f"L={depth}" for depth in reached]
    figure.update_yaxes(range=[max(reached) + 0.5, min(reached) - 0.5], tickvals=list(reached), ticktext=names)
    return figure


def first_changes(lines: Sequence[Line], mode: str) -> go.Figure:
    """Largest relative change of an effective weight per step, log axis, with the line at which a weight doubles."""
    title = "How large the first steps are: largest change of an effective weight"
    figure = _figure(title, "step", "relative change (1 = doubled)", mode, HEIGHT)
    for line in lines:
        _add_line(figure, line, mode)
    figure.update_yaxes(type="log", **_powers(-10, 8, 2))
    _level(figure, 1.0, "the weight doubles", mode)
    return figure


def scores(
    title: str, groups: Mapping[str, Mapping[int, Sequence[float]]], levels: Mapping[str, float], mode: str
) -> go.Figure:
    """Final LLH of every seed by group (training rows, test rows) and depth, with the mean as a bar across."""
    figure = _figure(title, "", "nats per row", mode, SMALL_HEIGHT)
    depths = sorted({depth for group in groups.values() for depth in group})
    for depth in depths:
        colour, offset = COLOURS[mode][depth - 1], (depth - (depths[0] + depths[-1]) / 2) * 0.24
        for marks in (False, True):
            x: list[float] = []
            y: list[float] = []
            for place, group in enumerate(groups.values()):
                values = list(group.get(depth, ()))
                shown = [float(np.mean(values))] if marks and values else values
                x, y = [*x, *[place + offset] * len(shown)], [*y, *shown]
            look: dict[str, Any] = {"symbol": SYMBOLS[depth - 1], "size": 8, "opacity": 0.6, "color": colour}
            if marks:
                look = {"symbol": "line-ew", "size": 26, "line": {"width": 3, "color": colour}}
            figure.add_scatter(
                x=x,
                y=y,
                mode="markers",
                marker=look,
                name=f"L={depth}",
                legendgroup=str(depth),
                showlegend=not marks,
                hovertemplate="%{y:.3f}" + ("<extra>mean</extra>" if marks else f"<extra>L={depth}</extra>"),
            )
    for name, value in levels.items():
        _level(figure, value, name, mode)
    figure.update_xaxes(tickvals=list(range(len(groups))), ticktext=list(groups), range=[-0.6, len(groups) - 0.4])
    return figure


def _figure(title: str, x_title: str, y_title: str, mode: str, height: int) -> go.Figure:
    """An empty figure; its title is kept as `meta`, for the page to write above it where it can wrap."""
    ink = INKS[mode]
    figure = go.Figure()
    figure.update_layout(
        meta=title,
        height=height,
        margin=MARGIN,
        font={"size": 13, "color": ink},
        hovermode="closest",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        boxmode="overlay",
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
    )
    axis: dict[str, Any] = {"gridcolor": "rgba(128,128,128,0.22)", "zeroline": False, "linecolor": FAINT[mode]}
    figure.update_xaxes(title={"text": x_title, "standoff": 6}, ticks="outside", **axis)
    figure.update_yaxes(title={"text": y_title, "standoff": 10}, automargin=True, **axis)
    return figure


def _add_line(figure: go.Figure, line: Line, mode: str) -> None:
    colour = FAINT[mode] if line.faint else COLOURS[mode][line.depth - 1]
    width = 1.2 if line.thin else 1.5 if line.faint else 2.6
    if len(line.low):
        band_x, band_y = [*line.iterations, *reversed(line.iterations)], [*line.high, *reversed(line.low)]
        figure.add_scatter(
            x=band_x,
            y=band_y,
            fill="toself",
            fillcolor=colour,
            opacity=0.16,
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            legendgroup=line.group or line.name,
        )
    known = {trace.legendgroup for trace in figure.data if trace.showlegend is not False}
    figure.add_scatter(
        x=list(line.iterations),
        y=list(line.median),
        name=line.group or line.name,
        mode="lines",
        legendgroup=line.group or line.name,
        showlegend=not line.group or line.group not in known,
        line={"color": colour, "width": width, "dash": DASHES[line.depth - 1]},
        hovertemplate="%{x}: %{y:.4g}<extra>" + line.name + "</extra>",
    )


def _level(figure: go.Figure, value: float, name: str, mode: str, dash: str = "dot", below: bool = False) -> None:
    """A line across at `value` with its name at the right end; call it when the kind of axis is settled."""
    figure.add_hline(y=value, line={"dash": dash, "width": 1.2, "color": FAINT[mode]})
    figure.add_annotation(
        x=1,
        xref="paper",
        xanchor="right",
        y=float(np.log10(value)) if figure.layout.yaxis.type == "log" else value,
        yanchor="top" if below else "bottom",
        text=name,
        showarrow=False,
        font={"size": 12, "color": FAINT[mode]},
    )


def _powers(low: int, high: int, step: int) -> dict[str, Any]:
    """Ticks at powers of ten, written as such."""
    powers = list(range(low, high + 1, step))
    names = ["1" if power == 0 else f"10{str(power).translate(SUPERSCRIPTS)}" for power in powers]
    return {"tickvals": [10.0**power for power in powers], "ticktext": names}


def _aside(index: int) -> float:
    """A small step aside, the same every time, so that equal values can be counted."""
    return ((index * 7) % 13 - 6) / 13 * 0.36


def _or(value: float | None, end: int) -> float:
    """Runs that never got there are drawn at the end."""
    return float(end if value is None else value)
