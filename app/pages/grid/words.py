"""What a grid says: which cells are best, what each setting does, and how sure that is, made from its numbers."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, get_args

from app.kit.differing import setting_words
from app.kit.text import choice, value_text
from app.live.shares import guessed
from spncore.data.library import Dataset
from spncore.record import Field
from spncore.runs.study import Study
from spncore.studies.arrivals import LOST, arrivals
from spncore.studies.axes import Axis
from spncore.studies.grid import Found, Grid, Place
from spncore.studies.shipped import target_words
from spncore.studies.statistics import (
    FEW,
    LEVEL,
    Verdict,
    compared,
    covered,
    median_interval,
    middle,
    score_span,
    scored,
    span,
)
from spncore.words import counted, listed, percent, signed

MANY = 6  # values that are named one by one
MOVES_TARGETS = "structure split_depth num_repetitions num_components weight_init component_init".split()


def short(field: Field) -> str:
    """What a setting is called where there is little room: its symbol, if it has one."""
    return field.symbol or field.label


def value_words(axis: Axis, value: Any) -> str:
    """One value of an axis, numbers to four digits."""
    if isinstance(value, str):
        return choice(axis.name, value)
    return value_text(axis.name, float(f"{value:.4g}") if axis.field.kind is float else value)


def place_words(grid: Grid, place: Place, beside: Place | None = None) -> str:
    """A cell by its settings, `η = 0.1, L = 3`; beside another one by those that differ."""
    values = [
        setting_words(axis.name, axis.values[at])
        for axis, at, other in zip(grid.axes, place, beside or place, strict=True)
        if beside is None or at != other
    ]
    return ", ".join(values)


def asked(grid: Grid) -> str:
    """What every cell is asked."""
    if grid.targets:
        return f"updates to {target_name(grid)}"
    varied = "iterations" in grid.varied
    return "LLH after the last update" if varied else f"LLH after {counted(grid.base.iterations, 'update')}"


def target_name(grid: Grid) -> str:
    """What a run is to reach."""
    [target] = grid.targets
    return f"{percent(target.value)} of EM's gain" if target.kind == "gain" else f"an LLH of {target_words(target)}"


def number_words(found: Found, place: Place) -> str:
    """The median of a cell."""
    median = float(found.medians[place])
    if found.at_end:
        return "none" if math.isinf(median) else signed(median)
    return middle(found.reached(place), found.grid.end(place))


def cell_words(found: Found, place: Place) -> str:
    """Median and interval of a cell, with what its numbers are."""
    if found.at_end:
        return f"{score_span(found.scores(place))} nats per row"
    return f"{span(found.reached(place), found.grid.end(place))} updates"


def headline(found: Found) -> str:
    """The best cell, in one sentence."""
    best = found.ranked()[0]
    if not math.isfinite(found.merit[best]):
        return f"In no cell do half of the seeds {_get_there(found.grid)}."
    size, same = number_words(found, best), int((found.merit == found.merit[best]).sum()) - 1
    asks, like = ("Highest", "high") if found.at_end else ("Fewest", "few")
    ties = f", and as {like} in {counted(same, 'other cell')}" if same else ""
    return f"{asks} {asked(found.grid)}: {size}, with {place_words(found.grid, best)}{ties}"


def summary(found: Found) -> list[str]:
    """Which cells are best and worst, and how many have no number."""
    ranked = [place for place in found.ranked() if math.isfinite(found.merit[place])]
    sentences = []
    if ranked:
        best, worst = ranked[0], ranked[-1]
        sentences.append(f"Best of {counted(len(ranked), 'cell')}: {_of(found, best)}.")
        if len(ranked) > 1:
            sentences[0] += f" Last: {_of(found, worst)}."
            sentences.append(_runner_up(found, *ranked[:2]))
    return [*sentences, *_lost(found)]


def _of(found: Found, place: Place) -> str:
    return f"{place_words(found.grid, place)}: {cell_words(found, place)}"


def _runner_up(found: Found, best: Place, second: Place) -> str:
    """The best cell against the next, and that it was chosen."""
    name, other = place_words(found.grid, best, second), place_words(found.grid, second, best)
    if found.at_end:
        told = scored(name, other, found.scores(best), found.scores(second))
    else:
        told = compared(name, other, found.reached(best), found.reached(second), found.grid.end(best, second))
    edges = [
        setting_words(axis.name, axis.values[at])
        for axis, at in zip(found.grid.axes, best, strict=True)
        if axis.field.kind in (int, float) and 0 < len(axis.values) - 1 and at in (0, len(axis.values) - 1)
    ]
    beyond = f" At an end of its axis: {', '.join(edges)}; what lies beyond is not known." if edges else ""
    return f"Best against next: {told}. The best was chosen by the same seeds, which flatters it.{beyond}"


def _lost(found: Found) -> list[str]:
    """How many cells have no number, and why."""
    states = Counter(found.states.ravel().tolist())
    said = {
        "missed": f"in {{}} not half of the seeds {_get_there(found.grid)} in time",
        "thrown": "in {} most runs are thrown off: they end below their start, or overflow",
        "failed": "{} could not be computed",
    }
    lost = [words.format(counted(states[name], "cell")) for name, words in said.items() if states[name]]
    return [f"Without a number: {'; '.join(lost)}. They count as last."] if lost else []


def _get_there(grid: Grid) -> str:
    """What half of the seeds of a cell with a number do."""
    return f"reach {target_name(grid)}" if grid.targets else "have an LLH"


def along(found: Found, at: int) -> str:
    """What one setting does, in pairs of cells that are alike in all else; empty where it has one value."""
    axis, rows = found.grid.axes[at], found.merit.size // len(found.grid.axes[at].values)
    if len(axis.values) < 2:
        return ""
    return f"**{axis.field.title}**: {_most_often(axis, found.best_along(at), rows)} {_against(found, at)}"


def rivals(axis: Axis) -> list[int]:
    """Which values are compared with the first: of numbers the last, of names all."""
    return [len(axis.values) - 1] if axis.field.kind in (int, float) else [*range(1, len(axis.values))]


def verdicts(found: Found, at: int, value: int) -> list[Verdict]:
    """A value against the first, in every pair of cells that are alike in all else."""
    return [found.wins(*pair).verdict for pair in found.pairs(at, value, 0)]


def _against(found: Found, at: int) -> str:
    """The values that are compared with the first, one by one."""
    axis, clauses = found.grid.axes[at], list[str]()
    for value in rivals(axis):
        told = verdicts(found, at, value)
        ahead, behind, level, unsettled = (told.count(name) for name in get_args(Verdict))
        pairs = "" if clauses else f" of {counted(len(told), 'pair')}"
        clauses.append(
            f"{value_words(axis, axis.values[value])} settled ahead in {ahead}{pairs}, behind in {behind}, level in "
            f"{level}, not settled in {unsettled}"
        )
    return f"Against {value_words(axis, axis.values[0])}: {'; '.join(clauses)}."


def _most_often(axis: Axis, counts: Sequence[int], rows: int) -> str:
    """How often each value is best, the losers named."""
    order = sorted(range(len(counts)), key=lambda which: -counts[which])
    won = [(value_words(axis, axis.values[which]), counts[which]) for which in order if counts[which]]
    never = [value_words(axis, axis.values[which]) for which in sorted(order) if not counts[which]]
    if not won:
        return "no value is best anywhere."
    if rows == 1:
        return f"best is {listed([name for name, _ in won])}."
    (best, times), *others = won[:MANY]
    more = f" and {len(won) - MANY} more" if len(won) > MANY else ""
    rest = "".join(f", {name} in {number}" for name, number in others) + more
    lost = f"; never {listed(never) if len(never) <= MANY else f'{len(never)} others'}" if never else ""
    return f"with all else alike, best is {best} in {times} of {counted(rows, 'row')}{rest}{lost}."


def fairness(found: Found) -> str:
    """How many pairs are compared, by how many seeds each, and how many would be settled by chance."""
    axes, seeds = found.grid.axes, found.grid.base.num_seeds
    told = [one for at, axis in enumerate(axes) for value in rivals(axis) for one in verdicts(found, at, value)]
    coverage = covered(median_interval([0] * seeds).coverage)
    said = (
        f"{counted(len(told), 'pair')} of cells are compared, each by {counted(seeds, 'seed')}; the interval in square "
        f"brackets holds a median with {coverage}.{_targets(found.grid)}"
    )
    if seeds < FEW:
        return f"{said} So few seeds settle no pair by itself, even when all agree."
    return (
        f"{said} Settled is a pair whose exact interval of the share of wins leaves out one half; if no setting "
        f"mattered, up to {percent(1.0 - LEVEL)} or {(1.0 - LEVEL) * len(told):.0f} would be settled by chance."
    )


def _targets(grid: Grid) -> str:
    """That cells have targets of their own, where what varies moves them."""
    moved = [short(axis.field) for axis in grid.axes if axis.name in MOVES_TARGETS]
    if grid.asked != "gain" or not moved:
        return ""
    return f" A share of EM's gain is each cell's own: with another {listed(moved)} the LLH to reach is another."


def best_cells(found: Found, share: float) -> list[Place]:
    """The best cells, a share of all, at least one, with all that are as good; none that has no number."""
    ranked = found.ranked()
    last = found.merit[ranked[max(1, round(share * len(ranked))) - 1]]
    return [place for place in ranked if math.isfinite(found.merit[place]) and found.merit[place] >= last]


def shared(found: Found, share: float) -> str:
    """What the best cells have in common, setting by setting."""
    best = best_cells(found, share)
    if not best:
        return "No cell has a number."
    parts = []
    for at, axis in enumerate(found.grid.axes):
        counts = Counter(place[at] for place in best).most_common()
        named = [f"{value_words(axis, axis.values[which])} in {times}" for which, times in counts[:MANY]]
        more = f", others in {sum(times for _, times in counts[MANY:])}" if len(counts) > MANY else ""
        parts.append(f"{short(axis.field)}: {', '.join(named)}{more}")
    return f"Of the best {counted(len(best), 'cell')} of {found.merit.size}, {'; '.join(parts)}."


def in_words(found: Found) -> str:
    """What was trained and asked, in one line."""
    grid, base = found.grid, found.grid.base
    values = " × ".join(str(len(axis.values)) for axis in grid.axes)
    size = f"{values} values of {listed([short(axis.field) for axis in grid.axes])}"
    seeds = f"{base.seed} to {base.seeds[-1]}" if base.num_seeds > 1 else f"{base.seed}"
    limit = "" if found.at_end or "iterations" in grid.varied else f", within {counted(base.iterations, 'update')}"
    return (
        f"{found.data['title']}: {counted(found.merit.size, 'cell')}, {size}. Asked: {asked(grid)}{limit}; "
        f"seeds {seeds}."
    )


def origin(found: Found) -> str:
    """Where the numbers were made, and of which rows."""
    made = f"Shipped with the lab, made by {found.made_by}." if found.made_by else "Made on this server."
    return f"{made} Rows: SHA-256 {found.data['sha256'][:12]}…"


def price(grid: Grid, dataset: Dataset) -> float:
    """CPU seconds that a grid takes at most, as guessed from its size."""
    runs = [cell.experiment for cell in grid.cells().values()]
    return sum(guessed(Study(run, (run.depth,)), dataset) for run in runs)


def table(found: Found) -> list[dict[str, Any]]:
    """A row per cell, the best first: its settings, median and interval, how many seeds have a number, its state."""
    return [
        {
            **{each.field.title: value_words(each, each.values[place[at]]) for at, each in enumerate(found.grid.axes)},
            "median": number_words(found, place),
            "with its interval": cell_words(found, place),
            "seeds with a number": _with_number(found, place),
            "state": _state(found, place),
            "place": list(place),
        }
        for place in found.ranked()
    ]


def _with_number(found: Found, place: Place) -> int:
    """How many seeds of a cell have an LLH, or arrive."""
    return sum(map(math.isfinite, found.scores(place) if found.at_end else arrivals(found.updates[place])))


def _state(found: Found, place: Place) -> str:
    name = str(found.states[place])
    return {"thrown": "thrown off", "reached": "ended" if found.at_end else "reached"}.get(name, name)


def hover(found: Found, place: Place) -> str:
    """What stands beside the pointer on a cell."""
    lines = [f"<b>{place_words(found.grid, place)}</b>", cell_words(found, place)]
    if found.at_end:
        each = ", ".join("none" if math.isinf(at) else signed(at) for at in found.scores(place))
    else:
        each = ", ".join(str(LOST.get(at, at)) for at in found.updates[place].tolist())
    return "<br>".join([*lines, f"seed by seed: {each}", "click: open this run"])
