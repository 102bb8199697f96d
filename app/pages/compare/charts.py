"""Curves of several runs on one axis: colour is depth, dash and mark are the run, names stand at the ends."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

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
HEIGHT, ROOM = 440, 72  # pixels: of the figure, and beside the curves for their names
LINE_PIXELS, JOIN = 19, 14  # of a name, and of the line that joins it to its curve
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
    dots(found, x, y, line.name, symbol, 8, _colour(line, theme), hover)


class End(NamedTuple):
    """Where curves end, the name that stands beside it, and its colour."""

    height: float
    name: str
    colour: str


def _names(found: go.Figure, drawn: Sequence[Line], span: tuple[float, float], theme: str) -> None:
    """Names beside the curves' ends, joined to them by a line: those that would lie over each other stand apart."""
    pixel = (span[1] - span[0]) / (HEIGHT - sum(curves.MARGIN[2:]))
    for last in {line.iterations[-1] for line in drawn}:
        there = [line for line in drawn if line.iterations[-1] == last]
        ends = [end for run in _by_run(there) for end in _ends(run, span, LINE_PIXELS * pixel, theme)]
        for end, height in zip(ends, spread([end.height for end in ends], LINE_PIXELS * pixel, span), strict=True):
            joined = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": end.colour}
            beside = {"xanchor": "left", "yanchor": "middle", "ax": JOIN, "ay": (end.height - height) / pixel}
            note(found, last, end.height, end.name, INK[theme], showarrow=True, borderpad=0, **joined, **beside)


def _by_run(drawn: Sequence[Line]) -> list[list[Line]]:
    """The curves of each run, the lowest first."""
    letters = dict.fromkeys(line.name[0] for line in drawn)
    runs = [[line for line in drawn if line.name[0] == letter] for letter in letters]
    return [sorted(lines, key=lambda line: line.median[-1]) for lines in runs]


def _ends(run: Sequence[Line], span: tuple[float, float], gap: float, theme: str) -> list[End]:
    """The ends of a run's curves with their names: those not a gap apart have one, all of them together the run's."""
    together: list[list[Line]] = []
    for line in run:
        if together and line.median[-1] - together[-1][0].median[-1] < gap:
            together[-1].append(line)
        else:
            together.append([line])
    ends = []
    for lines in together:
        alike, letter = len(lines) == len(run) > 1, run[0].name[0]
        height = float(np.clip(np.mean([line.median[-1] for line in lines]), *span))
        colour = _colour(lines[0], theme) if len(lines) == 1 else INK[theme]
        ends.append(End(height, letter if alike else f"{letter} {_together(lines)}", colour))
    return ends


def _together(lines: Sequence[Line]) -> str:
    """The name of curves of one run: depths in one, then rivals."""
    depths = ",".join(str(line.depth) for line in sorted(lines, key=lambda line: line.depth) if not line.rival)
    return ", ".join([*([f"L={depths}"] if depths else []), *(line.name[2:] for line in lines if line.rival)])


def _colour(line: Line, theme: str) -> str:
    return str(stroke(line.depth, theme, rival=line.rival)["color"])


def spread(heights: Sequence[float], gap: float, span: tuple[float, float]) -> list[float]:
    """Heights in the same order, moved up and down within a span as little as they must to be a gap apart.

    Least squares: those that touch stand around the mean of where they belong.
    """
    order = sorted(range(len(heights)), key=lambda place: heights[place])
    pools = list[tuple[float, int]]()  # of those that touch: where the lowest of them would stand alone, how many
    for number, place in enumerate(order):
        mean, count = heights[place] - number * gap, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (mean * count + before * many) / (count + many), count + many
        pools.append((mean, count))
    lowest = [mean for mean, count in pools for _ in range(count)]
    highest, found = span[1] - gap * (len(heights) - 1), list(heights)
    for number, place in enumerate(order):
        found[place] = min(max(lowest[number], span[0]), highest) + number * gap
    return found


def rows(sides: Mapping[str, Stored], depth: int) -> list[Row]:
    """Every point of the curves that are drawn."""
    return [
        (line.name[0], line.name[2:], line.depth, *point)
        for line in lines(sides, depth)
        for point in zip(line.iterations, line.median, strict=True)
    ]
