"""What the page "What is held equal" says: four ways to hold depths equal, who wins in each, in generated words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kit.files import Row
from app.kit.text import number
from spncore.plots.curves import Line, around
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
    """One way to hold depths equal: its runs by name, who is compared with whom, and how every run went."""

    name: str
    cells: Cells
    rivals: Mapping[str, str]
    results: Results
    note: str = ""

    @property
    def end(self) -> int:
        """The last iteration."""
        return max(cell.experiment.iterations for cell in self.cells.values())

    def pair(self, name: str) -> tuple[Iterations, Iterations]:
        """Iterations of a network and of its rival, seed by seed."""
        return self.reached(name), self.reached(self.rivals[name])

    def wins(self, name: str) -> Wins:
        """A network against its rival, seed by seed."""
        return statistics.paired_wins(*self.pair(name))

    def reached(self, name: str) -> Iterations:
        """Iterations of a network to the target, seed by seed."""
        return reached(self.results[self.cells[name]])


def settings(case: Case, results: Results) -> list[Setting]:
    """The four panels of a case, the learning rates of the third chosen on the way."""
    shallow = dict.fromkeys(map(depth_name, DEPTHS[1:]), depth_name(1))
    rates = case.best_rates(results.__getitem__)
    faster = {depth_name(depth): faster_name(depth) for depth in DEPTHS[1:]}
    return [
        Setting("Same start in every layer", case.same_start(), shallow, results),
        Setting("Same product of weights", case.same_product(), shallow, results),
        Setting("Each at its best learning rate", case.at_rates(rates), shallow, results, _rates_note(case, rates)),
        Setting("Shallow at L times the rate", case.shallow_faster(), faster, results),
    ]


def statement(setting: Setting) -> str:
    """The sentence that a setting's numbers support."""
    clauses = [
        statistics.compared(name, rival, *setting.pair(name), setting.end)
        for name, rival in reversed(list(setting.rivals.items()))
    ]
    lost = sum(diverged(setting.results[cell]) for cell in setting.cells.values())
    note = f" {lost} runs diverged." if lost else ""
    return f"{setting.name}: {'; '.join(clauses)}.{note}"


def summary(shown: Sequence[Setting]) -> str:
    """In which settings each depth is ahead of its rival, behind, or neither."""
    sentences = []
    for name in reversed(list(shown[0].rivals)):
        by_verdict: dict[str, list[str]] = {}
        for setting in shown:
            by_verdict.setdefault(setting.wins(name).verdict, []).append(f"“{setting.name}”")
        parts = [
            f"{words} under {listed(by_verdict[verdict])}"
            for verdict, words in statistics.VERDICTS.items()
            if verdict in by_verdict
        ]
        turned = {"ahead", "behind"} <= set(by_verdict)
        sentences.append(f"{name} is {'; '.join(parts)}." + (" What is held equal decides." if turned else ""))
    return " ".join(sentences)


def lines(setting: Setting) -> list[Line]:
    """Curves of a panel; the shallow network at a larger rate is grey, with the dash of the depth it is set against."""
    rates = {faster_name(depth): depth for depth in DEPTHS[1:]}
    drawn = []
    for name, cell in setting.cells.items():
        depth, curve = rates.get(name, cell.experiment.depth), setting.results[cell].curve or {}
        drawn.append(Line.of_seeds(name, depth, curve, faint=name in rates))
    return drawn


def ranges(shown: Sequence[Setting]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The iterations and the LLH that all panels span."""
    drawn = [line for setting in shown for line in lines(setting)]
    end = max(max(line.iterations) for line in drawn)
    return (1.0, end), around([value for line in drawn for value in line.median], 0.05)


def win_rows(shown: Sequence[Setting]) -> list[Row]:
    """A row per setting and depth: counts, exact interval of the share, medians with intervals."""
    return [
        (setting.name, f"{name} against {rival}", *statistics.row(*setting.pair(name), setting.end))
        for setting in shown
        for name, rival in setting.rivals.items()
    ]


def seed_rows(shown: Sequence[Setting]) -> list[Row]:
    """Every seed's iterations to the target, by setting and network."""
    return [
        (setting.name, name, cell.experiment.learning_rate, seed.seed, "" if at is None else at, seed.final_llh)
        for setting in shown
        for name, cell in setting.cells.items()
        for seed, at in zip(setting.results[cell].seeds, setting.reached(name), strict=True)
    ]


def target(case: Case) -> str:
    """What is waited for, in words."""
    words = target_words(case.target)
    return words if case.target.kind == "gain" else f"a log-likelihood of {words} nats per row"


def _rates_note(case: Case, rates: Mapping[int, float]) -> str:
    chosen = ", ".join(f"{depth_name(depth)}: η = {number(rate)}" for depth, rate in rates.items())
    edges = [depth_name(depth) for depth, rate in rates.items() if rate in (case.rates[0], case.rates[-1])]
    at_edge = f" {listed(edges)} at the end of the grid: its best may lie beyond." if edges else ""
    span = f"{number(case.rates[0])} to {number(case.rates[-1])}"
    return f"{chosen}; chosen on other seeds from {span}, each rate twice the one before.{at_edge}"
