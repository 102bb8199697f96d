"""Dumbbells: of each named row a probability before and one after, with a line between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spncore.arrays import Bools, Floats
from spncore.plots.drawing import blank, dots, grey
from spncore.plots.palette import ACCENT, BEFORE, INK

if TYPE_CHECKING:  # Plotly comes with the lab; tables are written without it
    import plotly.graph_objects as go

ROW_PIXELS, MIN_PIXELS = 25, 240


def begun(before: Floats, after: Floats, seen: Bools, theme: str) -> go.Figure:
    """A figure with room for so many rows (n,), and the line from before to after of those that were not set."""
    frozen = {"itemclick": False, "itemdoubleclick": False}
    legend = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}, **frozen}
    height, y = max(MIN_PIXELS, ROW_PIXELS * len(before) + 84), np.arange(len(before))
    figure = blank(theme, height, (10, 12, 34, 40), showlegend=True, legend=legend)
    segments(figure, (before[~seen], after[~seen]), (y[~seen], y[~seen]), "change", color=ACCENT[theme], width=3)
    return figure


def ended(figure: go.Figure, names: Sequence[str], before: Floats, after: Floats, seen: Bools, theme: str) -> None:
    """The ends of the lines, those of rows that were set as squares, and the axes; names as Plotly shows them."""
    y = np.arange(len(names))
    for label, values, at, symbol, size, color, edge in (
        ("no evidence", before, y, "circle-open", 9, BEFORE[theme], 2),
        ("given the evidence", after, y[~seen], "circle", 11, ACCENT[theme], 0),
        ("set by you", after, y[seen], "square", 11, INK[theme], 0),
    ):
        hover = f"%{{text}}: P(1) = %{{x:.3f}} {label}<extra></extra>"
        dots(figure, values[at], at, label, symbol, size, color, hover, edge, text=[names[i] for i in at])
    ticks = [f"<b>{name}</b>" if one else name for name, one in zip(names, seen, strict=True)]
    figure.update_xaxes(range=[-0.02, 1.02], title_text="probability of a 1", dtick=0.25, **axis(theme))
    figure.update_yaxes(**rows(ticks), **axis(theme, grid=0.12))


def segments(figure: go.Figure, x: Any, y: Any, name: str, **line: Any) -> None:
    """Separate lines in one trace, from the first of `x` and `y` to the second."""
    x, y = (np.stack([*ends, np.full(len(ends[0]), np.nan)], axis=1).ravel() for ends in (x, y))
    figure.add_scatter(x=x, y=y, mode="lines", hoverinfo="skip", showlegend=False, line=line, name=name)


def rows(names: Sequence[str]) -> dict[str, Any]:
    """An axis of named rows, the first on top."""
    ticks = {"tickvals": np.arange(len(names)), "ticktext": names, "automargin": True}
    return {**ticks, "range": [len(names) - 0.4, -0.6]}


def axis(theme: str, grid: float = 0.25) -> dict[str, Any]:
    """How an axis looks."""
    return {
        "zeroline": False,
        "gridcolor": grey(grid),
        "showgrid": grid > 0,
        "tickfont": {"color": INK[theme], "size": 12},
        "title_font": {"color": INK[theme], "size": 13},
    }
