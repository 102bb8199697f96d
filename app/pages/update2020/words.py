"""What the page on the update of 2020 says: train and test scores by objective and depth, in generated words."""

from collections.abc import Sequence
from statistics import fmean

from app.kit.files import Row
from app.kit.results import Results
from spncore.studies import update2020
from spncore.studies.cells import DEPTHS, depth_name
from spncore.studies.shipped import diverged
from spncore.studies.statistics import scored
from spncore.sweep import Cell
from spncore.words import counted, signed, slashed

NAMES = {"unnormalised": "as written", "generative": "proper"}
ENDS = "Where every seed ends, on training rows and on rows held back"
TITLES = {
    "unnormalised": "As written: log f minus Z",
    "generative": "Proper: log f minus log Z",
}
ROWS = ("train", "test")
NO_BETTER = 0.05  # nats per row above the level of independent variables that still count as that level
COLUMNS = ("objective", "L", "rows", "mean", "lowest", "highest", "no better than independent")


def cells(shown: Results, objective: str) -> list[Cell]:
    """What was run of an objective, a cell per depth."""
    return [update2020.cell(objective, depth, shown.runs) for depth in DEPTHS]


def groups(shown: Results) -> dict[str, dict[int, list[float]]]:
    """Final LLH by objective and rows, then depth, seed by seed."""
    return {
        f"{name}, {rows}": shown.finals(cells(shown, objective), rows)
        for objective, name in NAMES.items()
        for rows in ROWS
    }


def no_better(shown: Results, values: Sequence[float], rows: str = "train") -> str:
    """How many seeds end no better than independent variables."""
    return str(sum(score <= shown.independent(rows) + NO_BETTER for score in values))


def curve_words(shown: Results, objective: str) -> str:
    """Where the runs of an objective end, and how many of them no better than independent variables."""
    train, found = groups(shown)[f"{NAMES[objective]}, train"].values(), cells(shown, objective)
    means, seeds = slashed(signed(fmean(values)) for values in train), shown.runs.num_seeds
    stuck = slashed(no_better(shown, values) for values in train)
    lost = sum(diverged(shown.results[cell]) for cell in found)
    words = (
        f"Mean over {seeds} seeds after {counted(found[0].experiment.iterations, 'iteration')}, L = 1 / 2 / 3: {means} "
        f"nats per row on the training rows. {stuck} of {seeds} seeds end no better than independent variables "
        f"({signed(shown.independent())})."
    )
    return words + (f" {lost} runs diverged." if lost else "")


def score_words(shown: Results) -> str:
    """What the seeds support about depth, and about the objective, on test rows."""
    test = {name: groups(shown)[f"{name}, test"] for name in NAMES.values()}
    parts = [
        f"Test rows, {name}: {scored('L=3', 'L=1', by_depth[3], by_depth[1])}."
        for name, by_depth in test.items()
        if len(by_depth[3]) == len(by_depth[1])
    ]
    written, proper = test.values()
    higher = [b > a for depth in DEPTHS for a, b in zip(written[depth], proper[depth], strict=False)]
    parts.append(f"The proper objective scores higher than the one as written in {sum(higher)} of {len(higher)} runs.")
    return " ".join(parts)


def table_rows(shown: Results) -> list[Row]:
    """Mean and range over seeds, by objective, depth and rows."""
    found = groups(shown)
    return [
        (
            name,
            depth_name(depth),
            rows,
            *(signed(of(values)) for of in (fmean, min, max)),
            f"{no_better(shown, values, rows)} of {len(values)}",
        )
        for name in NAMES.values()
        for depth in DEPTHS
        for rows in ROWS
        if (values := found[f"{name}, {rows}"][depth])
    ]
