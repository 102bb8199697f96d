"""What the page "What is held equal" says: four ways to hold depths equal, who wins in each, in generated words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.kit.text import number
from spncore.plots.curves import Line
from spncore.studies import statistics
from spncore.studies.cells import DEPTHS, Cells, depth_name, faster_name
from spncore.studies.held_equal import Case
from spncore.studies.shipped import diverged, reached, target_words
from spncore.studies.statistics import Iterations, Wins
from spncore.sweep import Cell, Outcome
from spncore.words import listed

Results = Mapping[Cell, Outcome]
WIN_COLUMNS = ("held equal", "comparison", "ahead, behind, level", "share of wins", "iterations", "its rival's")


@dataclass(frozen=True)
class Setting:
    """One way to hold depths equal: its runs by name, and who is compared with whom."""

    name: str
    cells: Cells
    rivals: Mapping[str, str]
    note: str = ""

    @property
    def end(self) -> int:
        """The last iteration."""
        return max(cell.experiment.iterations for cell in self.cells.values())


def settings(case: Case, results: Results) -> list[Setting]:
    """The four panels of a case, the learning rates of the third chosen on the way."""
    deep = [depth_name(depth) for depth in DEPTHS[1:]]
    shallow = dict.fromkeys(deep, depth_name(1))
    rates = case.best_rates(results.__getitem__)
    return [
        Setting("Same start in every layer", case.same_start(), shallow),
        Setting("Same product of weights", case.same_product(), shallow),
        Setting("Each at its best learning rate", case.at_rates(rates), shallow, _rates_note(case, rates)),
        Setting(
            "Shallow at L times the rate",
            case.shallow_faster(),
            {depth_name(depth): faster_name(depth) for depth in DEPTHS[1:]},
        ),
    ]


def wins(setting: Setting, results: Results, name: str) -> Wins:
    """A network against its rival, seed by seed."""
    return statistics.paired_wins(*_pair(setting, results, name))


def statement(setting: Setting, results: Results) -> str:
    """The sentence that a setting's numbers support."""
    clauses = [
        statistics.compared(name, rival, *_pair(setting, results, name), setting.end)
        for name, rival in reversed(list(setting.rivals.items()))
    ]
    lost = sum(diverged(results[cell]) for cell in setting.cells.values())
    note = f" {lost} runs diverged." if lost else ""
    return f"{setting.name}: {'; '.join(clauses)}.{note}"


def summary(shown: Sequence[Setting], results: Results) -> str:
    """In which settings each depth is ahead of its rival, behind, or neither."""
    sentences = []
    for name in reversed(list(shown[0].rivals)):
        by_verdict: dict[str, list[str]] = {}
        for setting in shown:
            by_verdict.setdefault(wins(setting, results, name).verdict, []).append(f"“{setting.name}”")
        parts = [
            f"{words} under {listed(by_verdict[verdict])}"
            for verdict, words in statistics.VERDICTS.items()
            if verdict in by_verdict
        ]
        turned = {"ahead", "behind"} <= set(by_verdict)
        sentences.append(f"{name} is {'; '.join(parts)}." + (" What is held equal decides." if turned else ""))
    return " ".join(sentences)


def lines(setting: Setting, results: Results) -> list[Line]:
    """Curves of a panel; the shallow network at a larger rate is grey, with the dash of the depth it is set against."""
    rates = {faster_name(depth): depth for depth in DEPTHS[1:]}
    return [
        Line.of_seeds(name, rates.get(name, cell.experiment.depth), results[cell].curve or {}, faint=name in rates)
        for name, cell in setting.cells.items()
    ]


def ranges(shown: Sequence[Setting], results: Results) -> tuple[tuple[float, float], tuple[float, float]]:
    """The iterations and the LLH that all panels span."""
    drawn = [line for setting in shown for line in lines(setting, results)]
    end = max(max(line.iterations) for line in drawn)
    low, high = min(min(line.median) for line in drawn), max(max(line.median) for line in drawn)
    edge = 0.05 * (high - low)
    return (1.0, end), (low - edge, high + edge)


def win_rows(shown: Sequence[Setting], results: Results) -> list[tuple[Any, ...]]:
    """A row per setting and depth: counts, exact interval of the share, medians with intervals."""
    return [
        (setting.name, f"{name} against {rival}", *statistics.row(*_pair(setting, results, name), setting.end))
        for setting in shown
        for name, rival in setting.rivals.items()
    ]


def seed_rows(shown: Sequence[Setting], results: Results) -> list[tuple[Any, ...]]:
    """Every seed's iterations to the target, by setting and network."""
    return [
        (setting.name, name, cell.experiment.learning_rate, seed.seed, "" if at is None else at, seed.final_llh)
        for setting in shown
        for name, cell in setting.cells.items()
        for seed, at in zip(results[cell].seeds, reached(results[cell]), strict=True)
    ]


def target(case: Case) -> str:
    """What is waited for, in words."""
    words = target_words(case.target)
    return words if case.target.kind == "gain" else f"a log-likelihood of {words} nats per row"


def all_cells(case: Case, compute: Callable[[Cell], Outcome]) -> list[Cell]:
    """Every cell a case shows, the grid included."""
    return [*case.grid(), *case.all_cells(compute)]


def _rates_note(case: Case, rates: Mapping[int, float]) -> str:
    chosen = ", ".join(f"{depth_name(depth)}: η = {number(rate)}" for depth, rate in rates.items())
    edges = [depth_name(depth) for depth, rate in rates.items() if rate in (case.rates[0], case.rates[-1])]
    at_edge = f" {listed(edges)} at the end of the grid: its best may lie beyond." if edges else ""
    span = f"{number(case.rates[0])} to {number(case.rates[-1])}"
    return f"{chosen}; chosen on other seeds from {span}, each rate twice the one before.{at_edge}"


def _pair(setting: Setting, results: Results, name: str) -> tuple[Iterations, Iterations]:
    """Iterations of a network and of its rival, seed by seed."""
    return reached(results[setting.cells[name]]), reached(results[setting.cells[setting.rivals[name]]])
