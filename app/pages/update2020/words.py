"""What the page on the update of 2020 says: train and test scores by objective and depth, in generated words."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from app.kit.shipped_or_here import Evidence as Shown
from spncore.plots.curves import Line
from spncore.studies import statistics
from spncore.studies.cells import DEPTHS, depth_name
from spncore.studies.shipped import diverged, finals, held_out
from spncore.studies.update2020 import OBJECTIVES, update2020
from spncore.sweep import Outcome
from spncore.words import counted, signed, slashed

NAMES = {"unnormalised": "as written", "generative": "proper"}
TITLES = {
    "unnormalised": "As written: log f minus Z",
    "generative": "Proper: log f minus log Z",
}
NO_BETTER = 0.05  # nats per row above the level of independent variables that still count as that level
COLUMNS = ("objective", "L", "rows", "mean", "lowest", "highest", "no better than independent")


def outcome(shown: Shown, objective: str, depth: int) -> Outcome:
    """The runs of one objective and depth."""
    return shown.results[update2020(objective, depth, shown.runs)]


def scores(shown: Shown, objective: str, rows: str) -> dict[int, list[float]]:
    """Final LLH by depth, seed by seed, on training or test rows."""
    found = {depth: outcome(shown, objective, depth) for depth in DEPTHS}
    return {depth: finals(each) if rows == "train" else held_out(each, "test") for depth, each in found.items()}


def groups(shown: Shown) -> dict[str, dict[int, list[float]]]:
    """Final LLH by objective and rows, then depth."""
    return {
        f"{NAMES[objective]}, {rows}": scores(shown, objective, rows)
        for objective in OBJECTIVES
        for rows in ("train", "test")
    }


def lines(shown: Shown, objective: str) -> list[Line]:
    """Median and range over the seeds, on training rows."""
    return [Line.of_seeds(depth_name(depth), depth, outcome(shown, objective, depth).curve or {}) for depth in DEPTHS]


def y_range(shown: Shown) -> tuple[float, float]:
    """The LLH that both panels span: from the level of the first iterations that matter to just above the best."""
    drawn = [line for objective in OBJECTIVES for line in lines(shown, objective)]
    high = max(max(line.high) for line in drawn)
    independent = shown.data.references["independent"]
    low = min(*(line.median[-1] for line in drawn), independent)
    edge = 0.25 * (high - low)
    return low - edge, high + edge


def no_better(shown: Shown, objective: str, depth: int, rows: str = "train") -> int:
    """How many seeds end no better than independent variables."""
    level = shown.data.references["independent" if rows == "train" else "independent_test"]
    return sum(score <= level + NO_BETTER for score in scores(shown, objective, rows)[depth])


def curve_words(shown: Shown, objective: str) -> str:
    """Where the runs of an objective end, and how many of them no better than independent variables."""
    means = slashed(signed(fmean(values)) for values in scores(shown, objective, "train").values())
    stuck = slashed(no_better(shown, objective, depth) for depth in DEPTHS)
    seeds = shown.runs.num_seeds
    lost = sum(diverged(outcome(shown, objective, depth)) for depth in DEPTHS)
    end = update2020(objective, 1, shown.runs).experiment.iterations
    words = (
        f"Mean over {seeds} seeds after {counted(end, 'iteration')}, L = 1 / 2 / 3: {means} nats per row on the "
        f"training rows. {stuck} of {seeds} seeds end no better than independent variables "
        f"({signed(shown.data.references['independent'])})."
    )
    return words + (f" {lost} runs diverged." if lost else "")


def score_words(shown: Shown) -> str:
    """What the seeds support about depth, and about the objective, on test rows."""
    test = {objective: scores(shown, objective, "test") for objective in OBJECTIVES}
    parts = [
        f"Test rows, {NAMES[objective]}: {statistics.scored('L=3', 'L=1', test[objective][3], test[objective][1])}."
        for objective in OBJECTIVES
        if len(test[objective][3]) == len(test[objective][1])
    ]
    pairs = [
        (proper, written)
        for depth in DEPTHS
        for proper, written in zip(test["generative"][depth], test["unnormalised"][depth], strict=False)
    ]
    higher = sum(proper > written for proper, written in pairs)
    parts.append(f"The proper objective scores higher than the one as written in {higher} of {len(pairs)} runs.")
    return " ".join(parts)


def table_rows(shown: Shown) -> list[tuple[Any, ...]]:
    """Mean and range over seeds, by objective, depth and rows."""
    rows: list[tuple[Any, ...]] = []
    for objective in OBJECTIVES:
        for depth in DEPTHS:
            for split in ("train", "test"):
                values = scores(shown, objective, split)[depth]
                if values:
                    stuck = f"{no_better(shown, objective, depth, split)} of {len(values)}"
                    summary = [signed(value) for value in (fmean(values), min(values), max(values))]
                    rows.append((NAMES[objective], depth_name(depth), split, *summary, stuck))
    return rows
