"""Lines on one pair of axes, each named at its end: pure functions from plain data to Plotly figures."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.plots.drawing import blank, log_ticks, note
from spncore.plots.palette import DASHES, DEPTHS, INK
from spncore.symbols import LABELS

HEIGHT = 300
MARGIN = (62, 14, 14, 46)


class NamedLine(NamedTuple):
    """One line: its name stands at its end."""

    name: str
    x: Floats
    y: Floats
    color: str
    dash: str = "solid"
    width: float = 2.5
    mode: str = "lines"


def lines(
    rows: Sequence[NamedLine], x: str, y: str, theme: str, log_x: bool = False, log_y: bool = False, **layout: Any
) -> go.Figure:
    """Lines with their names at their last points; `x` and `y` say what the axes show."""
    figure = blank(theme, HEIGHT, MARGIN, showlegend=False)
    for row in rows:
        figure.add_scatter(
            x=row.x,
            y=row.y,
            name=row.name,
            mode=row.mode,
            line={"color": row.color, "dash": row.dash, "width": row.width},
            marker={"color": row.color, "size": 6},
            hovertemplate=f"{row.name}<br>{x} %{{x:.4g}}<br>{y} %{{y:.4g}}<extra></extra>",
        )
    axis = {"zeroline": False, "exponentformat": "power", "tickfont": {"color": INK[theme]}}
    figure.update_xaxes(**axis, title_text=x, type="log" if log_x else "linear", tickformat="" if log_x else ",")
    figure.update_yaxes(**axis, title_text=y, type="log" if log_y else "linear")
    x_values = np.concatenate([row.x for row in rows if row.x.size] or [np.ones(1)])
    ends = np.array([x_values.min(), x_values.max()])
    ends = np.log10(ends) if log_x else ends
    figure.update_xaxes(range=(ends + np.array([-0.02, 0.02]) * max(float(np.ptp(ends)), 0.1)).tolist())
    if log_x:
        figure.update_xaxes(**log_ticks(x_values))
    if log_y:
        figure.update_yaxes(**log_ticks(np.concatenate([row.y for row in rows])))
    return figure.update_layout(**layout)


def name_the_end(figure: go.Figure, row: NamedLine, words: str = "", above: bool = True, right: bool = False) -> None:
    """Write a line's name, or other words, beside its last finite point."""
    finite = np.flatnonzero(np.isfinite(row.y))
    if finite.size:
        place = {"xanchor": "left" if right else "right", "yanchor": "bottom" if above else "top"}
        end = finite[-1]
        note(figure, row.x[end], row.y[end], words or row.name, yshift=4 if above else -4, **place)


def residuals(rates: Floats, rows: Mapping[str, Floats], slopes: Mapping[str, float], theme: str) -> go.Figure:
    """What a first-order formula leaves of one step, against η, on log–log axes; each line says its slope."""
    drawn = [
        NamedLine(f"{name}: slope {slopes[name]:.2f}", rates, values, color, dash, mode="lines+markers")
        for (name, values), color, dash in zip(rows.items(), DEPTHS[theme][::2], DASHES, strict=False)
    ]
    figure = lines(drawn, LABELS["learning_rate"], "largest relative residual", theme, log_x=True, log_y=True)
    for row in drawn:
        middle = len(row.x) // 2
        note(figure, row.x[middle], row.y[middle], row.name, INK[theme], xanchor="right", xshift=-8, yshift=12)
    return figure
