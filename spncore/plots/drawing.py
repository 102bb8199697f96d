"""What all figures share: an empty figure in the theme's ink, notes, levels, bands and the ticks of a log axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spncore import words
from spncore.arrays import Floats
from spncore.plots.palette import FAINT, INK

if TYPE_CHECKING:  # Plotly comes with the lab; tables are written without it
    import plotly.graph_objects as go

CLEAR = "rgba(0,0,0,0)"
NAME = 0.09  # of the height: the name of a line across
STILL = {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": {"format": "svg"}}
BARE = {"fixedrange": True, "showgrid": False, "zeroline": False}  # of an axis
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def blank(theme: str, height: int | None, margin: Sequence[int], *traces: Any, **layout: Any) -> go.Figure:
    """A figure of these traces on the page's own ground, in the theme's ink; margins: left, right, top, bottom."""
    import plotly.graph_objects as go

    look = {"font": {"size": 13, "color": INK[theme]}, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR}
    sides = dict(zip("lrtb", margin, strict=True))
    frame = {"height": height, "margin": sides, "hovermode": "closest", "dragmode": False}
    return go.Figure(traces, {**look, **frame, **layout})


def dots(
    figure: go.Figure,
    x: Any,
    y: Any,
    name: str | None,
    symbol: str | None,
    size: int,
    color: str | None,
    hover: Any = None,
    edge: Any = 0,
    **rest: Any,
) -> None:
    """Points of one kind and what they say under the pointer; `edge` is how wide an open one is drawn."""
    marker = {"symbol": symbol, "size": size, "color": color} | ({"line": {"width": edge}} if edge else {})
    figure.add_scatter(x=x, y=y, name=name, mode="markers", marker=marker, hovertemplate=hover, **rest)


def grey(opacity: float) -> str:
    """A grey that is seen on a light and on a dark ground."""
    return f"rgba(128,128,128,{opacity})"


def note(figure: go.Figure, x: float, y: float, text: str, color: str | None = None, **look: Any) -> None:
    """A text at a point of the data, if not said otherwise in ink; call it when the kinds of the axes are settled."""
    if figure.layout.xaxis.type == "log" and look.get("xref") != "paper":
        x = float(np.log10(x))
    if figure.layout.yaxis.type == "log" and y > 0:
        y = float(np.log10(y))
    figure.add_annotation(**{"x": x, "y": y, "text": text, "showarrow": False, "font": {"color": color}, **look})


def level(figure: go.Figure, value: float, name: str, theme: str, dash: str = "dot", below: bool = False) -> None:
    """A line across at `value` with its name at the right end; call it when the kind of axis is settled."""
    figure.add_hline(y=value, line={"dash": dash, "width": 1.2, "color": FAINT[theme]})
    look = {"xref": "paper", "xanchor": "right", "yanchor": "top" if below else "bottom"}
    note(figure, 1, value, name, font={"size": 12, "color": INK[theme]}, **look)  # it may stand on a band


def levels(
    figure: go.Figure,
    named: Mapping[str, float],
    span: tuple[float, float] | None,
    theme: str,
    ends: Sequence[float] = (),
) -> None:
    """Levels by name: lines across inside the axis' range, words with an arrow at its edge for those outside.

    The words stand above on the left and below on the right, where rising curves are not. Without a range all are
    lines. A line's name stands under it where one of the curves' `ends` lies just above it.
    """
    low, high = span or (-np.inf, np.inf)
    room = NAME * (high - low) if span else 0.0
    beyond: dict[str, list[str]] = {"▲": [], "▼": []}
    for name, value in named.items():
        if low <= value <= high:
            level(figure, value, name, theme, below=any(0 <= end - value < room for end in ends))
        elif np.isfinite(value):
            said = words.signed(value)
            beyond["▼" if value < low else "▲"].append(name if name.endswith(said) else f"{name} {said}")
    for arrow, found in beyond.items():
        x, y = (0, 1) if arrow == "▲" else (1, 0)
        place = {"xanchor": ("left", "right")[x], "yanchor": ("bottom", "top")[y], "xref": "paper", "yref": "paper"}
        look = {"font": {"size": 12, "color": FAINT[theme]}, **place}
        if found:
            text = "<br>".join(f"{arrow} {one}" for one in found)
            figure.add_annotation(x=x, y=y, text=text, showarrow=False, **look)


def band(figure: go.Figure, x: Any, low: Any, high: Any, color: str, **look: Any) -> None:
    """The area between two curves."""
    figure.add_scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=color,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        **look,
    )


def decades(low: int, high: int, step: int = 1) -> dict[str, Any]:
    """Ticks at powers of ten, written as such."""
    powers = list(range(low, high + 1, step))
    return {"tickvals": [10.0**at for at in powers], "ticktext": [words.power(at) if at else "1" for at in powers]}


def log_ticks(values: Floats) -> dict[str, Any]:
    """Ticks of a log axis: every decade, or where they are few 1, 2 and 5 of each; numbers as the labels write them."""
    values = values[np.isfinite(values) & (values > 0)]
    low, high = (int(np.floor(np.log10(values.min()))), int(np.ceil(np.log10(values.max())))) if values.size else (0, 1)
    digits = (1, 2, 5) if high - low <= 3 else (1,)
    every = max(1, (high - low) // 7)
    at = [float(f"{digit}e{power}") for power in range(low - 1, high + 2, every) for digit in digits]
    return {"tickvals": at, "ticktext": [_tick(value) for value in at]}


def _tick(value: float) -> str:
    if 1e-3 <= value < 1e5:
        return f"{value:,.10g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}·{words.power(int(exponent))}".removeprefix("1·")
