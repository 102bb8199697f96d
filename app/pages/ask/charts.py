"""Figures of the page "Ask the network": pure functions from answers to Plotly figures. Foreign names are escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.kit.text import plain
from app.pages.ask.flow_lines import Lines, RootLine
from app.pages.ask.question import UNKNOWN, Answer, Flow, Item, Matches
from spncore.arrays import Floats, Ints

INK = {"light": "#31333f", "dark": "#fafafa"}
GROUND = {"light": "#ffffff", "dark": "#0e1117"}
BEFORE = {"light": "#767676", "dark": "#9a9a9a"}
AFTER = {"light": "#22707f", "dark": "#25ac82"}
DATA = {"light": "#b5500b", "dark": "#f0a868"}
# Fall, little change, rise; the middle is grey, so that a line that stays is seen on either ground.
SIGNED = {
    "light": ("#b5500b", "#d98a4b", "#8a8a8a", "#5f8fc6", "#1f5a9e"),
    "dark": ("#ff9d4d", "#c98a58", "#8a8a8a", "#6f9fd0", "#7db8ff"),
}
CHANGES = (-0.25, -0.05, 0.05, 0.25)  # of a flow, between those colours
DASHES = ("6px,3px", "6px,3px", "solid", "solid", "solid")
ROW_PIXELS, MIN_PIXELS, MAX_LETTERS = 25, 240, 28
WIDEST, WIDTHS = 12.0, 10  # pixels of a line that carries everything; widths in which lines are drawn
MARKS = {"sum": ("circle", "+"), "product": ("square", "×"), "leaf": ("diamond", "")}
CONFIG = {
    "displaylogo": False,
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    "toImageButtonOptions": {"format": "svg"},
}
STILL = {"displaylogo": False, "modeBarButtons": [["toImage"]], "toImageButtonOptions": {"format": "svg"}}


def probabilities(given: Answer, found: Matches, shown: Sequence[Item], theme: str) -> go.Figure:
    """P(x_d = 1) of each variable, before and given the evidence, and beside it the data's own share with interval."""
    places, y = [item.place for item in shown], np.arange(len(shown))
    before, after, seen = given.before[places], given.after[places], given.row[places] != UNKNOWN
    names = [_name(item) for item in shown]
    figure = go.Figure()
    figure.add_scatter(
        x=_segments(before[~seen], after[~seen]),
        y=np.repeat(y[~seen], 3),
        mode="lines",
        hoverinfo="skip",
        line={"color": AFTER[theme], "width": 3},
        showlegend=False,
        name="change",
    )
    if found.enough:
        _add_data(figure, found, places, np.flatnonzero(~seen), names, theme)
    for label, values, at, marker in (
        ("no evidence", before, y, {"symbol": "circle-open", "color": BEFORE[theme], "size": 9, "line": {"width": 2}}),
        ("given the evidence", after, y[~seen], {"symbol": "circle", "color": AFTER[theme], "size": 11}),
        ("set by you", after, y[seen], {"symbol": "square", "color": INK[theme], "size": 11}),
    ):
        figure.add_scatter(
            x=values[at],
            y=at,
            mode="markers",
            name=label,
            marker=marker,
            text=[names[i] for i in at],
            hovertemplate=f"%{{text}}: P(1) = %{{x:.3f}} {label}<extra></extra>",
        )
    ticks = [f"<b>{name}</b>" if one else name for name, one in zip(names, seen, strict=True)]
    figure.update_layout(**_layout(theme), height=max(MIN_PIXELS, ROW_PIXELS * len(shown) + 84), showlegend=True)
    figure.update_layout(
        margin={"l": 10, "r": 12, "t": 34, "b": 40},
        hovermode="closest",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12},
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    figure.update_xaxes(range=[-0.02, 1.02], title_text="probability of a 1", dtick=0.25, **_axis(theme))
    figure.update_yaxes(
        tickvals=y, ticktext=ticks, range=[len(shown) - 0.4, -0.6], automargin=True, **_axis(theme, grid=0.12)
    )
    return figure


def _add_data(
    figure: go.Figure, found: Matches, places: Sequence[int], at: Ints, names: Sequence[str], theme: str
) -> None:
    """The share of a 1 in the matching rows and its interval, a little below the row's own line."""
    columns = np.array(places, dtype=np.int64)[at]
    low, high, share = found.low[columns], found.high[columns], found.share[columns]
    figure.add_scatter(
        x=_segments(low, high),
        y=np.repeat(at + 0.3, 3),
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        line={"color": DATA[theme], "width": 2},
        name="interval",
    )
    figure.add_scatter(
        x=share,
        y=at + 0.3,
        mode="markers",
        name="data, 95% interval",
        text=[names[i] for i in at],
        customdata=np.stack([found.ones[columns], low, high], axis=1),
        marker={"symbol": "diamond", "size": 6, "color": DATA[theme]},
        hovertemplate=f"%{{text}}: %{{customdata[0]:,}} of {found.num:,} matching rows = %{{x:.3f}}, "
        "95% interval %{customdata[1]:.3f} to %{customdata[2]:.3f}<extra></extra>",
    )


def samples(drawn: Ints, likely: Ints, row: Ints, shown: Sequence[Item], theme: str) -> go.Figure:
    """Samples as rows of cells, the most probable completion on top; columns that are set carry a mark."""
    places = [item.place for item in shown]
    cells = np.concatenate([likely[None], drawn])[:, places]
    names = [_name(item) for item in shown]
    y = ["most probable", *(f"sample {i + 1}" for i in range(len(drawn)))]
    figure = go.Figure(
        go.Heatmap(
            z=cells,
            x=np.arange(len(places)),
            y=np.arange(len(y)),
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
            colorscale=[[0.0, _tint(theme)], [1.0, AFTER[theme]]],
            customdata=np.array([[f"{line}: {name}" for name in names] for line in y]),
            hovertemplate="%{customdata} = %{z}<extra></extra>",
            name="samples",
        )
    )
    seen = np.flatnonzero(row[places] != UNKNOWN)
    figure.add_scatter(
        x=seen,
        y=np.full(len(seen), -1.0),
        mode="markers",
        hoverinfo="skip",
        name="set by you",
        marker={"symbol": "square", "size": 9, "color": INK[theme]},
    )
    figure.update_layout(**_layout(theme), height=18 * len(y) + 150, showlegend=False)
    figure.update_layout(margin={"l": 10, "r": 44, "t": 10, "b": 10})
    ticks = {"tickvals": np.arange(len(places)), "ticktext": names, "tickangle": -60, "automargin": True}
    figure.update_xaxes(**ticks, side="top", range=[-0.6, len(places) - 0.4], **_axis(theme, grid=0.0))
    figure.update_yaxes(
        tickvals=[0, *range(5, len(y), 5)],
        ticktext=[y[0], *y[5::5]],
        range=[len(y) - 0.4, -1.6],
        automargin=True,
        **_axis(theme, grid=0.0),
    )
    figure.add_hline(0.5, line={"color": INK[theme], "width": 1})
    return figure


def information(gain: Floats, shown: Sequence[Item], theme: str) -> go.Figure:
    """What each variable would tell about the target, the most telling on top."""
    names, values = [_name(item) for item in shown], gain[[item.place for item in shown]]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=np.arange(len(shown)),
            orientation="h",
            marker_color=AFTER[theme],
            text=names,
            name="tells",
            textposition="none",
            hovertemplate="%{text}: %{x:.4f} nats<extra></extra>",
        )
    )
    figure.update_layout(**_layout(theme), height=22 * len(shown) + 70, margin={"l": 10, "r": 12, "t": 8, "b": 44})
    figure.update_xaxes(
        title_text="expected information (nats)", rangemode="tozero", exponentformat="power", **_axis(theme)
    )
    figure.update_yaxes(
        tickvals=np.arange(len(shown)),
        ticktext=names,
        range=[len(shown) - 0.4, -0.6],
        automargin=True,
        **_axis(theme, grid=0.0),
    )
    return figure


def network(
    drawing: Mapping[str, Any], found: Flow, drawn: Lines, root: Sequence[RootLine], labels: Sequence[str], theme: str
) -> go.Figure:
    """The network with each line as wide as the flow of the evidence, coloured by its change; dashed where it fell.

    `root` are the lines to be numbered, `labels` what stands below each node.
    """
    x = np.array([node["x"] for node in drawing["nodes"]])
    y = -np.array([node["y"] for node in drawing["nodes"]], dtype=np.float64)
    figure = go.Figure()
    _add_lines(figure, x, y, drawn, theme)
    _add_nodes(figure, drawing, x, y, found, labels, theme)
    for number, line in enumerate(root):
        share = (0.4, 0.7)[number % 2]  # neighbours side by side would hide each other
        one, other = drawn.ends[line.line]
        figure.add_annotation(
            x=x[one] + share * (x[other] - x[one]),
            y=y[one] + share * (y[other] - y[one]),
            showarrow=False,
            text=f"{line.children}: {line.after:.0%}",
            bgcolor=GROUND[theme],
            borderpad=1,
            font={"size": 12, "color": INK[theme]},
        )
    figure.update_layout(
        **_layout(theme),
        height=int(min(620, max(230, 70 * drawing["height"] + 90))),
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="closest",
    )
    figure.update_xaxes(visible=False, range=[x.min() - 0.8, x.max() + 0.8])
    figure.update_yaxes(visible=False, range=[y.min() - 0.5, 0.4])
    return figure


def _add_lines(figure: go.Figure, x: Floats, y: Floats, drawn: Lines, theme: str) -> None:
    """One trace per width and colour, narrow ones first, and an invisible point on each line that says its flow."""
    ends, after, before = drawn
    width = np.ceil(WIDTHS * np.minimum(after, 1.0)).astype(int)
    colour = np.digitize(after - before, CHANGES)
    for step in range(WIDTHS + 1):
        for shade in range(len(CHANGES) + 1):
            these = np.flatnonzero((width == step) & (colour == shade))
            if not these.size:
                continue
            figure.add_scatter(
                x=_segments(x[ends[these, 0]], x[ends[these, 1]]),
                y=_segments(y[ends[these, 0]], y[ends[these, 1]]),
                mode="lines",
                hoverinfo="skip",
                name="flow",
                line={"color": SIGNED[theme][shade], "width": max(0.6, WIDEST * step / WIDTHS), "dash": DASHES[shade]},
            )
    figure.add_scatter(
        x=x[ends].mean(axis=1),
        y=y[ends].mean(axis=1),
        mode="markers",
        marker={"size": 10, "opacity": 0},
        customdata=np.stack([after, before], axis=1),
        name="lines",
        hovertemplate="flow %{customdata[0]:.3f}, without evidence %{customdata[1]:.3f}<extra></extra>",
    )


def _add_nodes(
    figure: go.Figure, drawing: Mapping[str, Any], x: Floats, y: Floats, found: Flow, labels: Sequence[str], theme: str
) -> None:
    for kind, (symbol, sign) in MARKS.items():
        these = [place for place, node in enumerate(drawing["nodes"]) if node["kind"] == kind]
        nodes = [drawing["nodes"][place] for place in these]
        flows = [(found.nodes[node["nodes"]].sum(), found.nodes_before[node["nodes"]].sum()) for node in nodes]
        words = [
            f"{escaped(node['title'], 400)}<br>flow {after:.3f}, without evidence {before:.3f}"
            for node, (after, before) in zip(nodes, flows, strict=True)
        ]
        texts = [
            f"{len(node['nodes'])}{sign}" if sign and len(node["nodes"]) > 1 else sign or escaped(labels[place])
            for place, node in zip(these, nodes, strict=True)
        ]
        size = 18 if kind != "leaf" else 9
        figure.add_scatter(
            x=x[these],
            y=y[these],
            mode="markers+text",
            name=kind,
            text=texts,
            hovertext=words,
            hoverinfo="text",
            textposition="bottom center" if kind == "leaf" else "middle center",
            cliponaxis=False,
            textfont={"size": 10 if kind == "leaf" else 12, "color": INK[theme]},
            marker={
                "symbol": symbol,
                "size": [size + 6 * (len(node["nodes"]) > 1) for node in nodes],
                "color": GROUND[theme],
                "line": {"color": INK[theme], "width": 1.4},
            },
        )


def escaped(name: str, letters: int = MAX_LETTERS) -> str:
    """A foreign text that Plotly shows character by character, shortened."""
    line = plain(name)
    return html.escape(line if len(line) <= letters else line[: letters - 1] + "…")


def _name(item: Item) -> str:
    return escaped(item.name)


def _segments(begin: Floats, end: Floats) -> Floats:
    """Coordinates of separate lines in one trace."""
    return np.stack([begin, end, np.full(len(begin), np.nan)], axis=1).ravel()


def _tint(theme: str) -> str:
    return "rgba(128,128,128,0.18)" if theme == "light" else "rgba(160,160,160,0.22)"


def _axis(theme: str, grid: float = 0.25) -> dict[str, Any]:
    return {
        "zeroline": False,
        "fixedrange": False,
        "gridcolor": f"rgba(128,128,128,{grid})",
        "showgrid": grid > 0,
        "tickfont": {"color": INK[theme], "size": 12},
        "title_font": {"color": INK[theme], "size": 13},
    }


def _layout(theme: str) -> dict[str, Any]:
    return {
        "font": {"color": INK[theme], "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
    }
