"""Figures of the page "Ask the network": pure functions from answers to Plotly figures. Foreign names are escaped."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.kit.text import plain
from app.pages.ask.flow_lines import Lines, RootLine
from app.pages.ask.question import UNKNOWN, Answer, Flow, Item, Matches
from spncore.arrays import Floats, Ints
from spncore.plots import dumbbells
from spncore.plots.drawing import STILL, blank, dots, note
from spncore.plots.palette import ACCENT, GROUND, INK, PLAIN, SIGNED_LINES
from spncore.words import percent

# Fall, little change, rise; the middle is grey, so that a line that stays is seen on either ground.
CHANGES = (-0.25, -0.05, 0.05, 0.25)  # of a flow, between the colours of SIGNED_LINES
DASHES = ("6px,3px", "6px,3px", "solid", "solid", "solid")
ZERO = {"light": "rgba(128,128,128,0.18)", "dark": "rgba(160,160,160,0.22)"}  # a cell of a sample
MAX_LETTERS = 28
WIDEST, WIDTHS = 12.0, 10  # pixels of a line that carries everything; widths in which lines are drawn
MARKS = {  # symbol, what it says, their sizes, and where that stands
    "sum": ("circle", "+", 18, 12, "middle"),
    "product": ("square", "×", 18, 12, "middle"),
    "leaf": ("diamond", "", 9, 10, "bottom"),
}
MOVABLE = {**STILL, "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]]}


def probabilities(given: Answer, found: Matches, shown: Sequence[Item], theme: str) -> go.Figure:
    """P(x_d = 1) of each variable, before and given the evidence, and beside it the data's own share with interval."""
    places = [item.place for item in shown]
    before, after, seen = given.before[places], given.after[places], ~given.free[places]
    names = [escaped(item.name) for item in shown]
    figure = dumbbells.begun(before, after, seen, theme)
    if found.enough:
        _add_data(figure, found, places, np.flatnonzero(~seen), names, theme)
    dumbbells.ended(figure, names, before, after, seen, theme)
    return figure


def _add_data(
    figure: go.Figure, found: Matches, places: Sequence[int], at: Ints, names: Sequence[str], theme: str
) -> None:
    """The share of a 1 in the matching rows and its interval, a little below the row's own line."""
    columns = np.array(places, dtype=np.int64)[at]
    low, high, y = found.low[columns], found.high[columns], at + 0.3
    dumbbells.segments(figure, (low, high), (y, y), "interval", color=PLAIN[theme], width=2)
    hover = (
        f"%{{text}}: %{{customdata[0]:,}} of {found.num:,} matching rows = %{{x:.3f}}, "
        f"{percent(0.95)} interval %{{customdata[1]:.3f}} to %{{customdata[2]:.3f}}<extra></extra>"
    )
    data = {"text": [names[i] for i in at], "customdata": np.stack([found.ones[columns], low, high], axis=1)}
    name = f"data, {percent(0.95)} interval"
    dots(figure, found.share[columns], y, name, "diamond", 6, PLAIN[theme], hover, **data)


def samples(drawn: Ints, likely: Ints, row: Ints, shown: Sequence[Item], theme: str) -> go.Figure:
    """Samples as rows of cells, the most probable completion on top; columns that are set carry a mark."""
    places, names = [item.place for item in shown], [escaped(item.name) for item in shown]
    y = ["most probable", *(f"sample {i + 1}" for i in range(len(drawn)))]
    cells = go.Heatmap(
        z=np.concatenate([likely[None], drawn])[:, places],
        x=np.arange(len(places)),
        y=np.arange(len(y)),
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        colorscale=[[0.0, ZERO[theme]], [1.0, ACCENT[theme]]],
        customdata=np.array([[f"{line}: {name}" for name in names] for line in y]),
        hovertemplate="%{customdata} = %{z}<extra></extra>",
        name="samples",
    )
    figure = blank(theme, 18 * len(y) + 150, (10, 44, 10, 10), cells, showlegend=False)
    seen = np.flatnonzero(row[places] != UNKNOWN)
    dots(figure, seen, np.full(len(seen), -1.0), "set by you", "square", 9, INK[theme], hoverinfo="skip")
    bare = {"automargin": True, **dumbbells.axis(theme, grid=0.0)}
    ticks = {"tickvals": np.arange(len(places)), "ticktext": names, "tickangle": -60}
    figure.update_xaxes(**ticks, side="top", range=[-0.6, len(places) - 0.4], **bare)
    figure.update_yaxes(tickvals=np.arange(0, len(y), 5), ticktext=y[::5], range=[len(y) - 0.4, -1.6], **bare)
    figure.add_hline(0.5, line={"color": INK[theme], "width": 1})
    return figure


def information(gain: Floats, shown: Sequence[Item], theme: str) -> go.Figure:
    """What each variable would tell about the target, the most telling on top."""
    names = [escaped(item.name) for item in shown]
    bars = go.Bar(
        x=gain[[item.place for item in shown]],
        y=np.arange(len(shown)),
        orientation="h",
        marker_color=ACCENT[theme],
        text=names,
        name="tells",
        textposition="none",
        hovertemplate="%{text}: %{x:.4f} nats<extra></extra>",
    )
    figure = blank(theme, 22 * len(shown) + 70, (10, 12, 8, 44), bars)
    title = "expected information (nats)"
    figure.update_xaxes(title_text=title, rangemode="tozero", exponentformat="power", **dumbbells.axis(theme))
    figure.update_yaxes(**dumbbells.rows(names), **dumbbells.axis(theme, grid=0.0))
    return figure


def network(
    drawing: Mapping[str, Any], found: Flow, drawn: Lines, root: Sequence[RootLine], labels: Sequence[str], theme: str
) -> go.Figure:
    """The network with each line as wide as the flow of the evidence, coloured by its change; dashed where it fell.

    `root` are the lines to be numbered, `labels` what stands below each node.
    """
    x = np.array([node["x"] for node in drawing["nodes"]])
    y = -np.array([node["y"] for node in drawing["nodes"]], dtype=np.float64)
    height = int(min(620, max(230, 70 * drawing["height"] + 90)))
    figure = blank(theme, height, (8, 8, 8, 8), showlegend=False)
    _add_lines(figure, x, y, drawn, theme)
    _add_nodes(figure, drawing, x, y, found, labels, theme)
    for number, line in enumerate(root):
        share = (0.4, 0.7)[number % 2]  # neighbours side by side would hide each other
        one, other = drawn.ends[line.line]
        at_x, at_y = (at[one] + share * (at[other] - at[one]) for at in (x, y))
        look = {"bgcolor": GROUND[theme], "borderpad": 1, "font": {"size": 12, "color": INK[theme]}}
        note(figure, at_x, at_y, f"{line.children}: {percent(line.after)}", INK[theme], **look)
    figure.update_xaxes(visible=False, range=[x.min() - 0.8, x.max() + 0.8])
    figure.update_yaxes(visible=False, range=[y.min() - 0.5, 0.4])
    return figure


def _add_lines(figure: go.Figure, x: Floats, y: Floats, drawn: Lines, theme: str) -> None:
    """One trace per width and colour, narrow ones first, and an invisible point on each line that says its flow."""
    ends, after, before = drawn
    width = np.ceil(WIDTHS * np.minimum(after, 1.0)).astype(int)
    shade = np.digitize(after - before, CHANGES)
    for step, place in np.ndindex(WIDTHS + 1, len(CHANGES) + 1):
        these = ends[(width == step) & (shade == place)].T
        if these.size:
            look = {"color": SIGNED_LINES[theme][place], "width": max(0.6, WIDEST * step / WIDTHS)}
            dumbbells.segments(figure, x[these], y[these], "flow", dash=DASHES[place], **look)
    hover = "flow %{customdata[0]:.3f}, without evidence %{customdata[1]:.3f}<extra></extra>"
    x, y = (at[ends].mean(axis=1) for at in (x, y))
    dots(figure, x, y, "lines", None, 10, None, hover, customdata=np.stack([after, before], axis=1), marker_opacity=0)


def _add_nodes(
    figure: go.Figure, drawing: Mapping[str, Any], x: Floats, y: Floats, found: Flow, labels: Sequence[str], theme: str
) -> None:
    for kind, (symbol, sign, size, letters, side) in MARKS.items():
        shown = {place: node for place, node in enumerate(drawing["nodes"]) if node["kind"] == kind}
        these, many = list(shown), [len(node["nodes"]) for node in shown.values()]
        flows = [found.nodes[:, node["nodes"]].sum(axis=1) for node in shown.values()]
        words = [
            f"{escaped(node['title'], 400)}<br>flow {after:.3f}, without evidence {before:.3f}"
            for node, (after, before) in zip(shown.values(), flows, strict=True)
        ]
        texts = [
            f"{num}{sign}" if sign and num > 1 else sign or escaped(labels[place])
            for place, num in zip(these, many, strict=True)
        ]
        figure.add_scatter(
            x=x[these],
            y=y[these],
            mode="markers+text",
            name=kind,
            text=texts,
            hovertext=words,
            hoverinfo="text",
            textposition=f"{side} center",
            cliponaxis=False,
            textfont={"size": letters, "color": INK[theme]},
            marker={
                "symbol": symbol,
                "size": [size + 6 * (num > 1) for num in many],
                "color": GROUND[theme],
                "line": {"color": INK[theme], "width": 1.4},
            },
        )


def escaped(name: str, letters: int = MAX_LETTERS) -> str:
    """A foreign text that Plotly shows character by character, shortened."""
    line = plain(name)
    return html.escape(line if len(line) <= letters else line[: letters - 1] + "…")
