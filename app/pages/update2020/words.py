"""What the page on the update of 2020 says: scores by objective and depth, and what log Z does, in generated words.

A run whose training LLH falls back by more than SWING within its last states has no score: it is given as a range.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import NamedTuple

from app.kit.results import Results
from spncore.files.export import Row
from spncore.learning.partition import EDGE
from spncore.studies import update2020
from spncore.studies.cells import DEPTHS, depth_name
from spncore.studies.shipped import diverged
from spncore.studies.statistics import scored
from spncore.studies.update2020 import AS_WRITTEN
from spncore.sweep import Cell
from spncore.sweep.scale import EVERY, LAST
from spncore.words import DASH, counted, signed, slashed

NAMES = {"unnormalised": "as written", "generative": "proper"}
ENDS = "Where every seed ends, on training rows and on rows held back"
BARS = "Bars are means; a run that swings is drawn by both ends of its range, and its group has no mean."
SCALE = "Log Z of the objective as written"
TITLES = {
    "unnormalised": "As written: log f minus Z",
    "generative": "Proper: log f minus log Z",
}
ROWS = ("train", "test")
NO_BETTER = 0.05  # nats per row above the level of independent variables that still count as that level
SWING = 0.1  # nats per row by which the training LLH falls back within the last states of a run that swings
MOVE = 1.0  # nats by which log Z moves within them where it is not said to stay
HIGHER = 1e-3  # nats per row that make one score higher than another
COLUMNS = ("objective", "L", "rows", "mean", "lowest", "highest", "swing", "no better than independent")
SCALE_COLUMNS = ("L", "ηS, lowest", "ηS, highest", "log Z at the end, lowest", "highest", "moves by over 1")


class End(NamedTuple):
    """What a seed scores on some rows: after its last update, and the range of its last states."""

    seed: int
    final: float
    low: float
    high: float
    swings: bool


def cells(shown: Results, objective: str, rate: float = AS_WRITTEN) -> list[Cell]:
    """What was run of an objective, a cell per depth."""
    return [update2020.cell(objective, depth, shown.runs, rate) for depth in DEPTHS]


def ends(shown: Results, objective: str, rows: str, rate: float = AS_WRITTEN) -> dict[int, list[End]]:
    """By depth and seed; runs that diverged are left out."""
    return {
        cell.experiment.depth: [
            End(
                seed.seed,
                seed.final_llh if rows == "train" else seed.held_out[rows],
                seed.scale[f"lowest last {rows}"],
                seed.scale[f"highest last {rows}"],
                seed.scale["largest last fall"] > SWING,
            )
            for seed in shown.results[cell].seeds
            if seed.scale and seed.final_llh is not None
        ]
        for cell in cells(shown, objective, rate)
    }


def groups(shown: Results, rate: float = AS_WRITTEN) -> dict[str, dict[int, list[float]]]:
    """Scores to draw by objective and rows, then depth: a seed's last, both ends of the range of one that swings."""
    return {
        f"{name}, {rows}": {
            depth: [value for end in found for value in ([end.low, end.high] if end.swings else [end.final])]
            for depth, found in ends(shown, objective, rows, rate).items()
        }
        for objective, name in NAMES.items()
        for rows in ROWS
    }


def without_mean(shown: Results, rate: float = AS_WRITTEN) -> set[tuple[str, int]]:
    """The groups and depths of `groups` with a run that swings: a mean of the ends of ranges says nothing."""
    return {
        (f"{name}, {rows}", depth)
        for objective, name in NAMES.items()
        for rows in ROWS
        for depth, found in ends(shown, objective, rows, rate).items()
        if any(end.swings for end in found)
    }


def score_rows(shown: Results, rate: float = AS_WRITTEN) -> list[Row]:
    """Every seed: its score after the last update, the range of its last states, and whether it swings."""
    return [
        (name, rows, depth, end.seed, end.final, end.low, end.high, end.swings)
        for objective, name in NAMES.items()
        for rows in ROWS
        for depth, found in ends(shown, objective, rows, rate).items()
        for end in found
    ]


def no_better(shown: Results, found: Sequence[End], rows: str = "train") -> int:
    """How many seeds end no better than independent variables, at any of their last states where they swing."""
    level = shown.independent(rows) + NO_BETTER
    return sum(_highest(end) <= level for end in found)


def curve_words(shown: Results, objective: str, rate: float = AS_WRITTEN) -> str:
    """Where the runs of an objective end, and how many of them no better than independent variables."""
    train, found = ends(shown, objective, "train", rate).values(), cells(shown, objective, rate)
    updates = counted(found[0].experiment.iterations, "update")
    middles = slashed(_middle(each) for each in train)
    stuck = slashed(no_better(shown, each) for each in train)
    lost = sum(diverged(shown.results[cell]) for cell in found)
    words = (
        f"Median of {counted(shown.runs.num_seeds, 'seed')} after {updates}, L = 1 / 2 / 3: {middles} nats per row on "
        f"the training rows. {stuck} of them end no better than independent variables ({signed(shown.independent())})."
    )
    return words + (f" {counted(lost, 'run')} diverged and {'is' if lost == 1 else 'are'} left out." if lost else "")


def _middle(found: Sequence[End]) -> str:
    """The median of seeds; where some swing, how many, and the range of all."""
    if not found:
        return "none"
    if swinging := sum(end.swings for end in found):
        return f"{swinging} of {len(found)} swing ({_span(min(map(_lowest, found)), max(map(_highest, found)))})"
    return signed(median(end.final for end in found))


def _span(low: float, high: float, form: str = ".1f") -> str:
    return f"{signed(low, form)} to {signed(high, form)}"


def scale_words(shown: Results, rate: float = AS_WRITTEN) -> str:
    """What ηS says of the stability of log Z, and what log Z does at the end of the runs as written."""
    by_depth = scales(shown, rate)
    seeds = [each for found in by_depth.values() for each in found]
    if not seeds:
        return "Every run diverged: nothing is known of log Z at the end."
    bounds = {
        name: [rate * of(each[f"{name} S"] for each in found) for found in by_depth.values() if found]
        for name, of in (("lowest", min), ("highest", max))
    }
    low, high = min(bounds["lowest"]), max(bounds["highest"])
    if high < EDGE:
        verdict = f"it stays below {EDGE:g}, so log Z is stable"
    elif low >= EDGE:
        verdict = f"it is past {EDGE:g} from the start to the end, so log Z is not stable"
    else:
        past = sum(rate * each["highest S"] >= EDGE for each in seeds)
        verdict = f"it is past {EDGE:g} at some state in {past} of {counted(len(seeds), 'run')}"
    ranges = slashed(_span(*pair) for pair in zip(*bounds.values(), strict=True))
    depths = slashed(depth for depth, found in by_depth.items() if found)
    return (
        f"At η = {rate:g}, ηS of all seeds, L = {depths}: {ranges}, looked at in every {EVERY}th state; {verdict}. "
        f"{_ends_of_scale(seeds, 'saws on' if high >= EDGE else 'still moves')}"
    )


def _ends_of_scale(seeds: Sequence[dict[str, float]], moves: str) -> str:
    """Between which values log Z is in the last states, of runs in which it moves and of the others."""
    parts = []
    for moving, what, decimals in ((True, moves, 1), (False, "stays", 3)):
        some = [each for each in seeds if _moves(each) == moving]
        if some:
            bounds = min(each["lowest last log Z"] for each in some), max(each["highest last log Z"] for each in some)
            low, high = (signed(round(bound, decimals) + 0.0, f".{decimals}f") for bound in bounds)
            parts.append(f"in {len(some)} of {counted(len(seeds), 'run')} it {what} between {low} and {high}")
    return f"In the last {LAST} states log Z: {'; '.join(parts)}."


def _moves(scale: Mapping[str, float]) -> bool:
    return scale["highest last log Z"] - scale["lowest last log Z"] > MOVE


def scales(shown: Results, rate: float = AS_WRITTEN) -> dict[int, list[dict[str, float]]]:
    """What was seen of the scale of the runs as written, by depth and seed; runs that diverged are left out."""
    found = {cell.experiment.depth: shown.results[cell].seeds for cell in cells(shown, "unnormalised", rate)}
    return {depth: [dict(seed.scale) for seed in seeds if seed.scale] for depth, seeds in found.items()}


def scale_rows(shown: Results, rate: float = AS_WRITTEN) -> list[Row]:
    """The table of ηS and log Z by depth, over all seeds."""
    return [
        (
            depth_name(depth),
            f"{rate * min(each['lowest S'] for each in found):.2f}",
            f"{rate * max(each['highest S'] for each in found):.2f}",
            signed(min(each["lowest last log Z"] for each in found)),
            signed(max(each["highest last log Z"] for each in found)),
            f"{sum(map(_moves, found))} of {len(found)}",
        )
        for depth, found in scales(shown, rate).items()
        if found
    ]


def score_words(shown: Results, rate: float = AS_WRITTEN) -> str:
    """What the seeds support about depth, and about the objective, on test rows."""
    test = {name: ends(shown, objective, "test", rate) for objective, name in NAMES.items()}
    parts = [_depths(name, by_depth) for name, by_depth in test.items()]
    written, proper = test.values()
    pairs = [(a, b) for depth in DEPTHS for a in written[depth] for b in proper[depth] if a.seed == b.seed]
    higher = sum(_lowest(b) > _highest(a) + HIGHER for a, b in pairs)
    swinging = any(end.swings for pair in pairs for end in pair)
    ranges = f" A run that swings counts by the range of its last states. {BARS}" if swinging else ""
    parts.append(
        f"The proper objective scores higher than the one as written in {higher} of {counted(len(pairs), 'pair')} of "
        f"runs with one seed and depth.{ranges}"
    )
    return " ".join(filter(None, parts))


def _lowest(end: End) -> float:
    return end.low if end.swings else end.final


def _highest(end: End) -> float:
    return end.high if end.swings else end.final


def _depths(name: str, by_depth: dict[int, list[End]]) -> str:
    """What pairs of seeds say of three layers against one; no more than that where a run of these swings."""
    both = [by_depth[3], by_depth[1]]
    swinging, all_runs = sum(end.swings for found in both for end in found), sum(map(len, both))
    if swinging:
        verb = "swings" if swinging == 1 else "swing"
        return (
            f"Test rows, {name}: {swinging} of {all_runs} runs with L = 1 and L = 3 {verb}, so these are not compared."
        )
    if not both[0] or [end.seed for end in both[0]] != [end.seed for end in both[1]]:
        return ""
    deep, shallow = ([end.final for end in found] for found in both)
    return f"Test rows, {name}: {scored('L=3', 'L=1', deep, shallow)}."


def table_rows(shown: Results, rate: float = AS_WRITTEN) -> list[Row]:
    """Mean and range over seeds, by objective, depth and rows; only a range where a seed swings."""
    return [
        (
            name,
            depth_name(depth),
            rows,
            DASH if any(end.swings for end in found) else signed(fmean(end.final for end in found)),
            signed(min(map(_lowest, found))),
            signed(max(map(_highest, found))),
            f"{sum(end.swings for end in found)} of {len(found)}",
            f"{no_better(shown, found, rows)} of {len(found)}",
        )
        for objective, name in NAMES.items()
        for depth in DEPTHS
        for rows in ROWS
        if (found := ends(shown, objective, rows, rate)[depth])
    ]
