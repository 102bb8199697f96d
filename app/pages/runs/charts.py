"""What is drawn of runs that are kept: the small line of a row, and the curves of one run; from numbers alone."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from math import isfinite

import numpy as np
import plotly.graph_objects as go

from app.kit.stored import Stored
from spncore.files.export import Row
from spncore.plots import curves
from spncore.plots.curves import Line
from spncore.plots.palette import ACCENT
from spncore.studies.cells import thinned
from spncore.words import signed

WIDTH, HEIGHT, EDGE = 96, 28, 2
POINTS = 400  # of a curve that is drawn
CURVE_COLUMNS = ("curve", "L", "t", "median", "low", "high")


def sparkline(at: Sequence[int], line: Sequence[float], name: str, theme: str) -> str:
    """A curve's course after so many updates as a small picture that says where it begins and ends; "" of no course."""
    known = [point for point in zip(at, line, strict=True) if isfinite(point[1])]
    if not known:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, up = (WIDTH - 2 * EDGE) / (known[-1][0] or 1), (HEIGHT - 2 * EDGE) / ((high - low) or 1.0)
    points = " ".join(f"{EDGE + across * x:.1f},{HEIGHT - EDGE - up * (value - low):.1f}" for x, value in known)
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline fill="none" stroke="{ACCENT[theme]}" stroke-width="2" points="{points}"/></svg>'
    )
    words = f"LLH of {name}: {signed(known[0][1])} to {signed(known[-1][1])}"
    source = f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"
    return f'<img src="{source}" alt="{escape(words)}" width="{WIDTH}" height="{HEIGHT}">'


def lines(stored: Stored) -> list[Line]:
    """Median and range over the seeds of every curve, at some of its updates."""
    found = []
    for name, experiment, llh, rival in zip(
        stored.study.names(), stored.study.experiments(), stored.llh, stored.rivals, strict=True
    ):
        at = thinned(llh.shape[1], POINTS)
        middle, low, high = (of(llh[:, at], axis=0).tolist() for of in (np.median, np.min, np.max))
        found.append(Line(name, experiment.depth, at, middle, low, high, rival=rival))
    return found


def figure(stored: Stored, title: str, theme: str) -> go.Figure:
    """The curves of a run, with the level at which they are compared where that is one for all seeds."""
    target = stored.target
    levels = {} if target is None or len({*target.levels}) > 1 else {f"target {target.title}": target.levels[0]}
    return curves.curves(title, lines(stored), theme, levels)


def rows(stored: Stored) -> list[Row]:
    """Every point of the curves that are drawn."""
    return [
        (line.name, line.depth, *point)
        for line in lines(stored)
        for point in zip(line.iterations, line.median, line.low, line.high, strict=True)
    ]
