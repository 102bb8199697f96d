"""NamedLine charts of the linear networks and maths pages: pure functions from plain data to Plotly figures.

No legend: every line ends in its name, and differs from its neighbours by dash as well as by colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.linear.rates import TARGET
from spncore.plots.drawing import dots, note
from spncore.plots.lines import NamedLine, lines, name_the_end
from spncore.plots.palette import DASHES, DEPTHS, INK, PLAIN
from spncore.studies.linear import Comparison, Side
from spncore.symbols import LABELS


def loss(comparison: Comparison, theme: str, log_steps: bool) -> go.Figure:
    """Loss over its start for both models, with the target."""
    rows = [_steps_line(side, side.relative_loss, *look, log_steps) for side, look in _looks(comparison, theme)]
    figure = lines(rows, LABELS["step"], "loss / loss at the start", theme, log_steps, log_y=True)
    figure.update_yaxes(range=[np.log10(TARGET) - 0.5, _top_of(rows)])
    figure.add_hline(TARGET, line={"color": INK[theme], "width": 1, "dash": "dot"})
    longest = max(len(row.x) for row in rows)
    for row, side in zip(rows, (comparison.plain, comparison.factors), strict=True):
        words = "" if side.needed is None else f"{row.name}: {side.needed:,}"
        name_the_end(figure, row, words, right=len(row.x) < 0.6 * longest)
    return figure


def rate_and_term(comparison: Comparison, quantity: str, theme: str, log_steps: bool) -> go.Figure:
    """ρ or λ of both models over the steps of the overparametrised one."""
    name = LABELS[quantity]
    length = len(comparison.factors.trace.loss)
    rows = []
    for side, look in _looks(comparison, theme):
        values: Floats = getattr(side.trace, quantity)[:length]
        if len(values) < length and not side.trace.stopped:
            values = np.concatenate([values, np.full(length - len(values), np.nan)])
        rows.append(_steps_line(side, values, *look, log_steps))
    figure = lines(rows, LABELS["step"], name, theme, log_steps, log_y=quantity == "rho")
    for row in rows:
        name_the_end(figure, row, above=row.name == "plain")
    return figure


def steps_by_rate(comparison: Comparison, theme: str) -> go.Figure:
    """Steps to the target at every rate of the grid; the rate each model is shown at carries a ring."""
    looks = _looks(comparison, theme)
    rows = []
    for side, look in looks:
        reached = [(o.learning_rate, max(o.iterations, 1)) for o in side.outcomes if o.iterations is not None]
        x, y = np.array(reached, dtype=np.float64).reshape(-1, 2).T
        rows.append(NamedLine(side.name, x, y, *look, mode="lines+markers"))
    figure = lines(rows, LABELS["learning_rate"], "steps to the target", theme, log_x=True, log_y=True)
    rates = [o.learning_rate for side, _ in looks for o in side.outcomes]
    thrown = [o.learning_rate for side, _ in looks for o in side.outcomes if o.diverged]
    tried = [*(rate for row in rows for rate in row.x), *thrown] or rates
    figure.update_xaxes(range=[np.log10(min(tried)) - 0.1, np.log10(max(tried)) + 0.05])
    counts = [count for row in rows for count in row.y] or [1.0]
    figure.update_yaxes(range=[np.log10(min(counts)) - 0.15, np.log10(max(counts)) + 0.4])  # room for the crosses
    for side, (color, _) in looks:
        if side.needed is not None:
            at = [side.experiment.learning_rate], [side.needed]
            dots(figure, *at, None, "circle-open", 15, color, edge=2.5, hoverinfo="skip")
    for row in rows:
        if row.x.size:
            note(figure, row.x[0], row.y[0], row.name, row.color, yshift=14)
    _add_crosses(figure, looks)
    return figure


def _add_crosses(figure: go.Figure, looks: Sequence[tuple[Side, tuple[str, str]]]) -> None:
    """Rates at which a model diverges, as a row of crosses at the top for each."""
    thrown = [(side, color) for side, (color, _) in looks if any(o.diverged for o in side.outcomes)]
    for place, (side, color) in enumerate(thrown):
        x = [o.learning_rate for o in side.outcomes if o.diverged]
        line, hover = {"width": 1.6, "color": color}, f"{side.name} diverges at η = %{{x:.3g}}<extra></extra>"
        y = [0.985 - 0.05 * place] * len(x)
        dots(figure, x, y, None, "x-thin", 6, None, hover, marker_line=line, yaxis="y2")
    figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})


def scalars(linear: Floats, network: Mapping[str, Floats], num_layers: int, theme: str) -> go.Figure:
    """A scalar above, over its start: of the linear network, and of the SPN, where it never moves."""
    rows = [NamedLine("linear network", np.arange(1.0, len(linear) + 1), linear, DEPTHS[theme][num_layers - 1])]
    for place, (name, values) in enumerate(network.items()):
        x = np.arange(1.0, len(values) + 1)
        rows.append(NamedLine(name, x, values, PLAIN[theme], DASHES[place % len(DASHES)], 4.0 - 1.5 * place))
    figure = lines(rows, LABELS["step"], "scalar / its start", theme, log_x=True)
    name_the_end(figure, rows[0])
    name_the_end(figure, rows[1], "SPN, any depth")
    return figure


def same_curve(network: Mapping[str, Floats], theme: str) -> go.Figure:
    """LLH of the SPN without and with scalars above: lines drawn one into the other, from wide to thin."""
    rows = []
    for place, (name, values) in enumerate(network.items()):
        color = DEPTHS[theme][(3, 2, 0)[place % 3]]
        rows.append(NamedLine(name, np.arange(1.0, len(values) + 1), values, color, DASHES[0], 10.0 - 3.5 * place))
    figure = lines(rows, LABELS["step"], "train LLH (nats per row)", theme)
    name_the_end(figure, rows[0], "L = " + ", ".join(name.removeprefix("L = ") for name in network), above=False)
    return figure


def _looks(comparison: Comparison, theme: str) -> list[tuple[Side, tuple[str, str]]]:
    deep = DEPTHS[theme][comparison.study.num_layers - 1]
    return [(comparison.plain, (PLAIN[theme], DASHES[1])), (comparison.factors, (deep, DASHES[0]))]


def _steps_line(side: Side, values: Floats, color: str, dash: str, log_steps: bool) -> NamedLine:
    first = 1.0 if log_steps else 0.0  # a log axis has no 0: steps are then counted from 1
    return NamedLine(side.name, np.arange(len(values)).astype(np.float64) + first, values, color, dash)


def _top_of(rows: Sequence[NamedLine]) -> float:
    largest = max(float(np.nanmax(row.y)) for row in rows)
    return float(np.log10(max(largest, 1.0))) + 0.3
