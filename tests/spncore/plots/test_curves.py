"""Figures of the evidence pages: what is drawn is what was given, on the axes that were asked for."""

import pytest

from spncore.plots import curves as charts
from spncore.plots import palette
from spncore.plots.curves import Line
from tests.closeness import assert_close

LINES = [
    Line("L=1", 1, [1, 2, 3], [-3.0, -2.0, -1.0], [-4.0, -3.0, -2.0], [-2.0, -1.0, -0.5]),
    Line("published L=1", 1, [1, 2, 3], [-3.0, -2.5, -1.5], faint=True, group="published"),
    Line("published L=2", 2, [1, 2, 3], [-3.0, -2.2, -1.2], faint=True, group="published"),
]
REACHED = {1: [300, 400, None], 2: [200, 210, 220]}


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_curves_are_medians_with_bands_and_grey_comparisons_share_an_entry(mode):
    figure = charts.curves("title", LINES, mode, {"independent variables": -2.5})
    (own,) = named(figure, "L=1")
    assert list(own.y) == LINES[0].median and own.line.color == palette.DEPTHS[mode][0]
    published = named(figure, "published")
    assert [trace.showlegend for trace in published] == [True, False]
    assert {trace.line.color for trace in published} == {palette.FAINT[mode]}
    assert figure.layout.meta == "title" and "nats per row" in figure.layout.yaxis.title.text
    assert [note.text for note in figure.layout.annotations] == ["independent variables"]


def test_panels_share_the_axes_they_are_given():
    figure = charts.curves("t", LINES, "light", log_iterations=True, x_range=(1.0, 1000.0), y_range=(-4.0, 0.0))
    assert figure.layout.xaxis.type == "log"
    assert_close(figure.layout.xaxis.range, (0.0, 3.0))
    assert_close(figure.layout.yaxis.range, (-4.0, 0.0))


def test_depths_differ_by_dash_and_symbol_and_not_by_colour_alone():
    figure = charts.noise_response(
        {d: {1e-3: runs} for d, runs in REACHED.items()}, {1: 385, 2: 209}, 500, "−7.2", "light"
    )
    own = [trace for trace in figure.data if trace.name in ("L=1", "L=2")]
    assert len({trace.line.dash for trace in own}) == len({trace.marker.symbol for trace in own}) == 2


def test_runs_that_never_arrive_are_drawn_at_the_end_and_the_end_is_named():
    figure = charts.noise_response({1: {1e-3: [None, None, 400]}}, {1: 385}, 500, "−7.2", "light")
    assert list(named(figure, "L=1")[0].y) == [500]
    assert "not within 500" in [note.text for note in figure.layout.annotations]


def test_every_seed_has_a_point_of_its_own():
    figure = charts.seeds_and_pairs(REACHED, {1: 385, 2: 209}, 500, "−7.2", "light")
    points = named(figure, "one seed")
    assert [list(trace.x) for trace in points] == [[300, 400, 500], [200, 210, 220]]
    assert all(len(set(trace.y)) == 3 for trace in points)
    assert [list(trace.x) for trace in named(figure, "published")] == [[385], [209]]


def test_a_difference_of_zero_has_a_place_on_an_axis_of_powers_of_ten():
    figure = charts.departure(LINES[:1], LINES[1:], 3e-6, "light")
    assert figure.layout.yaxis.type == "log" and figure.layout.yaxis.ticktext[0] == "0"
    assert_close(figure.layout.annotations[0].y, -5.522878745280337)  # names on a log axis stand at the logarithm


def test_scores_show_every_seed_and_its_mean():
    figure = charts.scores("t", {"train": {1: [-1.0, -3.0], 2: [-2.0]}, "test": {1: [-4.0], 2: []}}, {}, "light")
    points, means = named(figure, "L=1")
    assert list(points.y) == [-1.0, -3.0, -4.0] and list(means.y) == [-2.0, -4.0]
    assert list(figure.layout.xaxis.ticktext) == ["train", "test"]


@pytest.mark.parametrize("gain", [0.02, 1.0, 30.0])
def test_with_levels_the_axis_fits_the_medians_and_far_levels_are_words_at_its_edge(gain):
    iterations = list(range(101))
    median = [-6.3 + gain * (1 - 0.95**t) for t in iterations]
    outlying = [value - 5 for value in median]
    line = Line("L=1", 1, iterations, median, outlying, median)
    levels = {"under": -99.0, "inside": -6.3 + gain / 2, "over": 60.0, "at 70.000": 70.0}
    figure = charts.curves("t", [line], "light", levels)
    low, high = figure.layout.yaxis.range
    assert low <= min(median) and max(median) <= high
    assert (max(median) - min(median)) / (high - low) > 0.85
    (inside,) = figure.layout.shapes
    assert inside.y0 == levels["inside"]
    said = {note.text: (note.x, note.y) for note in figure.layout.annotations}
    assert said["▲ over 60.000<br>▲ at 70.000"] == (0, 1) and said["▼ under −99.000"] == (1, 0) and "inside" in said


def test_first_steps_that_would_squeeze_the_rest_are_left_out_and_nothing_has_an_axis_of_its_own():
    iterations = list(range(101))
    steep = Line("L=1", 1, iterations, [-37.0, -12.0, *(-10 + t / 100 for t in iterations[2:])])
    low, high = charts.fitted([steep])
    assert -10.1 < low < high < -8.9
    gentle = Line("L=1", 1, iterations, [-11.09 + 4 * (1 - 0.98**t) for t in iterations])
    assert charts.fitted([gentle])[0] < -11.09
    assert charts.fitted([]) is None and charts.fitted([Line("", 1, [0], [float("nan")])]) is None
    low, high = charts.fitted([Line("", 1, [0, 1], [-2.0, -2.0])])
    assert low < -2 < high


@pytest.mark.parametrize(("level", "side"), [(-5.05, "top"), (-5.5, "bottom"), (-4.95, "bottom")])
def test_the_name_of_a_level_stands_under_it_where_a_curve_ends_just_above(level, side):
    line = Line("L=1", 1, [0, 1, 2], [-6.0, -5.2, -5.0])
    [name] = charts.curves("t", [line], "light", {"level": level}, y_range=(-6.1, -4.8)).layout.annotations
    assert name.yanchor == side


def test_without_levels_plotly_chooses_the_axis():
    assert charts.curves("t", LINES, "light").layout.yaxis.range is None
