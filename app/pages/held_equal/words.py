"""What the page "What is held equal" says: four ways to hold depths equal, who wins in each, in generated words."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.kit.text import number
from spncore.files.export import Row
from spncore.plots.curves import Line, around
from spncore.studies import statistics
from spncore.studies.best_rate import NEAR, Best
from spncore.studies.cells import DEPTHS, Cells, depth_name, faster_name, tidied
from spncore.studies.held_equal import CHOOSING_SEED, CHOOSING_SEEDS, SHIPPED, Case
from spncore.studies.shipped import reached, target_words, thrown_off
from spncore.studies.statistics import Iterations, Verdict, Wins
from spncore.sweep import Cell, Outcome, SeedOutcome
from spncore.words import counted, listed, of_seeds, percent

Results = Mapping[Cell, Outcome]
WIN_COLUMNS = (
    "held equal",
    "comparison",
    "verdict",
    "ahead, behind, level",
    "share of wins",
    "updates",
    "its rival's",
)
SEED_COLUMNS = (
    "held equal",
    "network",
    "learning rate",
    "seed",
    "updates",
    "first llh",
    "final llh",
    "stopped",
    "updates made",
)
RATE_COLUMNS = ("network", "learning rate", "seed", "updates", "first llh", "final llh", "stopped")
BY_RATES = "not told apart by the rates tried"  # the seeds agree, but other rates might turn it


@dataclass(frozen=True)
class Setting:
    """One way to hold depths equal: its runs by name, who is compared with whom, and how every run went."""

    name: str
    cells: Cells
    rivals: Mapping[str, str]
    results: Results
    note: str = ""
    best: Mapping[str, Best] = field(default_factory=dict)  # of networks whose learning rates were searched for
    beyond: Collection[str] = ()  # of those, whose best rate is one that one layer may not try

    @property
    def end(self) -> int:
        """The last update."""
        return max(cell.experiment.iterations for cell in self.cells.values())

    def pair(self, name: str) -> tuple[Iterations, Iterations]:
        """Updates of a network and of its rival, seed by seed."""
        return self.reached(name), self.reached(self.rivals[name])

    def wins(self, name: str) -> Wins:
        """A network against its rival, seed by seed."""
        return statistics.paired_wins(*self.pair(name))

    def reached(self, name: str) -> Iterations:
        """Updates of a network to the target, seed by seed."""
        return reached(self.results[self.cells[name]])

    def verdict(self, name: str) -> Verdict | Literal["rates"]:
        """What stands of a network against its rival: what the seeds settle, unless other rates might turn it."""
        found = self.wins(name).verdict
        return "rates" if found in ("ahead", "behind") and self.doubt(name) else found

    def doubt(self, name: str) -> str:
        """Why the best rates that were found do not tell a network from its rival; empty where they do."""
        both = [each for each in (self.rivals[name], name) if each in self.best]
        edges = [each for each in both if not self.best[each].inside]
        if edges:
            return f"the best rate of {listed(edges)} may lie beyond those tried"
        medians = [statistics.median(reached) for reached in self.pair(name)]
        known = [self.end if middle is None else middle for middle in medians]
        if name in self.beyond and known[0] < known[1]:
            return f"the best rate of {name} corresponds to one above the limit, which L=1 cannot try"
        gap, slack = abs(known[0] - known[1]), max(1.0, sum(self.best[each].slack for each in both))
        if not both or gap > slack:
            return ""
        return (
            f"the medians are {counted(gap, 'update', 'g')} apart, and {slack:.2g} may come from the steps of the grid"
        )


def settings(case: Case, results: Results) -> list[Setting]:
    """The four panels of a case, the learning rates of the third chosen on the way."""
    shallow = dict.fromkeys(map(depth_name, DEPTHS[1:]), depth_name(1))
    found = case.best(results)
    best = {depth_name(depth): each for depth, each in found.items()}
    beyond = [
        depth_name(depth) for depth, each in found.items() if each.rate and case.beyond_one_layer(depth, each.rate)
    ]
    note = _rates_note(case, best)
    at_best = case.at_best(found)
    faster = {depth_name(depth): faster_name(depth) for depth in DEPTHS[1:]}
    return [
        Setting("Same start in every layer", case.same_start(), shallow, results),
        Setting("Same product of weights", case.same_product(), shallow, results),
        Setting("Each at its best learning rate", at_best, shallow, results, note, best, beyond),
        Setting("Shallow at L times the rate", case.shallow_faster(), faster, results),
    ]


def statement(setting: Setting) -> str:
    """The sentence that a setting's numbers support."""
    clauses = [_compared(setting, name) for name in reversed(list(setting.rivals))]
    return " ".join([f"{setting.name}: {'; '.join(clauses)}.", *_fates(setting), *_turned(setting)])


def _compared(setting: Setting, name: str) -> str:
    rival, (first, second) = setting.rivals[name], setting.pair(name)
    if setting.verdict(name) != "rates":
        return statistics.compared(name, rival, first, second, setting.end)
    medians = " against ".join(statistics.middle(each, setting.end) for each in (first, second))
    return f"{name} and {rival} are not told apart: median {medians} updates, but {setting.doubt(name)}"


def _fates(setting: Setting) -> list[str]:
    """How many seeds of which networks never got there, lost what they had reached, or were thrown off."""
    found: dict[str, list[str]] = {"Never there": [], "Lost again": [], "Thrown off": []}
    for name, cell in setting.cells.items():
        seeds, kind = setting.results[cell].seeds, cell.targets[0].kind
        thrown = [thrown_off(seed) for seed in seeds]
        there = [at is not None for at in setting.reached(name)]
        level = cell.targets[0].value if kind == "llh" else -math.inf  # the level of a gain is each seed's own
        lost = [at and (seed.final_llh or 0.0) < level for at, seed in zip(there, seeds, strict=True)]
        counts = len(seeds) - sum(there) - sum(thrown), sum(lost), sum(thrown)
        for said, count in zip(found.values(), counts, strict=True):
            said += [f"{name} in {of_seeds(count, len(seeds))}"] if count else []
    return [f"{fate}: {listed(said)}." for fate, said in found.items() if said]


def _turned(setting: Setting) -> list[str]:
    """Who is first, but lower in the end, after as many updates."""
    found = []
    for name, rival in setting.rivals.items():
        verdict = setting.verdict(name)
        fast, slow = (name, rival) if verdict == "ahead" else (rival, name)
        ends = [setting.results[setting.cells[each]].seeds for each in (fast, slow)]
        if verdict not in ("ahead", "behind") or len({seed.iterations for seeds in ends for seed in seeds}) > 1:
            continue
        scores = [[-math.inf if seed.final_llh is None else seed.final_llh for seed in seeds] for seeds in ends]
        wins = statistics.paired_scores(*scores)
        if wins.verdict == "behind":
            found.append(f"{fast} is first, but ends lower than {slow} in {of_seeds(wins.behind, wins.pairs)}.")
    return found


def summary(shown: Sequence[Setting]) -> str:
    """In which settings each depth is ahead of its rival, behind, or neither."""
    said = {**statistics.VERDICTS, "rates": BY_RATES}
    sentences = []
    for name in reversed(list(shown[0].rivals)):
        by_verdict: dict[str, list[str]] = {}
        for setting in shown:
            by_verdict.setdefault(setting.verdict(name), []).append(f"“{setting.name}”")
        parts = [
            f"{words} under {listed(by_verdict[verdict])}" for verdict, words in said.items() if verdict in by_verdict
        ]
        turned = {"ahead", "behind"} <= set(by_verdict)
        sentences.append(f"{name} is {'; '.join(parts)}." + (" What is held equal decides." if turned else ""))
    return " ".join(sentences)


def by_chance(shown: Sequence[Setting]) -> str:
    """How many verdicts stand on the page, and how many a coin would give."""
    here = sum(len(setting.rivals) for setting in shown)
    everywhere, share = here * len(SHIPPED), 1.0 - statistics.LEVEL
    return (
        f"{counted(here, 'verdict')} stand here, {everywhere} on the {len(SHIPPED)} choices of this page together. If "
        f"depth made no difference, up to {percent(share)} would still be settled, by chance: {share * here:.1f} here, "
        f"{share * everywhere:.0f} of all."
    )


def columns_explained(shown: Sequence[Setting]) -> str:
    """What the columns of the table hold, with what its intervals cover."""
    coverage = {
        statistics.median_interval(setting.reached(name)).coverage for setting in shown for name in setting.cells
    }
    return (
        "Counts: pairs with the same seed. Share of wins: exact 95 % interval. Updates to the target: median [interval "
        f"that holds the median with {listed([statistics.covered(each) for each in sorted(coverage)])} probability]."
    )


def lines(setting: Setting) -> list[Line]:
    """Curves of a panel; the shallow network at a larger rate is grey, with the dash of the depth it is set against."""
    rates = {faster_name(depth): depth for depth in DEPTHS[1:]}
    drawn = []
    for name, cell in setting.cells.items():
        depth, curve = rates.get(name, cell.experiment.depth), setting.results[cell].curve or {}
        drawn.append(Line.of_seeds(name, depth, curve, faint=name in rates))
    return drawn


def ranges(shown: Sequence[Setting]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The updates and the LLH that all panels span; from 1, for the axis may be logarithmic."""
    drawn = [line for setting in shown for line in lines(setting)]
    end = max(max(line.iterations) for line in drawn)
    return (1.0, end), around([value for line in drawn for value in line.median], 0.05)


def win_rows(shown: Sequence[Setting]) -> list[Row]:
    """A row per setting and depth: verdict, counts, exact interval of the share, medians with intervals."""
    said = {**statistics.VERDICTS, "rates": BY_RATES}
    return [
        (
            setting.name,
            f"{name} against {rival}",
            said[setting.verdict(name)],
            *statistics.row(*setting.pair(name), setting.end),
        )
        for setting in shown
        for name, rival in setting.rivals.items()
    ]


def seed_rows(shown: Sequence[Setting]) -> list[Row]:
    """Every seed's updates to the target, by setting and network."""
    return [
        (setting.name, name, cell.experiment.learning_rate, seed.seed, *_told(seed), seed.iterations)
        for setting in shown
        for name, cell in setting.cells.items()
        for seed in setting.results[cell].seeds
    ]


def rate_rows(case: Case, results: Results) -> list[Row]:
    """Every learning rate that was tried, seed by seed: updates to the target, first and last LLH, why it stopped."""
    return [
        (depth_name(cell.experiment.depth), cell.experiment.learning_rate, seed.seed, *_told(seed))
        for cells in case.grid(results)
        for cell in cells
        for seed in results[cell].seeds
    ]


def _told(seed: SeedOutcome) -> Row:
    at, stopped = seed.reached[0], seed.stopped
    return "" if at is None else at, seed.first_llh, seed.final_llh, stopped or ""


def target(case: Case) -> str:
    """What is waited for, in words."""
    words = target_words(case.target)
    return words if case.target.kind == "gain" else f"a log-likelihood of {words} nats per row"


def _rates_note(case: Case, best: Mapping[str, Best]) -> str:
    chosen = ", ".join(
        f"{name}: " + ("no rate gets there" if each.rate is None else f"η = {number(tidied(each.rate))}")
        for name, each in best.items()
    )
    edges = [name for name, each in best.items() if each.rate is not None and not each.inside]
    at_edge = f" {listed(edges)} at the end of what was tried: the best may lie beyond." if edges else ""
    spans = {depth_name(depth): (case.rates(depth)[0], case.rates(depth)[-1]) for depth in DEPTHS}  # the coarse grids
    tried = ", ".join(f"{name} {number(tidied(low))} to {number(tidied(high))}" for name, (low, high) in spans.items())
    return (
        f"{chosen}; chosen on seeds {CHOOSING_SEED} to {CHOOSING_SEED + CHOOSING_SEEDS - 1}, which are not compared. "
        f"Tried: {tried}, so that all start equally fast (λ_max of the preconditioner), each twice the one before; "
        f"beyond an end where that is the best, and around the best until {percent(NEAR - 1.0)} apart.{at_edge}"
    )
