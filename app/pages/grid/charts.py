"""Figures of a grid: squares or lines, a panel for each value of the third setting, and parallel coordinates."""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.kit.differing import setting_words
from app.pages.grid import words
from spncore.arrays import Floats
from spncore.plots.drawing import BARE, CLEAR, blank, grey, log_ticks
from spncore.plots.lines import NamedLine, lines
from spncore.plots.palette import ACCENT, CIVIDIS, DASHES, DEPTHS, GROUND, INK
from spncore.studies.axes import Axis
from spncore.studies.grid import Found, Place
from spncore.studies.statistics import median_interval, spread
from spncore.words import signed

SCALE = [(at / (len(CIVIDIS) - 1), f"rgb({red},{green},{blue})") for at, (red, green, blue) in enumerate(CIVIDIS)]
MARKS = {"reached": "square", "missed": "line-ne-open", "thrown": "x-thin-open", "failed": "circle-open"}
CENTRED = {"x": 0.5, "xanchor": "center"}
MARGIN = (52, 16, 40, 46)
ON_DARK, ON_LIGHT, DARK = "white", "black", 0.475  # of numbers, the same on any ground; up to where the scale is dark
LETTER_PIXELS, LEGEND_PIXELS = 7, 20
ROW_PIXELS, LEAST_PIXELS, KEY_PIXELS, PARALLEL_PIXELS = 36, 300, 74, 420
WRITTEN = 6  # columns of a panel whose squares have room for their numbers
MOST_LINES, MOST_NAMED = len(DASHES), 13  # of the second setting; numbers of an upright axis
SLOT, BELOW, LETTERS = 0.7, -0.12, 14  # a value's part of its place; where cells without a number end; of a name


def shades(found: Found) -> Floats:
    """By place what colours and heights show, the higher the better: the LLH, or less log₁₀ of the updates; or NaN."""
    merit = np.where(np.isfinite(found.merit), found.merit, np.nan)
    return merit if found.at_end else -np.log10(np.maximum(-merit, 1.0))


def span_of(found: Found) -> tuple[float, float]:
    """The ends of what colours and heights show, in all panels."""
    finite = shades(found)[np.isfinite(shades(found))]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def ticks(found: Found) -> tuple[list[float], list[str]]:
    """Where a scale of these is named, and how."""
    low, high = span_of(found)
    if found.at_end:
        step = _step((high - low) / 3)
        at = [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return at, [signed(value, ".4g") for value in at]
    named = log_ticks(10.0 ** -np.array([high, low]))
    pairs = [(-math.log10(at), text) for at, text in zip(named["tickvals"], named["ticktext"], strict=True)]
    inside = [pair for pair in pairs if low <= pair[0] <= high]
    return [at for at, _ in inside], [text for _, text in inside]


def _step(length: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is no longer."""
    power: float = 10.0 ** math.floor(math.log10(length))
    return next((digit * power for digit in (5, 2) if digit * power <= length), power)


def panels(found: Found) -> list[tuple[str, tuple[int, ...]]]:
    """Of each panel its title and how its cells' places end: with the value of the third setting, if there is one."""
    if len(found.grid.axes) < 3:
        return [("", ())]
    axis = found.grid.axes[2]
    return [(setting_words(axis.name, value), (at,)) for at, value in enumerate(axis.values)]


def squares(found: Found, title: str, panel: tuple[int, ...], theme: str = "light") -> go.Figure:
    """A square per cell of a panel, coloured by its number; a click on it carries its place."""
    across, up = found.grid.axes[:2]
    shade, (low, high) = shades(found), span_of(found)
    shade = shade[..., panel[0]] if panel else shade
    places = [(i, j, *panel) for i, j in np.ndindex(shade.shape)]
    room = LETTER_PIXELS * max(len(_name(up, value)) for value in up.values)
    return blank(
        theme,
        max(LEAST_PIXELS, ROW_PIXELS * len(up.values) + 110),
        (MARGIN[0] + room, *MARGIN[1:]),
        _heat(low, high, z=shade.T, xgap=1, ygap=1),
        *([_numbers(found, places)] if len(across.values) <= WRITTEN else []),
        _marks(found, places, INK[theme]),
        title={"text": title, **CENTRED, "y": 0.985},
        showlegend=False,
        plot_bgcolor=grey(0.18),
        xaxis={**_named(across, WRITTEN), "title": {"text": across.field.title, "standoff": 6}},
        yaxis={**_named(up, MOST_NAMED), "title": {"text": up.field.title, "standoff": 20}},
    )


def _numbers(found: Found, places: list[Place]) -> go.Scatter:
    """The number of every square that has one, in the ink that stands out from its colour."""
    known = [place for place in places if found.states[place] == "reached"]
    low, high = span_of(found)
    shares = [(float(shades(found)[place]) - low) / (high - low) for place in known]
    return go.Scatter(
        x=[place[0] for place in known],
        y=[place[1] for place in known],
        mode="text",
        name="numbers",
        text=[words.number_words(found, place) for place in known],
        textfont={"size": 12, "color": [ON_DARK if share < DARK else ON_LIGHT for share in shares]},
        hoverinfo="skip",
    )


def key(found: Found, theme: str = "light") -> go.Figure:
    """The colour scale of the squares as a figure of its own."""
    low, high = span_of(found)
    steps, (at, text) = np.linspace(low, high, 121), ticks(found)
    return blank(
        theme,
        KEY_PIXELS,
        (24, 24, 26, 24),
        _heat(low, high, x=steps, y=[0], z=[steps]),
        title={"text": words.asked(found.grid), **CENTRED, "y": 0.97, "font": {"size": 14}},
        xaxis={"tickvals": at, "ticktext": text, **BARE, "tickfont": {"color": INK[theme]}},
        yaxis={"visible": False, "fixedrange": True},
    )


def _heat(low: float, high: float, **data: Any) -> go.Heatmap:
    """Squares on the scale that all panels share."""
    return go.Heatmap(zmin=low, zmax=high, colorscale=SCALE, showscale=False, hoverinfo="skip", **data)


def _marks(found: Found, places: list[Place], ink: str) -> go.Scatter:
    """One point per square: its mark where it has no number, its words, and what a click opens."""
    states = [str(found.states[place]) for place in places]
    colours = [CLEAR if state == "reached" else ink for state in states]
    return go.Scatter(
        x=[place[0] for place in places],
        y=[place[1] for place in places],
        mode="markers",
        name="cells",
        customdata=[list(place) for place in places],
        text=[words.hover(found, place) for place in places],
        hovertemplate="%{text}<extra></extra>",
        marker={
            "symbol": [MARKS[state] for state in states],
            "size": 11,
            "opacity": 1.0,
            "color": colours,
            "line": {"width": [0 if state == "reached" else 1.6 for state in states], "color": colours},
        },
    )


def _named(axis: Axis, most: int) -> dict[str, Any]:
    """An axis with a place for each value, at most so many of them named."""
    named, number = _some(axis, most), len(axis.values)
    text = [_name(axis, axis.values[at]) for at in named]
    return {"range": [-0.5, number - 0.5], "tickvals": named, "ticktext": text, **BARE}


def _some(axis: Axis, most: int) -> list[int]:
    """Which values of an axis are named: all names, and evenly some of many numbers."""
    number = len(axis.values)
    return [*range(0, number, 1 if isinstance(axis.values[0], str) else math.ceil(number / most))]


def _name(axis: Axis, value: Any) -> str:
    """A value where there is little room."""
    name = words.value_words(axis, value)
    return name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"


def curves(found: Found, title: str, panel: tuple[int, ...], theme: str = "light") -> go.Figure:
    """A line over the first setting for each value of the second, with intervals; a click carries a cell's place."""
    across, up = found.grid.axes[0], found.grid.axes[1] if len(found.grid.axes) > 1 else None
    x, log_x = _positions(across)
    rows = []
    for j, value in enumerate(up.values if up else ("",)):
        places = [(i, *((j,) if up else ()), *panel) for i in range(len(across.values))]
        place = (value if up and up.name == "depth" else j + 1) - 1
        name = _line_name(up, value) if up else ""
        line = NamedLine(name, x, _heights(found, places), DEPTHS[theme][place], DASHES[place], mode="lines+markers")
        rows.append((line, places))
    y_title = words.asked(found.grid)
    figure = lines([line for line, _ in rows], across.field.title, y_title, theme, log_x, log_y=not found.at_end)
    for trace, (_, places) in zip(figure.data, rows, strict=True):
        trace.update(error_y=_bars(found, places, trace.y))
    everywhere = [place for _, places in rows for place in places]
    figure.add_scatter(
        x=np.tile(x, len(rows)),
        y=np.concatenate([line.y for line, _ in rows]),
        mode="markers",
        name="cells",
        showlegend=False,
        customdata=[list(place) for place in everywhere],
        text=[words.hover(found, place) for place in everywhere],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": 14, "color": CLEAR},
    )
    legend = {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}}
    if not log_x or len(x) <= WRITTEN:
        texts = [_name(across, value) for value in across.values]
        figure.update_xaxes(tickvals=x, ticktext=texts)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(range=_reach(found), fixedrange=True)
    head = {"text": title, **CENTRED, "y": 0.985}
    room = LEGEND_PIXELS * math.ceil(len(rows) / 2)
    return figure.update_layout(
        height=LEAST_PIXELS + room, title=head, showlegend=up is not None, legend=legend, margin_t=MARGIN[2] + room
    )


def _line_name(axis: Axis, value: Any) -> str:
    """What a line is called: `L = 3`, `private chains`."""
    return words.value_words(axis, value) if isinstance(value, str) else setting_words(axis.name, value)


def _positions(axis: Axis) -> tuple[Floats, bool]:
    """Where the values of an axis lie, and whether on a log axis; names lie side by side."""
    if axis.field.kind not in (int, float):
        return np.arange(len(axis.values), dtype=float), False
    values = np.array(axis.values, dtype=float)
    return values, axis.field.log_scale and bool((values > 0).all())


def _heights(found: Found, places: list[Place]) -> Floats:
    """Medians as they are drawn, NaN where there is none."""
    values = np.array([found.medians[place] for place in places])
    drawn = values if found.at_end else np.maximum(values, 1.0)
    return np.where(np.isfinite(values), drawn, np.nan)


def _ends(found: Found, place: Place) -> tuple[float, float]:
    """The bounds of a cell's median as they are drawn; where a run has no number, the last that is known."""
    if found.at_end:
        _, low, high, _ = spread(found.scores(place))
        return (low if math.isfinite(low) else high), high
    interval, end = median_interval(found.reached(place)), found.grid.end(place)
    low, high = (end if each is None else max(each, 1) for each in interval[:2])
    return float(low), float(high)


def _bars(found: Found, places: list[Place], y: Any) -> dict[str, Any]:
    ends = [_ends(found, place) for place in places]
    above = [high - at for (_, high), at in zip(ends, y, strict=True)]
    below = [at - low for (low, _), at in zip(ends, y, strict=True)]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "width": 4, "thickness": 1.2}


def _reach(found: Found) -> list[float]:
    """The heights that all panels share, with a margin."""
    places = [place for place in found.ranked() if math.isfinite(found.merit[place])]
    values = [value for place in places for value in _ends(found, place) if math.isfinite(value)] or [1.0]
    low, high = (min(values), max(values)) if found.at_end else (math.log10(min(values)), math.log10(max(values)))
    margin = 0.08 * (high - low) or 0.1
    return [low - margin, high + margin]


def parallel(found: Found, share: float, theme: str = "light") -> go.Figure:
    """Parallel coordinates: a line per cell through its settings to its number; the best share of them in colour.

    At every value the better cells pass higher. A click on a line's end carries its place.
    """
    axes, ranked = found.grid.axes, found.ranked()
    best, at, (low, high) = {*words.best_cells(found, share)}, shades(found), span_of(found)
    figure = blank(theme, PARALLEL_PIXELS, (10, 10, 40, 14), showlegend=False)
    paths = dict[Place, list[float]]()
    for rank, place in enumerate(ranked):
        better = 0.5 - rank / max(len(ranked) - 1, 1)
        heights = [(which + 0.5 + SLOT * better) / len(axis.values) for axis, which in zip(axes, place, strict=True)]
        end = (float(at[place]) - low) / (high - low) if math.isfinite(at[place]) else BELOW
        paths[place] = [*heights, end]
    for chosen, color, width in ((False, grey(0.35), 1.0), (True, ACCENT[theme], 2.4)):
        own = [place for place in reversed(ranked) if (place in best) == chosen]
        figure.add_scatter(
            x=[x for place in own for x in (*range(len(paths[place])), None)],
            y=[y for place in own for y in (*paths[place], None)],
            mode="lines",
            name="best" if chosen else "others",
            line={"color": color, "width": width},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=[len(axes)] * len(ranked),
        y=[paths[place][-1] for place in ranked],
        mode="markers",
        name="cells",
        customdata=[list(place) for place in ranked],
        text=[words.hover(found, place) for place in ranked],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": 9, "color": [ACCENT[theme] if place in best else grey(0.6) for place in ranked]},
    )
    _scales(figure, found, theme)
    still = {**BARE, "visible": False}
    figure.update_xaxes(range=[-0.6, len(axes) + 0.5], **still)
    return figure.update_yaxes(range=[BELOW - 0.06, 1.12], **still)


def _scales(figure: go.Figure, found: Found, theme: str) -> None:
    """The upright axes: each setting with its values, then the number with its ticks."""
    axes = found.grid.axes
    for at in range(len(axes) + 1):
        figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, line={"color": INK[theme], "width": 1}, layer="below")
    answer = "LLH" if found.at_end else "updates"
    for at, name in enumerate([*(words.short(axis.field) for axis in axes), answer]):
        figure.add_annotation(x=at, y=1.04, text=f"<b>{name}</b>", showarrow=False, yanchor="bottom")
    plain = {"showarrow": False, "bgcolor": GROUND[theme], "opacity": 0.9, "font": {"size": 12}, "borderpad": 1}
    for at, axis in enumerate(axes):
        for which in _some(axis, MOST_NAMED):
            text, y = _name(axis, axis.values[which]), (which + 0.5) / len(axis.values)
            figure.add_annotation(x=at, y=y, text=text, xanchor="right", xshift=-4, **plain)
    (low, high), (values, texts) = span_of(found), ticks(found)
    for value, text in zip(values, texts, strict=True):
        y = (value - low) / (high - low)
        figure.add_annotation(x=len(axes), y=y, text=text, xanchor="left", xshift=8, **plain)
    if not np.isfinite(found.merit).all():
        figure.add_annotation(x=len(axes), y=BELOW, text="none", xanchor="left", xshift=8, **plain)
