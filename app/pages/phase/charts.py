"""Figures of the phase diagram: pure functions from its numbers to Plotly figures."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.pages.phase.words import interval
from spncore import words
from spncore.arrays import Floats
from spncore.plots.drawing import BARE, CLEAR, blank, grey
from spncore.plots.palette import GUIDE, INK, ON_SCALE, SIGNED
from spncore.studies import statistics
from spncore.studies.arrivals import LOST
from spncore.studies.phase import Arm, Diagram
from spncore.symbols import LABELS
from spncore.words import counted

MARGIN = (58, 30, 50, 46)
CENTRED = {"x": 0.5, "xanchor": "center"}
PHASE_HEIGHT = 350
MAX_LOG2 = 3  # the scale ends at a factor of 8 at most; hover has the number
PHASE_MARKS = {
    "only_deep": "triangle-up",
    "only_shallow": "triangle-down",
    "missed": "line-ne-open",
    "thrown": "x-thin-open",
    "failed": "circle-open",
    "both": "square",
}


def phase_limit(diagram: Diagram, control: bool) -> int:
    """The end of the colour scale that all panels share, in powers of two."""
    values = np.concatenate([diagram.speed_up(depth, control).ravel() for depth in diagram.plane.depths[1:]])
    finite = np.abs(values[np.isfinite(values)])
    return min(MAX_LOG2, max(1, math.ceil(float(finite.max(initial=0.0)))))


def phase_panel(diagram: Diagram, depth: int, control: bool = False, theme: str = "light") -> go.Figure:
    """Speed-up of one depth over L = 1 by learning rate and start; a click on a cell carries (depth, row, column)."""
    limit = phase_limit(diagram, control)
    x, y = np.log10(diagram.plane.rates), np.log10(diagram.plane.scales)
    shade = np.clip(diagram.at_least(depth, control), -limit, limit)
    return blank(
        theme,
        PHASE_HEIGHT,
        MARGIN,
        _heat(limit, x=x, y=y, z=shade, xgap=1, ygap=1, name="speed-up"),
        *_stripes(diagram, depth, INK[theme]),
        _phase_marks(diagram, depth, control, INK[theme]),
        title={"text": f"L = {depth}", **CENTRED, "y": 0.985},
        showlegend=False,
        font={"color": INK[theme]},
        plot_bgcolor=grey(0.18),
        xaxis=_log_axis(x, LABELS["learning_rate"]),
        yaxis=_log_axis(y, LABELS["init_scale"]),
    )


def phase_key(diagram: Diagram, control: bool = False, theme: str = "light") -> go.Figure:
    """The colour scale of the panels as a figure of its own, so that panels stay alike and stack on a phone."""
    limit = phase_limit(diagram, control)
    steps, ticks = np.linspace(-limit, limit, 121), list(range(-limit, limit + 1))
    text = "speed-up over L = 1" + " at L·η" * control
    return blank(
        theme,
        74,
        (16, 16, 26, 24),
        _heat(limit, x=steps, y=[0], z=[steps]),
        font={"color": INK[theme]},
        title={"text": text, **CENTRED, "y": 0.97, "font": {"size": 14}},
        xaxis={
            "tickvals": ticks,
            "ticktext": [_factor(tick) for tick in ticks],
            **BARE,
            "tickfont": {"color": INK[theme]},
        },
        yaxis={"visible": False, "fixedrange": True},
    )


def _heat(limit: int, **data: Any) -> go.Heatmap:
    """Cells on the scale that all panels share."""
    scale = {"zmin": -limit, "zmax": limit, "colorscale": SIGNED}
    return go.Heatmap(**scale, showscale=False, hoverinfo="skip", **data)


def _phase_marks(diagram: Diagram, depth: int, control: bool, ink: str) -> go.Scatter:
    """One point per cell: its mark, its words, and what a click opens."""
    speed, state = diagram.speed_up(depth, control), diagram.state((depth, 1))
    marks = np.full(speed.shape, "both", dtype="<U12")  # which has a colour and no mark
    marks[np.isnan(speed)] = "missed"
    marks[np.isneginf(speed)] = "only_shallow"
    marks[state == "thrown"] = "thrown"
    marks[np.isposinf(speed)] = "only_deep"
    marks[state == "failed"] = "failed"
    places, names = list(np.ndindex(marks.shape)), marks.ravel().tolist()
    colours = np.where(np.isnan(speed), ink, ON_SCALE).ravel().tolist()
    return go.Scatter(
        x=[math.log10(diagram.plane.rates[j]) for _, j in places],
        y=[math.log10(diagram.plane.scales[i]) for i, _ in places],
        mode="markers",
        name="cells",
        customdata=[[depth, i, j] for i, j in places],
        text=[_phase_words(diagram, depth, control, i, j, float(speed[i, j])) for i, j in places],
        hovertemplate="%{text}<extra></extra>",
        marker={
            "symbol": [PHASE_MARKS[name] for name in names],
            "size": 9,
            "opacity": 1.0,
            "color": np.where(marks.ravel() == "both", CLEAR, colours).tolist(),
            "line": {"width": [0 if name == "both" else 1.2 for name in names], "color": colours},
        },
    )


def _phase_words(diagram: Diagram, depth: int, control: bool, i: int, j: int, speed: float) -> str:
    """What stands beside the pointer on a cell whose `speed` up is known."""
    plane, factor = diagram.plane, depth if control else 1
    rate, scale = plane.rates[j], plane.scales[i]
    ratio = f", η/w0² = {rate / scale**2:.2g}" * (plane.base.parametrisation == "linear")
    lines = [f"<b>η = {rate:.3g}, w0 = {scale:.3g}</b>{ratio}"]
    shallow = f"L = 1 at {depth}η" if control else "L = 1"
    for name, arm in ((shallow, (1, factor)), (f"L = {depth}", (depth, 1))):
        lines.append(f"{name}: {_updates(diagram, arm, i, j)}")
    wins = diagram.wins(depth, i, j, control)
    seeds = f"ahead in {wins.ahead} of {counted(wins.pairs, 'seed')}, behind in {wins.behind}"
    lines.append(f"{2**speed:.2f} times as fast; {seeds}" if math.isfinite(speed) else seeds)
    return "<br>".join([*lines, "click: open this run in the lab"])


def _updates(diagram: Diagram, arm: Arm, i: int, j: int) -> str:
    """Every seed's updates, their median, and the interval that holds it with the probability it has."""
    runs, reached = diagram.runs[arm][i, j].tolist(), diagram.reached(arm, i, j)
    seeds = ", ".join(str(LOST.get(at, at)) for at in runs)
    if all(at is None for at in reached):
        return seeds
    middle = statistics.middle(reached, diagram.plane.base.iterations)
    coverage = statistics.covered(statistics.median_interval(reached).coverage)
    return f"{seeds} updates; median {middle}, with {coverage} in {interval(reached, diagram)}"


def _stripes(diagram: Diagram, depth: int, ink: str) -> list[go.Scatter]:
    """Lines along which η/w0^e is a power of ten, from edge to edge, labelled outside at their upper end."""
    (left, right), (bottom, top) = (_edges(np.log10(ends)) for ends in (diagram.plane.rates, diagram.plane.scales))
    exponent = diagram.plane.stripe_exponent(depth)
    name = diagram.plane.stripe_name(depth)
    values = diagram.log_stripe(depth)
    reached = values[np.isfinite(diagram.median((depth, 1))) | np.isfinite(diagram.median((1, 1)))]
    lines = []
    for power in range(math.ceil(reached.min()), math.floor(reached.max()) + 1) if reached.size else ():
        at = np.linspace(bottom, top, 400)
        along = power + exponent * at
        inside = (along >= left) & (along <= right)
        if inside.sum() > 1:
            ends = np.flatnonzero(inside)[[0, -1]]
            leaves_at_top = inside[-1]
            lines.append(
                go.Scatter(
                    x=along[ends],
                    y=at[ends],
                    mode="lines+text",
                    text=["", words.power(power)],
                    textposition="top center" if leaves_at_top else "middle right",
                    textfont={"size": 11, "color": ink},
                    hoverinfo="skip",
                    cliponaxis=False,
                    line={"color": GUIDE, "width": 1.2, "dash": "dot"},
                    name=f"{name} = {10.0**power:g}",
                )
            )
    return lines


def _log_axis(values: Floats, title: str) -> dict[str, object]:
    """An axis over logarithms: whole decades named, 2 and 5 of each as small ticks."""
    low, high = _edges(values)
    powers = range(math.floor(low), math.ceil(high) + 1)
    decades = [power for power in powers if low <= power <= high]
    minor = [power + math.log10(digit) for power in powers for digit in (2, 5)]
    return {
        "title": {"text": title, "standoff": 6},
        "range": [low, high],
        **BARE,
        "ticks": "outside",
        "tickvals": decades,
        "ticktext": [words.power(power) for power in decades],
        "minor": {"ticks": "outside", "ticklen": 3, "tickvals": [at for at in minor if low <= at <= high]},
    }


def _edges(values: Floats) -> tuple[float, float]:
    """The outer edges of cells that are centred on evenly spaced values."""
    half = (values[-1] - values[0]) / max(len(values) - 1, 1) / 2
    return float(values[0] - half), float(values[-1] + half)


def _factor(power: int) -> str:
    return f"×{2**power}" if power > 0 else f"×1/{2**-power}" if power < 0 else "equal"
