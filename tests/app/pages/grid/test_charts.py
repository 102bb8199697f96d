"""Figures of a grid: its numbers at their places, lost ones marked, one scale for all panels."""

import re

import numpy as np
import pytest

from app.pages.grid import charts, words
from tests.app.pages.grid.made_up import made_up


def test_every_square_has_its_number_its_mark_and_its_place():
    found = made_up()
    title, last = charts.panels(found)[0]
    heat, numbers, cells = charts.squares(found, title, last).data
    assert title == "L = 1" and [row[1] for row in charts.panels(found)] == [(0,), (1,)]
    assert [tuple(each) for each in cells.customdata] == [(i, j, 0) for i in range(3) for j in range(2)]
    shown = np.asarray(heat.z, dtype=float).T
    assert np.allclose(
        shown, -np.log10(np.where(np.isfinite(found.medians), found.medians, np.nan))[..., 0], equal_nan=True
    )
    assert dict(zip(zip(numbers.x, numbers.y, strict=True), numbers.text, strict=True)) == {
        (i, j): f"{found.medians[i, j, 0]:g}" for i in range(3) for j in range(2) if np.isfinite(found.medians[i, j, 0])
    }
    assert list(cells.marker.symbol)[:2] == [charts.MARKS["missed"], charts.MARKS["thrown"]], "not by colour alone"
    assert "seed by seed: missed, missed" in cells.text[0] and cells.text[0].endswith("click: open this run")
    other = charts.squares(found, *charts.panels(found)[1]).data[0]
    assert (heat.zmin, heat.zmax) == (other.zmin, other.zmax), "one scale for all panels"


@pytest.mark.parametrize("asked", ["level", "end"])
def test_lines_are_the_medians_with_their_intervals_and_all_panels_have_one_scale(asked):
    found = made_up(asked=asked)
    one, other = (charts.curves(found, *panel) for panel in charts.panels(found))
    assert one.layout.yaxis.range == other.layout.yaxis.range and one.layout.title.text == "L = 1"
    for j, trace in enumerate(other.data[:2]):
        for i, value in enumerate(trace.y):
            median = found.medians[i, j, 1]
            assert value == median if np.isfinite(median) else np.isnan(value)
        assert trace.name == ("tree", "private chains")[j]
    assert len({trace.line.dash for trace in one.data[:2]}) == 2 and one.layout.xaxis.type == "log"


def test_parallel_coordinates_have_a_line_for_every_cell_and_the_best_in_colour():
    found = made_up()
    others, best, cells = charts.parallel(found, 0.25).data
    number = len(words.best_cells(found, 0.25))
    assert 3 <= number < 6 and (others.y.count(None), best.y.count(None), len(cells.y)) == (12 - number, number, 12)
    assert [tuple(each) for each in cells.customdata] == found.ranked()
    assert list(cells.y[:9]) == sorted(cells.y[:9], reverse=True) and {*cells.y[9:]} == {charts.BELOW}
    first = best.y[-5:-1]
    assert first[-1] == 1.0 and all(0 < height < 1 for height in first[:-1])
    names = [note.text for note in charts.parallel(found, 0.25).layout.annotations]
    assert names[:4] == ["<b>η</b>", "<b>φ</b>", "<b>L</b>", "<b>updates</b>"] and "private chains" in names


def test_a_number_on_a_square_stands_out_from_its_colour():
    def luminance(channels):
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    scale = np.array([[int(channel) / 255 for channel in re.findall(r"\d+", colour)] for _, colour in charts.SCALE])
    for share in np.linspace(0, 1, 201):
        ground = [np.interp(share, np.linspace(0, 1, len(scale)), scale[:, channel]) for channel in range(3)]
        ink = {"white": 1.0, "black": 0.0}[charts.ON_DARK if share < charts.DARK else charts.ON_LIGHT]
        low, high = sorted([luminance(ground), ink])
        assert (high + 0.05) / (low + 0.05) >= 4.5
