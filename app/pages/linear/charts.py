"""Line charts of the linear networks and maths pages: pure functions from plain data to Plotly figures.

No legend: every line ends in its name, and differs from its neighbours by dash as well as by colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.linear.rates import TARGET
from spncore.plots.lines import DASHES, DEPTHS, INK, PLAIN, Line, lines
from spncore.studies.linear import Comparison, Side


def side_colors(num_layers: int, theme: str) -> tuple[str, str]:
    """Of the plain and of the overparametrised model, the latter as the lab colours that depth."""
    return PLAIN[theme], DEPTHS[theme][min(num_layers, 4) - 1]


def loss(comparison: Comparison, theme: str, log_steps: bool) -> go.Figure:
    """Loss over its start for both models, with the target."""
    rows = [_steps_line(side, side.relative_loss, *look, log_steps) for side, look in _looks(comparison, theme)]
    figure = lines(rows, "step (t)", "loss / loss at the start", theme, log_steps, log_y=True)
    figure.update_yaxes(range=[np.log10(TARGET) - 0.5, _top_of(rows)])
    figure.add_hline(TARGET, line={"color": INK[theme], "width": 1, "dash": "dot"})
    for row, side in zip(rows, (comparison.plain, comparison.factors), strict=True):
        words = row.name if side.needed is None else f"{row.name}: {side.needed:,}"
        longest = max(len(other.x) for other in rows)
        _name_the_end(figure, row, words, log_steps, above=True, right=len(row.x) < 0.6 * longest)
    return figure


def rate_and_term(comparison: Comparison, quantity: str, theme: str, log_steps: bool) -> go.Figure:
    """ρ or λ of both models over the steps of the overparametrised one."""
    name = {"rho": "adaptive rate (ρ)", "lam": "multiplicative term (λ)"}[quantity]
    length = len(comparison.factors.trace.loss)
    rows = []
    for side, look in _looks(comparison, theme):
        values: Floats = getattr(side.trace, quantity)[:length]
        if len(values) < length and not side.trace.stopped:
            values = np.concatenate([values, np.full(length - len(values), np.nan)])
        rows.append(_steps_line(side, values, *look, log_steps))
    figure = lines(rows, "step (t)", name, theme, log_steps, log_y=quantity == "rho")
    for row in rows:
        _name_the_end(figure, row, row.name, log_steps, above=row.name == "plain")
    return figure


def steps_by_rate(comparison: Comparison, theme: str) -> go.Figure:
    """Steps to the target at every rate of the grid; the rate each model is shown at carries a ring."""
    rows, rings, thrown = [], [], []
    for side, (color, dash) in _looks(comparison, theme):
        reached = [o for o in side.outcomes if o.iterations is not None]
        x = np.array([o.learning_rate for o in reached], dtype=np.float64)
        y = np.array([max(o.iterations or 0, 1) for o in reached], dtype=np.float64)
        rows.append(Line(side.name, x, y, color, dash, mode="lines+markers"))
        shown = side.experiment.learning_rate
        if side.needed is not None:
            rings.append((shown, side.needed, color))
        thrown += [(o.learning_rate, side.name, color) for o in side.outcomes if o.diverged]
    figure = lines(rows, "learning rate (η)", "steps to the target", theme, log_x=True, log_y=True)
    rates = [o.learning_rate for side in (comparison.plain, comparison.factors) for o in side.outcomes]
    tried = [rate for row in rows for rate in row.x] + [rate for rate, _, _ in thrown] or rates
    figure.update_xaxes(range=[np.log10(min(tried)) - 0.1, np.log10(max(tried)) + 0.05])
    counts = [count for row in rows for count in row.y] or [1.0]
    figure.update_yaxes(range=[np.log10(min(counts)) - 0.15, np.log10(max(counts)) + 0.4])  # room for the crosses
    for rate, steps, color in rings:
        figure.add_scatter(
            x=[rate],
            y=[steps],
            mode="markers",
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 15, "color": color, "line": {"width": 2.5}},
        )
    for row in rows:
        if row.x.size:
            figure.add_annotation(
                x=np.log10(row.x[0]),
                y=np.log10(row.y[0]),
                text=row.name,
                showarrow=False,
                yshift=14,
                font={"color": row.color},
            )
    for place, name in enumerate(dict.fromkeys(name for _, name, _ in thrown)):
        points = [(rate, color) for rate, who, color in thrown if who == name]
        figure.add_scatter(
            x=[rate for rate, _ in points],
            y=[0.985 - 0.05 * place] * len(points),
            yaxis="y2",
            mode="markers",
            marker={"symbol": "x-thin", "size": 6, "line": {"width": 1.6, "color": points[0][1]}},
            hovertemplate=f"{name} diverges at η = %{{x:.3g}}<extra></extra>",
        )
    figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})
    return figure


def scalars(linear: Floats, network: Mapping[str, Floats], num_layers: int, theme: str) -> go.Figure:
    """A scalar above, over its start: of the linear network, and of the SPN, where it never moves."""
    color, rows = DEPTHS[theme][min(num_layers, 4) - 1], []
    rows.append(Line("linear network", np.arange(1.0, len(linear) + 1), linear, color))
    for place, (name, values) in enumerate(network.items()):
        x = np.arange(1.0, len(values) + 1)
        rows.append(Line(name, x, values, PLAIN[theme], DASHES[place % len(DASHES)], 4.0 - 1.5 * place))
    figure = lines(rows, "step (t)", "scalar / its start", theme, log_x=True)
    _name_the_end(figure, rows[0], rows[0].name, True, above=True)
    _name_the_end(figure, rows[1], "SPN, any depth", True, above=True)
    return figure


def same_curve(network: Mapping[str, Floats], theme: str) -> go.Figure:
    """LLH of the SPN without and with scalars above: lines drawn one into the other, from wide to thin."""
    rows = []
    for place, (name, values) in enumerate(network.items()):
        color = DEPTHS[theme][(3, 2, 0)[place % 3]]
        rows.append(Line(name, np.arange(1.0, len(values) + 1), values, color, DASHES[0], 10.0 - 3.5 * place))
    figure = lines(rows, "step (t)", "train LLH (nats per row)", theme)
    _name_the_end(figure, rows[0], "L = " + ", ".join(name.removeprefix("L = ") for name in network), False, False)
    return figure


def _looks(comparison: Comparison, theme: str) -> list[tuple[Side, tuple[str, str]]]:
    plain, factors = side_colors(comparison.study.num_layers, theme)
    return [(comparison.plain, (plain, DASHES[1])), (comparison.factors, (factors, DASHES[0]))]


def _steps_line(side: Side, values: Floats, color: str, dash: str, log_steps: bool) -> Line:
    first = 1.0 if log_steps else 0.0  # a log axis has no 0: steps are then counted from 1
    return Line(side.name, np.arange(len(values)).astype(np.float64) + first, values, color, dash)


def _name_the_end(figure: go.Figure, row: Line, words: str, log_x: bool, above: bool, right: bool = False) -> None:
    finite = np.flatnonzero(np.isfinite(row.y))
    if not finite.size:
        return
    x, y = row.x[finite[-1]], row.y[finite[-1]]
    log_y = figure.layout.yaxis.type == "log"
    figure.add_annotation(
        x=np.log10(x) if log_x else x,
        y=np.log10(y) if log_y and y > 0 else y,
        text=words,
        showarrow=False,
        xanchor="left" if right else "right",
        yanchor="bottom" if above else "top",
        yshift=4 if above else -4,
        font={"color": row.color},
    )


def _top_of(rows: Sequence[Line]) -> float:
    largest = max(float(np.nanmax(row.y)) for row in rows)
    return float(np.log10(max(largest, 1.0))) + 0.3
