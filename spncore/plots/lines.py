"""Lines on one pair of axes, each named at its end: pure functions from plain data to Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats

DEPTHS = {  # the colours of L = 1, 2, 3, 4 in the lab
    "light": ("#440154", "#3e4989", "#287d8e", "#22a884"),
    "dark": ("#287d8e", "#25ac82", "#7fd34e", "#fde725"),
}
PLAIN = {"light": "#b5500b", "dark": "#f0a868"}  # the model without depth, apart from every depth
INK = {"light": "#31333f", "dark": "#fafafa"}
DASHES = ("solid", "8px,4px", "2px,3px", "8px,3px,2px,3px")
HEIGHT = 300
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


class Line(NamedTuple):
    """One line: its name stands at its end."""

    name: str
    x: Floats
    y: Floats
    color: str
    dash: str = "solid"
    width: float = 2.5
    mode: str = "lines"


def lines(
    rows: Sequence[Line], x: str, y: str, theme: str, log_x: bool = False, log_y: bool = False, **layout: Any
) -> go.Figure:
    """Lines with their names at their last points; `x` and `y` say what the axes show."""
    figure = go.Figure()
    for row in rows:
        line = {"color": row.color, "dash": row.dash, "width": row.width}
        figure.add_scatter(
            x=row.x,
            y=row.y,
            name=row.name,
            mode=row.mode,
            line=line,
            marker={"color": row.color, "size": 6},
            hovertemplate=f"{row.name}<br>{x} %{{x:.4g}}<br>{y} %{{y:.4g}}<extra></extra>",
        )
    axis = {"zeroline": False, "exponentformat": "power", "tickfont": {"color": INK[theme]}}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 62, "r": 14, "t": 14, "b": 46},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
        font={"color": INK[theme], "size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(**axis, title_text=x, type="log" if log_x else "linear", tickformat="" if log_x else ",")
    figure.update_yaxes(**axis, title_text=y, type="log" if log_y else "linear")
    x_values = np.concatenate([row.x for row in rows if row.x.size] or [np.ones(1)])
    ends = np.log10([x_values.min(), x_values.max()]) if log_x else np.array([x_values.min(), x_values.max()])
    figure.update_xaxes(range=(ends + np.array([-0.02, 0.02]) * max(float(np.ptp(ends)), 0.1)).tolist())
    if log_x:
        figure.update_xaxes(**_ticks(rows, "x"))
    if log_y:
        figure.update_yaxes(**_ticks(rows, "y"))
    figure.update_layout(**layout)
    return figure


def _ticks(rows: Sequence[Line], axis: str) -> dict[str, Any]:
    """Ticks of a log axis: every decade, or where they are few 1, 2 and 5 of each; numbers as the labels write them."""
    values = np.concatenate([getattr(row, axis) for row in rows] or [np.ones(1)])
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (int(np.floor(np.log10(values.min()))), int(np.ceil(np.log10(values.max())))) if values.size else (0, 1)
    digits = (1, 2, 5) if high - low <= 3 else (1,)
    every = max(1, (high - low) // 7)
    at = [float(f"{digit}e{power}") for power in range(low - 1, high + 2, every) for digit in digits]
    return {"tickvals": at, "ticktext": [_tick(value) for value in at]}


def _tick(value: float) -> str:
    if 1e-3 <= value < 1e5:
        return f"{value:,.10g}"
    mantissa, power = f"{value:.0e}".split("e")
    return f"{mantissa}·10{str(int(power)).translate(SUPERSCRIPTS)}".removeprefix("1·")


def residuals(rates: Floats, rows: Mapping[str, Floats], slopes: Mapping[str, float], theme: str) -> go.Figure:
    """What a first-order formula leaves of one step, against η, on log–log axes; each line says its slope."""
    drawn = [
        Line(
            f"{name}: slope {slopes[name]:.2f}",
            rates,
            values,
            DEPTHS[theme][(0, 2)[place]],
            DASHES[place],
            mode="lines+markers",
        )
        for place, (name, values) in enumerate(rows.items())
    ]
    figure = lines(drawn, "learning rate (η)", "largest relative residual", theme, log_x=True, log_y=True)
    for row in drawn:
        middle = len(row.x) // 2
        figure.add_annotation(
            x=np.log10(row.x[middle]),
            y=np.log10(row.y[middle]),
            text=row.name,
            showarrow=False,
            xanchor="right",
            xshift=-8,
            yshift=12,
            font={"color": INK[theme]},
        )
    return figure
