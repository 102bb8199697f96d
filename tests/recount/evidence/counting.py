"""Counting again what a table holds: runs by seed, who was earlier, medians with intervals, what may be said of it."""

import csv
import math
import re
from collections.abc import Sequence
from statistics import median

from scipy.stats import binomtest

Row = dict[str, str]
Runs = dict[str, float]  # by seed the updates, infinite for a run that never got there
SETTLED = 0.05


def table(text: str) -> list[Row]:
    """The rows of a CSV text without its remarks."""
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("# ")))


def when(cell: str) -> float:
    """Updates of a run; an empty cell is never."""
    return float(cell) if cell else math.inf


def tally(first: Runs, second: Runs) -> tuple[int, int, int]:
    """Pairs in which the first was earlier, later, and neither."""
    assert set(first) == set(second), "pairs have the same seeds"
    ahead = sum(first[seed] < second[seed] for seed in first)
    behind = sum(first[seed] > second[seed] for seed in first)
    return ahead, behind, len(first) - ahead - behind


def verdict(first: Runs, second: Runs) -> str:
    """Ahead or behind where an exact two-sided interval leaves out one half."""
    ahead, behind, _ = tally(first, second)
    if not ahead + behind:
        return "level"
    low, high = share(ahead, behind)
    return "ahead" if low > 0.5 else "behind" if high < 0.5 else "not settled"


def share(ahead: int, behind: int) -> tuple[float, float]:
    """The exact 95 % interval of the share of decided pairs that the first wins."""
    found = binomtest(ahead, ahead + behind).proportion_ci(1.0 - SETTLED, "exact")
    return float(found.low), float(found.high)


def middle(runs: Runs, end: float) -> str:
    """The median as a sentence writes it."""
    found = median(runs.values())
    return f"> {end:g}" if math.isinf(found) else f"{found:g}"


def interval(runs: Runs) -> tuple[float, float, float]:
    """Bounds of the median and how often they hold it, of the 2^n ways in which runs fall on its two sides."""
    ranked, n = sorted(runs.values()), len(runs)
    held = {cut: sum(math.comb(n, k) for k in range(cut, n - cut + 1)) / 2**n for cut in range(1, n // 2 + 1)}
    cut = max((cut for cut, each in held.items() if each >= 1.0 - SETTLED), default=1)
    return ranked[cut - 1], ranked[n - cut], held.get(cut, 0.0)


def covered(runs: Runs) -> str:
    """What the interval covers, as a sentence writes it."""
    return f"{min(100.0 * interval(runs)[2], 95.0):g}\u00a0%"


def spanned(runs: Runs, end: float) -> str:
    """How a cell of a table begins: the median and its bounds."""
    low, high, _ = interval(runs)
    said = [f"> {end:g}" if math.isinf(each) else f"{each:g}" for each in (low, high)]
    return f"{middle(runs, end)} [{said[0]}, {said[1]}"


def clause(said: str, name: str, rival: str, first: Runs, second: Runs, end: float) -> None:
    """One comparison in words: who is named, in how many seeds, the medians, the factor, and whether it is settled."""
    ahead, behind, level = tally(first, second)
    names, both = f"(?:{name}|{rival})", f"{name} and {rival}"
    if not ahead + behind:
        never = all(map(math.isinf, first.values()))
        assert said.startswith(
            f"neither {name} nor {rival} got there in {end:,} " if never else f"{both} needed the same"
        )
        return
    found = re.match(rf"({names}) ahead of ({names}) in (\d+) of (\d+) seeds?(?:, level in (\d+))?", said)
    assert found, said
    order = {name: (first, ahead), rival: (second, behind)}
    (early, won), (late, lost) = order[found[1]], order[found[2]]
    assert won >= lost and (int(found[3]), int(found[4]), int(found[5] or 0)) == (won, len(first), level), said
    assert f"median {middle(early, end)} against {middle(late, end)} " in said, said
    settled = verdict(early, late) == "ahead"
    assert settled == ("settle it" not in said and "too few" not in said), said
    factor(said, median(early.values()), median(late.values()), settled)


def factor(said: str, fast: float, slow: float, settled: bool) -> None:
    """How many times as fast: only of a settled lead, between medians that are numbers, of five per cent or more."""
    found = re.search(r"([0-9.e+]+) times as fast", said)
    stands = settled and 0 < fast and slow < math.inf and slow / fast >= 1.05
    assert bool(found) == stands, said
    assert not found or math.isclose(float(found[1]), slow / fast, rel_tol=0.051), said


def in_cells(cells: Sequence[str], first: Runs, second: Runs, end: float) -> None:
    """A comparison in a table: counts, the share of wins, both medians with their bounds."""
    counts, chance, one, other = cells
    ahead, behind, level = tally(first, second)
    assert counts == f"{ahead}, {behind}, {level}"
    assert chance == ("{:.0%} to {:.0%}".format(*share(ahead, behind)) if ahead + behind else "\N{EN DASH}")
    assert one.startswith(spanned(first, end)) and other.startswith(spanned(second, end))
