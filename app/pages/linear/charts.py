"""Line charts of the linear networks page: pure functions from plain data to Plotly figures.

No legend: every line ends in its name, and differs from its neighbours by dash as well as by colour.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from spncore.arrays import Floats
from spncore.linear.rates import TARGET
from spncore.plots.drawing import dots, log_ticks, note
from spncore.plots.lines import NamedLine, lines, name_the_end
from spncore.plots.palette import DASHES, DEPTHS, INK, PLAIN
from spncore.studies.linear import Comparison, Side
from spncore.symbols import LABELS

START = 0.5  # where the start stands on a log axis, which has no 0


def loss(comparison: Comparison, theme: str, log_steps: bool) -> go.Figure:
    """Loss over its start for both models, with the target; a loss of 0 lies below every axis of powers."""
    rows = [_over_updates(comparison, side, side.relative_loss, theme, log_steps) for side in comparison.sides]
    figure = lines(rows, LABELS["step"], "loss / loss at the start", theme, log_steps, log_y=True)
    _begins_at_0(figure)
    top = max([1.0, *(float(value) for row in rows for value in row.y)])
    figure.update_yaxes(range=[np.log10(TARGET) - 0.5, np.log10(top) + 0.3], **log_ticks(np.array([TARGET, top])))
    figure.add_hline(TARGET, line={"color": INK[theme], "width": 1, "dash": "dot"})
    longest = max(len(row.x) for row in rows)
    for row, side in zip(rows, comparison.sides, strict=True):
        words = "" if side.needed is None else f"{row.name}: {side.needed:,}"
        above = longest > 1 or side is comparison.plain  # two points at one place
        name_the_end(figure, _positive(row), words, above, right=len(row.x) < 0.6 * longest)
    return figure


def rate_and_term(comparison: Comparison, quantity: str, theme: str, log_steps: bool) -> go.Figure:
    """ρ or λ of both models over the updates of the overparametrised one."""
    length = len(comparison.factors.trace.loss)
    rows = []
    for side in comparison.sides:
        values: Floats = getattr(side.trace, quantity)[:length]
        if not side.trace.stopped:
            values = np.pad(values, (0, length - len(values)), constant_values=np.nan)
        rows.append(_over_updates(comparison, side, values, theme, log_steps))
    figure = lines(rows, LABELS["step"], LABELS[quantity], theme, log_steps, log_y=quantity == "rho")
    _begins_at_0(figure)
    for row in rows:
        name_the_end(figure, _positive(row) if quantity == "rho" else row, above=row.name == "plain")
    return figure


def steps_by_rate(comparison: Comparison, theme: str) -> go.Figure:
    """Updates to the target at every rate that was tried; the rate each model is shown at carries a ring."""
    rows, thrown = [], []
    for side in comparison.sides:
        reached = [(o.learning_rate, o.updates) for o in side.outcomes if o.updates]
        x, y = np.array(reached, dtype=np.float64).reshape(-1, 2).T
        rows.append(_line(comparison, side, x, y, theme, "lines+markers"))
        thrown.append([o.learning_rate for o in side.outcomes if o.diverged])
    figure = lines(rows, LABELS["learning_rate"], "updates to the target", theme, log_x=True, log_y=True)
    tried = np.concatenate([*(row.x for row in rows), *thrown])
    tried = tried if tried.size else np.array([o.learning_rate for o in comparison.plain.outcomes])
    figure.update_xaxes(range=[np.log10(tried.min()) - 0.1, np.log10(tried.max()) + 0.05])
    counts = np.log10(np.concatenate([row.y for row in rows] if any(row.y.size for row in rows) else [[1.0]]))
    figure.update_yaxes(range=[counts.min() - 0.15, counts.max() + 0.4])  # room for the crosses
    for side, row in zip(comparison.sides, rows, strict=True):
        if side.needed:
            at = [side.experiment.learning_rate], [side.needed]
            dots(figure, *at, None, "circle-open", 15, row.color, edge=2.5, hoverinfo="skip")
        if row.x.size:
            note(figure, row.x[0], row.y[0], row.name, yshift=14)
    _add_crosses(figure, [pair for pair in zip(rows, thrown, strict=True) if pair[1]])
    return figure


def _add_crosses(figure: go.Figure, thrown: Sequence[tuple[NamedLine, Sequence[float]]]) -> None:
    """Rates at which a model diverges, as a row of crosses at the top for each."""
    for place, (row, x) in enumerate(thrown):
        line, hover = {"width": 1.6, "color": row.color}, f"{row.name} diverges at η = %{{x:.3g}}<extra></extra>"
        y = [0.985 - 0.05 * place] * len(x)
        dots(figure, x, y, None, "x-thin", 6, None, hover, marker_line=line, yaxis="y2")
    figure.update_layout(yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True})


def scalars(linear: Floats, network: Mapping[str, Floats], num_layers: int, theme: str) -> go.Figure:
    """A scalar above, over its start: of the linear network, and of the SPN, where it never moves."""
    rows = [NamedLine("linear network", *_updates(linear, True), DEPTHS[theme][num_layers - 1])]
    for place, (name, values) in enumerate(network.items()):
        rows.append(NamedLine(name, *_updates(values, True), PLAIN[theme], DASHES[place], 4.0 - 1.5 * place))
    figure = lines(rows, LABELS["step"], "scalar / its start", theme, log_x=True)
    _begins_at_0(figure)
    name_the_end(figure, rows[0])
    name_the_end(figure, rows[1], "SPN, any depth")
    return figure


def same_curve(network: Mapping[str, Floats], theme: str) -> go.Figure:
    """LLH of the SPN without and with scalars above: lines drawn one into the other, from wide to thin."""
    rows = [
        NamedLine(name, *_updates(values, False), DEPTHS[theme][depth], DASHES[0], width)
        for (name, values), depth, width in zip(network.items(), (3, 2, 0), (10.0, 6.5, 3.0), strict=True)
    ]
    figure = lines(rows, LABELS["step"], "train LLH (nats per row)", theme)
    name_the_end(figure, rows[0], "L = " + ", ".join(name.removeprefix("L = ") for name in network), above=False)
    return figure


def _line(comparison: Comparison, side: Side, x: Floats, y: Floats, theme: str, mode: str = "lines") -> NamedLine:
    """A model's line in its own colour and dash."""
    deep = DEPTHS[theme][comparison.study.num_layers - 1]
    mode = "lines+markers" if x.size == 1 else mode
    look = (PLAIN[theme], DASHES[1]) if side is comparison.plain else (deep, DASHES[0])
    return NamedLine(side.name, x, y, *look, mode=mode)


def _positive(row: NamedLine) -> NamedLine:
    """The line as an axis of powers can show it."""
    return row._replace(y=np.where(row.y > 0.0, row.y, np.nan))


def _over_updates(comparison: Comparison, side: Side, values: Floats, theme: str, log_steps: bool) -> NamedLine:
    x, y = _updates(values, log_steps)
    return _line(comparison, side, x, y, theme)


def _updates(values: Floats, log_steps: bool) -> tuple[Floats, Floats]:
    """Updates done and the values after them; the start, 0, stands at START where the axis is one of powers."""
    x = np.arange(len(values), dtype=np.float64)
    x[0] = START if log_steps else 0.0
    return x, values


def _begins_at_0(figure: go.Figure) -> None:
    """Call the place where the start stands on a log axis by its name."""
    axis = figure.layout.xaxis
    if axis.type == "log":
        ticks = [(at, text) for at, text in zip(axis.tickvals, axis.ticktext, strict=True) if at >= 1]
        figure.update_xaxes(tickvals=[START, *(at for at, _ in ticks)], ticktext=["0", *(text for _, text in ticks)])
