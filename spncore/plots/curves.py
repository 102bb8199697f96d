"""Figures of the evidence pages: pure functions from plain numbers to Plotly figures, one look for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.plots import drawing
from spncore.plots.drawing import band, blank, decades, dots, grey, level
from spncore.plots.palette import DASHES, DEPTHS, FAINT, INK, MARKERS, stroke
from spncore.studies.statistics import Iterations, better_of_two, median, median_interval

HEIGHT, SMALL_HEIGHT = 400, 320
MARGIN = (70, 12, 44, 46)
EDGE, OPENING, SQUEEZED, LEAST = 0.05, 0.05, 3.0, 1e-3  # shares of a range and of a run; times; nats


@dataclass(frozen=True)
class Line:
    """One curve over iterations: its name, the depth whose colour and dash it takes, median and range over seeds.

    That of a rival takes the rival's, and one with a dash of its own the depth's colour alone.
    """

    name: str
    depth: int
    iterations: Sequence[float]
    median: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    faint: bool = False  # grey: what the others are compared with
    group: str = ""  # lines of one group share an entry of the legend
    thin: bool = False  # the rows it was trained on, beside those it was not
    rival: str = ""
    dash: str = ""

    @classmethod
    def from_start(cls, name: str, depth: int, median: Floats, *spread: Floats, **look: Any) -> Line:
        """The line of values after 0, 1, … updates, and of the lowest and highest of the seeds."""
        values = [row.tolist() for row in (median, *spread)]
        return cls(name, depth, [*range(len(median))], *values, **look)

    @classmethod
    def of_seeds(cls, name: str, depth: int, curve: Mapping[str, Sequence[float]], faint: bool = False) -> Line:
        """The line of a kept curve: its iterations, median, low and high over the seeds."""
        return cls(name, depth, curve["iteration"], curve["median"], curve["low"], curve["high"], faint)


def around(values: Sequence[float], edge: float) -> tuple[float, float]:
    """The range of an axis that holds these values, with a share of their range at each end."""
    low, high = min(values), max(values)
    return low - edge * (high - low), high + edge * (high - low)


def fitted(lines: Sequence[Line]) -> tuple[float, float] | None:
    """The range of an axis that holds all medians, None where there are none.

    First steps that alone would take most of the height are left out, as in the lab: what follows has to be seen.
    """
    points = [point for line in lines for point in zip(line.iterations, line.median, strict=True) if isfinite(point[1])]
    if not points:
        return None
    opening = OPENING * max(at for at, _ in points)
    whole = around([value for _, value in points], EDGE)
    later = around([value for at, value in points if at > opening] or whole, EDGE)
    low, high = later if whole[1] - whole[0] > SQUEEZED * (later[1] - later[0]) else whole
    return (low, high) if high - low > LEAST else (low - LEAST, high + LEAST)


def curves(
    title: str,
    lines: Sequence[Line],
    theme: str,
    levels: Mapping[str, float] | None = None,
    *,
    log_iterations: bool = False,
    y_range: tuple[float, float] | None = None,
    height: int | None = HEIGHT,
    x_range: tuple[float, float] | None = None,
    y_title: str = "mean log-likelihood (nats per row)",
) -> go.Figure:
    """LLH, or what `y_title` says, over iterations: medians as lines, ranges of seeds as bands, levels dotted.

    Where there are levels the axis fits the medians, and levels that lie outside are words at its edge.
    """
    figure = _figure(title, "iteration", y_title, theme, lines, height=height)
    y_range = y_range or (fitted(lines) if levels else None)
    drawing.levels(figure, levels or {}, y_range, theme, [line.median[-1] for line in lines if len(line.median)])
    if log_iterations:
        figure.update_xaxes(type="log", dtick=1)
    figure.update_xaxes(range=np.log10(x_range).tolist() if x_range and log_iterations else x_range)
    figure.update_yaxes(range=y_range)
    return figure


def departure(differences: Sequence[Line], published: Sequence[Line], at: float, theme: str) -> go.Figure:
    """|LLH − LLH of exact symmetry| on a log axis: ours as lines, published as markers, a level to read it at."""
    title = "How far from the symmetric curve, at each early iteration"
    figure = _figure(title, "iteration", "difference (nats per row)", theme, differences)
    for line in published:
        symbol, hover = f"{MARKERS[line.depth - 1]}-open", "%{x}: %{y:.2g}<extra>" + line.name + "</extra>"
        dots(figure, line.iterations, line.median, line.name, symbol, 8, FAINT[theme], hover, 1.5)
    ticks = decades(-16, 1, 2)
    ticks["ticktext"][0] = "0"  # what differs by less is drawn there
    figure.update_yaxes(type="log", **ticks)
    level(figure, at, "what reading off the figure leaves", theme)
    return figure


def noise_response(
    reached: Mapping[int, Mapping[float, Iterations]], published: Mapping[int, int], end: int, target: str, theme: str
) -> go.Figure:
    """Median iterations to a target over the noise at the start, with intervals; published values as dotted lines."""
    title = f"Iterations to {target}, by the noise at the start"
    figure = _figure(title, "relative noise on the leaf weights (ε)", "iterations", theme)
    for depth, at in published.items():
        level(figure, at, f"published L={depth}: {at}", theme, DASHES[depth - 1], below=depth == max(published))
    level(figure, end, f"not within {end}", theme)
    for depth, by_noise in reached.items():
        middles = [_or(median(runs), end) for runs in by_noise.values()]
        intervals = [median_interval(runs) for runs in by_noise.values()]
        low = [middle - _or(span.low, end) for middle, span in zip(middles, intervals, strict=True)]
        high = [_or(span.high, end) - middle for middle, span in zip(middles, intervals, strict=True)]
        figure.add_scatter(
            x=list(by_noise),
            y=middles,
            name=f"L={depth}",
            mode="lines+markers",
            error_y={"type": "data", "symmetric": False, "array": high, "arrayminus": low, "width": 5},
            line=stroke(depth, theme, 2.4),
            marker={"symbol": MARKERS[depth - 1], "color": DEPTHS[theme][depth - 1], "size": 9},
        )
    figure.update_xaxes(type="log", range=[-16.6, 1.4], **decades(-16, -2, 2))
    figure.update_yaxes(range=[0, end * 1.1])
    return figure


def seeds_and_pairs(
    reached: Mapping[int, Iterations], published: Mapping[int, int], end: int, target: str, theme: str
) -> go.Figure:
    """Every seed as a point, the better of two as a box of all pairs, the published run as a diamond, by depth."""
    title = f"Every seed, and the better of two: iterations to {target}"
    figure = _figure(title, "iterations", "", theme, height=SMALL_HEIGHT)
    for depth, runs in reached.items():
        pairs = [_or(value, end) for value in better_of_two(runs)]
        figure.add_box(
            x=pairs,
            y=[depth] * len(pairs),
            orientation="h",
            boxpoints=False,
            width=0.5,
            line={"color": FAINT[theme], "width": 1.2},
            fillcolor=grey(0.22),
            hoverinfo="skip",
            name="better of two",
            legendgroup="pairs",
            showlegend=depth == 1,
        )
        symbol, color, first = MARKERS[depth - 1], DEPTHS[theme][depth - 1], depth == 1
        x, y = [_or(value, end) for value in runs], [depth + _aside(i) for i in range(len(runs))]
        look = {"legendgroup": "seeds", "showlegend": first, "marker_opacity": 0.6}
        dots(figure, x, y, "one seed", symbol, 9, color, "%{x} iterations<extra>one seed</extra>", **look)
        look = {"legendgroup": "published", "showlegend": first}
        dots(figure, [published[depth]], [depth], "published", "diamond-open", 13, INK[theme], None, 2, **look)
    figure.update_xaxes(range=[0, end * 1.04])
    names = [f"L={depth}" for depth in reached]
    figure.update_yaxes(range=[max(reached) + 0.5, min(reached) - 0.5], tickvals=list(reached), ticktext=names)
    return figure


def first_changes(lines: Sequence[Line], theme: str) -> go.Figure:
    """Largest relative change of an effective weight per step, log axis, with the line at which a weight doubles."""
    title = "How large the first steps are: largest change of an effective weight"
    figure = _figure(title, "step", "relative change (1 = doubled)", theme, lines)
    figure.update_yaxes(type="log", **decades(-10, 8, 2))
    level(figure, 1.0, "the weight doubles", theme)
    return figure


def scores(
    title: str,
    groups: Mapping[str, Mapping[int, Sequence[float]]],
    levels: Mapping[str, float],
    theme: str,
    without_mean: Collection[tuple[str, int]] = (),
) -> go.Figure:
    """Final LLH of every seed by group (training rows, test rows) and depth, with the mean as a bar across.

    `without_mean` names groups and depths that have none.
    """
    figure = _figure(title, "", "nats per row", theme, height=SMALL_HEIGHT)
    depths = sorted({depth for group in groups.values() for depth in group})
    for depth in depths:
        offset, color = (depth - (depths[0] + depths[-1]) / 2) * 0.24, DEPTHS[theme][depth - 1]
        seeds = [list(group.get(depth, ())) for group in groups.values()]
        known = [values and (name, depth) not in without_mean for name, values in zip(groups, seeds, strict=True)]
        means = [[float(np.mean(values))] if has else [] for values, has in zip(seeds, known, strict=True)]
        bar = {"marker_line": {"width": 3, "color": color}, "showlegend": False}
        for rows, symbol, size, name, look in (
            (seeds, MARKERS[depth - 1], 8, f"L={depth}", {"marker_opacity": 0.6}),
            (means, "line-ew", 26, "mean", bar),
        ):
            x = [place + offset for place, values in enumerate(rows) for _ in values]
            y = [value for values in rows for value in values]
            hover = "%{y:.3f}<extra>" + name + "</extra>"
            dots(figure, x, y, f"L={depth}", symbol, size, color, hover, legendgroup=str(depth), **look)
    for name, value in levels.items():
        level(figure, value, name, theme)
    figure.update_xaxes(tickvals=list(range(len(groups))), ticktext=list(groups), range=[-0.6, len(groups) - 0.4])
    return figure


def _figure(
    title: str, x_title: str, y_title: str, theme: str, lines: Sequence[Line] = (), height: int | None = HEIGHT
) -> go.Figure:
    """A figure of these lines; its title is kept as `meta`, for the page to write above it where it can wrap."""
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 12}}
    figure = blank(theme, height, MARGIN, meta=title, boxmode="overlay", legend=legend)
    axis = {"gridcolor": grey(0.22), "zeroline": False, "linecolor": FAINT[theme]}
    figure.update_xaxes(title={"text": x_title, "standoff": 6}, ticks="outside", **axis)
    figure.update_yaxes(title={"text": y_title, "standoff": 10}, automargin=True, **axis)
    for line in lines:
        _add_line(figure, line, theme)
    return figure


def _add_line(figure: go.Figure, line: Line, theme: str) -> None:
    look = stroke(line.depth, theme, 1.2 if line.thin else 1.5 if line.faint else 2.6, line.rival)
    look |= {"color": FAINT[theme]} if line.faint else {}
    look |= {"dash": line.dash} if line.dash else {}
    group = line.group or line.name
    if len(line.low):
        band(figure, line.iterations, line.low, line.high, look["color"], opacity=0.16, legendgroup=group)
    known = {trace.legendgroup for trace in figure.data if trace.showlegend is not False}
    figure.add_scatter(
        x=list(line.iterations),
        y=list(line.median),
        mode="lines",
        line=look,
        hovertemplate="%{x}: %{y:.4g}<extra>" + line.name + "</extra>",
        name=group,
        legendgroup=group,
        showlegend=not line.group or line.group not in known,
    )


def _aside(index: int) -> float:
    """A small step aside, the same every time, so that equal values can be counted."""
    return ((index * 7) % 13 - 6) / 13 * 0.36


def _or(value: float | None, end: int) -> float:
    """Runs that never got there are drawn at the end."""
    return float(end if value is None else value)
