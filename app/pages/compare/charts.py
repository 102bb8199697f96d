"""Curves of several runs on one axis: colour is depth, dash and mark are the run, names stand at the ends."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.stored import Stored
from spncore.files.export import Row
from spncore.plots import curves
from spncore.plots.curves import Line
from spncore.plots.drawing import dots, note
from spncore.plots.palette import DASHES, INK, MARKERS, stroke
from spncore.studies.cells import thinned

POINTS, MARKS = 400, 6  # of a curve that is drawn, and marks on it
HEIGHT, ROOM = 440, 60  # pixels: of the figure, and beside the curves for their names
LINE_PIXELS = 19  # of a name
CURVE_COLUMNS = ("run", "curve", "L", "t", "median")


def lines(sides: Mapping[str, Stored], depth: int) -> list[Line]:
    """The medians of all curves, or of those of one depth; 0 is all. A rival has a colour of its own."""
    found = []
    for letter, run in sides.items():
        for name, experiment, llh, rival in zip(
            run.study.names(), run.study.experiments(), run.llh, run.rivals, strict=True
        ):
            if depth in (0, experiment.depth) and llh.shape[1]:
                at = thinned(llh.shape[1], POINTS)
                middle, drawn = np.median(llh[:, at], axis=0).tolist(), dash(letter, sides)
                line = Line(f"{letter} {name}", experiment.depth, at, middle, rival=rival, dash=drawn)
                found.append(line)
    return found


def place(letter: str, sides: Mapping[str, Stored]) -> int:
    """As the how manieth a run is compared, from 0 on."""
    return [*sides].index(letter)


def dash(letter: str, sides: Mapping[str, Stored]) -> str:
    """The dash of a run."""
    return DASHES[place(letter, sides)]


def mark(letter: str, sides: Mapping[str, Stored]) -> str:
    """The mark of a run."""
    return MARKERS[place(letter, sides)]


def figure(sides: Mapping[str, Stored], title: str, depth: int, log: bool, theme: str) -> go.Figure:
    """The curves with marks and names."""
    drawn = lines(sides, depth)
    span = curves.fitted(drawn) or (0.0, 1.0)
    found = curves.curves(title, drawn, theme, y_range=span, height=HEIGHT, log_iterations=log)
    for line in drawn:
        _marks(found, line, mark(line.name[0], sides), theme, log)
    found.update_layout(showlegend=False, margin={"r": ROOM})
    _names(found, drawn, span, theme)
    return found


def _marks(found: go.Figure, line: Line, symbol: str, theme: str, log: bool) -> None:
    """Marks at equal steps along the axis."""
    last = line.iterations[-1]
    wanted = np.geomspace(1, max(last, 1), MARKS) if log else np.linspace(0, last, MARKS)
    at = sorted({int(np.argmin(np.abs(np.asarray(line.iterations) - each))) for each in wanted})
    x, y = [line.iterations[each] for each in at], [line.median[each] for each in at]
    hover = "%{x}: %{y:.4g}<extra>" + line.name + "</extra>"
    dots(found, x, y, line.name, symbol, 8, stroke(line.depth, theme, rival=line.rival)["color"], hover)


def _names(found: go.Figure, drawn: Sequence[Line], span: tuple[float, float], theme: str) -> None:
    """Each curve's name beside its end; names that would lie over each other are moved apart."""
    gap = (span[1] - span[0]) * LINE_PIXELS / (HEIGHT - sum(curves.MARGIN[2:]))
    for end in {line.iterations[-1] for line in drawn}:
        there = [line for line in drawn if line.iterations[-1] == end]
        heights = spread([float(np.clip(line.median[-1], *span)) for line in there], gap, span)
        for line, height in zip(there, heights, strict=True):
            note(found, end, height, line.name, INK[theme], xanchor="left", yanchor="middle", xshift=6)


def spread(heights: Sequence[float], gap: float, span: tuple[float, float]) -> list[float]:
    """Heights in the same order, moved up and down within a span as little as they must to be a gap apart."""
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    found = list(heights)
    for before, after in zip(order, order[1:], strict=False):
        found[after] = max(found[after], found[before] + gap)
    highest = span[1]
    for place in reversed(order):
        found[place] = min(found[place], highest)
        highest = found[place] - gap
    return found


def rows(sides: Mapping[str, Stored], depth: int) -> list[Row]:
    """Every point of the curves that are drawn."""
    return [
        (line.name[0], line.name[2:], line.depth, *point)
        for line in lines(sides, depth)
        for point in zip(line.iterations, line.median, strict=True)
    ]
