"""What a grid says is counted again from the table that its page hands out."""

import re

import numpy as np
import pytest

from app.pages.grid import charts, words
from spncore.studies import grid
from spncore.studies.arrivals import MISSED
from spncore.studies.axes import Axis
from spncore.studies.grid import Found, Grid
from tests.app.pages.grid.made_up import AXES, BASE, made_up, runs_of
from tests.recount.evidence.counting import spanned, verdict

NAMES = {"private": "private chains", "shared": "shared scalar", "0.0001": "1e-4"}  # of values, on the page


def recounted(found):
    """What is said of each setting, counted again; the verdicts of all pairs."""
    cells, told = runs_of(found), []
    for at, axis in enumerate(found.grid.axes):
        first, *others = [*dict.fromkeys(place[at] for place in cells)]
        clauses = []
        for other in others if isinstance(axis.values[0], str) else others[-1:]:
            own = [
                verdict(cells[(*place[:at], other, *place[at + 1 :])], runs)
                for place, runs in cells.items()
                if place[at] == first
            ]
            ahead, behind, level, unsettled = (own.count(name) for name in ("ahead", "behind", "level", "not settled"))
            pairs = "" if clauses else f" of {len(own)} pairs"
            clauses.append(
                f"{NAMES.get(other, other)} settled ahead in {ahead}{pairs}, behind in {behind}, level in {level}, not "
                f"settled in {unsettled}"
            )
            told += own
        said = words.along(found, at)
        assert said.endswith(f" Against {NAMES.get(first, first)}: {'; '.join(clauses)}."), said
    return told


@pytest.mark.parametrize("seeds", [1, 3, 6, 12])
@pytest.mark.parametrize("numbers", range(4))
def test_what_a_setting_does_is_counted_again_from_the_table(seeds, numbers):
    found = made_up(seeds, numbers=numbers)
    told, fair = recounted(found), words.fairness(found)
    assert f"{len(told)} pairs of cells are compared, each by {seeds} seed" in fair
    assert ("So few seeds settle no pair by itself" in fair) == (seeds < 6)
    assert (f"up to 5\u00a0% or {0.05 * len(told):.0f} would be settled by chance" in fair) == (seeds >= 6)
    assert seeds >= 6 or not {"ahead", "behind"} & {*told}


def test_what_the_shipped_grid_says_is_counted_again_from_its_table():
    [shown] = grid.shipped().values()
    assert len(recounted(shown)) == 9 + 2 * 12 + 12


def test_how_often_a_value_is_best_is_counted_again_and_the_losers_are_named():
    updates = [[[4] * 6, [9] * 6], [[9] * 6, [9] * 6], [[MISSED] * 6, [10] * 6]]
    study = Grid(BASE, (Axis("depth", (1, 2, 3)), Axis("learning_rate", (0.1, 0.2))), "level")
    found = Found(study, {}, np.array(updates), np.zeros((3, 2, 6)))
    assert "with all else alike, best is 1 in 2 of 2 rows, 2 in 1; never 3." in words.along(found, 0)
    assert "best is 0.1 in 2 of 3 rows, 0.2 in 2." in words.along(found, 1), "level ones count for both"
    line = Found(Grid(BASE, study.axes[:1], "level"), {}, np.array(updates)[:, 1], np.zeros((3, 6)))
    assert "**sum layers (L)**: best is 1 and 2. Against 1: 3 settled ahead in 0 of 1 pair" in words.along(line, 0)
    assert words.headline(line) == "Fewest updates to an LLH of −7.2: 9, with L = 1, and as few in 1 other cell"


def test_targets_that_differ_from_cell_to_cell_are_said_to():
    def said(*varied):
        study = Grid(BASE, tuple(Axis(*axis) for axis in varied), "gain")
        return words.fairness(Found(study, {}, *(np.full((2,) * len(varied) + (6,), at) for at in (3, -5.0))))

    assert "with another K the LLH to reach is another" in said(("num_components", (2, 4)), ("depth", (1, 2)))
    assert "A share of EM's gain" not in said(("depth", (1, 2)))


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
    best = words.place_words(found.grid, found.ranked()[0])
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
    size = words.number_words(found, found.ranked()[0])
    assert words.headline(found).startswith(f"Fewest updates to an LLH of −7.2: {size}, with {best}")


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


def test_the_best_cells_with_all_that_are_as_good_say_what_they_share():
    found = made_up()
    third = sorted(found.medians.ravel())[2]
    best = [place for place in np.ndindex(3, 2, 2) if found.medians[place] <= third]
    said = words.shared(found, 0.25)
    assert len(best) >= 3 and said.startswith(f"Of the best {len(best)} cells of 12, η: ")
    for depth in (1, 2):
        times = sum(place[2] == depth - 1 for place in best)
        assert (f"{depth} in {times}" in said.split("L: ")[1]) == (times > 0)
