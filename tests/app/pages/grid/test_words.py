"""What a grid says is counted again from the table that its page hands out."""

import re

import numpy as np
import pytest

from app.pages.grid import charts, words
from spncore.studies.arrivals import MISSED
from spncore.studies.grid import Found
from tests.app.pages.grid.made_up import AXES, made_up, runs_of
from tests.recount.evidence.counting import spanned, verdict


@pytest.mark.parametrize("seeds", [1, 3, 6, 12])
@pytest.mark.parametrize("numbers", range(4))
def test_what_a_setting_does_is_counted_again_from_the_table(seeds, numbers):
    found = made_up(seeds, numbers=numbers)
    cells, told = runs_of(found), []
    for at, (first, other, text) in enumerate(
        (
            ("0.001", "0.1", "Against 0.001: 0.1"),
            ("tree", "private", "Against tree: private chains"),
            ("1", "2", "Against 1: 2"),
        )
    ):
        own = [
            verdict(cells[(*place[:at], other, *place[at + 1 :])], cells[place])
            for place in cells
            if place[at] == first
        ]
        counts = [own.count(name) for name in ("ahead", "behind", "level", "not settled")]
        sentence = words.along(found, at)
        assert (
            f"{text} settled ahead in {counts[0]} of {len(own)} pairs, behind in {counts[1]}, level in {counts[2]}, "
            f"not settled in {counts[3]}." in sentence
        )
        told += own
    fair = words.fairness(found)
    assert f"{len(told)} pairs of cells are compared, each by {seeds} seed" in fair
    assert ("So few seeds settle no pair" in fair) == (seeds < 6) and (f"or {0.05 * len(told):.0f} would" in fair) == (
        seeds >= 6
    )


def test_the_table_has_a_row_per_cell_with_its_median_and_interval_and_the_best_first():
    found = made_up()
    cells, rows = runs_of(found), words.table(found)
    assert len(rows) == 12
    for row in rows:
        place = tuple(axis.field.text(axis.values[at]) for axis, at in zip(AXES, row["place"], strict=True))
        assert row["with its interval"].startswith(spanned(cells[place], 60)) and row["with its interval"].startswith(
            row["median"]
        )
        assert row["seeds with a number"] == sum(np.isfinite(each) for each in cells[place].values())
    assert [row["state"] for row in rows[-3:]] == ["missed", "failed", "thrown off"]
    assert rows[0]["median"] == min((row["median"] for row in rows if row["state"] == "reached"), key=float)


def test_the_best_is_named_with_the_next_and_that_it_was_chosen():
    found = made_up()
    best, second = (words.place_words(found.grid, place) for place in found.ranked()[:2])
    said = words.summary(found)
    assert said[0].startswith(f"Best of 9 cells: {best}: ") and " Last: " in said[0]
    assert said[1].startswith("Best against next: ") and "by the same seeds, which flatters it." in said[1]
    ends = [f"{name} = {AXES[at].values[found.ranked()[0][at]]:g}" for at, name in ((0, "η"), (2, "L"))]
    inside = found.ranked()[0][0] == 1
    assert said[1].endswith(f"At an end of its axis: {', '.join(ends[inside:])}; what lies beyond is not known.")
    assert re.search(r"\d of 6 seeds|needed the same updates", said[1])
    assert said[2] == (
        "Without a number: in 1 cell not half of the seeds reach an LLH of −7.2 in time; in 1 cell most runs are "
        "thrown off: they end below their start, or overflow; 1 cell could not be computed. They count as last."
    )
    assert (
        words.headline(found)
        == f"Fewest updates to an LLH of −7.2: {words.number_words(found, found.ranked()[0])}, with {best}"
    )
    assert second


def test_without_any_number_that_is_said():
    found = made_up()
    lost = Found(found.grid, found.data, np.full_like(found.updates, MISSED), np.full_like(found.llh, -np.inf))
    assert words.headline(lost) == "In no cell do half of the seeds reach an LLH of −7.2."
    assert words.shared(lost, 0.1) == "No cell has a number." and len(words.summary(lost)) == 1
    for figure in (
        charts.parallel(lost, 0.1),
        charts.key(lost),
        charts.squares(lost, "", (0,)),
        charts.curves(lost, "", (0,)),
    ):
        assert figure.data


def test_the_best_cells_say_what_they_share():
    found = made_up()
    best = found.ranked()[:3]
    said = words.shared(found, 0.25)
    assert said.startswith("Of the best 3 cells of 12, η: ")
    for depth in (1, 2):
        times = sum(place[2] == depth - 1 for place in best)
        assert (f"{depth} in {times}" in said.split("L: ")[1]) == (times > 0)
